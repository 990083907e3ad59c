"""The desk: calls that come together are done together, in the thread of the event loop, one after another.

Those that only read go first and are answered at once: they wait for no disk. Those that write follow, each all or
nothing, and share one commit, as databases do it; who wrote is answered when it is on the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from bot.sim.github.store.state import State

T = TypeVar("T")
Waiting = tuple[Callable[[], Any], asyncio.Future[Any]]
MOST_WRITES = 1
"""How many share a commit; those that only read have their turn again before the next.

One lets readers wait least (median 11 to 13 ms of 20 clients, 17 to 18 with two), two make a fifth more calls a second.
"""


class Desk:
    """Where calls wait for their turn."""

    def __init__(self, state: State, most_writes: int = MOST_WRITES) -> None:
        self.state = state
        self.most_writes = most_writes
        self._reads: list[Waiting] = []
        self._writes: list[Waiting] = []
        self._is_called = False

    async def answer(self, deed: Callable[[], T], *, only_reads: bool) -> T:
        """Return what a call comes to, when it is its turn."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        (self._reads if only_reads else self._writes).append((deed, future))
        self._be_called(self._serve_reads)
        return await future

    def _be_called(self, serve: Callable[[], None]) -> None:
        """Have the desk open when all that can arrive now has arrived, and who was served before has left."""
        if not self._is_called:
            self._is_called = True
            asyncio.get_running_loop().call_soon(serve)

    def _serve_reads(self) -> None:
        self._is_called = False
        reads, self._reads = self._reads, []
        with self.state.turn:
            for deed, future in reads:
                _tell(future, *_outcome(deed))
        if self._writes:
            self._be_called(self._serve_writes)

    def _serve_writes(self) -> None:
        self._is_called = False
        writes, self._writes = self._writes[: self.most_writes], self._writes[self.most_writes :]
        try:
            with self.state.turn, self.state.db.one_commit():
                outcomes = [_outcome(deed) for deed, _ in writes]
        except Exception as error:  # noqa: BLE001  (nothing of them is kept: each must hear of it)
            outcomes = [(None, error)] * len(writes)
        for (_, future), outcome in zip(writes, outcomes, strict=True):
            _tell(future, *outcome)
        if self._reads or self._writes:
            self._be_called(self._serve_reads)


def _outcome(deed: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return deed(), None
    except Exception as error:  # noqa: BLE001  (it belongs to the one who waits)
        return None, error


def _tell(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.cancelled():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
