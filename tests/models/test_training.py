"""Training: a fixed recipe gives fixed data and weights, an interrupted run goes on as if it had not been."""

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file

from workbench.errors import CheckpointError
from workbench.models import GenerationRequest, load_runner
from workbench.models.decoding.draw import Sampling
from workbench.models.decoding.progression import draw_roots
from workbench.models.grammar import all_progressions, chord_named
from workbench.models.nets.pocket import unknown_condition
from workbench.models.nets.pocket_pretrained import PocketDecoder
from workbench.models.runners.pocket import WEIGHTS, PocketRunner
from workbench.models.training import Recipe, train_pocket
from workbench.models.training.muon import Muon, orthogonal
from workbench.models.training.pocket import sheets, teach_progressions
from workbench.models.vocabulary import EOS, PAD, SOS

SMALL = Recipe(
    width=128,
    heads=2,
    metrical_heads=1,
    layers=1,
    tokens=12_000,
    batch_tokens=768,
    progressions=2_560,
)


class KilledError(Exception):
    """Stands for a killed process, raised between two steps."""


def on_cpu():
    return Accelerator(mixed_precision="no", cpu=True)


def test_data_are_a_function_of_the_seed_and_go_on_from_any_group():
    first = list(islice(sheets(SMALL), 40))
    again = list(islice(sheets(SMALL), 40))
    other = list(islice(sheets(replace(SMALL, seed=1)), 40))
    assert all(torch.equal(a.ids, b.ids) for (_, a), (_, b) in zip(first, again, strict=True))
    assert not all(torch.equal(a.ids, b.ids) for (_, a), (_, b) in zip(first, other, strict=True))
    start = first[-1][0]
    later = [sheet for group, sheet in first if group == start]
    fresh = [sheet for _, sheet in islice(sheets(SMALL, start), len(later))]
    assert all(torch.equal(a.ids, b.ids) for a, b in zip(later, fresh, strict=True))


def test_batches_hold_whole_sequences_within_their_size():
    for _, batch in islice(sheets(SMALL), 60):
        assert (batch.ids[:, 0] == SOS).all()
        assert ((batch.ids == EOS).sum(1) == 1).all()
        rows, width = batch.ids.shape
        assert rows == 1 or rows * (width - 1) <= SMALL.batch_tokens
        assert (width - 1) % 48 == 0
        assert (batch.ids != PAD).any(0).sum() > width - 1 - 48


def test_an_interrupted_run_ends_with_the_same_weights(tmp_path):
    recipe = replace(SMALL, tokens=90_000)  # more than one group of batches
    whole = train_pocket(tmp_path / "whole", recipe, accelerator=on_cpu(), save_every=1)

    def interrupt(report):
        raise KilledError

    broken = tmp_path / "broken"
    with pytest.raises(KilledError):
        train_pocket(
            broken,
            recipe,
            on_report=interrupt,
            accelerator=on_cpu(),
            save_every=1,
            report_every=100,
        )
    assert (broken / "checkpoint.pt").exists()
    train_pocket(broken, recipe, accelerator=on_cpu(), save_every=1)
    a, b = (load_file(folder / "model.safetensors") for folder in (whole, broken))
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_a_folder_of_another_recipe_is_refused(tmp_path):
    train_pocket(tmp_path, replace(SMALL, tokens=60_000), accelerator=on_cpu(), save_every=1)
    with pytest.raises(CheckpointError, match="another seed"):
        train_pocket(tmp_path, replace(SMALL, seed=3), accelerator=on_cpu())


def test_what_training_writes_loads_as_a_runner_and_says_how_it_came(tmp_path):
    folder = train_pocket(tmp_path, SMALL, accelerator=on_cpu())
    result = load_runner("pocket", folder=folder).generate(
        GenerationRequest(bars=1, num_variations=1)
    )
    assert result.variations
    facts = json.loads((folder / "training.json").read_text())
    assert facts["tokens"] >= SMALL.tokens
    card = (folder / "CARD.md").read_text()
    for word in ("Licence", "held out", "seed", "Gates", "Limits"):
        assert word in card


def test_training_lowers_the_loss(tmp_path):
    losses = []
    recipe = replace(SMALL, tokens=60_000)
    train_pocket(
        tmp_path,
        recipe,
        accelerator=on_cpu(),
        on_report=lambda r: losses.append(r.loss),
        report_every=15,
    )
    assert losses[-1] < losses[0] / 2


