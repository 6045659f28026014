"""The thresholds a shipped pocket model must keep, over the measures of `pocket`.

They are the design's, set from what a prototype reached and what the truth itself reaches.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from workbench.evals.report import TRIGRAM, TRUTH, Gate, Scoreboard


def pocket_gates(boards: Mapping[str, Scoreboard], name: str) -> list[Gate]:
    """Every gate, in the order of the report.

    Where a threshold is absolute but the truth itself may lie below it (two-bar grooves differ from
    their first bar by nature), the truth less a margin counts.
    """
    return [*_drum_gates(boards, name), *_band_gates(boards, name)]


@dataclass(frozen=True, slots=True)
class _Bench:
    """Gates of one set of loops."""

    board: Scoreboard
    column: str
    prefix: str

    def gate(self, what: str, measure: str, *, low: float = -math.inf, high: float = math.inf,
             rule: str = "") -> Gate:  # fmt: skip
        return Gate(
            name=f"{self.prefix}: {what}",
            value=self.board.value(measure, self.column),
            low=low,
            high=high,
            truth=self.truth(measure),
            rule=rule,
        )

    def truth(self, measure: str) -> float:
        return self.board.value(measure, TRUTH)

    def near_truth(self, what: str, measure: str, below: float, *, cap: float = math.inf) -> Gate:
        """At least the truth less `below`, or `cap` where that is easier."""
        low = min(self.truth(measure) - below, cap)
        words = f"truth − {below:g}" if cap == math.inf else f"{cap:g} or truth − {below:g}"
        return self.gate(what, measure, low=low, rule=words)


def _drum_gates(boards: Mapping[str, Scoreboard], name: str) -> list[Gate]:
    drums = _Bench(boards["drums"], name, "drums")
    held = _Bench(boards["held-out grooves"], name, "held-out")
    long = _Bench(boards["drums, 8 bars"], name, "8 bars")
    alone = _Bench(boards["style alone"], name, "style alone")
    tables = _Bench(boards["grooves"], TRUTH, "grammar")
    return [
        drums.near_truth("anchors are hit", "anchor_hit", 0.04),
        _worst_style(drums, "anchors, the worst style over its truth", "anchor_hit", 0.85),
        drums.near_truth("bars 2 and 3 are like bar 1", "likeness", 0.02, cap=0.95),
        drums.near_truth("onsets on the grid", "on_grid", 0.015),
        drums.gate("a kick on one where the truth has it", "kick_on_one", low=0.98),
        drums.near_truth("sounds of the prime's kit", "in_kit", 0.02, cap=0.95),
        drums.gate("notes over the truth's", "density", low=0.9, high=1.1),
        drums.gate("exact bars", "exact_bars", low=1.0),
        _counts(boards, "drums", name),
        held.gate("anchors are hit", "anchor_hit", low=0.85),
        held.near_truth("bars 2 and 3 are like bar 1", "likeness", 0.02, cap=0.75),
        held.near_truth("onsets on the grid", "on_grid", 0.015),
        long.gate("exact bars, drums", "exact_bars", low=1.0),
        alone.gate(
            "distinct loops",
            "distinct",
            low=0.8 * alone.truth("distinct"),
            rule="0.8 of the truth's",
        ),
        alone.near_truth("a classifier names the style", "style_named", 0.05),
        alone.near_truth("anchors are hit", "anchor_hit", 0.04),
        _surprise_gate(boards["tokens, drums"], name, "drums"),
        tables.gate("slot F1 of the most alike grooves", "worst_pair", high=0.8),
    ]


def _band_gates(boards: Mapping[str, Scoreboard], name: str) -> list[Gate]:
    band = _Bench(boards["band"], name, "band")
    long = _Bench(boards["band, 8 bars"], name, "8 bars")
    kick = band.truth("bass_near_kick")
    alive = 0.95 * band.truth("parts_alive")
    return [
        band.near_truth("notes in the key", "in_key", 0.02),
        band.near_truth("consonant pairs", "consonance", 0.03),
        band.gate("bars of chords that are a chord", "chord_purity", low=0.97),
        band.gate("bass in the chord on one and three", "bass_in_chord", low=0.96),
        band.gate("melody in the chord on the beats", "melody_in_chord", low=0.93),
        band.gate(
            "bass within a sixteenth of a kick", "bass_near_kick",
            low=kick - 0.05, high=kick + 0.05, rule="truth ± 0.05",
        ),
        band.gate("root moves that a progression has", "root_moves", low=0.93),
        band.gate("whole progressions of the grammar", "progression", low=0.75),
        band.gate("all parts alive", "parts_alive", low=alive, rule="0.95 of the truth's"),
        band.near_truth("onsets on the grid", "on_grid", 0.015),
        band.near_truth("anchors are hit", "anchor_hit", 0.04),
        band.gate("exact bars", "exact_bars", low=1.0),
        _counts(boards, "band", name),
        long.gate("exact bars, band", "exact_bars", low=1.0),
        _surprise_gate(boards["tokens, band"], name, "band"),
    ]  # fmt: skip


def _worst_style(bench: _Bench, what: str, measure: str, low: float) -> Gate:
    own, true = bench.board.by_style[bench.column], bench.board.by_style[TRUTH]
    ratios = {style: row[measure] / true[style][measure] for style, row in own.items()}
    worst = min(ratios, key=lambda style: ratios[style])
    return Gate(name=f"{bench.prefix}: {what}", value=ratios[worst], low=low, truth=1.0, rule=worst)


def _counts(boards: Mapping[str, Scoreboard], prefix: str, name: str) -> Gate:
    board = boards.get(f"{prefix}, ending by itself")
    value = board.value("exact_bars", name) if board else math.nan
    return Gate(name=f"{prefix}: exact bars, ending by itself", value=value, low=0.97, truth=1.0)


def _surprise_gate(board: Scoreboard, name: str, prefix: str) -> Gate:
    return Gate(
        name=f"{prefix}: nats a token",
        value=board.value("nats", name),
        high=board.value("nats", TRIGRAM) / 3,
        rule=f"a third of the trigram's {board.value('nats', TRIGRAM):.3f}",
    )
