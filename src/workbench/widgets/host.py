"""Who is before this kernel: somebody with widgets, or nobody (papermill, nbconvert, nbval)."""

from __future__ import annotations

import os
import sys

from workbench.settings import read_settings

# Set by those who start a kernel for somebody who looks: Jupyter servers, VS Code, Colab.
_LIVE = ("JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG")


def is_headless() -> bool:
    """Whether what a cell shows must do without a kernel and without widgets.

    `WORKBENCH_STATIC` says so (1) or denies it (0); where it is unset, a notebook kernel that no
    Jupyter server, VS Code or Colab has started runs for nobody in particular.
    """
    stated = read_settings().static
    if stated is not None:
        return stated
    return "ipykernel" in sys.modules and not any(name in os.environ for name in _LIVE)
