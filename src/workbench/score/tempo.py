"""The tempo of onsets in seconds: how fast the beat is, where it falls, how sure that is.

A quarter-note period is good when the onsets, folded by it, fall where music puts them (beat,
eighth, sixteenths, triplets), and when what is struck comes back after two or four beats. Knows
times and voices only, no files. The fit is a likelihood with a fixed metrical prior, in the spirit
of Temperley (Music and Probability, 2007, chapter 3); the return is an autocorrelation by voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SLOWEST_BPM, FASTEST_BPM = 60.0, 200.0
USUAL_BPM = 115.0  # picks between a tempo, its half and its double; half an octave is one sigma
WINDOW_S = 45.0  # later onsets tell little more, and the search grows with the square of the length

# Where in a beat onsets fall, and how often: beat, eighth, sixteenths, triplets, thirty-seconds.
_POSITIONS = np.array(
    [0, 1 / 2, 1 / 4, 3 / 4, 1 / 3, 2 / 3, 1 / 6, 5 / 6, 1 / 8, 3 / 8, 5 / 8, 7 / 8]
)
_SHARES = np.array([0.42, 0.22, 0.07, 0.07, 0.045, 0.055, *[0.01] * 6]) / 0.94
_STRAY = 0.06  # share of onsets that are anywhere
_SPREAD_S = 0.009  # a tight player's deviation
_CHORD_S = 0.015  # onsets closer than this count as one
_BINS = 128  # of a folded beat: 4 ms at 120 BPM
_REPEAT_WEIGHT = 1.5  # nats an onset for a pattern that repeats entirely
_LAG_BIN_S, _LAG_REACH_S = 0.004, 0.02
_FAMILY = 0.03  # octaves: tempos this close to a power of two apart are one family

# Confidence, fitted on jittered loops of one to eight bars against random onsets and rubato.
_EVIDENCE_PER_ONSET, _EVIDENCE_MIDDLE, _EVIDENCE_SCALE, _MARGIN_SCALE = 0.6, 8.0, 3.0, 2.0


@dataclass(frozen=True, slots=True)
class TempoEstimate:
    """A tempo, how sure it is (0 to 1, below 0.5 a guess), and when one of its beats falls."""

    bpm: float
    confidence: float
    offset_s: float
    """The first beat at or after the first onset, less than a beat later; NaN without onsets."""


def estimate_tempo(
    onsets_s: Sequence[float],
    voices: Sequence[int] | None = None,
    bpm_range: tuple[float, float] = (SLOWEST_BPM, FASTEST_BPM),
) -> TempoEstimate:
    """The tempo within `bpm_range` of onsets in seconds; `voices` says what is struck (pitches).

    Swing and triplets are heard as such. Only what is usual decides between a tempo, its half and
    its double. Fewer than four onsets have no tempo: NaN, with confidence 0.
    """
    times = np.asarray(onsets_s, dtype=np.float64)
    kinds = np.zeros(len(times), np.int64) if voices is None else np.asarray(voices, np.int64)
    order = np.argsort(times, kind="stable")
    times, kinds = times[order], kinds[order]
    if len(times):
        window = times <= times[0] + WINDOW_S
        times, kinds = times[window], kinds[window]
    distinct = _without_chords(times)
    if len(distinct) < 4:
        first = float(times[0]) if len(times) else float("nan")
        return TempoEstimate(float("nan"), 0.0, first)
    periods_s = _candidate_periods(float(np.ptp(distinct)), bpm_range)
    fits, phases = _metrical_fit(distinct, periods_s)
    repeats = _repetition(times, kinds, periods_s)
    # A density: halving the period doubles the beats there are to be near to.
    scores = fits + np.log(periods_s) + _REPEAT_WEIGHT * repeats
    best = int(scores.argmax())
    octaves = np.log2(periods_s / periods_s[best])
    family = np.abs(octaves - np.round(octaves)) < _FAMILY
    margin = len(distinct) * float(scores[best] - scores[~family].max(initial=-np.inf))
    evidence = len(distinct) * float(fits[best] + repeats[best] - _EVIDENCE_PER_ONSET)
    usual = np.log2(60 / periods_s / USUAL_BPM) / 0.5
    chosen = int(np.where(family, scores - 0.6 * usual**2, -np.inf).argmax())
    period_s, beat_s = _refined(distinct, float(periods_s[chosen]), float(phases[chosen]))
    confidence = _logistic((evidence - _EVIDENCE_MIDDLE) / _EVIDENCE_SCALE) * -np.expm1(
        -margin / _MARGIN_SCALE
    )
    beats_late = np.ceil((distinct[0] - _CHORD_S - beat_s) / period_s)
    return TempoEstimate(60 / period_s, float(confidence), beat_s + float(beats_late) * period_s)


def grid_fit(beats: Sequence[float], periods_s: Sequence[float], spread_s: float) -> float:
    """Mean log-likelihood ratio (nats an onset) of onsets at `beats` to onsets anywhere.

    `periods_s` is each onset's quarter note. Around 1 to 2 when they were played to that beat,
    around −1 when they were not.
    """
    folded = np.asarray(beats, dtype=np.float64) % 1
    return float(np.mean(_log_ratio(folded, np.asarray(periods_s, np.float64), spread_s)))


def _log_ratio(folded: Floats, periods_s: Floats, spread_s: float) -> Floats:
    """Log of how much likelier onsets at `folded` (0–1 of a beat) are than anywhere in it."""
    distance = np.abs(folded[..., None] - _POSITIONS)
    distance_s = np.minimum(distance, 1 - distance) * periods_s[..., None]
    bells = np.exp(-0.5 * (distance_s / spread_s) ** 2) / (spread_s * np.sqrt(2 * np.pi))
    ratio: Floats = np.log(periods_s * (1 - _STRAY) * (bells @ _SHARES) + _STRAY)
    return ratio


def _without_chords(times: Floats) -> Floats:
    kept: list[float] = []
    for time in times:
        if not kept or time - kept[-1] >= _CHORD_S:
            kept.append(float(time))
    return np.array(kept)


def _candidate_periods(length_s: float, bpm_range: tuple[float, float]) -> Floats:
    """Periods so close that the grid drifts by 6 ms at most from the middle to either end."""
    step = min(0.005, 0.012 / max(length_s, 1.0))
    slowest, fastest = np.log(bpm_range).tolist()
    bpms = np.exp(np.arange(slowest, fastest, step))
    periods_s: Floats = 60 / bpms
    return periods_s


def _metrical_fit(times: Floats, periods_s: Floats) -> tuple[Floats, Floats]:
    """For each period (C,) the best mean log ratio over all phases, and the time of a beat."""
    middle = times.mean()
    count = len(periods_s)
    centres = np.broadcast_to(np.arange(_BINS) / _BINS, (count, _BINS))
    templates = _log_ratio(centres, np.repeat(periods_s[:, None], _BINS, 1), _SPREAD_S)  # (C, bins)
    folded = ((times - middle) / periods_s[:, None]) % 1 * _BINS  # (C, N)
    flat = folded.astype(np.int64) % _BINS + np.arange(count)[:, None] * _BINS
    histogram = np.bincount(flat.ravel(), minlength=count * _BINS).reshape(count, _BINS)
    # Circular correlation: the fit at every phase at once.
    spectrum = np.fft.rfft(histogram / len(times)) * np.conj(np.fft.rfft(templates))
    by_phase = np.fft.irfft(spectrum, _BINS)
    phase = by_phase.argmax(1)
    return by_phase.max(1), middle + (phase + 0.5) / _BINS * periods_s


def _repetition(times: Floats, kinds: npt.NDArray[np.int64], periods_s: Floats) -> Floats:
    """For each period the share of onsets struck again two or four beats later, the larger."""
    length_s = float(np.ptp(times))
    bins = int(length_s / _LAG_BIN_S) + 1
    pairs = np.zeros(bins)
    for i in range(len(times)):
        lags = times[i + 1 :][kinds[i + 1 :] == kinds[i]] - times[i]
        pairs += np.bincount((lags / _LAG_BIN_S).astype(np.int64), minlength=bins)[:bins]
    reach = round(_LAG_REACH_S / _LAG_BIN_S)
    rise = np.arange(1, reach + 1) / reach
    kernel = np.minimum(1.0, 1.6 * np.concatenate((rise, rise[-2::-1])))
    struck_again = np.convolve(pairs, kernel)[reach - 1 : reach - 1 + bins]
    shares = np.zeros((2, len(periods_s)))
    for row, beats in enumerate((2, 4)):
        lags_s = beats * periods_s
        index = np.minimum(np.round(lags_s / _LAG_BIN_S).astype(np.int64), bins - 1)
        could = np.searchsorted(times, times[-1] - lags_s + _LAG_REACH_S)  # not past the end
        enough = could > 0.2 * len(times)
        shares[row] = np.where(enough, struck_again[index] / np.maximum(could, 1), 0.0)
    best: Floats = np.minimum(shares, 1.0).max(0)
    return best


def _refined(times: Floats, period_s: float, beat_s: float) -> tuple[float, float]:
    """Least squares through the onsets near a beat or half-beat; the period and a beat."""
    for _ in range(3):
        halves = np.round(2 * (times - beat_s) / period_s)
        near = np.abs(times - beat_s - halves * period_s / 2) < 2.5 * _SPREAD_S
        if len(np.unique(halves[near])) < 3:
            break
        slope, start = np.polyfit(halves[near], times[near], 1)
        period_s, beat_s = 2 * float(slope), float(start)
    return period_s, beat_s


def _logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(x, -50, 50))))
