"""How every test runs: no wall-clock bounds, as machines differ and are shared."""

import os

from hypothesis import HealthCheck, settings
from tests.browser import chromium, jupyter_lab, page

__all__ = ["chromium", "jupyter_lab", "page"]

if (
    "PYTEST_XDIST_WORKER" in os.environ
):  # the cores are taken; threads that wait by spinning would fight
    os.environ["OMP_NUM_THREADS"] = "1"

# The files that take longest, which begin first, so that the cores are done at the same time.
LONG = ("test_wheel", "notebooks/", "widgets/", "test_cli")


def pytest_collection_modifyitems(items):
    def place(item):
        name = item.path.as_posix()
        return next((at for at, long in enumerate(LONG) if f"/tests/{long}" in name), len(LONG))

    items.sort(key=place)


settings.register_profile("workbench", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("workbench")
