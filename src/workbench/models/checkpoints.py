"""Orpheus weights on disk: `.pth` and `.safetensors` files to a generator's or the classifier's network.

Knows the released 2.x layout, and its neighbours well enough to name what it refuses. Runs no code
out of a file: the names a pickle would call are looked at before torch reads it, weights only.
"""

from __future__ import annotations

import pickletools
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from workbench.errors import CheckpointError
from workbench.models.nets.classifier import VOCABULARY_SIZE as CLASSIFIER_VOCABULARY_SIZE
from workbench.models.nets.classifier import OrpheusClassifier, OrpheusClassifierConfig
from workbench.models.nets.orpheus import HEAD_WIDTH, OrpheusConfig, OrpheusDecoder
from workbench.models.vocabulary import VOCABULARY_SIZE

Weights = dict[str, Tensor]
Net = TypeVar("Net", OrpheusDecoder, OrpheusClassifier)

_PREFIXES = ("module.", "_orig_mod.", "net.")  # of data parallelism, torch.compile, x-transformers
_WHOLE = {
    "token_emb.emb.weight": "tokens.weight",
    "attn_layers.final_norm.gamma": "norm.gamma",
    "to_logits.weight": "head.weight",
    "pos_emb.emb.weight": "positions.weight",  # this and the next: the classifier's
    "cls_token": "class_token",
}
_ATTENTION = {  # at even places of attn_layers.layers
    "0.0.gamma": "attention_norm.gamma",
    "1.to_q.weight": "q.weight",
    "1.to_k.weight": "k.weight",
    "1.to_v.weight": "v.weight",
    "1.to_out.weight": "out.weight",
}
_MLP = {  # at odd places
    "0.0.gamma": "mlp_norm.gamma",
    "1.ff.0.0.weight": "up.weight",
    "1.ff.0.0.bias": "up.bias",
    "1.ff.2.weight": "down.weight",
    "1.ff.2.bias": "down.bias",
}
_LAYER = re.compile(r"attn_layers\.layers\.(\d+)\.(.+)")
_COMPUTED = "attn_layers.rotary_pos_emb.inv_freq"  # in the file, but we compute it
_OLD_LAYOUT = ("to_logits.bias", "attn_layers.final_norm.weight", "attn_layers.layers.0.0.0.weight")


@dataclass(frozen=True, slots=True)
class Variant:
    """A released checkpoint, told from its siblings by a word in its file name or by its steps."""

    name: str
    words: tuple[str, ...]
    steps: tuple[int, ...]


VARIANTS = (
    Variant("bridge", ("bridge",), (43_450,)),
    Variant("loops", ("loops",), (3_441,)),
    Variant("children", ("children",), (60,)),
    Variant("mono", ("mono_melodies",), (2_844,)),
    Variant("large", ("large",), (29_816, 31_087, 43_860)),
    Variant("base", ("music_transformer_trained_model",), (96_332, 128_497)),
)


def load_checkpoint(
    path: str | Path, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None
) -> OrpheusDecoder:
    """The network of an Orpheus 2.x checkpoint file, or of a folder written by `save_pretrained`.

    `dtype` None keeps the file's (the released ones are float32). On the CPU the weights of a
    zipped `.pth` stay in the file until used. `config.variant` names the checkpoint.
    Raises `CheckpointError`, in one sentence, for anything else.
    """
    path, weights = _found(path)
    if _is_classifier(weights):
        raise CheckpointError(
            f"{path.name} is the Orpheus classifier, which judges music and cannot compose; "
            "load a generator such as orpheus-loops"
        )
    net = _network(_renamed(weights, path.name), path.name)
    net.to(device=device, dtype=dtype)
    net.eval()
    return net


def load_classifier_checkpoint(path: str | Path) -> OrpheusClassifier:
    """The network of an Orpheus classifier's file, or of a folder written by `save_pretrained`; float32.

    Raises `CheckpointError`, in one sentence, for anything else, a generator among it.
    """
    path, weights = _found(path)
    if not _is_classifier(weights) and {"token_emb.emb.weight", "blocks.0.q.weight"} & set(weights):
        raise CheckpointError(
            f"{path.name} is an Orpheus generator, which composes and cannot judge; "
            "load it with load_runner, or give the classifier's file"
        )
    net = _classifier(_renamed(weights, path.name), path.name)
    net.to(dtype=torch.float32)
    net.eval()
    return net


