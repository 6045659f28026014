"""Decoding with the pocket network: a batch of rows with their cache, and draws from factorised heads.

The arithmetic of a row does not depend on what else is in the batch: matrix products keep at least
four rows (products of 1 and 2 rows differ from larger ones in the last bits, 4 to 32 are bit-equal),
attention runs over a multiple of 64 cache entries (what is masked beyond a row's own then adds exact
zeros), and everything runs on one thread (two threads cost 20× when the other core is busy).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from workbench.models.decoding.draw import Sampling, filtered, pick
from workbench.models.decoding.loop import Drawn
from workbench.models.nets.pocket import (
    DELTA_KIND,
    END_KIND,
    HEAD_WIDTH,
    LENGTH_KIND,
    NOTE_KIND,
    Block,
    Condition,
    PocketNet,
    roots_at,
)
from workbench.models.vocabulary import (
    BUCKETS,
    DELTAS,
    DURATIONS,
    EOS,
    LENGTH,
    NOTE,
    PATCHES,
    PITCHES,
    SOS,
)

LEAST_ROWS, MOST_ROWS = 4, 32  # of a matrix product whose rows do not feel each other
GROWTH = 64  # cache entries; attention widths are multiples of it


class PocketBatch:
    """Rows being decoded together. `rows` are live; up to `LEAST_ROWS` are kept computing."""

    @torch.inference_mode()
    def __init__(self, net: PocketNet, prime: Sequence[int], condition: Condition) -> None:
        """One row, the prime read in one pass."""
        self.net = net
        self.rows = 1
        ids = torch.tensor([list(prime)])
        time = net.musical_time(ids)
        length = ids.shape[1]
        if length > net.sizes.context:
            raise ValueError(f"{length} tokens do not fit the context of {net.sizes.context}")
        self.condition = condition
        self.index = torch.tensor([length - 1])  # of the last token read
        self.time = time[:, -1]
        turn = net.turns(torch.arange(length)[None], time)
        x = net.embed(ids, time, condition)
        layers = []
        for block in self._blocks():
            q, k, v = block.project(x, turn)
            layers.append(torch.stack((k, v)))
            x = block.finish(x, F.scaled_dot_product_attention(q, k, v, is_causal=True))
        self.cache = _grown(torch.stack(layers), _width(length))  # (layer, k|v, B, H, width, D/H)
        self.hidden = net.norm(x[:, -1])

    def _blocks(self) -> list[Block]:
        return cast("list[Block]", list(self.net.blocks))

    def select(self, rows: Sequence[int]) -> PocketBatch:
        """Keep these rows, in this order; a row may be taken more than once."""
        index = list(rows)
        self.rows = len(index)
        index += index[-1:] * (LEAST_ROWS - len(index))
        if index == list(range(self.cache.shape[2])):
            return self
        chosen = torch.tensor(index)
        self.condition = self.condition.rows(chosen)
        self.index, self.time, self.hidden = (
            field[chosen] for field in (self.index, self.time, self.hidden)
        )
        self.cache = self.cache[:, :, chosen]
        return self

    def join(self, other: PocketBatch) -> PocketBatch:
        """Take the live rows of another batch of the same network in, after one's own."""
        mine, theirs = slice(self.rows), slice(other.rows)
        self.condition = Condition(
            *(
                torch.cat((a[mine], b[theirs]))
                for a, b in zip(self.condition, other.condition, strict=True)
            )
        )
        self.index = torch.cat((self.index[mine], other.index[theirs]))
        self.time = torch.cat((self.time[mine], other.time[theirs]))
        self.hidden = torch.cat((self.hidden[mine], other.hidden[theirs]))
        width = max(self.cache.shape[-2], other.cache.shape[-2])
        caches = (_grown(self.cache[:, :, mine], width), _grown(other.cache[:, :, theirs], width))
        self.cache = torch.cat(caches, 2)
        return self.select(range(self.rows + other.rows))

    def advance(self, ids: Tensor) -> None:
        """Read one token a live row: ids (B,) int64."""
        net = self.net
        ids = F.pad(ids, (0, len(self.time) - len(ids)))[:, None]  # (B, 1)
        self.index = self.index + 1
        self.time = self.time + torch.where(ids < DELTAS, ids, 0)[:, 0]
        time = self.time[:, None]
        turn = net.turns(self.index[:, None], time)
        x = net.embed(ids, time, self.condition)
        width = _width(int(self.index.max()) + 1)
        if width > self.cache.shape[-2]:
            self.cache = _grown(self.cache, width)
        seen = (torch.arange(width) <= self.index[:, None])[:, None, None]  # (B, 1, 1, width)
        place = self.index[:, None, None, None].expand(-1, *self.cache.shape[3:4], 1, HEAD_WIDTH)
        for block, (keys, values) in zip(self._blocks(), self.cache, strict=True):
            q, k, v = block.project(x, turn)
            keys.scatter_(2, place, k)
            values.scatter_(2, place, v)
            known, told = keys[:, :, :width], values[:, :, :width]
            x = block.finish(x, F.scaled_dot_product_attention(q, known, told, attn_mask=seen))
        self.hidden = net.norm(x[:, -1])

    def draw(self, allowed: Tensor, how: Sampling, uniforms: Tensor) -> Drawn:
        """Allowed (constraint, B, V) bool cumulative, uniforms (B, 3) -> one id a live row."""
        live = slice(self.rows)
        grown = len(self.time) - self.rows
        if grown:  # the ghosts that fill the batch draw what the last row draws
            allowed = torch.cat((allowed, allowed[:, -1:].expand(-1, grown, -1)), 1)
            how = Sampling(*(torch.cat((field, field[-1:].expand(grown, -1))) for field in how))
            uniforms = torch.cat((uniforms, uniforms[-1:].expand(grown, -1)))
        ids, logprobs, mass = _Factors(self, allowed, how).draw(uniforms)
        return Drawn(ids[live], logprobs[live], mass[:, live])


