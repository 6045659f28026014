"""The built player is the one its sources make, and needs nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from workbench import widgets

WIDGETS = Path(widgets.__file__).parent
JS = WIDGETS / "js"
BUILT = [(WIDGETS / "static" / name).read_text("utf-8") for name in ("player.js", "engine.js")]


def test_build_is_of_these_sources() -> None:
    """On failure: cd src/workbench/widgets/js && npm ci && npm run build."""
    names = [f"src/{path.name}" for path in (JS / "src").iterdir()]
    digest = hashlib.sha256()
    for name in sorted([*names, "build.mjs", "package.json", "package-lock.json"]):
        digest.update(f"{name}\0".encode() + (JS / name).read_bytes() + b"\0")
    for built in BUILT:
        stamped = re.match(r"/\* .*source sha256 ([0-9a-f]{64}) \*/", built)
        assert stamped is not None
        assert stamped[1] == digest.hexdigest()


def test_lockfile_names_no_host() -> None:
    assert "://" not in (JS / "package-lock.json").read_text("utf-8")


def test_player_loads_nothing() -> None:
    without_namespaces = "".join(BUILT).replace("http://www.w3.org/", "")
    assert not re.search(
        r"""(import|fetch|src=|href=)\s*\(?\s*["'`](https?:)?//""", without_namespaces
    )


def test_notices_are_there() -> None:
    notices = (WIDGETS / "static" / "THIRD-PARTY.txt").read_text("utf-8")
    for words in ("spessasynth_core 4.3.22", "stb-vorbis", "Apache License", "Sean Barrett"):
        assert words in notices
    assert "Frank Wen" in (WIDGETS / "bank" / "LICENSE.FluidR3.txt").read_text("utf-8")
