"""Doing one thing to many inputs with all processors. For pure reading; nothing here starts programs."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from multiprocessing.pool import AsyncResult
from multiprocessing.process import BaseProcess
from typing import TypeVar

from bot.errors import DoorError

In = TypeVar("In")
Out = TypeVar("Out")

WATCH_S = 1.0
AHEAD = 4
"""Pieces a worker that are read before their answers are taken: bounds the memory."""


def spread(work: Callable[[In], Out], inputs: Sequence[In], *, at_least: int) -> Iterator[tuple[In, Out]]:
    """Return (input, answer) in the order of the inputs; below `at_least` inputs no other process is worth it."""
    count = _workers()
    if len(inputs) < at_least or count < 2:
        yield from ((one, work(one)) for one in inputs)
        return
    with multiprocessing.get_context("fork").Pool(count) as pool:
        yield from zip(inputs, pool.imap(work, inputs, chunksize=16), strict=True)


def spread_stream(work: Callable[[In], Out], inputs: Iterable[In], *, alone: bool) -> Iterator[Out]:
    """Return the answers in order, reading the inputs only a few pieces ahead; `alone`: in this process."""
    count = _workers()
    if alone or count < 2:
        yield from map(work, inputs)
        return
    with multiprocessing.get_context("fork").Pool(count) as pool:
        workers, source = multiprocessing.active_children(), iter(inputs)
        waiting = deque(pool.apply_async(work, (one,)) for one in islice(source, count * AHEAD))
        while waiting:
            yield _answer(waiting.popleft(), workers)
            waiting.extend(pool.apply_async(work, (one,)) for one in islice(source, 1))


def _answer(asked: AsyncResult[Out], workers: Iterable[BaseProcess]) -> Out:
    """Wait for an answer; raise DoorError where a worker was killed: a pool would wait for its answer for ever."""
    while True:
        with suppress(multiprocessing.TimeoutError):
            return asked.get(WATCH_S)
        if not all(worker.is_alive() for worker in workers):
            raise DoorError("a process that reads files was killed; where nobody did it, the machine was out of memory")


def _workers() -> int:
    """Return how many processes may read; one where threads run, because a fork would copy the locks that they hold."""
    if threading.active_count() > 1:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
