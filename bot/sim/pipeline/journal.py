"""One line at the start and one at the end of every call, for tests that count real executions.

Must not change what a call does. `TIME PID start ARGS`, then `TIME PID EXIT ARGS`; a killed call has no second line.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence


def note(path: str | None, what: str, argv: Sequence[str]) -> None:
    """Add one line by a single write, so that parallel calls do not mix theirs."""
    if not path:
        return
    line = f"{time.time():.6f} {os.getpid()} {what} {' '.join(argv)}\n"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)