def _width(length: int) -> int:
    """Cache entries for `length` tokens."""
    return -(-length // GROWTH) * GROWTH


def _grown(cache: Tensor, width: int) -> Tensor:
    return F.pad(cache, (0, 0, 0, width - cache.shape[-2]))


class _Factors:
    """The factors of one step's distribution for all rows, untempered (log P) and tempered.

    `allowed` is (constraint, B, V), cumulative; the last is what may be drawn.
    """

    def __init__(self, batch: PocketBatch, allowed: Tensor, how: Sampling) -> None:
        net, hidden = batch.net, batch.hidden
        self.batch, self.how = batch, how
        self.kinds = net.kind_head(hidden).float()
        self.deltas = net.delta_logits(hidden, batch.time).float()
        self.patches = net.patch_logits(hidden, batch.condition.programs).float()
        self.durations = net.duration_head(hidden).float()
        shape = allowed.shape[:2]
        self.delta_ok = allowed[..., :DELTAS]  # (constraint, B, ·)
        self.note_ok = allowed[..., NOTE:LENGTH].view(*shape, PATCHES, PITCHES)
        self.length_ok = allowed[..., LENGTH:SOS].view(*shape, DURATIONS, BUCKETS)
        self.end_ok = allowed[..., EOS]
        self.patch_any, self.patch_all = _any(self.note_ok), _all(self.note_ok)
        self.duration_any = _any(self.length_ok)

    def draw(self, uniforms: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Ids (B,), log P under the bare model (B,), allowed probability by constraint (constraint, B)."""
        plain, warm = self._pitch_shares()
        mass = self._mass(plain)
        delta_ok, note_ok, length_ok = self.delta_ok[-1], self.note_ok[-1], self.length_ok[-1]
        kind_ok = torch.stack(
            (
                delta_ok.any(-1),
                self.patch_any[-1].any(-1),
                self.duration_any[-1].any(-1),
                self.end_ok[-1],
            ),
            -1,
        )
        kind, delta, patch, duration = self._pick(
            (
                self._warm(self.kinds) * kind_ok,
                self._warm(self.deltas) * delta_ok,
                self._warm(self.patches) * warm,
                self._warm(self.durations) * self.duration_any[-1],
            ),
            uniforms.T[[0, 1, 1, 1]],
        )
        rows = torch.arange(len(kind))
        pitches = self._pitches(patch)
        velocities = self.batch.net.velocity_logits(self.batch.hidden, duration).float()
        pitch, velocity = self._pick(
            (
                self._warm(pitches) * note_ok[rows, patch],
                self._warm(velocities) * length_ok[rows, duration],
            ),
            uniforms.T[[2, 2]],
        )

        def log(logits: Tensor, choice: Tensor) -> Tensor:
            return logits.log_softmax(-1).gather(-1, choice[:, None])[:, 0]

        end = torch.full_like(delta, EOS)
        ids = torch.stack(
            (delta, NOTE + patch * PITCHES + pitch, LENGTH + duration * BUCKETS + velocity, end), -1
        )
        logs = torch.stack(
            (
                log(self.deltas, delta),
                log(self.patches, patch) + log(pitches, pitch),
                log(self.durations, duration) + log(velocities, velocity),
                torch.zeros(len(kind)),
            ),
            -1,
        )
        chosen = kind[:, None]
        return (
            ids.gather(-1, chosen)[:, 0],
            log(self.kinds, kind) + logs.gather(-1, chosen)[:, 0],
            mass,
        )

    def _warm(self, logits: Tensor) -> Tensor:
        return (logits / self.how.temperature).softmax(-1)

    def _pick(self, factors: Sequence[Tensor], uniforms: Tensor) -> Tensor:
        """Filter and draw from n factors at once: each (B, K), uniforms (n, B) -> (n, B).

        What a row draws from a factor that allows it nothing means nothing: it is not of that kind.
        """
        widest = max(factor.shape[-1] for factor in factors)
        probs = torch.stack([F.pad(factor, (0, widest - factor.shape[-1])) for factor in factors])
        last = torch.tensor([[factor.shape[-1] - 1] for factor in factors])
        return torch.minimum(pick(filtered(probs, self.how), uniforms), last)

    def _pitches(self, patches: Tensor) -> Tensor:
        """Pitch logits given patches: (n · B,) -> (n · B, 128)."""
        batch = self.batch
        times = len(patches) // len(batch.hidden)
        programs = batch.condition.programs.repeat(times, 1)
        role = batch.net.role_of(patches[:, None], programs)[:, 0]
        root = roots_at(batch.time[:, None], batch.condition)[:, 0].repeat(times)
        hidden = batch.hidden.repeat(times, 1)
        return batch.net.pitch_logits(hidden, patches, role, root).float()

    def _pitch_shares(self) -> tuple[Tensor, Tensor]:
        """Share of each patch's pitches that is allowed: bare (constraint, B, 129), tempered (B, 129).

        A patch's mass is summed over its allowed pitches, so that a mask leaves no dead end.
        """
        plain = self.patch_all.float()
        warm = plain[-1].clone()
        partly = (self.patch_any & ~self.patch_all).flatten(0, 1).any(0).nonzero()[:, 0]
        rows = len(warm)
        at_once = max(1, MOST_ROWS // rows)
        for start in range(0, len(partly), at_once):
            some = partly[start : start + at_once]
            logits = self._pitches(some.repeat_interleave(rows)).view(len(some), rows, -1)
            probs, warmed = logits.softmax(-1), self._warm(logits)
            allowed = self.note_ok[:, :, some].transpose(1, 2)  # (constraint, some, B, 128)
            part = self.patch_any[..., some] & ~self.patch_all[..., some]  # else 0 or 1, exactly
            share = (probs * allowed).sum(-1).transpose(1, 2)
            plain[..., some] = torch.where(part, share, plain[..., some])
            share = (warmed * allowed[-1]).sum(-1).T
            warm[:, some] = torch.where(part[-1], share, warm[:, some])
        return plain, warm

    def _mass(self, pitch_share: Tensor) -> Tensor:
        """Probability each cumulative constraint still allows (constraint, B)."""
        kinds = self.kinds.softmax(-1)
        deltas = (self.deltas.softmax(-1) * self.delta_ok).sum(-1)
        notes = (self.patches.softmax(-1) * pitch_share).sum(-1)
        lengths = (self.durations.softmax(-1) * self.duration_any).sum(-1)
        mass: Tensor = (
            kinds[:, DELTA_KIND] * deltas
            + kinds[:, NOTE_KIND] * notes
            + kinds[:, LENGTH_KIND] * lengths
            + kinds[:, END_KIND] * self.end_ok
        )
        return mass


# Masks are read four bytes at a time: 30 µs where torch's `any` and `all` take 800 each (8 rows of
# 129 · 128, Zen 3). The last dimension and every stride must be multiples of four.
ALL_FOUR = 0x01010101  # four true bytes as one int32


def _any(mask: Tensor) -> Tensor:
    """Whether any of the last dimension is true."""
    return mask.view(torch.int32).amax(-1) > 0


def _all(mask: Tensor) -> Tensor:
    """Whether all of the last dimension are true."""
    return mask.view(torch.int32).amin(-1) == ALL_FOUR
