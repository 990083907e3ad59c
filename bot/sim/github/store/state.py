"""All that the simulated GitHub holds: a folder on disk, a clock, and the turn that all who change it take.

Must not know HTTP. Who wants to read or change the state, in whatever thread, hands a function to `do`.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from bot.sim.github.git.objects import Repository
from bot.sim.github.store.database import Database
from bot.sim.github.store.faults import Faults

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """Calls that one person may make in an hour, as GitHub documents them."""

    person: int = 5000
    anonymous: int = 60
    workflow: int = 1000


def system_clock() -> datetime:
    """Return the time of the machine."""
    return datetime.now(UTC)


class State:
    """One simulated GitHub."""

    def __init__(
        self, folder: Path, *, address: str, clock: Callable[[], datetime] = system_clock, limits: Limits | None = None
    ) -> None:
        folder = folder.resolve()
        self.folder, self.address, self.clock, self.limits = folder, address, clock, limits or Limits()
        for name in ("repos", "assets", "hooks"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.db = Database(folder / "state.db")
        self.mergeable: dict[tuple[int, str, str], bool] = {}
        """(pull, base sha, head sha) -> can be merged; absent: not computed yet."""
        self.faults = Faults()
        self.listeners: list[Callable[[], None]] = []
        """Called after each call that changed something: readers of the outbox wake up."""
        self.secret = secrets.token_bytes(32)
        """Signs addresses that open without a token, until the next start."""
        self.windows: dict[str, Any] = {}
        """Rate limits that run: see wire/limits."""
        self._repositories: dict[int, Repository] = {}
        self.turn = threading.RLock()
        """Who holds it may read and change; everybody else waits. Nothing that holds it waits for a network."""
        self._later = ThreadPoolExecutor(1, thread_name_prefix="later")

    def do(self, deed: Callable[[], T]) -> Future[T]:
        """Do something when it is its turn, here and now; return its outcome, which is there already."""
        outcome: Future[T] = Future()
        try:
            with self.turn:
                outcome.set_result(deed())
        except BaseException as error:  # noqa: BLE001  (it belongs to the one who asks for the outcome)
            outcome.set_exception(error)
        return outcome

    def later(self, deed: Callable[[], None]) -> None:
        """Have this done, in another thread, after the call that is being answered."""
        self._later.submit(self._catch_up, deed)

    def _catch_up(self, deed: Callable[[], None]) -> None:
        try:
            with self.turn:
                deed()
        except Exception:
            log.exception("a deed left for later failed")

    def now(self) -> str:
        """Return the time as GitHub writes it."""
        return self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")

    def repository(self, repo_id: int) -> Repository:
        """Return the git repository with this id."""
        if repo_id not in self._repositories:
            self._repositories[repo_id] = Repository(self.path_of(repo_id))
        return self._repositories[repo_id]

    def path_of(self, repo_id: int) -> Path:
        """Return the folder of the bare repository."""
        return self.folder / "repos" / f"{repo_id}.git"

    def forget(self, repo_id: int) -> None:
        """Drop the open repository; its folder is about to go."""
        self._repositories.pop(repo_id, None)

    def close(self) -> None:
        """Do what was left for later, and close the database."""
        self._later.shutdown(wait=True)
        self.db.close()
