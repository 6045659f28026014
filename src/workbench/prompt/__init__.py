"""The STORI PROMPT: text in, a `Prompt` out, with complaints that point; positions, sections, emotion."""

from workbench.errors import PromptError
from workbench.prompt.cleaning import clean_text
from workbench.prompt.emotion import (
    REFINEMENTS,
    emotion_vector,
    generation_constraints,
    refine,
)
from workbench.prompt.examples import example_prompts
from workbench.prompt.model import Offset, Position, Remark, Target, Vibe
from workbench.prompt.parsing import parse_prompt
from workbench.prompt.position import start_beats
from workbench.prompt.prompt import Prompt
from workbench.prompt.sections import Section, sections_of

__all__ = [
    "REFINEMENTS",
    "Offset",
    "Position",
    "Prompt",
    "PromptError",
    "Remark",
    "Section",
    "Target",
    "Vibe",
    "clean_text",
    "emotion_vector",
    "example_prompts",
    "generation_constraints",
    "parse_prompt",
    "refine",
    "sections_of",
    "start_beats",
]
