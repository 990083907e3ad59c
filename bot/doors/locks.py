"""Locks on files that say who holds them. The kernel ends a lock with its holder: none is ever left behind."""

from __future__ import annotations

import errno
import fcntl
import getpass
import json
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from bot.doors.clock import now
from bot.errors import Busy, DoorError


@contextmanager
def hold(path: Path, what: str, purpose: str) -> Iterator[None]:
    """Hold a lock file that says who holds it; raise Busy when somebody else does.

    The kernel ends the lock with its holder, so that none can be left behind by a killed process. An `sbatch` that
    outlives its caller holds it on (bot.doors.slurm): until it has ended nobody can know what it will submit.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as stream:
        if not _try_lock(stream, fcntl.LOCK_EX):
            stream.seek(0)
            raise Busy(f"{what}: {_holder(stream.read())}; wait for it, or stop it there")
        os.set_inheritable(stream.fileno(), True)
        stream.truncate(0)
        stream.write(json.dumps(_claim(purpose)))
        stream.flush()
        try:
            yield
        finally:
            stream.truncate(0)


@contextmanager
def in_turn(
    *locks: Callable[[], AbstractContextManager[object]], wait_s: float, pause_s: float = 0.2, is_told: bool = False
) -> Iterator[None]:
    """Hold several locks at once. Who finds one taken lets go of all, and tries again for `wait_s`; then it is Busy.

    `is_told`: say once, as a warning, whom we wait for.
    """
    ends = time.monotonic() + wait_s
    while True:
        with ExitStack() as held:
            try:
                for lock in locks:
                    held.enter_context(lock())
            except Busy as busy:
                if time.monotonic() >= ends:
                    raise
                if is_told:
                    logging.warning("%s", busy)
                is_told = False
            else:
                yield
                return
        time.sleep(pause_s)


@contextmanager
def share(path: Path, what: str) -> Iterator[None]:
    """Keep those away who want to hold a lock file; raise Busy when somebody does already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as stream:
        if not _try_lock(stream, fcntl.LOCK_SH):
            stream.seek(0)
            raise Busy(f"{what}: {_holder(stream.read())}; wait for it")
        yield


def is_held(path: Path) -> bool:
    """Say whether somebody holds a lock file now."""
    try:
        with path.open("r", encoding="utf-8") as stream:
            return not _try_lock(stream, fcntl.LOCK_SH, tries=1)
    except FileNotFoundError:
        return False


def _try_lock(stream: TextIO, kind: int, tries: int = 10) -> bool:
    """Take a lock on an open file; a few tries, because who only looks holds it for an instant.

    Raises DoorError where the storage has no locks: without them two runners could work on one project.
    """
    for attempt in range(tries):
        try:
            fcntl.flock(stream, kind | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                told = f"{stream.name}: cannot be locked ({error.strerror})"
                raise DoorError(f"{told}; its folder has to lie on storage with working locks") from error
            if attempt + 1 < tries:
                time.sleep(0.05)
        else:
            return True
    return False


def _claim(purpose: str) -> dict[str, object]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return {"purpose": purpose, "host": socket.gethostname(), "process": os.getpid(), "user": user, "since": now()}


def _holder(text: str) -> str:
    try:
        claim = json.loads(text)
        who = f"{claim['user']} on {claim['host']}, process {claim['process']}"
        return f"{claim['purpose']} is at work for {who}, since {claim['since']}"
    except (ValueError, KeyError, TypeError):
        return "another runner holds the lock"
