"""How often `classify` is right: the labelled utterances, and a report of accuracy, confusion and misses.

Labels were fixed before the rules were written. "open" ones were developed on; "blind" ones are by people
who had not seen the rules.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.planner.intent import classify

_UTTERANCES = Path(__file__).parent / "utterances"


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What somebody says, and the intent it is labelled with."""

    text: str
    intent: str
    form: str
    """plain, polite, terse, misspelt or mixed."""
    ambiguous: bool
    """Whether people would differ on its label; those count in no accuracy."""
    half: str
    """The file it is from: open (the rules were written on it), blind (tried once they were written, then
    mended for), later (written after the rules, mended for never)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """`right` of `total` utterances."""

    right: int
    total: int

    @property
    def accuracy(self) -> float:
        """0 to 1; NaN of nothing."""
        return self.right / self.total if self.total else float("nan")

    def __str__(self) -> str:
        return f"{self.accuracy:.1%} ({self.right}/{self.total})"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentReport:
    """Accuracy on the unambiguous utterances, overall and by what they are; `str()` prints it."""

    overall: Tally
    ambiguous: Tally
    """The ambiguous ones, which count nowhere else."""
    by_half: Mapping[str, Tally]
    by_form: Mapping[str, Tally]
    by_intent: Mapping[str, Tally]
    confusion: Mapping[tuple[str, str], int]
    """(labelled, found) of the misses, most frequent first."""
    misses: tuple[tuple[Utterance, str], ...]
    """Each miss with the intent found for it."""

    def __str__(self) -> str:
        lines = [f"overall    {self.overall}   ambiguous, not counted: {self.ambiguous}"]
        for title, tallies in (
            ("half", self.by_half), ("form", self.by_form), ("intent", self.by_intent)
        ):  # fmt: skip
            lines += [
                "",
                f"by {title}",
                *(f"  {name:28}{tally}" for name, tally in tallies.items()),
            ]
        lines += ["", "confusion (labelled → found)"]
        lines += [
            f"  {count} × {label} → {found}" for (label, found), count in self.confusion.items()
        ]
        lines += ["", "misses", *(f"  {miss.text!r}: {found}" for miss, found in self.misses)]
        return "\n".join(lines)


def labelled_utterances() -> list[Utterance]:
    """The labelled set that comes with the package, all of its parts."""
    return [
        Utterance(
            text=row["text"],
            intent=row["intent"],
            form=row["form"],
            ambiguous=row["ambiguous"] == "yes",
            half=half,
        )
        for half in ("open", "blind", "later")
        for row in _rows(_UTTERANCES / f"{half}.csv")
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def evaluate_intents(rows: Iterable[Utterance]) -> IntentReport:
    """What `classify`, without a chat model, makes of labelled utterances."""
    judged = [(row, classify(row.text).intent) for row in rows]
    clear = [(row, found) for row, found in judged if not row.ambiguous]
    misses = tuple((row, found) for row, found in clear if found != row.intent)
    confusion = Counter((row.intent, found) for row, found in misses)
    return IntentReport(
        overall=_tally(clear),
        ambiguous=_tally((row, found) for row, found in judged if row.ambiguous),
        by_half=_tallies(clear, lambda row: row.half),
        by_form=_tallies(clear, lambda row: row.form),
        by_intent=_tallies(clear, lambda row: row.intent),
        confusion=dict(confusion.most_common()),
        misses=misses,
    )


def _tally(judged: Iterable[tuple[Utterance, str]]) -> Tally:
    hits = [found == row.intent for row, found in judged]
    return Tally(sum(hits), len(hits))


def _tallies(
    judged: Iterable[tuple[Utterance, str]], what: Callable[[Utterance], str]
) -> Mapping[str, Tally]:
    groups: defaultdict[str, list[tuple[Utterance, str]]] = defaultdict(list)
    for row, found in judged:
        groups[what(row)].append((row, found))
    return {name: _tally(group) for name, group in groups.items()}
