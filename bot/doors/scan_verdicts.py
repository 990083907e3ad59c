"""The verdicts in the index of a scan, and the lines of the log that follow from them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from heapq import merge

from bot.doors.scan_files import PAGE, read_row
from bot.formats.scanned_log import HEAD, read_line, remark_text, rows_text
from bot.model.raw import Arrived, RawName, Readiness

_NOT_HERE = (
    "kept.obsnum IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM verdict WHERE verdict.obsnum = kept.obsnum AND readiness <> 'incomplete')"
)
CHANGES = "changes"
"""The note that counts how often a verdict was changed."""
_ARRIVED = "obsnum, readiness, rows, missing, gap, reason"


class VerdictTable:
    """The tables `verdict`, `open` (obsnums whose verdict is to be made, or may change by waiting) and `kept`."""

    TABLES = ("verdict", "open", "kept")
    SCHEMA = (
        "CREATE TABLE verdict (obsnum INTEGER PRIMARY KEY, date TEXT, readiness TEXT, instrument TEXT, goal TEXT, "
        "calobsnum INTEGER, rows TEXT, remark TEXT, missing TEXT, gap TEXT, reason TEXT)",
        "CREATE INDEX verdict_date ON verdict (date, obsnum)",
        "CREATE INDEX verdict_calibration ON verdict (calobsnum) WHERE calobsnum IS NOT NULL",
        "CREATE INDEX verdict_odd ON verdict (obsnum) WHERE readiness <> 'complete' OR gap <> '[]'",
        "CREATE TABLE open (obsnum INTEGER PRIMARY KEY)",
        "CREATE TABLE kept (position INTEGER PRIMARY KEY, obsnum INTEGER, date TEXT, line BLOB)",
        "CREATE INDEX kept_obsnum ON kept (obsnum)",
    )

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def open_obsnums(self, after: int) -> list[int]:
        """Return some of the obsnums whose verdict is to be made (again), those above `after`, in order."""
        asked = "SELECT obsnum FROM open WHERE obsnum > ? ORDER BY obsnum LIMIT ?"
        return [obsnum for (obsnum,) in self.connection.execute(asked, (after, PAGE))]

    def reopen_all(self) -> None:
        """Let every verdict be made again."""
        self.connection.execute("INSERT OR IGNORE INTO open SELECT DISTINCT obsnum FROM file")

    def reopen_odd(self) -> None:
        """Let every verdict be made again that may depend on how long is waited."""
        asked = "INSERT OR IGNORE INTO open SELECT obsnum FROM verdict WHERE readiness <> 'complete' OR gap <> '[]'"
        self.connection.execute(asked)

    def settle(self, arrived: Arrived, name: RawName, calobsnum: int | None, *, stays_open: bool) -> bool:
        """Note a verdict; say whether it is another one than before. `name`: as for remark_text.

        What was complete, and has lost files for good since, keeps its rows in the log: it has been observed.
        """
        date = arrived.observation.date_obs if arrived.observation else name.date
        kind = (arrived.observation.instrument, arrived.observation.goal) if arrived.observation else ("", "")
        words = (json.dumps(arrived.missing), json.dumps(arrived.gap), arrived.reason)
        new = (date, arrived.readiness, *kind, calobsnum, rows_text(arrived), remark_text(arrived, name), *words)
        obsnum = arrived.obsnum
        told = "date, readiness, instrument, goal, calobsnum, rows, remark, missing, gap, reason"
        asked = f"SELECT {told} FROM verdict WHERE obsnum = ?"  # noqa: S608 - constants
        old = self.connection.execute(asked, (obsnum,)).fetchone()
        if arrived.readiness is Readiness.COMPLETE:
            self.connection.execute("DELETE FROM kept WHERE obsnum = ?", (obsnum,))
        elif arrived.readiness is Readiness.INCOMPLETE and not stays_open and old and old[1] == Readiness.COMPLETE:
            self._keep(obsnum, old[0], _rows(old[5]))
        if old != new:
            self.connection.execute(f"INSERT OR REPLACE INTO verdict VALUES (?{', ?' * len(new)})", (obsnum, *new))  # noqa: S608
            self._outdate_log()
        if not stays_open:
            self.connection.execute("DELETE FROM open WHERE obsnum = ?", (obsnum,))
        return bool(old != new)

    def unsettle(self, obsnum: int) -> bool:
        """Forget the verdict on an obsnum whose files are all gone; its rows in the log are kept."""
        asked = "SELECT date, readiness, rows, remark FROM verdict WHERE obsnum = ? AND readiness <> 'incomplete'"
        for date, *told in self.connection.execute(asked, (obsnum,)).fetchall():
            self._keep(obsnum, date, _lines(*told))
        gone = self.connection.execute("DELETE FROM verdict WHERE obsnum = ?", (obsnum,)).rowcount
        self.connection.execute("DELETE FROM open WHERE obsnum = ?", (obsnum,))
        self._outdate_log()
        return gone > 0

    def calobsnum_of(self, obsnum: int) -> int | None:
        """Return the calibration that an obsnum names."""
        found = self.connection.execute("SELECT calobsnum FROM verdict WHERE obsnum = ?", (obsnum,)).fetchone()
        return found[0] if found else None

    def counts(self) -> dict[Readiness, int]:
        """Return how many obsnums there are of each kind."""
        found = dict(self.connection.execute("SELECT readiness, count(*) FROM verdict GROUP BY readiness"))
        return {kind: found.get(kind, 0) for kind in Readiness}

    def odd(self) -> Iterator[Arrived]:
        """Yield what is not complete, or complete without a part, by obsnum."""
        asked = f"SELECT {_ARRIVED} FROM verdict WHERE readiness <> 'complete' OR gap <> '[]' ORDER BY obsnum"  # noqa: S608
        for row in self.connection.execute(asked):
            yield _arrived(*row)

    def complete(self, since: str, goals: Collection[str]) -> Iterator[Arrived]:
        """Yield what is complete, newest first (date, then obsnum); `goals`: only these, unless there are none."""
        asked = (
            f"SELECT {_ARRIVED}, date FROM verdict WHERE readiness = 'complete' AND date >= ? "  # noqa: S608
            "AND (? OR goal IN (SELECT value FROM json_each(?))) AND (date, obsnum) < (?, ?) "
            "ORDER BY date DESC, obsnum DESC LIMIT ?"
        )
        date, obsnum = "~", 0
        while True:
            wanted = (since, not goals, json.dumps(sorted(goals)), date, obsnum, PAGE)
            page = self.connection.execute(asked, wanted).fetchall()
            yield from (_arrived(*row[:-1]) for row in page)
            if len(page) < PAGE:
                return
            date, obsnum = page[-1][-1], page[-1][0]

    def keep_lines(self, lines: Iterable[bytes]) -> None:
        """Keep what an old log says of obsnums without raw files here, and people's remarks.

        Our own log, edited, takes the place of what was kept. Another tool's may be half written, and knows nothing of
        observations whose files are gone: what was kept stays, unless it tells otherwise.
        """
        seen: set[int | None] = set()
        is_ours = False
        for number, line in enumerate(lines):
            if number == 0 and (is_ours := line.rstrip() == HEAD.encode()):
                self.connection.execute("DELETE FROM kept")
            if is_ours or line.endswith(b"\n"):
                self._take_over(line.rstrip(b"\r\n"), seen)

    def drop_kept(self) -> None:
        """Forget the kept rows, but not people's remarks."""
        self.connection.execute("DELETE FROM kept WHERE obsnum IS NOT NULL")

    def kept_rows(self) -> int:
        """Return how many obsnums have kept rows."""
        asked = f"SELECT count(DISTINCT obsnum) FROM kept WHERE {_NOT_HERE}"  # noqa: S608 - constants
        return int(self.connection.execute(asked).fetchone()[0])

    def log_lines(self) -> Iterator[str]:
        """Yield the lines of the log: newest first (date, then obsnum); people's remarks last."""
        yield HEAD
        mine = "SELECT date, obsnum, readiness, rows, remark FROM verdict ORDER BY date DESC, obsnum DESC"
        kept = f"SELECT date, obsnum, line FROM kept WHERE {_NOT_HERE} ORDER BY date DESC, obsnum DESC, position"  # noqa: S608
        entries = (
            ((date, obsnum, _lines(*told)) for date, obsnum, *told in self.connection.execute(mine)),
            ((date, obsnum, [_text(line)]) for date, obsnum, line in self.connection.execute(kept)),
        )
        for _, _, lines in merge(*entries, key=lambda entry: entry[:2], reverse=True):
            yield from lines
        for (line,) in self.connection.execute("SELECT line FROM kept WHERE obsnum IS NULL ORDER BY position"):
            yield _text(line)

    def newest_of(self, instrument: str) -> Arrived | None:
        """Return the newest complete observation of an instrument."""
        asked = (
            f"SELECT {_ARRIVED} FROM verdict WHERE readiness = 'complete' AND instrument = ? "  # noqa: S608 - constants
            "ORDER BY date DESC, obsnum DESC LIMIT 1"
        )
        found = self.connection.execute(asked, (instrument,)).fetchone()
        return _arrived(*found) if found else None

    def newest(self) -> int | None:
        """Return the newest obsnum (date, then obsnum) that has a row in the log; None: there is no row."""
        mine = "SELECT date, obsnum FROM verdict WHERE readiness = 'complete' ORDER BY date DESC, obsnum DESC LIMIT 1"
        kept = f"SELECT date, obsnum FROM kept WHERE {_NOT_HERE} AND line NOT LIKE '#%' ORDER BY date DESC, obsnum DESC"  # noqa: S608
        found = [*self.connection.execute(mine), *self.connection.execute(f"{kept} LIMIT 1")]
        return int(max(found)[1]) if found else None

    def _outdate_log(self) -> None:
        """Note, in this transaction, that a verdict has changed, and that the log has to be written."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES ('outdated', 'log')")
        counted = "INSERT INTO meta VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET value = value + 1"
        self.connection.execute(counted, (CHANGES,))

    def _take_over(self, line: bytes, seen: set[int | None]) -> None:
        """Keep a line of the log, unless it is one that is written anew; `seen`: whose lines were taken over before."""
        known = read_line(line)
        if known is None or (known.obsnum is not None and self._is_told(known.obsnum)):
            return
        if known.obsnum not in seen:
            self.connection.execute("DELETE FROM kept WHERE obsnum IS ?", (known.obsnum,))
            seen.add(known.obsnum)
        self.connection.execute("INSERT INTO kept VALUES (NULL, ?, ?, ?)", (known.obsnum, known.date, line))

    def _is_told(self, obsnum: int) -> bool:
        """Say whether its files here tell of an obsnum, or will: more than that its spectra never came."""
        asked = "SELECT readiness, obsnum IN open FROM verdict WHERE obsnum = ?"
        found = self.connection.execute(asked, (obsnum,)).fetchone()
        return found is not None and (found[0] != Readiness.INCOMPLETE or bool(found[1]))

    def _keep(self, obsnum: int, date: str, lines: Iterable[str]) -> None:
        """Keep what was told of an obsnum."""
        self.connection.execute("DELETE FROM kept WHERE obsnum = ?", (obsnum,))
        kept = ((obsnum, date, line.encode()) for line in lines)
        self.connection.executemany("INSERT INTO kept VALUES (NULL, ?, ?, ?)", kept)


def _arrived(obsnum: int, readiness: str, rows: str, missing: str, gap: str, reason: str) -> Arrived:
    seen = tuple(read_row(row) for row in rows.splitlines())
    told = (tuple(json.loads(missing)), tuple(json.loads(gap)), reason)
    return Arrived(obsnum, Readiness(readiness), seen[0] if seen else None, seen[1:], *told)


def _lines(readiness: str, rows: str, remark: str) -> list[str]:
    """Return the lines of the log on one obsnum; of several scans the newest first."""
    return [*(_rows(rows) if readiness == Readiness.COMPLETE else ()), *filter(None, [remark])]


def _rows(rows: str) -> list[str]:
    return sorted(rows.splitlines(), reverse=True) if "\n" in rows else [rows]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")
