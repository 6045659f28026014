"""The door to the command line: Ctrl-C is one sentence even while the rest is still being imported."""

from __future__ import annotations

import sys


def main() -> int:
    """Run one command; returns its exit code."""
    try:
        from workbench.cli import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("workbench: stopped\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
