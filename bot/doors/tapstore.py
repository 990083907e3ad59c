"""The far end of the tapbox as files below WORK_LMT: inbox, facts, the logs that people read, and one lock.

lmtbot/inbox/NAME.{tar,json}    what came and is not received yet; inbox/refused/ what was not taken, and why
lmtbot/taps/OBSNUM.json         the facts of what was received: written last, it says that all the rest is done
lmtbot/taps/recent.log          the newest quick looks, failed ones too, newest first: what the page shows
lmtoy_run/rsync.log             a line a TAP, in order of arrival, an obsnum once
lmtoy_run/last100.{log,html}    the newest TAPs, newest first; the page
"""

from __future__ import annotations

import fcntl
import mmap
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.doors.files import read_text, write_whole
from bot.doors.tapbox import FACTS, INBOX, TAP
from bot.errors import DoorError

NEWEST = 100
TAIL = 32_768
"""Bytes that hold a hundred lines of the log."""
STALE_S = 86_400
"""A hidden file in the inbox that is older belongs to a transfer that was cut."""
MOST_FACTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the logs: when a TAP arrived (UT, YYYY-MM-DDTHH:MM:SS), its obsnum and project."""

    arrived: str
    obsnum: int
    pid: str

    def __str__(self) -> str:
        return f"{self.arrived} {self.obsnum} {self.pid}"


class TapStore:
    """One WORK_LMT as it receives."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.inbox = work / INBOX
        self.refused = self.inbox / "refused"
        self.log = work / "lmtoy_run" / "rsync.log"
        self.page = work / "lmtoy_run" / "last100.html"
        self._taps = work / "lmtbot" / "taps"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Receive alone; the kernel ends the lock with its holder. Waits for who is at work."""
        try:
            self._taps.mkdir(parents=True, exist_ok=True)
            stream = (self._taps / ".lock").open("a")
            fcntl.flock(stream, fcntl.LOCK_EX)
        except OSError as error:
            told = f"{error.filename or self._taps}: {error.strerror}"
            raise DoorError(f"{told}; WORK_LMT has to be writable and lie on storage with working locks") from error
        with stream:
            yield

    def waiting(self) -> list[Path]:
        """Return the facts that have arrived, in order of arrival."""
        try:
            return sorted(self.inbox.glob(f"[!.]*{FACTS}"), key=lambda path: (path.lstat().st_mtime_ns, path.name))
        except FileNotFoundError:
            return []

    def read_facts(self, path: Path) -> str:
        """Return a text that somebody sent; raise DoorError for what is no plain small file."""
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_FACTS:
            raise DoorError(f"{path.name} is no plain file of at most {MOST_FACTS} bytes")
        return read_text(path)

    def kept(self, obsnum: int) -> str:
        """Return the facts that were received last for an obsnum, "" if none were."""
        return read_text(self._taps / f"{obsnum}{FACTS}")

    def keep(self, obsnum: int, facts: str) -> None:
        """Say that everything about these facts is done."""
        write_whole(self._taps / f"{obsnum}{FACTS}", facts)

    def tap_folder(self, pid: str, obsnum: int) -> Path:
        """Return where people look for the products of a quick look."""
        return self.work / pid / "TAP" / str(obsnum)

    def append_once(self, line: Line) -> None:
        """Add a line to rsync.log, unless the obsnum has one."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a+b") as stream:
            size = stream.seek(0, os.SEEK_END)
            whole = True
            if size:
                with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
                    if text.find(f" {line.obsnum} ".encode()) >= 0:
                        return
                    whole = text[-1:] == b"\n"
            stream.write(f"{'' if whole else chr(10)}{line}\n".encode())
            stream.flush()
            os.fsync(stream.fileno())

    def newest(self) -> list[Line]:
        """Return the newest lines of rsync.log, newest first, whatever the log's length."""
        try:
            with self.log.open("rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - TAIL))
                text = stream.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return []
        return _lines(text)[: -NEWEST - 1 : -1]

    def recent(self) -> list[Line]:
        """Return the newest quick looks, newest first."""
        return _lines(read_text(self._taps / "recent.log"))

    def put_first(self, line: Line) -> None:
        """Make a quick look the newest one."""
        others = [one for one in self.recent() if one.obsnum != line.obsnum]
        write_whole(self._taps / "recent.log", _text([line, *others][:NEWEST]))

    def write_last100(self, page: str) -> None:
        """Renew what people look at."""
        write_whole(self.page.with_suffix(".log"), _text(self.newest()))
        write_whole(self.page, page)

    def refuse(self, facts: Path, reason: str) -> None:
        """Put what cannot be taken aside, with the reason; the facts last, so that a kill repeats it."""
        tap = facts.with_suffix(TAP)
        if tap.exists() or not (self.refused / tap.name).exists():  # else a kill came between, and the reason stands
            write_whole(self.refused / f"{facts.stem}.txt", f"{reason}\n")
        for path in (tap, facts):
            if path.exists() or path.is_symlink():
                path.rename(self.refused / path.name)

    def reasons(self) -> dict[str, str]:
        """Return {name: reason} of everything that lies refused."""
        return {path.stem: read_text(path).strip() for path in sorted(self.refused.glob("[!.]*.txt"))}

    def remove(self, facts: Path) -> None:
        """Forget what was received; the facts last, so that a kill before repeats what is done already."""
        facts.with_suffix(TAP).unlink(missing_ok=True)
        facts.unlink(missing_ok=True)
        for path in self.refused.glob(f"{facts.stem}.*"):
            path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what killed receivers left, who were alone here, and what transfers cut long ago left in the inbox."""
        for folder in (self._taps, self.refused):
            for path in folder.glob(".*.new"):
                path.unlink(missing_ok=True)
        for path in self.page.parent.glob(".last100.*.new"):
            path.unlink(missing_ok=True)
        for path in self.inbox.glob(".*"):
            if not path.is_dir() and time.time() - path.lstat().st_mtime > STALE_S:
                path.unlink(missing_ok=True)


def arrival(facts: Path) -> str:
    """Return when facts came, in UT: the same however often they are looked at."""
    return datetime.fromtimestamp(facts.lstat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _lines(text: str) -> list[Line]:
    """Read log lines in their order; what is no line, e.g. one that was cut, is passed over."""
    words = [line.split() for line in text.splitlines()]
    return [Line(row[0], int(row[1]), row[2]) for row in words if len(row) == 3 and row[1].isdecimal()]


def _text(lines: list[Line]) -> str:
    return "".join(f"{line}\n" for line in lines)
