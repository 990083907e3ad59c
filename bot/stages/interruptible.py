"""Work with threads that ^C stops only where the work itself looks.

KeyboardInterrupt strikes the main thread between any two steps, also inside the locks of thread pools and futures,
which then stay locked for ever and hold up whoever is waited for. So the main thread does nothing but wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

Result = TypeVar("Result")
TICK_S = 1.0
"""How often the main thread looks up; the end of the work and ^C wake it at once."""


class Stop:
    """Whether all shall end; has no lock, so that a signal handler may set it."""

    def __init__(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        """Say whether it was asked to stop."""
        return self._is_set

    def set(self) -> None:
        """Ask all to stop."""
        self._is_set = True


def interruptible(work: Callable[[Stop], Result]) -> Result:
    """Do the work in a thread of its own and return its result, or raise what it raised.

    ^C sets the Stop that the work looks at, waits until it has ended, also when more of them come, and is raised.
    """
    aside = _Aside(work)
    try:
        aside.start()
        aside.wait()
    except KeyboardInterrupt:
        aside.stop.set()
        while aside.is_at_work:
            with suppress(KeyboardInterrupt):
                aside.wait()
        raise
    return aside.result()


class _Aside(Generic[Result]):
    """The thread beside the main thread."""

    def __init__(self, work: Callable[[Stop], Result]) -> None:
        self.stop = Stop()
        self._may_work = False
        """Set when the thread is known to have started; what was interrupted before does nothing."""
        self._is_over = False
        self._work = work
        self._found: list[Result] = []
        self._error: BaseException | None = None
        self._over = threading.Lock()
        self._over.acquire()

    @property
    def is_at_work(self) -> bool:
        return self._may_work and not self._is_over

    def start(self) -> None:
        threading.Thread(target=self._body, name="work").start()
        self._may_work = True

    def wait(self) -> None:
        while self.is_at_work:
            self._over.acquire(timeout=TICK_S)

    def result(self) -> Result:
        if self._error is not None:
            raise self._error
        return self._found[0]

    def _body(self) -> None:
        while not self._may_work:
            if self.stop.is_set():
                return
            time.sleep(0.0005)
        try:
            self._found.append(self._work(self.stop))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self._error = error
        finally:
            self._is_over = True
            self._over.release()
