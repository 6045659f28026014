"""How every test runs: no wall-clock bounds, as machines differ and are shared."""

from hypothesis import HealthCheck, settings
from tests.browser import chromium, jupyter_lab, page

__all__ = ["chromium", "jupyter_lab", "page"]

settings.register_profile("workbench", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("workbench")
