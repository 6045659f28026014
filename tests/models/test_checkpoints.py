"""Every kind of weights file: those that load, and those that are refused in one sentence."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tests.models.released import Weights, released_weights

from workbench.errors import CheckpointError
from workbench.models.checkpoints import VARIANTS, load_checkpoint, variant_name
from workbench.models.hub import CHECKPOINTS

IDS = torch.tensor([[18816, 0, 316, 16893, 8, 320, 16893]])


@pytest.fixture(scope="module")
def weights() -> Weights:
    return released_weights()


def plain(weights: Weights) -> Weights:
    return {key.removeprefix("net."): tensor for key, tensor in weights.items()}


WRITERS: dict[str, Callable[[Weights, Path], None]] = {
    "as released": lambda w, p: torch.save(w, p),
    "no prefix": lambda w, p: torch.save(plain(w), p),
    "compiled": lambda w, p: torch.save({f"_orig_mod.{k}": v for k, v in w.items()}, p),
    "in a training state": lambda w, p: torch.save({"model_state_dict": w, "epoch": 3}, p),
    "parameters": lambda w, p: torch.save({k: torch.nn.Parameter(v) for k, v in w.items()}, p),
    "before torch 1.6": lambda w, p: torch.save(w, p, _use_new_zipfile_serialization=False),
    "safetensors": lambda w, p: save_file(w, p),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_every_way_of_writing_loads_to_the_same_network(
    writer: str, weights: Weights, tmp_path: Path
) -> None:
    torch.save(weights, tmp_path / "reference.pth")
    WRITERS[writer](weights, tmp_path / "file.pth")
    expected = load_checkpoint(tmp_path / "reference.pth")(IDS).logits
    assert torch.equal(load_checkpoint(tmp_path / "file.pth")(IDS).logits, expected)


def test_our_own_folder_and_file_load(weights: Weights, tmp_path: Path) -> None:
    torch.save(weights, tmp_path / "reference.pth")
    net = load_checkpoint(tmp_path / "reference.pth")
    net.save_pretrained(tmp_path / "saved")
    for path in (tmp_path / "saved", tmp_path / "saved" / "model.safetensors"):
        assert torch.equal(load_checkpoint(path)(IDS).logits, net(IDS).logits)
    again = type(net).from_pretrained(tmp_path / "saved")
    assert torch.equal(again(IDS).logits, net(IDS).logits)


def test_sizes_come_from_the_tensors(tmp_path: Path) -> None:
    """The large checkpoints have fewer heads than fill the width."""
    torch.save(released_weights(width=192, layers=3, heads=1), tmp_path / "file.pth")
    net = load_checkpoint(tmp_path / "file.pth")
    assert (net.config.width, net.config.layers, net.config.heads) == (192, 3, 1)
    assert net(IDS).logits.shape == (1, IDS.shape[1], 18820)
    assert net.config.variant == "unknown"


def test_dtype_is_kept_or_changed(weights: Weights, tmp_path: Path) -> None:
    torch.save({key: tensor.bfloat16() for key, tensor in weights.items()}, tmp_path / "half.pth")
    assert load_checkpoint(tmp_path / "half.pth").dtype == torch.bfloat16
    assert load_checkpoint(tmp_path / "half.pth", dtype=torch.float32).dtype == torch.float32


@pytest.mark.parametrize("name", sorted(CHECKPOINTS.keys() - {"orpheus-classifier"}))
def test_released_files_are_named_by_their_names(name: str) -> None:
    layers = 16 if name == "orpheus-large" else 8
    assert f"orpheus-{variant_name(CHECKPOINTS[name], layers)}" == name


def test_steps_alone_name_a_file_and_depth_alone_the_large_one() -> None:
    for variant in VARIANTS:
        for steps in variant.steps:
            assert variant_name(f"weights_{steps}_steps.pth", 8) == variant.name
    assert variant_name("weights.pth", 16) == "large"
    assert variant_name("weights.pth", 8) == "unknown"


# ---------------------------------------------------------------------- refusals


class Shell:
    """Unpickling it would run a command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


def old_layout(weights: Weights) -> Weights:
    """Of x-transformers 1.23: plain layer norms, a bias on the logits."""
    renamed = {key.replace(".gamma", ".weight"): tensor for key, tensor in weights.items()}
    biases = {key[:-6] + "bias": t for key, t in renamed.items() if key.endswith(".0.0.weight")}
    return {**renamed, **biases, "net.to_logits.bias": torch.zeros(18820)}


