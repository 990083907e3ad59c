"""What the quick look keeps beside the projects' ledgers, in $WORK_LMT/lmtbot/quicklook/, and what it reads there.

lock (the one service), sent/OBSNUM.json (which attempt's outcome has reached the far side), retry/OBSNUM.json (attempts
that count no more), service.log. Small files, written whole; all that was decided is in the ledgers.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bot.doors.clock import now
from bot.doors.files import clear_unfinished, read_text, write_whole
from bot.doors.ledger import STORE, LedgerDoor
from bot.doors.locks import hold, is_held
from bot.doors.results import find_tap
from bot.errors import DoorError
from bot.formats.record_file import record_name
from bot.model.record import Record

STANDING_FILE = Path("SLpipeline.d") / "SLpipeline.in"
"""Below WORK_LMT: the standing parameters, where they have always been."""
LOG_BYTES, LOG_FILES = 5_000_000, 9


class QuickLookStore:
    """The service's own files below a WORK_LMT, and the ledgers of all its projects."""

    def __init__(self, work: Path) -> None:
        self.work = work.resolve()
        self.home = self.work / STORE / "quicklook"
        self.log = self.home / "service.log"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the one service of this WORK_LMT; Busy says who is it already."""
        with hold(self.home / "lock", str(self.work), "lmtbot quicklook"):
            for left in (self.home / "sent").glob(".*.new"):  # a write that a kill cut off; only we write here
                left.unlink(missing_ok=True)
            clear_unfinished(self.home / "retry")
            yield

    def holder(self) -> Mapping[str, object] | None:
        """Return host, process, user and since of the service that is at work, None if there is none."""
        if not is_held(self.home / "lock"):
            return None
        found = _json(self.home / "lock")
        return found if isinstance(found, dict) else {}

    def read_records(self) -> tuple[dict[int, tuple[Record, ...]], tuple[str, ...]]:
        """Return {obsnum: every attempt at its directory, of any level} of all projects, and what cannot be read."""
        found: dict[int, tuple[Record, ...]] = {}
        torn: list[str] = []
        for folder in sorted(self.home.parent.glob("*/ledger")):
            ledger = LedgerDoor(self.work, folder.parent.name).read()
            torn += ledger.torn
            for record in ledger.records:
                if record.name.isdecimal():
                    found[int(record.name)] = (*found.get(int(record.name), ()), record)
        return found, tuple(torn)

    def untidy_projects(self) -> list[str]:
        """Return the projects in whose work areas something lies: of a call that still runs, or left by a kill."""
        left = [path for name in ("area", "old") for path in self.home.parent.glob(f"*/{name}/*")]
        return sorted({path.parent.parent.name for path in left})

    def read_sent(self) -> dict[int, str]:
        """Return {obsnum: name of the record whose outcome was sent}."""
        return {number: str(told.get("record")) for number, told in self._numbered("sent")}

    def sent_as_of(self, obsnum: int) -> str:
        """Return the time of reduction (UT) that was sent last for an obsnum, "" if none was."""
        return str((_json(self.home / "sent" / f"{obsnum}.json") or {}).get("reduced", ""))

    def note_sent(self, record: Record, reduced: str) -> None:
        """Write down that an attempt's outcome has reached the far side, and when it says that it was reduced."""
        told = {"record": record_name(record), "verdict": record.verdict, "reduced": reduced, "sent": now()}
        self._note("sent", record.name, told)

    def read_set_aside(self) -> frozenset[str]:
        """Return the names of the records that count no more."""
        return frozenset(name for _, told in self._numbered("retry") for name in told.get("set_aside", ()))

    def set_aside(self, obsnum: int, records: Iterable[Record]) -> None:
        """Let these attempts count no more, so that the obsnum is wanted again."""
        before = _json(self.home / "retry" / f"{obsnum}.json") or {}
        names = dict.fromkeys([*before.get("set_aside", ()), *map(record_name, records)])
        self._note("retry", str(obsnum), {"set_aside": list(names), "asked": now()})

    def standing_text(self) -> str:
        """Return the site's standing parameters as they stand in SLpipeline.in, "" if there is no such file."""
        return read_text(self.work / STANDING_FILE)

    def tap(self, record: Record) -> Path | None:
        """Return the TAP of a good quick look, None if it is not there any more."""
        return find_tap(self.work / record.pid, record.name)

    def free_gb(self) -> float:
        """Return what is left on the disk."""
        return shutil.disk_usage(self.work).free / 1e9

    def open_log(self, *, is_watched: bool) -> logging.Logger:
        """Return the service's log, in UT; a person who watches sees all of it, else stderr gets the warnings."""
        self.home.mkdir(parents=True, exist_ok=True)
        log = logging.getLogger("lmtbot.quicklook")
        log.setLevel(logging.INFO)
        log.propagate = False
        file = logging.handlers.RotatingFileHandler(self.log, "a", LOG_BYTES, LOG_FILES, "utf-8", delay=True)
        seen = logging.StreamHandler(sys.stderr)
        seen.setLevel(logging.INFO if is_watched else logging.WARNING)
        for handler in (file, seen):
            form = logging.Formatter("%(asctime)sZ %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S")
            form.converter = time.gmtime
            handler.setFormatter(form)
        log.handlers = [file, seen]
        return log

    def _numbered(self, folder: str) -> Iterable[tuple[int, dict[str, list[str]]]]:
        for path in (self.home / folder).glob("[0-9]*.json"):
            told = _json(path)
            if path.stem.isdecimal() and isinstance(told, dict):
                yield int(path.stem), told

    def _note(self, folder: str, name: str, told: Mapping[str, object]) -> None:
        write_whole(self.home / folder / f"{name}.json", json.dumps(told) + "\n")


def _json(path: Path) -> dict[str, list[str]] | None:
    """Return what is in a small file, None where there is none or it is torn: it is then made again."""
    try:
        found = json.loads(read_text(path) or "null")
    except (ValueError, DoorError):
        return None
    return found if isinstance(found, dict) else None
