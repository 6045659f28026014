"""The Orpheus network against x-transformers, and the fast path against the plain one."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch
from tests.models.released import released_weights
from torch import Tensor

from workbench.models.checkpoints import load_checkpoint
from workbench.models.nets.orpheus import (
    OrpheusConfig,
    OrpheusDecoder,
    OrpheusDecoding,
    default_dtype,
    turns,
)
from workbench.models.vocabulary import PAD, VOCABULARY_SIZE

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit.script, at its import
    from x_transformers import AutoregressiveWrapper, Decoder, TransformerWrapper

WIDTH, LAYERS, HEADS = 128, 2, 2
TOLERANCE = 1e-3  # of logits up to 5, in float32


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("released") / "file.pth"
    torch.save(released_weights(width=WIDTH, layers=LAYERS, heads=HEADS), path)
    return path


@pytest.fixture(scope="module")
def net(checkpoint: Path) -> OrpheusDecoder:
    return load_checkpoint(checkpoint)


@pytest.fixture(scope="module")
def reference(checkpoint: Path) -> AutoregressiveWrapper:
    """As the author builds it (with the defaults of the fork that the checkpoints came from)."""
    layers = Decoder(dim=WIDTH, depth=LAYERS, heads=HEADS, rotary_pos_emb=True, attn_flash=True)
    wrapper = TransformerWrapper(num_tokens=PAD + 1, max_seq_len=8192, attn_layers=layers)
    model = AutoregressiveWrapper(wrapper, ignore_index=PAD, pad_value=PAD)
    model.load_state_dict(torch.load(checkpoint, weights_only=True))
    return model.eval()


@pytest.fixture(scope="module")
def exact(net: OrpheusDecoder) -> OrpheusDecoding:
    return net.decoding(torch.float32)


def some_ids(*shape: int, seed: int = 0) -> Tensor:
    return torch.randint(VOCABULARY_SIZE - 4, shape, generator=torch.Generator().manual_seed(seed))


def close(ours: Tensor, theirs: Tensor, tolerance: float = TOLERANCE) -> bool:
    return bool((ours - theirs).abs().max() < tolerance)


def greedy(decoding: OrpheusDecoding, prompt: Tensor, new: int, rows: int = 1) -> Tensor:
    """The likeliest continuation of one prompt, in `rows` equal rows: (rows, new)."""
    logits, cache = decoding.prefill(prompt)
    cache.expand(rows)
    ids = [logits.argmax(-1).expand(rows)]
    while len(ids) < new:
        ids.append(decoding.step(ids[-1], cache).argmax(-1))
    return torch.stack(ids, 1)


# ---------------------------------------------------------------------- against x-transformers


@torch.inference_mode()
def test_logits_equal_at_every_position(
    net: OrpheusDecoder, reference: AutoregressiveWrapper
) -> None:
    ids = some_ids(3, 400)
    expected = reference.net(ids)
    assert expected.std() > 0.5  # the random weights say something
    assert close(net(ids).logits, expected)


@torch.inference_mode()
@pytest.mark.parametrize("lengths", [(40, 13, 1), (7, 40, 25)])
def test_logits_equal_in_batches_padded_on_either_side(
    lengths: tuple[int, ...], net: OrpheusDecoder, reference: AutoregressiveWrapper
) -> None:
    ids, time = some_ids(3, 40), torch.arange(40)
    length = torch.tensor(lengths)[:, None]
    right, left = time < length, time >= 40 - length
    padded = torch.where(right, ids, PAD)
    assert close(net(padded, right).logits[right], reference.net(padded, mask=right)[right])
    padded = torch.where(left, ids, PAD)
    expected = reference.net(padded, seq_start_pos=40 - length[:, 0])
    assert close(net(padded, left).logits[left], expected[left])


@torch.inference_mode()
def test_48_greedy_tokens_are_equal(
    exact: OrpheusDecoding, reference: AutoregressiveWrapper
) -> None:
    prompts = some_ids(4, 30, seed=1)
    expected = reference.generate(prompts, 48, temperature=0.0)
    best, second = reference.net(torch.cat((prompts, expected), 1)).topk(2).values.unbind(-1)
    assert (best - second)[:, 29:-1].min() > 1e-4  # no near tie, which rounding would decide
    for prompt, tokens in zip(prompts, expected, strict=True):
        assert torch.equal(greedy(exact, prompt, 48, rows=2), tokens.expand(2, -1))


@torch.inference_mode()
def test_48_greedy_tokens_are_equal_for_prompts_of_different_lengths(
    exact: OrpheusDecoding, reference: AutoregressiveWrapper
) -> None:
    """One running batch of ours, one padded batch of theirs."""
    prompts, lengths = some_ids(3, 30), torch.tensor([30, 9, 17])
    expected = reference.generate(prompts, 48, temperature=0.0, prompt_lens=lengths)
    starts = [exact.prefill(p[:n]) for p, n in zip(prompts, lengths.tolist(), strict=True)]
    cache = starts[0][1]
    for _, other in starts[1:]:
        cache.join(other)
    ids = [torch.cat([logits for logits, _ in starts]).argmax(-1)]
    while len(ids) < 48:
        ids.append(exact.step(ids[-1], cache).argmax(-1))
    assert torch.equal(torch.stack(ids, 1), expected)


# ---------------------------------------------------------------------- what is easy to miss


def test_turns_stay_exact_far_out_whatever_the_weights_are() -> None:
    positions = torch.tensor([0, 1, 1000, 8191])
    frequencies = 10_000 ** (-torch.arange(0, 32, 2, dtype=torch.float64) / 32)
    exact = torch.polar(torch.ones(4, 16, dtype=torch.float64), positions[:, None] * frequencies)
    assert turns(positions).dtype == torch.complex64
    assert (turns(positions) - exact).abs().max() < 1e-3


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@torch.inference_mode()
def test_half_precision_does_not_drift_with_the_position(
    dtype: torch.dtype, checkpoint: Path, net: OrpheusDecoder
) -> None:
    """Rotation tables cast to half, as `.half()` on a whole model does, are off by radians here."""
    ids = some_ids(1, 1200)
    error = (net.decoding(dtype).logits(ids[0]) - net(ids).logits[0]).abs().amax(-1)
    assert error[-200:].mean() < 2 * error[:200].mean()
    assert error.max() < (0.15 if dtype == torch.bfloat16 else 0.02)
    if dtype == torch.bfloat16:
        half = load_checkpoint(checkpoint, dtype=dtype)(ids).logits
        assert half.dtype == torch.float32
        assert (half - net(ids).logits).abs().max() < 0.15


def test_weights_are_not_tied(net: OrpheusDecoder) -> None:
    assert not torch.equal(net.tokens.weight, net.head.weight)


def test_the_released_sizes_have_the_released_number_of_parameters() -> None:
    with torch.device("meta"):
        net = OrpheusDecoder(OrpheusConfig())
    assert sum(p.numel() for p in net.parameters()) == 479_856_640


# ---------------------------------------------------------------------- fast path = plain path


@torch.inference_mode()
def test_step_by_step_equals_all_at_once(net: OrpheusDecoder, exact: OrpheusDecoding) -> None:
    ids = some_ids(3, 700)  # more than twice the room a cache grows by
    ids[:, :90] = ids[0, :90]
    expected = net(ids).logits
    assert close(exact.logits(ids[0]), expected[0], 1e-4)
    logits, cache = exact.prefill(ids[0, :90])
    assert close(logits, expected[0, 89], 1e-4)
    cache.expand(3)
    assert cache.positions == [90, 90, 90]
    for place in range(90, 700):
        assert close(exact.step(ids[:, place], cache), expected[:, place], 1e-4)


@torch.inference_mode()
def test_rows_that_leave_and_requests_that_join_change_nothing_for_the_others(
    net: OrpheusDecoder, exact: OrpheusDecoding
) -> None:
    ids = some_ids(6, 60)
    ids[:4, :20] = ids[0, :20]
    ids[4:, :5] = ids[4, :5]
    expected = net(ids).logits
    _, cache = exact.prefill(ids[0, :20])
    cache.expand(4)
    places = [20, 20, 20, 20, 5, 5]
    live = [0, 1, 2, 3]

    def go_on(steps: int) -> None:
        for _ in range(steps):
            tokens = torch.stack([ids[row, places[row]] for row in live])
            logits = exact.step(tokens, cache)
            wanted = torch.stack([expected[row, places[row]] for row in live])
            assert close(logits, wanted, 1e-4)
            for row in live:
                places[row] += 1

    go_on(7)
    cache.select([0, 2, 3])
    live = [0, 2, 3]
    go_on(5)
    _, other = exact.prefill(ids[4, :5])
    other.expand(2)
    cache.join(other)
    live = [0, 2, 3, 4, 5]
    go_on(5)
    cache.select([1, 4])
    live = [2, 5]
    go_on(5)
    cache.select([1])
    live = [5]
    go_on(5)
    assert cache.positions == [places[5]]
    assert len(cache) == 1


@torch.inference_mode()
def test_past_the_context_the_window_slides(checkpoint: Path) -> None:
    """With one layer, keys depend on their token only, and a window is exactly a crop."""
    torch.manual_seed(0)
    net = OrpheusDecoder(OrpheusConfig(width=64, layers=1, heads=1, context=40)).eval()
    decoding = net.decoding(torch.float32)
    ids = some_ids(100)
    _, cache = decoding.prefill(ids[:30])
    for place in range(30, 100):
        logits = decoding.step(ids[place : place + 1], cache)
        visible = ids[max(0, place - 39) : place + 1]
        assert close(logits, net(visible[None]).logits[0, -1], 1e-4), place
    long, _ = decoding.prefill(ids)
    assert close(long, net(ids[None, -40:]).logits[0, -1], 1e-4)


@torch.inference_mode()
def test_a_row_alone_and_in_a_batch_composes_the_same(exact: OrpheusDecoding) -> None:
    prompt = some_ids(12)
    assert torch.equal(greedy(exact, prompt, 30), greedy(exact, prompt, 30, rows=8)[3:4])


@torch.inference_mode()
def test_the_default_precision_is_near_the_exact_one(
    net: OrpheusDecoder, exact: OrpheusDecoding
) -> None:
    ids = some_ids(200)
    decoding = net.decoding()
    assert decoding.dtype == default_dtype(net.device)
    ours, wanted = decoding.logits(ids), exact.logits(ids)
    assert (ours - wanted).abs().max() < 0.02
    assert (ours.argmax(-1) == wanted.argmax(-1)).float().mean() > 0.98
