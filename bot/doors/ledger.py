"""The ledger of a project under WORK_LMT: small files, written whole and renamed, and the lock of the one runner.

Layout: $WORK_LMT/lmtbot/PID/{lock,ledger/,area/,log/,old/,failed/}. Network storage, several hosts, no database.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.doors.files import clear_unfinished, write_whole
from bot.doors.locks import hold, is_held, share
from bot.doors.results import clear_doomed
from bot.errors import DoorError, ProjectError, SettingsError
from bot.formats.record_file import SUFFIX, parse_record, record_name, record_text
from bot.model.record import Ledger, Record, RunState

STORE = "lmtbot"


class LedgerDoor:
    """Where the records and the work of one project lie."""

    def __init__(self, work: Path, pid: str) -> None:
        self.work = work.resolve()  # one spelling of a work area, however people spell WORK_LMT
        self.pid = pid
        self.home = self.work / STORE / pid

    @property
    def products(self) -> Path:
        """Return the folder of the official results."""
        return self.work / self.pid

    def check_storage(self) -> None:
        """Raise SettingsError where work areas and official results are not on one storage: renames would fail."""
        if self.products.exists() and self.products.stat().st_dev != self.home.stat().st_dev:
            told = f"{self.products} and {self.home} lie on different storage, and products are published by renames"
            raise SettingsError(f"{told}; put both on one, by a link from {self.home} if need be")

    def clear_doomed(self) -> None:
        """Delete what killed processes had begun to delete in the project's own folders."""
        for name in ("area", "old", "failed"):
            clear_doomed(self.folder(name))

    def folder(self, name: str) -> Path:
        """Return (and make) one of the project's own folders: ledger, area, log, old, failed."""
        path = self.home / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def present(self) -> set[str]:
        """Return the names of the official directories that are there."""
        try:
            return {entry.name for entry in os.scandir(self.products) if entry.is_dir()}
        except FileNotFoundError:
            return set()

    def read_unit(self, name: str, digest: str, level: int) -> list[Record]:
        """Return the attempts at one unit, oldest first."""
        return self.read(f"{name}.L{level}.{digest}.*").of(name, digest, level)

    def next_attempt(self, name: str, digest: str, level: int) -> int:
        """Return the number of the next attempt at a unit; one whose record cannot be read counts too."""
        files = (self.home / "ledger").glob(f"{name}.L{level}.{digest}.*{SUFFIX}")
        numbers = [int(number) for path in files if (number := path.name.split(".")[-2]).isdecimal()]
        return max(numbers, default=0) + 1

    def read(self, pattern: str = "*") -> Ledger:
        """Read every record; files that cannot be read are named in `torn`."""
        records, torn = [], []
        self._look_into()
        for path in sorted((self.home / "ledger").glob(f"{pattern}{SUFFIX}")):
            try:
                records.append(parse_record(path.read_text(encoding="utf-8"), str(path)))
            except (ProjectError, OSError, UnicodeDecodeError) as error:
                torn.append(f"{path}: {error}")
        return Ledger(tuple(records), tuple(torn))

    def _look_into(self) -> None:
        """Raise DoorError when the ledger is there and cannot be listed: it is not the same as an empty one."""
        try:
            with os.scandir(self.home / "ledger"):
                return
        except FileNotFoundError:
            return
        except OSError as error:
            raise DoorError(f"{self.home / 'ledger'}: {error.strerror}; ask for the right to read there") from error

    def write(self, record: Record) -> None:
        """Write one record, replacing its earlier state."""
        write_whole(self.folder("ledger") / record_name(record), record_text(record))

    def withdraw(self, record: Record) -> None:
        """Take an intent back of which nothing was begun."""
        (self.home / "ledger" / record_name(record)).unlink(missing_ok=True)

    @contextmanager
    def lock(self, purpose: str) -> Iterator[None]:
        """Hold the project for one runner; raise Busy that says who holds it and since when."""
        with hold(self.home / "lock", self.pid, purpose):
            if (self.home / "batch").exists():  # jobs write there too
                clear_unfinished(self.folder("ledger"))
            else:
                for left in self.folder("ledger").glob(".*.new"):  # a write that a kill cut off; only we write here
                    left.unlink(missing_ok=True)
            yield

    @contextmanager
    def share(self) -> Iterator[None]:
        """Keep runners of this project away while its products are read; raise Busy when one is at work."""
        with share(self.home / "lock", f"{self.pid}, whose obsnums are needed"):
            yield

    def is_locked(self) -> bool:
        """Say whether a runner holds the project now."""
        return is_held(self.home / "lock")


class JobLedger(LedgerDoor):
    """The ledger as a job of Slurm writes it, whose attempt somebody else may have closed.

    A node that was only cut off goes on with jobs that Slurm has begun again elsewhere; those must not publish.
    """

    def write(self, record: Record) -> None:
        """Write one record; raise DoorError where the attempt was stopped meanwhile."""
        if record.state is not RunState.STOPPED:
            for now in self.read(record_name(record).removesuffix(SUFFIX)).records:
                if now.state is RunState.STOPPED:
                    raise DoorError(f"{record.name}: this attempt was stopped meanwhile ({now.verdict}); it ends here")
        super().write(record)
