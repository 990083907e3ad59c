"""The observation log in the index: its distinct rows, and which obsnums are Science, by ProjectId.

A log that grew at its head or its tail is read only there. Obsnums with several different rows are kept apart (`odd`):
which of them agree is decided elsewhere.
"""

from __future__ import annotations

import json
import sqlite3
import time
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import astuple
from pathlib import Path
from typing import BinaryIO

from bot.doors.logfile import (
    BLOCK,
    Growth,
    LogState,
    Stamp,
    find_growth,
    grown,
    open_log,
    pieces,
    stamp_log,
    whole_size,
)
from bot.doors.workers import spread_stream
from bot.formats.obslog import SCIENCE, Row, RowFault, group_rows, parse_line, parse_lines, unfinished_row
from bot.model.observation import Observation

Marked = dict[tuple[str, str], set[int]]
"""(kind, name) -> obsnums; kind is `science` (name = ProjectId), `goal` (name = goal) or `odd`."""

_UNSETTLED = Stamp(-1, 0, 0, 0)
_Piece = tuple[
    list[tuple[int, str]], list[tuple[int, str, str, int | None]], list[tuple[tuple[str, str], list[int]]], int
]
"""Of some lines: rows, faults (line counted from 0), marks, and the number of lines."""


class LogTable:
    """The tables `log`, `entry`, `fault` and `mark`."""

    TABLES = ("log", "entry", "fault", "mark")
    SCHEMA = (
        "CREATE TABLE log (id INTEGER PRIMARY KEY, path TEXT UNIQUE, size INTEGER, mtime_ns INTEGER, "
        "ctime_ns INTEGER, inode INTEGER, segments TEXT, lines INTEGER)",
        "CREATE TABLE entry (log INTEGER, obsnum INTEGER, text TEXT, PRIMARY KEY (log, obsnum, text)) WITHOUT ROWID",
        "CREATE TABLE fault (log INTEGER, line INTEGER, text TEXT, reason TEXT, obsnum INTEGER)",
        "CREATE TABLE mark (log INTEGER, kind TEXT, name TEXT, obsnums BLOB, PRIMARY KEY (log, kind, name)) "
        "WITHOUT ROWID",
    )

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def update(self, path: Path) -> list[RowFault]:
        """Read what is new in the log; return the fault of a last line that has no line end yet, which is not kept."""
        stamp = stamp_log(path)
        if (known := self._state(path)) and known[0].stamp == stamp and known[0].whole == stamp.size:
            return []
        with open_log(path) as file:
            self.connection.execute("BEGIN IMMEDIATE")
            with self.connection:
                return self._absorb(path, file, stamp)

    def science(self, path: Path) -> dict[str, array[int]]:
        """Return ProjectId -> its Science obsnums, without the odd ones."""
        return dict(self._marks(path, "science"))

    def others(self, path: Path) -> dict[str, array[int]]:
        """Return goal -> obsnums that are no Science."""
        return dict(self._marks(path, "goal"))

    def odd(self, path: Path) -> set[int]:
        """Return the obsnums with several different rows, one of them Science."""
        return {obsnum for _, obsnums in self._marks(path, "odd") for obsnum in obsnums}

    def rows(self, path: Path, obsnums: Collection[int]) -> list[Row]:
        """Return all rows of these obsnums."""
        asked = "SELECT text FROM entry WHERE log = (SELECT id FROM log WHERE path = ?) AND obsnum = ?"
        found = [
            parse_line(text.encode())
            for obsnum in sorted(obsnums)
            for (text,) in self.connection.execute(asked, (str(path), obsnum))
        ]
        return [row for row in found if row is not None]

    def faults(self, path: Path) -> list[RowFault]:
        """Return the lines that could not be read."""
        asked = "SELECT line, text, reason, obsnum FROM fault WHERE log = (SELECT id FROM log WHERE path = ?)"
        return [RowFault(*row) for row in self.connection.execute(asked, (str(path),))]

    def _marks(self, path: Path, kind: str) -> Iterator[tuple[str, array[int]]]:
        asked = "SELECT name, obsnums FROM mark WHERE log = (SELECT id FROM log WHERE path = ?) AND kind = ?"
        for name, blob in self.connection.execute(asked, (str(path), kind)):
            numbers = array("q")
            numbers.frombytes(blob)
            yield name, numbers

    def _state(self, path: Path) -> tuple[LogState, int, int] | None:
        """Return the state at the last reading, the log's number and its count of lines."""
        asked = "SELECT size, mtime_ns, ctime_ns, inode, segments, id, lines FROM log WHERE path = ?"
        found = self.connection.execute(asked, (str(path),)).fetchone()
        if not found:
            return None
        segments = tuple((length, digest) for length, digest in json.loads(found[4]))
        return LogState(Stamp(*found[:4]), segments), found[5], found[6]

    def _absorb(self, path: Path, file: BinaryIO, stamp: Stamp) -> list[RowFault]:
        known = self._state(path)
        whole = whole_size(file, stamp.size)
        growth = find_growth(file, whole, known[0] if known else None)
        if known is None or growth.is_all:
            number, lines = self._begin(path), 0
        else:
            _, number, lines = known
        added = self._take(number, file, growth, lines)
        settled = stamp if stamp.is_settled(time.time_ns()) else _UNSETTLED
        self.connection.execute(
            "UPDATE log SET size=?, mtime_ns=?, ctime_ns=?, inode=?, segments=?, lines=? WHERE id=?",
            (*astuple(settled), json.dumps(grown(file, growth, known[0] if known else None)), lines + added, number),
        )
        rest = next((piece[0] for piece in pieces(file, whole, stamp.size)), b"")
        fault = unfinished_row(rest, lines + added + 1)
        return [fault] if fault else []

    def _begin(self, path: Path) -> int:
        """Forget the log and logs that are gone; return its number."""
        for number, name in self.connection.execute("SELECT id, path FROM log").fetchall():
            if name == str(path) or not Path(name).exists():
                for table in ("entry", "fault", "mark"):
                    self.connection.execute(f"DELETE FROM {table} WHERE log = ?", (number,))  # noqa: S608 - constants
                self.connection.execute("DELETE FROM log WHERE id = ?", (number,))
        number = self.connection.execute("INSERT INTO log (path) VALUES (?)", (str(path),)).lastrowid
        return int(number or 0)

    def _take(self, number: int, file: BinaryIO, growth: Growth, lines: int) -> int:
        """Read the new part into the tables; return its number of lines."""
        marks: Marked = defaultdict(set)
        faults: list[tuple[int, str, str, int | None]] = []
        added, before = 0, self._count(number)
        new_pieces = pieces(file, growth.start, growth.end)
        for rows, bad, marked, count in spread_stream(_digest, new_pieces, alone=growth.end - growth.start <= BLOCK):
            self.connection.executemany(
                "INSERT OR IGNORE INTO entry VALUES (?, ?, ?)", ((number, *row) for row in sorted(rows))
            )
            faults += [(added + line, text, reason, obsnum) for line, text, reason, obsnum in bad]
            for key, obsnums in marked:
                marks[key].update(obsnums)
            added += count
        if growth.at_head and added:
            self.connection.execute("UPDATE fault SET line = line + ? WHERE log = ?", (added, number))
        first = 1 if growth.is_all or growth.at_head else lines + 1
        self.connection.executemany(
            "INSERT INTO fault VALUES (?, ?, ?, ?, ?)", ((number, first + line, *rest) for line, *rest in faults)
        )
        self._mark(number, marks, everything=before == 0)
        return added

    def _count(self, number: int) -> int:
        found: int = self.connection.execute("SELECT EXISTS (SELECT 1 FROM entry WHERE log = ?)", (number,)).fetchone()[
            0
        ]
        return found

    def _mark(self, number: int, marks: Marked, *, everything: bool) -> None:
        """Add obsnums to the marks; those with several rows get the mark that all their rows together give."""
        several = self._several(number, None if everything else set().union(*marks.values()))
        gone: Marked = defaultdict(set)
        for obsnum, texts in several.items():
            group = group_rows(row for text in texts if (row := parse_line(text.encode())) is not None)[0][obsnum]
            for row in group:
                gone[_mark_of(row)].add(obsnum)
            right = ("odd", "") if any(row.goal == SCIENCE for row in group) and len(group) > 1 else _mark_of(group[0])
            marks.setdefault(right, set())
            gone[right].discard(obsnum)
            for key in gone:
                if key != right:
                    marks.setdefault(key, set()).discard(obsnum)
            marks[right].add(obsnum)
        for key in marks.keys() | gone.keys():
            self._store(number, key, marks.get(key, set()), gone.get(key, set()))

    def _several(self, number: int, among: set[int] | None) -> dict[int, list[str]]:
        """Return the texts of obsnums that have more than one."""
        if among is None:
            asked = "SELECT obsnum FROM entry WHERE log = ? GROUP BY obsnum HAVING count(*) > 1"
            found = {obsnum for (obsnum,) in self.connection.execute(asked, (number,))}
        else:
            found = among
        asked = "SELECT text FROM entry WHERE log = ? AND obsnum = ?"
        texts = {obsnum: [text for (text,) in self.connection.execute(asked, (number, obsnum))] for obsnum in found}
        return {obsnum: known for obsnum, known in texts.items() if len(known) > 1}

    def _store(self, number: int, key: tuple[str, str], more: set[int], gone: set[int]) -> None:
        asked = "SELECT obsnums FROM mark WHERE log = ? AND kind = ? AND name = ?"
        found = self.connection.execute(asked, (number, *key)).fetchone()
        numbers = array("q")
        if found:
            numbers.frombytes(found[0])
        blob = array("q", sorted((set(numbers) | more) - gone)).tobytes()
        self.connection.execute("INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?)", (number, *key, blob))


def _digest(lines: list[bytes]) -> _Piece:
    """Read some lines; the values are plain, so that they travel between processes cheaply."""
    rows: list[tuple[int, str]] = []
    faults: list[tuple[int, str, str, int | None]] = []
    marks: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        for row in parse_lines([line]):
            if isinstance(row, RowFault):
                faults.append((number, row.text, row.reason, row.obsnum))
            else:
                rows.append((row.obsnum, " ".join(line.decode().split())))
                marks[_mark_of(row)].append(row.obsnum)
    return rows, faults, list(marks.items()), len(lines)


def _mark_of(row: Observation) -> tuple[str, str]:
    return ("science", row.pid) if row.goal == SCIENCE else ("goal", row.goal)
