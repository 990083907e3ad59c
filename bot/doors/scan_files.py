"""The raw files in the index of a scan: their names, stamps, and what each turned out to be.

Whatever changes here opens the verdict on its obsnum again, in the same transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import DoorError
from bot.formats.obslog import format_row, parse_line
from bot.model.observation import Observation
from bot.model.raw import FileState, Header, RawFile, RawName, Stamp

PAGE = 1000
"""Rows that are fetched at once; bounds the memory."""

_TO_ASK = "state <> 'whole' AND state = 'new' AND min(mtime_ns, arrived_ns) <= ?"
"""A copy gets the time of its original when it is whole; a file that grows, or whose clock is wrong, is waited for."""
_PLACE = "part, obsnum, subobsnum, scannum, date, name, size, mtime_ns, ctime_ns"
_MEND_CLOCK = (
    "UPDATE file SET arrived_ns = CASE WHEN ctime_ns <= ? THEN ctime_ns ELSE min(arrived_ns, ?) END "
    "WHERE (arrived_ns > ? OR (ctime_ns <= ? AND arrived_ns <> ctime_ns))"
)
"""A file arrived when it says so; where that lies in the future (a clock is wrong), when it was seen first."""


@dataclass(frozen=True, slots=True)
class KnownFiles:
    """The files of one obsnum."""

    files: tuple[RawFile, ...]
    arrived_ns: int
    """When the newest of them arrived; 0 if there are none."""


class FileTable:
    """The tables `folder`, `ignored` and `file`."""

    TABLES = ("folder", "ignored", "file")
    SCHEMA = (
        "CREATE TABLE folder (part TEXT PRIMARY KEY, mtime_ns INTEGER)",
        "CREATE TABLE ignored (part TEXT, name TEXT, PRIMARY KEY (part, name)) WITHOUT ROWID",
        "CREATE TABLE file (part TEXT, name TEXT, obsnum INTEGER, subobsnum INTEGER, scannum INTEGER, date TEXT, "
        "size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, arrived_ns INTEGER, state TEXT, told TEXT DEFAULT '', "
        "row TEXT, numbands INTEGER, calobsnum INTEGER, PRIMARY KEY (part, name)) WITHOUT ROWID",
        "CREATE INDEX file_obsnum ON file (obsnum)",
        "CREATE INDEX file_unsure ON file (part, name) WHERE state <> 'whole'",
        "CREATE INDEX file_headered ON file (ctime_ns) WHERE row IS NOT NULL",
    )

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def folder_stamp(self, part: str) -> int | None:
        """Return the time stamp of a part's folder when it was last listed; None: it has to be listed."""
        found = self.connection.execute("SELECT mtime_ns FROM folder WHERE part = ?", (part,)).fetchone()
        return found[0] if found else None

    def has_any(self, part: str) -> bool:
        """Say whether any file of a part is known."""
        return self.connection.execute("SELECT 1 FROM file WHERE part = ? LIMIT 1", (part,)).fetchone() is not None

    def begin_folder(self, part: str) -> None:
        """Prepare for a folder that is listed now."""
        self.connection.execute("DELETE FROM ignored WHERE part = ?", (part,))

    def end_folder(self, part: str, mtime_ns: int | None) -> None:
        """Note the time stamp that the folder had before it was listed; None: list it again next time."""
        self.connection.execute("INSERT OR REPLACE INTO folder VALUES (?, ?)", (part, mtime_ns))

    def known(self, part: str) -> set[str]:
        """Return the names of the known files of a part; asked for as one text: rows take three times as long."""
        asked = "SELECT group_concat(name, '/') FROM file WHERE part = ?"
        (text,) = self.connection.execute(asked, (part,)).fetchone()
        return set(text.split("/")) if text else set()

    def ignore(self, part: str, name: str) -> None:
        """Note a name that is no raw file's."""
        self.connection.execute("INSERT OR IGNORE INTO ignored VALUES (?, ?)", (part, name))

    def ignored(self) -> dict[str, tuple[str, ...]]:
        """Return part -> names in its folder that are no raw files."""
        found: dict[str, tuple[str, ...]] = {}
        for part, name in self.connection.execute("SELECT part, name FROM ignored ORDER BY part, name"):
            found[part] = (*found.get(part, ()), name)
        return found

    def put(self, name: RawName, stamp: Stamp, arrived_ns: int, state: FileState) -> None:
        """Note a file that is new, or has changed; its obsnum gets a new verdict."""
        where = (name.part, name.name, name.obsnum, name.subobsnum, name.scannum, name.date)
        self.connection.execute(
            "INSERT OR REPLACE INTO file (part, name, obsnum, subobsnum, scannum, date, size, mtime_ns, ctime_ns, "
            "arrived_ns, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*where, stamp.size, stamp.mtime_ns, stamp.ctime_ns, arrived_ns, state),
        )
        self._reopen(name.obsnum)

    def forget(self, part: str, name: str) -> None:
        """Forget a file that is gone; its obsnum gets a new verdict."""
        one = (part, name)
        for (obsnum,) in self.connection.execute("SELECT obsnum FROM file WHERE part = ? AND name = ?", one).fetchall():
            self.connection.execute("DELETE FROM file WHERE part = ? AND name = ?", one)
            self._reopen(obsnum)

    def learn(self, file: RawFile) -> None:
        """Note what a file turned out to be; its obsnum gets a new verdict."""
        header = file.header
        told = (format_row(header.observation), header.numbands, header.calobsnum) if header else (None, None, None)
        self.connection.execute(
            "UPDATE file SET state = ?, told = ?, row = ?, numbands = ?, calobsnum = ? WHERE part = ? AND name = ?",
            (file.state, file.told, *told, file.name.part, file.name.name),
        )
        self._reopen(file.name.obsnum)

    def to_stamp(self, newest: int) -> Iterator[list[tuple[RawName, Stamp]]]:
        """Yield, page by page, the files that may have changed: all that are not whole, the newest with a header."""
        yield from self._pages("state <> 'whole'", ())
        asked = f"SELECT {_PLACE} FROM file WHERE row IS NOT NULL ORDER BY ctime_ns DESC LIMIT ?"  # noqa: S608 - constants
        yield [_placed(row) for row in self.connection.execute(asked, (newest,)).fetchall()]

    def to_ask(self, settled_ns: int) -> Iterator[list[tuple[RawName, Stamp]]]:
        """Yield, page by page, the files that nobody has looked into and whose content is older than that."""
        yield from self._pages(_TO_ASK, (settled_ns,))

    def count_to_ask(self, settled_ns: int) -> int:
        """Return how many files `to_ask` yields."""
        asked = f"SELECT count(*) FROM file WHERE {_TO_ASK}"  # noqa: S608 - constants
        return int(self.connection.execute(asked, (settled_ns,)).fetchone()[0])

    def files_of(self, obsnum: int, now_ns: int) -> KnownFiles:
        """Return what is known of the files of one obsnum; none of them has arrived after now."""
        self.connection.execute(f"{_MEND_CLOCK} AND obsnum = ?", (*[now_ns] * 4, obsnum))
        asked = (
            "SELECT part, subobsnum, scannum, date, name, state, told, row, numbands, calobsnum, arrived_ns "
            "FROM file WHERE obsnum = ?"
        )
        found = self.connection.execute(asked, (obsnum,)).fetchall()
        return KnownFiles(tuple(_file(obsnum, *row[:-1]) for row in found), max((row[-1] for row in found), default=0))

    def names_of(self, obsnum: int) -> list[RawName]:
        """Return the files of one obsnum."""
        asked = "SELECT part, obsnum, subobsnum, scannum, date, name FROM file WHERE obsnum = ? ORDER BY part, name"
        return [RawName(*row) for row in self.connection.execute(asked, (obsnum,))]

    def is_mistaken(self, obsnum: int) -> bool:
        """Say whether who looks for the end of an ifproc's obsnum, or any part of a chassis' name, finds others too."""
        asked = (
            "SELECT 1 FROM file WHERE obsnum <> ?1 AND "
            "(part = 'ifproc' AND obsnum LIKE '%' || ?1 OR part LIKE 'chassis_' AND name LIKE '%' || ?1 || '%') LIMIT 1"
        )
        return self.connection.execute(asked, (obsnum,)).fetchone() is not None

    def mend_unsure(self, now_ns: int) -> None:
        """Let no file that is not known to be whole have arrived after now."""
        self.connection.execute(f"{_MEND_CLOCK} AND state <> 'whole'", [now_ns] * 4)

    def _reopen(self, obsnum: int) -> None:
        """Let the verdict be made again on an obsnum, and on those whose calibration it is."""
        self.connection.execute("INSERT OR IGNORE INTO open VALUES (?)", (obsnum,))
        asked = "INSERT OR IGNORE INTO open SELECT obsnum FROM verdict WHERE calobsnum = ?"
        self.connection.execute(asked, (obsnum,))

    def _pages(self, condition: str, values: Sequence[object]) -> Iterator[list[tuple[RawName, Stamp]]]:
        asked = (
            f"SELECT {_PLACE} FROM file "  # noqa: S608 - constants
            f"WHERE {condition} AND (part, name) > (?, ?) ORDER BY part, name LIMIT ?"
        )
        last = ("", "")
        while page := self.connection.execute(asked, (*values, *last, PAGE)).fetchall():
            yield [_placed(row) for row in page]
            last = (page[-1][0], page[-1][5])


def _placed(row: Any) -> tuple[RawName, Stamp]:
    return RawName(*row[:6]), Stamp(*row[6:])


def _file(obsnum: int, *row: Any) -> RawFile:
    part, subobsnum, scannum, date, name, state, told, text, numbands, calobsnum = row
    header = None if text is None else Header(read_row(text), subobsnum, scannum, numbands, calobsnum)
    return RawFile(RawName(part, obsnum, subobsnum, scannum, date, name), FileState(state), told, header)


def read_row(text: str) -> Observation:
    """Read a row that was printed here; DoorError: the index is not what was written."""
    row = parse_line(text.encode())
    if not isinstance(row, Observation):
        raise DoorError(
            f"the index of the scan holds a row that cannot be read: {text}; lmtbot scan --rebuild mends it"
        )
    return row
