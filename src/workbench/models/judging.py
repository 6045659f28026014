"""Whether music is human or machine-made: what a classifier answers, and classifiers by name.

Plain values: no torch, no files. Names lead to modules, loaded only when asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Protocol, cast

from workbench.errors import RequestError, RunnerError
from workbench.score import Score

FEWEST_TOKENS = 10  # below, the Orpheus service refuses too


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a classifier thinks of a piece."""

    is_human: bool
    """Whether "human" has more than one half."""
    confidence: float
    """The larger of the two probabilities, 0.5 to 1."""
    probabilities: Mapping[str, float]
    """Of "human" and "ai"; their sum is 1."""
    num_tokens: int
    """Tokens that were read."""

    @classmethod
    def of(cls, human: float, num_tokens: int) -> Verdict:
        """The verdict that goes with a probability of "human", 0 to 1."""
        return cls(
            is_human=human > 0.5,
            confidence=max(human, 1 - human),
            probabilities={"human": human, "ai": 1 - human},
            num_tokens=num_tokens,
        )


class Classifier(Protocol):
    """Anything that tells human music from machine-made: thread-safe, synchronous."""

    @property
    def name(self) -> str: ...

    @property
    def weights_sha256(self) -> str: ...

    def classify(self, score: Score) -> Verdict:
        """Judge a piece. Raises `RequestError` for one that it cannot judge."""
        ...


CLASSIFIERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "pocket": (
            "workbench.models.classifiers.pocket:PocketClassifier",
            "ships in the package; knows folk tunes, chorales and this package's own machines",
        ),
        "orpheus-classifier": (
            "workbench.models.classifiers.orpheus:CheckpointClassifier",
            "the released checkpoint",
        ),
    }
)
"""Name to (where it is, what it is)."""


def load_classifier(name: str, **options: object) -> Classifier:
    """The classifier of that name, its weights loaded. Options are the classifier's own.

    Raises `RunnerError` for an unknown name and `CheckpointError` for weights it cannot use.
    """
    if name not in CLASSIFIERS:
        raise RunnerError(f"no classifier is called {name!r}; known are {', '.join(CLASSIFIERS)}")
    module, attribute = CLASSIFIERS[name][0].split(":")
    try:
        return cast("Classifier", getattr(import_module(module), attribute)(**options))
    except TypeError as error:
        raise RunnerError(f"{name} does not take these options: {error}") from error


def check_length(num_tokens: int) -> None:
    """Raise `RequestError` below 10 tokens, which are too few to tell anything from."""
    if num_tokens < FEWEST_TOKENS:
        raise RequestError(
            f"a verdict takes at least {FEWEST_TOKENS} tokens of music, about four notes; "
            f"got {num_tokens}"
        )
