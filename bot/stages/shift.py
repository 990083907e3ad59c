"""Workers that can be stopped for certain: whoever began has ended when `close` returns, and nobody begins after it.

A pool alone cannot promise it: ^C that falls between the start of a thread and the pool's note of it leaves a worker
at its work that no list of futures knows, and Python 3.11 takes a thread for ended when its join was interrupted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


class Shift:
    """So many workers side by side, and the event that tells them to stop."""

    def __init__(self, workers: int) -> None:
        self.stop = threading.Event()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="unit")
        self._changed = threading.Condition()
        self._at_work = 0

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Let a worker do it; once the shift is closed it is not begun, and the future says CancelledError."""
        return self._pool.submit(self._counted, work)

    def close(self) -> None:
        """Tell all to stop and wait until they have, which takes seconds; an impatient second ^C changes nothing."""
        while True:
            with suppress(KeyboardInterrupt):
                self._close()
                return

    def _close(self) -> None:
        with self._changed:
            self.stop.set()
            self._changed.wait_for(lambda: not self._at_work)
        self._pool.shutdown(wait=True)

    def _counted(self, work: Callable[[], Result]) -> Result:
        with self._changed:
            if self.stop.is_set():
                raise CancelledError
            self._at_work += 1
        try:
            return work()
        finally:
            with self._changed:
                self._at_work -= 1
                self._changed.notify_all()