def classifier(weights: Weights) -> Weights:
    parts = plain(weights)
    del parts["attn_layers.rotary_pos_emb.inv_freq"]
    return {
        **parts,
        "token_emb.emb.weight": torch.zeros(18819, 128),
        "pos_emb.emb.weight": torch.zeros(1024, 128),
        "cls_token": torch.zeros(1, 128),
        "to_logits.weight": torch.zeros(1, 128),
    }


def without(weights: Weights, *keys: str) -> Weights:
    return {key: tensor for key, tensor in weights.items() if key not in keys}


REFUSED: dict[str, tuple[Callable[[Weights], object], str]] = {
    "classifier": (classifier, "is the Orpheus classifier, which judges music and cannot compose"),
    "old layout": (old_layout, "has the layout of x-transformers 1.23"),
    "vocabulary": (
        lambda _: released_weights(vocabulary=19816),
        "has a vocabulary of 19816 tokens, Orpheus 2.x has 18820",
    ),
    "missing": (
        lambda w: without(w, "net.attn_layers.layers.1.1.ff.0.0.bias"),
        r"lacks 1 of 23 tensors, such as blocks.0.up.bias",
    ),
    "missing layer": (
        lambda w: {k: t for k, t in w.items() if ".layers.1." not in k},
        r"lacks 5 of 23 tensors, such as blocks.0.down.bias",
    ),
    "surplus": (
        lambda w: {**w, "net.attn_layers.layers.0.1.to_gate.weight": torch.zeros(3)},
        r"has 1 tensors without a place .* such as attn_layers.layers.0.1.to_gate.weight",
    ),
    "shape": (
        lambda w: {**w, "net.attn_layers.final_norm.gamma": torch.zeros(64)},
        r"norm.gamma must be floats of shape \(128,\), got torch.float32 of \(64,\)",
    ),
    "integers": (
        lambda w: {k: t.to(torch.int8) for k, t in w.items()},
        "must be floats of shape .*, got torch.int8",
    ),
    "another network": (
        lambda _: {"transformer.wte.weight": torch.zeros(3, 3)},
        "is not an Orpheus checkpoint: expected the tensor token_emb.emb.weight, found transformer",
    ),
    "no tensors": (lambda _: {"epoch": 3}, "found no tensors"),
    "a list": (lambda _: [1, 2], "holds a list, expected tensors by name"),
    "code": (lambda w: {**w, "extra": Shell("true")}, "is a pickle with code in it .*posix.system"),
    "a module": (lambda _: torch.nn.Linear(2, 2), "is a pickle with code in it .*Linear"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_wrong_kind_is_refused_in_one_sentence(
    case: str, weights: Weights, tmp_path: Path
) -> None:
    make, sentence = REFUSED[case]
    torch.save(make(weights), tmp_path / "file.pth")
    with pytest.raises(
        CheckpointError, match=rf"^file\.pth.* {sentence}|^file.pth: {sentence}"
    ) as error:
        load_checkpoint(tmp_path / "file.pth")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_code_in_a_bare_pickle_never_runs(protocol: int, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    content = pickle.dumps({"weights": Shell(f"touch {victim}")}, protocol=protocol)
    (tmp_path / "file.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match="is refused unread: it is a pickle with code in it"):
        load_checkpoint(tmp_path / "file.pth")
    assert not victim.exists()


@pytest.mark.parametrize("writer", ["as released", "before torch 1.6", "safetensors"])
@pytest.mark.parametrize("part", [0.0001, 0.5, 0.999999])
def test_a_truncated_file_is_refused(
    writer: str, part: float, weights: Weights, tmp_path: Path
) -> None:
    path = tmp_path / "file.pth"
    WRITERS[writer](weights, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(CheckpointError, match=r"^file.pth \(\d+ bytes\) is damaged or cut short"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "content", [b"", b"MThd\0\0\0\6", b"hello, I am no checkpoint", bytes(100)]
)
def test_what_is_no_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match="is not a checkpoint: it starts with"):
        load_checkpoint(tmp_path / "file.pth")


def test_an_ordinary_zip_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "file.pth", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(CheckpointError, match="is a zip archive, but not one of torch's"):
        load_checkpoint(tmp_path / "file.pth")


def test_a_path_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint at .*nowhere.pth: expected a .pth"):
        load_checkpoint(tmp_path / "nowhere.pth")
    with pytest.raises(CheckpointError, match=r"no checkpoint at .*model.safetensors"):
        load_checkpoint(tmp_path)
