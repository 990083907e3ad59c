"""The index of a scan: which raw files are known, what they told, and the verdict on each obsnum. A cache (SQLite).

Everything in it follows from the raw files and the log beside it: lost, broken or of another version, it is made anew.
One scan at a time writes (the caller holds the lock); others may read meanwhile. What is half done is marked in the
table `open` within the transaction that made it so: a scan that is killed is taken up by the next. No WAL: the index
lies beside the data, which may be on network storage.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot import __version__
from bot.doors import scan_files, scan_verdicts
from bot.doors.scan_files import FileTable
from bot.doors.scan_verdicts import CHANGES, VerdictTable
from bot.errors import DoorError
from bot.formats import netcdf_classic, obslog, rawheader, rawname, scanned_log
from bot.model import raw

log = logging.getLogger(__name__)

WAIT_S = 120.0
"""How long readers are waited for, or the one that writes."""
CACHE_KB = 16_384
"""Bounds the memory; more of it saves nothing, because the index is asked in its own order."""
NOT_BROKEN = ("locked", "full", "readonly", "unable to open", "disk I/O")
"""What SQLite says when the file is well, but cannot be used here and now."""


class BrokenIndex(DoorError):
    """The index broke while it was used, and was thrown away."""


class ScanIndex:
    """The index, open. Use it through `open_index` or `read_index`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.files = FileTable(connection)
        self.verdicts = VerdictTable(connection)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Make what is changed inside one transaction: all of it or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        with self.connection:
            yield

    def note(self, key: str) -> str:
        """Return a note that was left with `leave_note`; "" if there is none."""
        found = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(found[0]) if found else ""

    def leave_note(self, key: str, value: str) -> None:
        """Remember one value; what is remembered already costs no write."""
        if self.note(key) != value:
            self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def state(self) -> str:
        """Return what tells whether any verdict was changed meanwhile; equal states, equal verdicts."""
        return f"{self.note('made')} {self.note(CHANGES)}"


@contextmanager
def open_index(path: Path, *, anew: bool = False, in_memory: bool = False) -> Iterator[ScanIndex]:
    """Open the index for a scan, made anew where it must be (or is asked for); in_memory: a copy that nobody will see.

    Raises DoorError where it cannot be kept, BrokenIndex when it turns out to be broken: try again.
    """
    try:
        if anew and not in_memory:
            forget_index(path)
        connection = sqlite3.connect(":memory:") if in_memory else _sound(path)
        with closing(connection):
            if in_memory:
                if not anew and path.exists():
                    with closing(sqlite3.connect(path, timeout=WAIT_S)) as source:
                        source.backup(connection)
                _prepare(connection)
            yield ScanIndex(connection)
    except sqlite3.DatabaseError as error:
        if not any(word in str(error) for word in NOT_BROKEN):
            forget_index(path)
            raise BrokenIndex(f"{path}: the index is broken ({error}); it was thrown away, scan again") from error
        cure = "see who may write there, and whether the disk is full; --out DIR keeps log and index elsewhere"
        raise DoorError(f"{path}: the index of the scan cannot be kept: {error}; {cure}") from error


@contextmanager
def read_index(path: Path) -> Iterator[ScanIndex]:
    """Open the index to ask it; DoorError when there is none that can be asked."""
    if not path.exists():
        raise DoorError(f"{path}: there is no index yet; `lmtbot scan` makes it")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=WAIT_S)) as connection:
            index = ScanIndex(connection)
            if index.note("made_by") != _made_by():
                raise DoorError(f"{path}: another version of lmtbot made this index; `lmtbot scan` makes it anew")
            yield index
    except sqlite3.DatabaseError as error:
        raise DoorError(f"{path}: the index of the scan cannot be asked: {error}; `lmtbot scan` makes one") from error


def forget_index(path: Path) -> None:
    """Throw the index away."""
    for suffix in ("", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _sound(path: Path) -> sqlite3.Connection:
    """Open the file; one that is broken is made anew."""
    connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    try:
        _prepare(connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        if any(word in str(error) for word in NOT_BROKEN):
            raise
        log.warning("%s: the index is broken (%s); it is made anew", path, error)
        forget_index(path)
        connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
        _prepare(connection)
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    """Set the connection up, and throw everything away that another version wrote."""
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KB}")
    connection.execute("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT)")
    index = ScanIndex(connection)
    if index.note("made_by") == _made_by():
        return
    with index.changing():
        for table in (*FileTable.TABLES, *VerdictTable.TABLES):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in (*FileTable.SCHEMA, *VerdictTable.SCHEMA):
            connection.execute(statement)
        connection.execute("DELETE FROM meta")
        index.leave_note("made_by", _made_by())
        index.leave_note("made", secrets.token_hex(8))


def _made_by() -> str:
    """Return what the content of the index depends on beside the raw files: the code that reads them."""
    digest = hashlib.sha1(__version__.encode(), usedforsecurity=False)
    modules = (scan_files, scan_verdicts, netcdf_classic, obslog, rawheader, rawname, scanned_log, raw)
    for path in (Path(__file__), *(Path(module.__file__ or "") for module in modules)):
        digest.update(path.read_bytes())
    return digest.hexdigest()