def test_the_progression_head_learns_the_grammars_progressions():
    torch.manual_seed(0)
    net = PocketDecoder(SMALL.config())
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    teach_progressions(net, replace(SMALL, progressions=80_000))
    net.eval()
    how = Sampling.of(0.8, 0.9, None, None)
    for mode in (1, 2):
        rows = {tuple(chord_named(name).root for name in row) for row in all_progressions(mode)}
        told = unknown_condition(1)._replace(mode=torch.tensor([mode]))
        drawn = [
            tuple(draw_roots(net, [], 4, told, how, np.random.default_rng(seed)))
            for seed in range(100)
        ]
        assert sum(row in rows for row in drawn) >= 95
        assert len(set(drawn)) > 10
    changed = {n for n, tensor in net.state_dict().items() if not torch.equal(tensor, before[n])}
    assert changed
    assert all(name.startswith("progression.") for name in changed)


def test_orthogonal_keeps_singular_vectors_and_evens_their_values():
    matrices = torch.randn(3, 40, 96, generator=torch.Generator().manual_seed(0))
    evened = orthogonal(matrices)
    values = torch.linalg.svdvals(evened)
    assert values.min() > 0.6
    assert values.max() < 1.25
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    core = u.mT @ evened @ v.mT
    off_diagonal = core - torch.diag_embed(core.diagonal(dim1=1, dim2=2))
    assert off_diagonal.abs().max() < 1e-3


def test_muon_moves_as_torchs_does():
    """torch's Muon iterates in bfloat16; directions agree to its three digits."""
    generator = torch.Generator().manual_seed(1)
    start = torch.randn(64, 32, generator=generator)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    mine = Muon([ours], lr=0.02)
    peer = torch.optim.Muon([theirs], lr=0.02, momentum=0.95, weight_decay=0.0)
    for _ in range(5):
        gradient = torch.randn(64, 32, generator=generator)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        mine.step()
        peer.step()
    moved, expected = ((p.detach() - start).flatten() for p in (ours, theirs))
    assert torch.cosine_similarity(moved, expected, 0) > 0.999
    assert moved.norm() / expected.norm() == pytest.approx(1, abs=0.02)


def test_probabilities_of_all_ids_add_up_and_agree_with_the_loss():
    torch.manual_seed(0)
    net = PocketDecoder(SMALL.config())
    batch = next(batch for _, batch in sheets(SMALL) if len(batch.ids) > 1)
    ids = batch.ids[:2, :30]
    condition = batch.condition.rows(torch.tensor([0, 1]))
    with torch.inference_mode():
        logs = net(ids[:, :-1], condition=condition).logits
        nll = net(ids[:, :-1], labels=ids[:, 1:], condition=condition).loss
    assert torch.allclose(logs.exp().sum(-1), torch.ones(2, 29), atol=1e-4)
    real = ids[:, 1:] < PAD
    picked = -logs.gather(-1, ids[:, 1:, None])[..., 0]
    assert torch.allclose(picked[real], nll[real], atol=1e-4)


def test_save_and_load_as_a_transformers_model(tmp_path):
    torch.manual_seed(0)
    net = PocketDecoder(SMALL.config()).eval()
    net.save_pretrained(tmp_path)
    again = PocketDecoder.from_pretrained(tmp_path).eval()
    ids = torch.tensor([[SOS, 0, 16676, 16830, 32]])
    with torch.inference_mode():
        assert torch.equal(net(ids).logits, again(ids).logits)
    assert unknown_condition(1).bars.tolist() == [0]


def test_the_shipped_weights_are_the_same_network_to_transformers_and_to_the_runner():
    theirs = PocketDecoder.from_pretrained(WEIGHTS).eval()
    ours = PocketRunner(WEIGHTS)._net
    assert theirs.config.sizes == ours.sizes
    ids, condition = torch.tensor([[SOS, 0, 16676, 16830, 32]]), unknown_condition(1)
    with torch.inference_mode():
        hidden, time = ours.hidden(ids, condition)
        assert torch.equal(theirs(ids).logits, ours.all_logprobs(hidden, time, condition))
