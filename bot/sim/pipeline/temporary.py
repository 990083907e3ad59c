"""The shared temporary file that lets one call an obsnum run at a time, and makes the other lose in silence.

It lies in WORK_LMT/tmp and is gone after the call. Must not outlive a killed process: the lock is the kernel's.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _claim(path: Path) -> int | None:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        # the winner before us may have removed the file between our open and our lock
        if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
            return handle
        os.close(handle)


@contextmanager
def shared_file(work: Path, oid: str) -> Iterator[bool]:
    """Hold the temporary file of an obsnum; yields False to the call that finds it taken."""
    folder = work / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"lmtoy_{oid}.rc"
    handle = _claim(path)
    if handle is None:
        yield False
        return
    try:
        yield True
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)
