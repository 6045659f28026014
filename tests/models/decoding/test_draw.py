"""Draws compared with exact probabilities: 20,000 of them, before and after each filter."""

import numpy as np
import pytest
import torch

from workbench.models.decoding.draw import Sampling, filtered, pick
from workbench.models.decoding.orpheus import draw_flat

DRAWS = 20_000
LOGITS = torch.tensor([2.0, 1.4, 1.0, 0.3, 0.0, -0.5, -1.0, -2.5])
PROBS = LOGITS.softmax(-1)


def sampling(temperature=1.0, top_p=1.0, top_k=None, min_p=None):
    return Sampling.of(temperature, top_p, top_k, min_p)


def spread(how):
    return Sampling(*(field.expand(DRAWS, 1) for field in how))


def uniforms(seed):
    return torch.from_numpy(np.random.default_rng(seed).random(DRAWS))


def assert_frequencies(choices, exact):
    """Each count within five standard deviations of its binomial; nothing outside the support."""
    counts = torch.bincount(choices, minlength=len(exact)).double() / DRAWS
    error = 5 * (exact * (1 - exact) / DRAWS).sqrt()
    assert (counts[exact == 0] == 0).all()
    assert ((counts - exact).abs() <= error + 1e-12).all(), (counts, exact)


def exact_nucleus(probs, top_p):
    kept, mass = torch.zeros_like(probs), 0.0
    for i in probs.argsort(descending=True, stable=True).tolist():
        kept[i] = probs[i]
        mass += float(probs[i])
        if mass > top_p:
            break
    return kept / kept.sum()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
def test_temperature_before_any_filter(temperature):
    probs = (LOGITS / temperature).softmax(-1)
    choices = pick(probs.expand(DRAWS, -1), uniforms(1))
    assert_frequencies(choices, probs.double())


@pytest.mark.parametrize(
    ("how", "exact"),
    [
        (sampling(top_p=0.8), exact_nucleus(PROBS, 0.8)),
        (sampling(top_p=0.95), exact_nucleus(PROBS, 0.95)),
        (sampling(top_k=3), PROBS * (PROBS[2] <= PROBS) / PROBS[:3].sum()),
        (sampling(min_p=0.3), PROBS * (0.3 * PROBS[0] <= PROBS)),
        (sampling(top_p=0.9, top_k=4, min_p=0.1), PROBS * (torch.arange(8) < 4)),
    ],
)
def test_each_filter_keeps_what_it_says(how, exact):
    exact = exact.double() / exact.double().sum()
    kept = filtered(PROBS.expand(DRAWS, -1), spread(how))
    assert_frequencies(pick(kept, uniforms(2)), exact)


def test_pocket_order_is_temperature_then_nucleus():
    warm = (LOGITS / 1.8).softmax(-1)
    how = sampling(top_p=0.6)
    choices = pick(filtered(warm.expand(DRAWS, -1), spread(how)), uniforms(3))
    assert_frequencies(choices, exact_nucleus(warm, 0.6).double())


@pytest.mark.parametrize("width", [8, 600])
def test_orpheus_order_is_nucleus_then_temperature(width):
    logits = torch.cat((LOGITS, torch.full((width - 8,), -9.0)))
    probs = logits.softmax(-1)
    exact = exact_nucleus(probs, 0.9) ** (1 / 0.7)
    exact = exact.double() / exact.double().sum()
    choices = draw_flat(probs.expand(DRAWS, -1), spread(sampling(0.7, 0.9)), uniforms(4))
    assert_frequencies(choices, exact)


def test_wide_nucleus_falls_back_to_the_full_sort():
    probs = torch.full((1, 2000), 1 / 2000)
    how = Sampling.of(1.0, 0.9, None, None)
    choices = draw_flat(probs.expand(DRAWS, -1), spread(how), uniforms(5))
    assert choices.max() >= 1700
    assert choices.max() < 1802  # the first 1801 equal choices make .9


def test_greedy_takes_the_likeliest():
    how = spread(sampling(0.0))
    assert (pick(filtered(PROBS.expand(DRAWS, -1), how), uniforms(6)) == 0).all()
    assert (draw_flat(PROBS.expand(DRAWS, -1), how, uniforms(6)) == 0).all()


def test_top_p_zero_is_greedy():
    assert (
        pick(filtered(PROBS.expand(DRAWS, -1), spread(sampling(top_p=0.0))), uniforms(7)) == 0
    ).all()


def test_the_last_representable_uniform_still_draws_something_possible():
    probs = torch.tensor([[0.3, 0.7, 0.0, 0.0]])
    almost_one = torch.tensor([np.nextafter(1.0, 0.0)])
    assert pick(probs, almost_one).tolist() == [1]
