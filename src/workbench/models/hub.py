"""The released Orpheus checkpoints on the Hugging Face hub, and where they lie once pulled.

Downloads only when asked. A file is in the folder whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, HTTPError, OfflineModeIsEnabled

from workbench.errors import RunnerError
from workbench.settings import read_settings

REPOSITORY = "asigalov61/Orpheus-Music-Transformer"

CHECKPOINTS: Mapping[str, str] = MappingProxyType(
    {
        "orpheus-loops": (
            "Orpheus_Music_Transformer_Loops_Fine_Tuned_Model_3441_steps_0.7715_loss_0.7992_acc.pth"
        ),
        "orpheus-base": (
            "Orpheus_Music_Transformer_Trained_Model_128497_steps_0.6934_loss_0.7927_acc.pth"
        ),
        "orpheus-bridge": (
            "Orpheus_Bridge_Music_Transformer_Trained_Model_43450_steps_0.8334_loss_0.7629_acc.pth"
        ),
        "orpheus-children": (
            "Orpheus_Music_Transformer_Children_Songs_Fine_Tuned_Model_60_steps_0.5431_loss_0.838_acc.pth"
        ),
        "orpheus-mono": (
            "Orpheus_Music_Transformer_Mono_Melodies_Fine_Tuned_Model_2844_steps_0.3231_loss_0.9174_acc.pth"
        ),
        "orpheus-large": (
            "Orpheus_Music_Transformer_Large_Trained_Model_43860_steps_0.6682_loss_0.8054_acc.pth"
        ),
        "orpheus-classifier": (
            "Orpheus_Music_Transformer_Classifier_Trained_Model_23670_steps_0.1837_loss_0.9207_acc.pth"
        ),
    }
)
"""By name of the runner or classifier, the file in the repository: 1.9 GB a runner, large 3.0 GB."""


def models_folder() -> Path:
    """Where pulled weights lie."""
    return read_settings().home / "models"


def find_checkpoint(name: str) -> Path | None:
    """The pulled file of a runner, or None. Raises `RunnerError` for a name not in the table."""
    path = models_folder() / _file_name(name)
    return path if path.is_file() else None


def checkpoint_of(name: str, given: str | Path | None) -> Path:
    """The file that was given, or else the pulled one. Raises `RunnerError` where there is neither."""
    path = Path(given) if given is not None else find_checkpoint(name)
    if path is None:
        raise RunnerError(
            f"{name} has no weights here; `workbench models pull {name}` gets them, "
            "or name a file as checkpoint"
        )
    return path


def pull(name: str, *, endpoint: str | None = None) -> Path:
    """Download a runner's checkpoint unless it is there, and return its path.

    `endpoint` is the address of a mirror of the hub (else `HF_ENDPOINT`). A dropped connection is
    taken up again where it broke off; only a whole file is moved into the folder.
    Raises `RunnerError`: unknown name, hub out of reach, file not on it, folder not writable.
    """
    if (found := find_checkpoint(name)) is not None:
        return found
    file_name, folder = _file_name(name), models_folder()
    try:
        # Asked first, because the download would try for 24 s before it says that it is offline.
        get_hf_file_metadata(hf_hub_url(REPOSITORY, file_name, endpoint=endpoint))
        folder.mkdir(parents=True, exist_ok=True)
        staging = folder / "partial"
        whole = hf_hub_download(REPOSITORY, file_name, local_dir=staging, endpoint=endpoint)
        return Path(whole).replace(folder / file_name)
    except (OSError, HTTPError) as error:
        raise RunnerError(
            f"cannot pull {name} from {endpoint or constants.ENDPOINT}: {_reason(error)}; "
            f"try again, or put {file_name} into {folder} by hand"
        ) from error


def _file_name(name: str) -> str:
    if name not in CHECKPOINTS:
        raise RunnerError(f"nothing to pull for {name!r}; choose from {', '.join(CHECKPOINTS)}")
    return CHECKPOINTS[name]


def _reason(error: Exception) -> str:
    """What went wrong, in a few words, whatever layer it came from."""
    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    if isinstance(error, HfHubHTTPError) and error.response is not None:
        return f"the hub answered {error.response.status_code}"
    return str(error).strip().split("\n")[0] or type(error).__name__
