"""Runners small enough for tests: untrained networks whose music is noise but whose rules hold."""

import pytest
import torch

from workbench.models import load_runner
from workbench.models.grammar import STYLES
from workbench.models.nets.pocket_pretrained import PocketConfig, PocketDecoder
from workbench.models.training.pocket import write_weights


@pytest.fixture(scope="session")
def pocket_folder(tmp_path_factory):
    """Weights of an untrained pocket network, two layers deep."""
    folder = tmp_path_factory.mktemp("pocket")
    torch.manual_seed(7)
    config = PocketConfig(width=128, heads=2, metrical_heads=1, layers=2, styles=list(STYLES))
    write_weights(folder, PocketDecoder(config), {})
    return folder


@pytest.fixture(scope="session")
def small_pocket(pocket_folder):
    return load_runner("pocket", folder=pocket_folder)
