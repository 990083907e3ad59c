"""`python -m bot.sim.pipeline KEY=VALUE ...`, which is what SLpipeline.sh runs. Must not hold logic."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from . import journal
from .driver import run


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)


def main() -> int:
    """Do one call, with a line in the journal before and after."""
    path = os.environ.get("LMTSIM_JOURNAL")
    argv = sys.argv[1:]
    signal.signal(signal.SIGTERM, _terminated)
    journal.note(path, "start", argv)
    code = 3
    try:
        code = run(argv, os.environ)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    finally:
        journal.note(path, str(code), argv)
    return code


if __name__ == "__main__":
    sys.exit(main())
