"""Work that panels do on a thread, and a cell that waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from workbench.models import CancelToken


class Run(Protocol):
    """One piece of work: set when it is over, and how it is stopped."""

    @property
    def over(self) -> threading.Event: ...

    @property
    def cancel(self) -> CancelToken: ...


R = TypeVar("R", bound=Run)


def wait_for(latest: Callable[[], R]) -> R:
    """The latest run once it is over; where another takes its place meanwhile, that one.

    A cell that waits holds up what the buttons say, Stop among it (ipykernel hears widgets that a cell
    made only between cells); so interrupting the kernel meanwhile is Stop, and twice is an interrupt.
    """
    while True:
        run = latest()
        try:
            run.over.wait()
        except KeyboardInterrupt:
            if run.cancel.cancelled:
                raise
            run.cancel.cancel()
        else:
            if run is latest():
                return run
