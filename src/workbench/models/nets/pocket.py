"""The pocket network: a small transformer over Orpheus ids that knows meter and who plays what.

What is not in the ids is computed from them: musical time t, the sum of the Δt since SOS in grid units
(32 to the quarter, 128 to a 4/4 bar). Each token's input says where in the bar it stands and how many
bars are left; two of three heads rotate by t instead of by token index, so that attention finds "the
same place in an earlier bar"; the Δt head points at a place in the bar instead of subtracting; the
output is factorised exactly, P(kind)·P(Δt), P(kind)·P(patch)·P(pitch|patch) and
P(kind)·P(duration)·P(velocity|duration), so that all 18,820 ids can be read and written.
A part is known by its role: when the programs of the roles are given, the patch head points at roles.
Harmony is planned: a small head draws the chord root of each bar from the roots before it, and every
token is told the root of its bar and of the next. Left to the notes alone, a progression of four bars
came out whole in 15 of 100 bands. Pitches are read and written twice, as they are and as intervals
above the root of their bar, so that a figure learned on one chord is known on all.

Shapes: B batch, T time, D width, H heads. Knows no sampling and no files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch users know
from torch import Tensor, nn

from workbench.models.vocabulary import (
    BUCKETS,
    DELTAS,
    DRUM_PATCH,
    DURATIONS,
    EOS,
    LENGTH,
    NOTE,
    OUTRO,
    PAD,
    PATCHES,
    PITCHES,
    SOS,
    UNITS_PER_BAR,
    VOCABULARY_SIZE,
)

ROLES = 4  # drums, bass, chords, melody
ABSENT, UNKNOWN = 129, 130  # in place of a role's patch 0–128
MOST_BARS = 8  # bar index and bars left are told apart up to here
ROOTS = 12  # a root is told as its pitch class + 1; 0 is "unknown"

# Kinds of the next token, as the first factor of the output.
DELTA_KIND, NOTE_KIND, LENGTH_KIND, END_KIND, IGNORED_KIND = range(5)

# Frequencies of the metrical rotation in turns a bar: harmonics of the bar ("same place in any bar"),
# fractions ("which bar"), and zeros ("by content alone"). Measured in the recipe the card names.
METRICAL_TURNS = (
    *range(1, 17), 20, 24, 28, 32, 40, 48, 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 0, 0, 0, 0,
)  # fmt: skip
HEAD_WIDTH = 2 * len(METRICAL_TURNS)


@dataclass(frozen=True, slots=True)
class PocketSizes:
    """Sizes of a pocket network, and the styles its style ids stand for (id 0 is "none given")."""

    width: int = 192
    layers: int = 5
    heads: int = 3
    metrical_heads: int = 2
    context: int = 2048
    styles: tuple[str, ...] = ()

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> PocketSizes:
        """The sizes among other things, as in a `config.json`."""
        known = {name: told[name] for name in cls.__slots__ if name in told}
        return cls(**{**known, "styles": tuple(known.get("styles", ()))})

    def __post_init__(self) -> None:
        if self.width != self.heads * HEAD_WIDTH:
            raise ValueError(
                f"width must be heads · {HEAD_WIDTH}, got {self.width} and {self.heads}"
            )


class Condition(NamedTuple):
    """What a sequence is asked to be, all int64 on one device.

    bars (B,): length, 0 unknown. style (B,): 0 unknown. mode (B,): 0 unknown, 1 major, 2 minor.
    programs (B, 4): patch of drums, bass, chords, melody, or ABSENT, or UNKNOWN.
    roots (B, 9): pitch class + 1 of the chord in each bar and in what follows the eighth, 0 unknown.
    """

    bars: Tensor
    style: Tensor
    mode: Tensor
    programs: Tensor
    roots: Tensor

    def rows(self, index: Tensor) -> Condition:
        """The conditions of the rows in `index`."""
        return Condition(*(field[index] for field in self))


def computed_tables() -> dict[str, Tensor]:
    """The buffers that are computed, not learned.

    Per id: first and second embedding row (0 = none), kind as target, patch (or −1); per frequency of
    the two rotations: radians a token, radians a unit.
    """
    first = torch.zeros(VOCABULARY_SIZE, dtype=torch.long)
    second = torch.zeros(VOCABULARY_SIZE, dtype=torch.long)
    kind = torch.full((VOCABULARY_SIZE,), IGNORED_KIND)
    patch = torch.full((VOCABULARY_SIZE,), -1)
    deltas = torch.arange(DELTAS)
    first[deltas] = ROW_DELTA + deltas
    kind[deltas] = DELTA_KIND
    notes = torch.arange(PATCHES * PITCHES)
    first[NOTE + notes] = ROW_PATCH + notes // PITCHES
    second[NOTE + notes] = ROW_PITCH + notes % PITCHES
    kind[NOTE + notes] = NOTE_KIND
    patch[NOTE + notes] = notes // PITCHES
    lengths = torch.arange(DURATIONS * BUCKETS)
    first[LENGTH + lengths] = ROW_DURATION + lengths // BUCKETS
    second[LENGTH + lengths] = ROW_VELOCITY + lengths % BUCKETS
    kind[LENGTH + lengths] = LENGTH_KIND
    for offset, special in enumerate((SOS, OUTRO, EOS, PAD)):
        first[special] = 1 + offset
    kind[torch.tensor((OUTRO, EOS))] = END_KIND
    half = HEAD_WIDTH // 2
    return {
        "id_first": first,
        "id_second": second,
        "id_kind": kind,
        "id_patch": patch,
        "index_turns": 1 / 10_000 ** (torch.arange(half) / half),
        "metrical_turns": torch.tensor(METRICAL_TURNS) * (2 * math.pi / UNITS_PER_BAR),
    }


# Rows of the one input table: none, four specials, then a block for each factor of an id.
ROW_DELTA = 5
ROW_PATCH = ROW_DELTA + DELTAS
ROW_PITCH = ROW_PATCH + PATCHES
ROW_DURATION = ROW_PITCH + PITCHES
ROW_VELOCITY = ROW_DURATION + DURATIONS
ROWS = ROW_VELOCITY + BUCKETS


class Block(nn.Module):
    """Pre-norm attention and a GELU MLP, no biases, no dropout."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width, bias=False)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.mlp_norm = nn.LayerNorm(width, bias=False)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)

    def project(self, x: Tensor, turn: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """X (B, T, D) -> rotated q and k, and v, each (B, H, T, D/H)."""
        batch, time, width = x.shape
        qkv = self.qkv(self.attention_norm(x)).view(batch, time, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        return rotate(q, turn), rotate(k, turn), v

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """Residual of the attention (B, H, T, D/H), then of the MLP."""
        batch, _, time, _ = attended.shape
        x = x + self.out(attended.transpose(1, 2).reshape(batch, time, -1))
        widened: Tensor = F.gelu(self.up(self.mlp_norm(x)), approximate="tanh")
        finished: Tensor = x + self.down(widened)
        return finished

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        q, k, v = self.project(x, turn)
        return self.finish(x, F.scaled_dot_product_attention(q, k, v, is_causal=True))


def rotate(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate half-split pairs of x (B, H, T, 2F) by angles given as (cos, sin), (B, H, T, F)."""
    cos, sin = (part.to(x.dtype) for part in turn)
    first, second = x.chunk(2, -1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)


class Progression(nn.Module):
    """The chord root of each bar, given the roots before it, the length, the style and the mode."""

    def __init__(self, sizes: PocketSizes, width: int = 128) -> None:
        super().__init__()
        self.before = nn.Embedding(MOST_BARS * (ROOTS + 1), width)
        self.bars = nn.Embedding(MOST_BARS + 1, width)
        self.style = nn.Embedding(len(sizes.styles) + 1, width)
        self.mode = nn.Embedding(3, width)
        self.inner = nn.Linear(width, width)
        self.out = nn.Linear(width, ROOTS)

    def forward(self, condition: Condition) -> Tensor:
        """Logits of the root of bars 0–7, each seeing only the roots of earlier bars: (B, 8, 12)."""
        roots = condition.roots[:, :MOST_BARS]
        slots = torch.arange(MOST_BARS, device=roots.device) * (ROOTS + 1)
        told = self.before(slots + roots)  # (B, 8, width)
        x = F.pad(told[:, :-1].cumsum(1), (0, 0, 1, 0))
        x = x + self.before(slots)  # says which bar is asked for
        whole = self.bars(condition.bars.clamp(max=MOST_BARS))
        whole = whole + self.style(condition.style) + self.mode(condition.mode)
        logits: Tensor = self.out(F.gelu(self.inner(F.gelu(x + whole[:, None]))))
        return logits


class PocketNet(nn.Module):
    """Embeddings, blocks and factorised heads; see the module's first lines for why each is there."""

    id_first: Tensor
    id_second: Tensor
    id_kind: Tensor
    id_patch: Tensor
    index_turns: Tensor
    metrical_turns: Tensor

    def __init__(self, sizes: PocketSizes) -> None:
        super().__init__()
        self.build(sizes)

    def build(self, sizes: PocketSizes) -> None:
        """Make the layers, with torch's own first weights, and the tables."""
        self.sizes, width = sizes, sizes.width
        self.tokens = nn.Embedding(ROWS, width)
        self.phase = nn.Embedding(UNITS_PER_BAR + 32 + 8, width)
        self.bar = nn.Embedding(MOST_BARS + 1, width)
        self.bars_left = nn.Embedding(MOST_BARS + 2, width)
        self.style = nn.Embedding(len(sizes.styles) + 1, width)
        self.mode = nn.Embedding(3, width)
        self.presence = nn.Embedding(ROLES * 3, width)  # role × (unknown, present, absent)
        self.role = nn.Embedding(ROLES + 1, width)  # 0 unassigned
        self.chord = nn.Embedding(2 * (ROOTS + 1), width)  # of this bar, of the next
        self.interval = nn.Embedding(ROOTS + 1, width)  # above the root of its bar, 0 none
        self.blocks = nn.ModuleList(Block(width, sizes.heads) for _ in range(sizes.layers))
        self.norm = nn.LayerNorm(width, bias=False)
        self.progression = Progression(sizes)
        self.root_head = nn.Linear(width, ROOTS)
        self.kind_head = nn.Linear(width, 4)
        self.delta_head = nn.Linear(width, DELTAS)
        self.slot_head = nn.Linear(width, UNITS_PER_BAR)
        self.patch_head = nn.Linear(width, PATCHES)
        self.role_head = nn.Linear(width, ROLES)
        self.pitch_in = nn.Linear(width, width)
        self.pitch_head = nn.Linear(width, PITCHES)
        self.interval_head = nn.Linear(width, ROOTS)
        self.duration_head = nn.Linear(width, DURATIONS)
        self.velocity_in = nn.Linear(width, width // 2)
        self.velocity_given = nn.Linear(width, width // 2)
        self.velocity_head = nn.Linear(width // 2, BUCKETS)
        for name, table in computed_tables().items():
            self.register_buffer(name, table, persistent=False)

    # Inputs

    def embed(self, ids: Tensor, time: Tensor, condition: Condition) -> Tensor:
        """ids, time (B, T) int64 -> (B, T, D)."""
        x = self.tokens(self.id_first[ids])
        second = self.id_second[ids]
        x = x + self.tokens(second) * (second > 0).unsqueeze(-1)
        bar = time // UNITS_PER_BAR
        bars = condition.bars[:, None]
        left = torch.where(bars > 0, (bars - bar).clamp(0, MOST_BARS) + 1, 0)
        x = x + self.phase(time % UNITS_PER_BAR) + self.phase(UNITS_PER_BAR + time % 32)
        x = x + self.phase(UNITS_PER_BAR + 32 + time % 8)
        x = x + self.bar(bar.clamp(max=MOST_BARS)) + self.bars_left(left)
        patch = self.id_patch[ids]
        x = x + self.role(self.role_of(patch, condition.programs))
        now, following = roots_at(time, condition), roots_at(time + UNITS_PER_BAR, condition)
        x = x + self.chord(now) + self.chord(ROOTS + 1 + following)
        pitched = (patch >= 0) & (patch != DRUM_PATCH) & (now > 0)
        interval = torch.where(pitched, interval_above(now, (ids - NOTE) % PITCHES) + 1, 0)
        x = x + self.interval(interval)
        embedded: Tensor = x + self._whole(condition)[:, None]
        return embedded

    def _whole(self, condition: Condition) -> Tensor:
        """What holds for the whole sequence: style, mode, which roles are there (B, D)."""
        state = torch.where(condition.programs == ABSENT, 2, 1)
        state = torch.where(condition.programs == UNKNOWN, 0, state)
        roles = torch.arange(ROLES, device=state.device) * 3 + state  # (B, 4)
        whole: Tensor = self.presence(roles).sum(1)
        whole += self.style(condition.style) + self.mode(condition.mode)
        return whole

    def role_of(self, patch: Tensor, programs: Tensor) -> Tensor:
        """Role 1–4 that plays each patch (B, T), 0 when no role is known to; patch −1 is no note."""
        plays = patch[..., None] == programs[:, None]  # (B, T, 4)
        numbers = torch.arange(1, ROLES + 1, device=patch.device)
        return (plays * numbers).amax(-1)

    def turns(self, index: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
        """Rotation of each head: index, time (B, T) -> cos, sin (B, H, T, D/2H)."""
        metrical = self.sizes.metrical_heads
        by_time = (time[..., None] * self.metrical_turns)[:, None].expand(-1, metrical, -1, -1)
        plain = self.sizes.heads - metrical
        by_index = (index[..., None] * self.index_turns)[:, None].expand(-1, plain, -1, -1)
        angle = torch.cat((by_index, by_time), 1)
        return angle.cos(), angle.sin()

    def musical_time(self, ids: Tensor) -> Tensor:
        """T at each token, that token's own Δt included: ids (B, T) -> (B, T) int64 units."""
        return torch.where(ids < DELTAS, ids, 0).cumsum(-1)

    # The whole sequence at once

    def hidden(self, ids: Tensor, condition: Condition) -> tuple[Tensor, Tensor]:
        """Ids (B, T) -> last hidden states (B, T, D) and musical time (B, T)."""
        time = self.musical_time(ids)
        index = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        turn = self.turns(index, time)
        x = self.embed(ids, time, condition)
        for block in self.blocks:
            x = block(x, turn)
        return self.norm(x), time

    # Outputs: each takes hidden states (..., D)

    def delta_logits(self, hidden: Tensor, time: Tensor) -> Tensor:
        """(..., 256): the place in the bar each Δt leads to, plus the Δt itself."""
        steps = torch.arange(DELTAS, device=hidden.device)
        slots = (time[..., None] + steps) % UNITS_PER_BAR
        logits: Tensor = self.delta_head(hidden) + self.slot_head(hidden).gather(-1, slots)
        return logits

    def patch_logits(self, hidden: Tensor, programs: Tensor) -> Tensor:
        """Hidden (..., D), programs (..., 4) -> (..., 129): the patch, plus the role that plays it."""
        known = programs < PATCHES
        roles = self.role_head(hidden).float() * known
        patches: Tensor = self.patch_head(hidden).float()
        return patches.scatter_add(-1, torch.where(known, programs, 0), roles)

    def pitch_logits(self, hidden: Tensor, patch: Tensor, role: Tensor, root: Tensor) -> Tensor:
        """Hidden (..., D), patch, role and root of the bar (...) -> (..., 128).

        The pitch, plus (where there is a root, and the patch is not drums) its interval above the root.
        """
        given = self.tokens(ROW_PATCH + patch) + self.role(role)
        inner = F.gelu(self.pitch_in(hidden) + given.to(hidden.dtype))
        pitches = torch.arange(PITCHES, device=hidden.device)
        above = interval_above(root[..., None], pitches)
        pitched = ((root > 0) & (patch != DRUM_PATCH))[..., None]
        intervals = self.interval_head(inner).gather(-1, above)
        logits: Tensor = self.pitch_head(inner) + intervals * pitched
        return logits

    def velocity_logits(self, hidden: Tensor, duration: Tensor) -> Tensor:
        """Hidden (..., D), duration (...) -> (..., 8)."""
        given = self.velocity_given(self.tokens(ROW_DURATION + duration).to(hidden.dtype))
        logits: Tensor = self.velocity_head(F.gelu(self.velocity_in(hidden) + given))
        return logits

    def all_logprobs(self, hidden: Tensor, time: Tensor, condition: Condition) -> Tensor:
        """Log P of every id, (B, T, 18820); sums to one. SOS, OUTRO and PAD get −inf: never composed."""
        batch, length = time.shape
        kinds = self.kind_head(hidden).float().log_softmax(-1)
        deltas = self.delta_logits(hidden, time).float().log_softmax(-1)
        programs = condition.programs[:, None].expand(-1, length, -1)
        patches = self.patch_logits(hidden, programs).log_softmax(-1)
        patch = torch.arange(PATCHES, device=hidden.device).expand(batch, length, -1)
        role = self.role_of(patch.reshape(batch, -1), condition.programs).view_as(patch)
        root = roots_at(time, condition)[..., None].expand_as(patch)
        pitches = self.pitch_logits(hidden[..., None, :], patch, role, root).float().log_softmax(-1)
        durations = self.duration_head(hidden).float().log_softmax(-1)
        duration = torch.arange(DURATIONS, device=hidden.device).expand(batch, length, -1)
        velocities = self.velocity_logits(hidden[..., None, :], duration).float().log_softmax(-1)
        specials = torch.full((batch, length, 4), -math.inf, device=hidden.device)
        specials[..., EOS - SOS] = kinds[..., END_KIND]
        return torch.cat(
            (
                kinds[..., DELTA_KIND, None] + deltas,
                kinds[..., NOTE_KIND, None] + (patches[..., None] + pitches).flatten(-2),
                kinds[..., LENGTH_KIND, None] + (durations[..., None] + velocities).flatten(-2),
                specials,
            ),
            -1,
        )


def roots_at(time: Tensor, condition: Condition) -> Tensor:
    """Root of the bar at each time (B, T) in units, as `Condition.roots` tells it."""
    return condition.roots.gather(1, (time // UNITS_PER_BAR).clamp(max=MOST_BARS))


def interval_above(root: Tensor, pitch: Tensor) -> Tensor:
    """Semitones 0–11 from a root (pitch class + 1) up to the pitch; what it is for root 0 means nothing."""
    return (pitch - root + 1) % ROOTS


def root_row(roots: Sequence[int]) -> list[int]:
    """Pitch classes of the chords of a loop as `Condition.roots` holds them: the loop goes round."""
    return [roots[bar % len(roots)] + 1 if roots else 0 for bar in range(MOST_BARS + 1)]


def unknown_condition(rows: int, device: torch.device | str = "cpu") -> Condition:
    """Nothing asked for: length, style, mode, programs and chords unknown."""
    none = torch.zeros(rows, dtype=torch.long, device=device)
    programs = torch.full((rows, ROLES), UNKNOWN, device=device)
    return Condition(none, none, none, programs, none[:, None].expand(-1, MOST_BARS + 1))
