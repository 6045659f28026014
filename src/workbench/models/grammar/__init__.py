"""The procedural grammar: grooves and a four-part band in fourteen styles, by rule and by chance.

It is the training data of the pocket model and the honest baseline in every comparison. "Correct"
here means "follows these tables". What the tables know are the conventions of each genre as
drummers and arrangers teach them: the backbeat on two and four; four on the floor with the hat open
between the beats; the half-time snare and rolling hats of trap; the two-step kick of drum and bass;
the ride figure with the pedal on two and four; son, rumba and bossa claves with what is played
around them (cascara, bell, tumbao, the surdo on two, teleco-teco); the drop on three; the dem bow's
three-three-two. No pattern was taken from a recording or a file.

Everything is in C major or A minor on a grid of 32 units to the quarter note; see `loops`.
"""

from workbench.models.grammar.compose import compose_loop, compose_roots
from workbench.models.grammar.harmony import Chord, all_progressions, chord_named
from workbench.models.grammar.loops import ROLES, Event, Loop, event_tokens, loop_score, loop_tokens
from workbench.models.grammar.styles import (
    EVALUATION_STYLES,
    STYLES,
    Style,
    grooves_of,
    style_named,
)

__all__ = [
    "EVALUATION_STYLES",
    "ROLES",
    "STYLES",
    "Chord",
    "Event",
    "Loop",
    "Style",
    "all_progressions",
    "chord_named",
    "compose_loop",
    "compose_roots",
    "event_tokens",
    "grooves_of",
    "loop_score",
    "loop_tokens",
    "style_named",
]
