"""Chord roots before the notes: what was heard stays, the rest is drawn from the head's own odds."""

from collections import Counter

import numpy as np
import pytest
import torch

from workbench.models.decoding.draw import Sampling
from workbench.models.decoding.progression import draw_roots, heard_roots
from workbench.models.nets.pocket import root_row, unknown_condition
from workbench.models.nets.pocket_pretrained import PocketConfig, PocketDecoder
from workbench.models.vocabulary import LENGTH, NOTE, SOS

PLAIN = Sampling.of(1.0, 1.0, None, None)
ONE = unknown_condition(1)


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(3)
    net = PocketDecoder(PocketConfig(width=128, heads=2, metrical_heads=1, layers=1, styles=["a"]))
    with torch.no_grad():  # odds worth measuring, not all a twelfth
        net.progression.before.weight.mul_(60)
        net.progression.inner.weight.mul_(10)
        net.progression.out.weight.mul_(10)
    return net.eval()


def draw(net, heard, bars, seed, how=PLAIN):
    return draw_roots(net, heard, bars, ONE, how, np.random.default_rng(seed))


def test_a_loop_goes_round_in_what_the_network_is_told():
    assert root_row((0, 5, 7)) == [1, 6, 8, 1, 6, 8, 1, 6, 8]
    assert root_row(()) == [0] * 9


def test_a_bar_sees_only_the_bars_before_it(net):
    told = torch.tensor([root_row((0, 5, 7, 9))])
    with torch.inference_mode():
        before = net.progression(ONE._replace(roots=told))
        told[0, 4:] = 3
        after = net.progression(ONE._replace(roots=told))
    assert torch.equal(before[:, :5], after[:, :5])
    assert not torch.equal(before[:, 5:], after[:, 5:])


def test_what_was_heard_stays_and_the_seed_decides_the_rest(net):
    for bars in (1, 4, 8, 13):
        drawn = draw(net, [9, 5], bars, seed=1)
        assert drawn[:2] == [9, 5][:bars]
        assert len(drawn) == bars
        assert set(drawn) <= set(range(12))
        assert drawn == draw(net, [9, 5], bars, seed=1)
    assert len({tuple(draw(net, [9], 8, seed)) for seed in range(20)}) > 10


def test_draws_follow_the_odds_of_the_head(net):
    """Chi-square of 4,000 draws of a second bar against the head's own distribution."""
    told = unknown_condition(1)._replace(
        bars=torch.tensor([2]), roots=torch.tensor([root_row([9])])
    )
    with torch.inference_mode():
        odds = net.progression(told)[0, 1].softmax(-1).numpy()
    counts = Counter(draw(net, [9], 2, seed)[1] for seed in range(4000))
    expected = 4000 * odds
    often = expected > 5
    seen = np.array([counts[root] for root in range(12)])
    chi2 = ((seen - expected) ** 2 / expected)[often].sum()
    assert chi2 < 31.3  # 99.9 % of chi-square with 11 degrees of freedom
    assert odds.max() > 0.2, "odds this even would prove nothing"


def test_a_cold_draw_takes_the_likeliest(net):
    told = unknown_condition(1)._replace(
        bars=torch.tensor([2]), roots=torch.tensor([root_row([9])])
    )
    with torch.inference_mode():
        likeliest = int(net.progression(told)[0, 1].argmax())
    cold = Sampling.of(0.0, 1.0, None, None)
    assert {draw(net, [9], 2, seed, cold)[1] for seed in range(10)} == {likeliest}


def test_every_bar_of_a_prime_is_heard_at_its_end_and_a_silent_one_as_the_bar_before(net):
    note = [NOTE + 60, LENGTH + 65]
    prime = [SOS, 0, *note, 64, *note, 200, *note]  # onsets in bars 0, 0 and 2
    with torch.inference_mode():
        hidden, _ = net.hidden(torch.tensor([prime]), ONE)
        said = net.root_head(hidden[0]).argmax(-1).tolist()
    assert heard_roots(net, prime, ONE) == [said[6], said[6], said[9]]