def variant_name(file_name: str, layers: int) -> str:
    """Which released variant a file is, by its name, else its depth; "unknown" if neither tells."""
    text = file_name.lower()
    found = re.search(r"(\d+)_steps", text)
    for variant in VARIANTS:
        if any(word in text for word in variant.words):
            return variant.name
        if found and int(found[1]) in variant.steps:
            return variant.name
    return "large" if layers == 16 else "unknown"


# ---------------------------------------------------------------------- file → tensors


def _found(path: str | Path) -> tuple[Path, Weights]:
    """The path, and the tensors of the file it leads to without wrappers' prefixes."""
    path = Path(path)
    file = path / "model.safetensors" if path.is_dir() else path
    if not file.is_file():
        raise CheckpointError(f"no checkpoint at {file}: expected a .pth or .safetensors file")
    return path, {_without_prefix(key): tensor for key, tensor in read_weights(file).items()}


def read_weights(path: Path) -> Weights:
    """The tensors of a weights file by name. Raises `CheckpointError`."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror}") from error
    if start[:4] == b"PK\x03\x04":
        return _read_zip(path)
    if start[:1] == b"\x80":
        return _read_pickle(path)
    if start[8:] == b"{":
        return _read_safetensors(path)
    raise CheckpointError(
        f"{path.name} is not a checkpoint: it starts with {start!r}, "
        "where a .pth or .safetensors file of weights was expected"
    )


def _read_safetensors(path: Path) -> Weights:
    try:
        weights: Weights = load_file(path)
    except SafetensorError as error:
        raise _damaged(path, error) from error
    return weights


def _read_zip(path: Path) -> Weights:
    try:
        with zipfile.ZipFile(path) as archive:
            pickles = [name for name in archive.namelist() if name.endswith("data.pkl")]
            if not pickles:
                raise CheckpointError(f"{path.name} is a zip archive, but not one of torch's")
            with archive.open(pickles[0]) as stream:
                _refuse_code(stream, path)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise _damaged(path, error) from error
    return _load(path, mmap=True)


def _read_pickle(path: Path) -> Weights:
    """A `.pth` of torch before 1.6: several pickles, then the numbers."""
    with path.open("rb") as stream:
        _refuse_code(stream, path)
    return _load(path, mmap=False)


def _load(path: Path, *, mmap: bool) -> Weights:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except Exception as error:  # damaged bytes make an unpickler raise anything
        raise _damaged(path, error) from error
    if isinstance(content, dict):
        content = content.get("model_state_dict", content)
    if not isinstance(content, dict) or not content:
        raise CheckpointError(
            f"{path.name} holds a {type(content).__name__}, expected tensors by name"
        )
    return {str(key): value for key, value in content.items() if isinstance(value, Tensor)}


def _damaged(path: Path, error: Exception) -> CheckpointError:
    reason = str(error).strip().split("\n")[0].split(". ")[0] or type(error).__name__
    return CheckpointError(
        f"{path.name} ({path.stat().st_size} bytes) is damaged or cut short; "
        f"get it again ({reason})"
    )


def _refuse_code(stream: IO[bytes], path: Path) -> None:
    """Raise `CheckpointError` when the pickle names anything but tensors and their containers."""
    foreign = sorted({name for name in _called_names(stream) if not _is_plain(name)})
    if foreign:
        raise CheckpointError(
            f"{path.name} is refused unread: it is a pickle with code in it (it would call "
            f"{', '.join(foreign[:3])}), and only files of plain tensors are loaded"
        )


def _called_names(stream: IO[bytes]) -> Iterator[str]:
    """What a stream of pickles would import, as "module.name"; ends where it is no pickle."""
    texts = ["", ""]
    for _ in range(5):  # torch's old format: magic number, protocol, system, content, storage keys
        try:
            for opcode, value, _ in pickletools.genops(stream):
                if isinstance(value, str):
                    texts = [texts[-1], value]
                if opcode.name in ("GLOBAL", "INST"):
                    yield str(value).replace(" ", ".")
                elif opcode.name == "STACK_GLOBAL":
                    yield ".".join(texts)
        except ValueError:
            return


def _is_plain(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if module == "torch":
        return isinstance(getattr(torch, attribute, None), (type, torch.dtype))
    return name == "collections.OrderedDict" or (
        module == "torch._utils" and attribute.startswith("_rebuild_")
    )


# ---------------------------------------------------------------------- tensors → network


def _renamed(weights: Weights, file_name: str) -> Weights:
    """The tensors under our names. Raises `CheckpointError` naming what else the file is."""
    if "blocks.0.q.weight" in weights:
        return weights
    if "token_emb.emb.weight" not in weights:
        raise CheckpointError(
            f"{file_name} is not an Orpheus checkpoint: expected the tensor token_emb.emb.weight, "
            f"found {', '.join(sorted(weights)[:3]) or 'no tensors'}"
        )
    if any(key in weights for key in _OLD_LAYOUT):
        raise CheckpointError(
            f"{file_name} has the layout of x-transformers 1.23 (the unreleased 2024 predecessor); "
            "only Orpheus 2.x checkpoints are supported"
        )
    return {_our_name(key): tensor for key, tensor in weights.items() if key != _COMPUTED}


def _is_classifier(weights: Weights) -> bool:
    head = weights.get("to_logits.weight", weights.get("head.weight"))
    return bool({"cls_token", "class_token"} & set(weights)) or (
        head is not None and head.shape[:1] == (1,)
    )


def _without_prefix(key: str) -> str:
    while key.startswith(_PREFIXES):
        key = key.split(".", 1)[1]
    return key


def _our_name(key: str) -> str:
    """Our name of a released tensor; its own where it has no place in the network."""
    if match := _LAYER.fullmatch(key):
        place = int(match[1])
        part = (_MLP if place % 2 else _ATTENTION).get(match[2])
        return f"blocks.{place // 2}.{part}" if part else key
    return _WHOLE.get(key, key)


def _network(weights: Weights, file_name: str) -> OrpheusDecoder:
    """A generator of the sizes the tensors have. Raises `CheckpointError` where they disagree."""
    sizes = _sizes(weights, "Orpheus 2.x", VOCABULARY_SIZE, file_name)
    with torch.device("meta"):
        net = OrpheusDecoder(
            OrpheusConfig(**sizes, variant=variant_name(file_name, sizes["layers"]))
        )
    return _filled(net, weights, file_name)


def _classifier(weights: Weights, file_name: str) -> OrpheusClassifier:
    """A classifier of the sizes the tensors have. Raises `CheckpointError` where they disagree."""
    sizes = _sizes(weights, "the Orpheus classifier", CLASSIFIER_VOCABULARY_SIZE, file_name)
    context, _ = _matrix(weights, "positions.weight", file_name)
    with torch.device("meta"):
        net = OrpheusClassifier(OrpheusClassifierConfig(**sizes, context=context))
    return _filled(net, weights, file_name)


def _sizes(weights: Weights, whose: str, vocabulary_size: int, file_name: str) -> dict[str, Any]:
    rows, width = _matrix(weights, "tokens.weight", file_name)
    if rows != vocabulary_size:
        raise CheckpointError(
            f"{file_name} has a vocabulary of {rows} tokens, {whose} has {vocabulary_size}: "
            "it belongs to another model"
        )
    inner, _ = _matrix(weights, "blocks.0.q.weight", file_name)
    places = {key.split(".")[1] for key in weights if key.startswith("blocks.")}
    return {"width": width, "layers": len(places), "heads": inner // HEAD_WIDTH}


def _filled(net: Net, weights: Weights, file_name: str) -> Net:
    """The network with the tensors as its weights. Raises `CheckpointError` where one does not fit."""
    expected = {key: tensor.shape for key, tensor in net.state_dict().items()}
    if missing := sorted(expected.keys() - weights.keys()):
        raise CheckpointError(
            f"{file_name} lacks {len(missing)} of {len(expected)} tensors, such as {missing[0]}"
        )
    if surplus := sorted(weights.keys() - expected.keys()):
        raise CheckpointError(
            f"{file_name} has {len(surplus)} tensors without a place in an Orpheus 2.x network, "
            f"such as {surplus[0]}"
        )
    for key, shape in expected.items():
        if weights[key].shape != shape or not weights[key].is_floating_point():
            raise CheckpointError(
                f"{file_name}: {key} must be floats of shape {tuple(shape)}, "
                f"got {weights[key].dtype} of {tuple(weights[key].shape)}"
            )
    net.load_state_dict(weights, assign=True)
    return net


def _matrix(weights: Weights, key: str, file_name: str) -> tuple[int, int]:
    tensor = weights.get(key)
    if tensor is None or tensor.ndim != 2:
        raise CheckpointError(f"{file_name} has no matrix {key}")
    rows, columns = tensor.shape
    return rows, columns
