"""A cache of what the project files and the observation log say, so that a night costs what is new and not what is old.

It only narrows what has to be read, and answers what the files answer: delete it at any time, it comes back from
nothing. A broken one is made anew with a warning; one that cannot be kept lives in memory for this call. Two
processes may use it at once (SQLite, WAL), and one that is killed leaves it as after its last transaction. Each host
has its own file, because SQLite's locks do not hold across hosts of network storage.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import socket
import sqlite3
from array import array
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bot import __version__
from bot.doors.index_log import LogTable
from bot.doors.index_projects import ProjectRow, ProjectTable
from bot.formats import obslog, project_file, validation, yaml_text
from bot.formats.obslog import Row, RowFault
from bot.model import observation, project, scalars
from bot.model.project import Project

log = logging.getLogger(__name__)

WAIT_S = 120.0
"""How long another process's first index is waited for."""
NOT_BROKEN = ("locked", "full", "readonly", "unable to open", "disk I/O")
"""What SQLite says when the file is well, but cannot be used here and now."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class KnownProject:
    """A line of the list of all projects."""

    pid: str
    sources: int
    obsnums: int
    left_out: int
    fault: str = ""
    """Why project.yaml cannot be read; "" if it can."""


@dataclass(frozen=True)
class Narrowed:
    """What of log and projects has to be looked at; the same answer follows from it as from everything."""

    rows: tuple[Row, ...]
    """All rows of the obsnums in question, and of those that the projects in question list."""
    projects: Mapping[str, Project]
    """The projects in question."""
    broken: Mapping[str, str]
    listed_by: Mapping[int, Collection[str]]
    """For every obsnum of `rows`, who lists it."""
    listed: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """ProjectId -> Science obsnums that it lists, those in question left out."""
    other_goals: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Goal -> obsnums that are no Science and that no project lists."""


class Index:
    """The cache of one repository. Use it through `ask_index`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.projects = ProjectTable(connection)
        self.log = LogTable(connection)

    def known_projects(self, folder: Path) -> list[KnownProject]:
        """Return all projects of the folder in the order of their names, reading only files that changed."""
        self.projects.update(folder)
        return [
            KnownProject(row.pid, row.sources, len(row.obsnums), len(row.left_out), row.fault)
            for row in self.projects.rows()
        ]

    def narrow(self, folder: Path, log_path: Path) -> Narrowed:
        """Bring the cache up to date and return what has to be looked at."""
        faults = [*self.log.update(log_path), *self.log.faults(log_path)]
        self.projects.update(folder)
        rows = {row.pid: row for row in self.projects.rows()}
        science = self.log.science(log_path)
        odd = self.log.odd(log_path)
        open_obsnums = {pid: _missing(seen, _listed(rows, pid)) for pid, seen in science.items()}
        asked = [pid for pid, obsnums in open_obsnums.items() if obsnums]
        questions = odd.union({fault.obsnum or 0 for fault in faults}, *(open_obsnums[pid] for pid in asked))
        found = self.log.rows(log_path, questions)
        pids = {row.pid for row in found if not isinstance(row, RowFault)}
        listed_there = {obsnum for pid in pids for obsnum in _listed(rows, pid)}
        found += self.log.rows(log_path, listed_there - questions)
        everything: set[int] = set().union(*(row.obsnums for row in rows.values()))
        left_out: set[int] = set().union(*(row.left_out for row in rows.values()))
        return Narrowed(
            rows=(*found, *(fault for fault in faults if fault.obsnum not in left_out)),
            projects={pid: self.projects.project(pid) for pid in sorted(pids) if pid in rows and not rows[pid].fault},
            broken={row.pid: row.fault for row in rows.values() if row.fault},
            listed_by=_listers(rows, {row.obsnum or 0 for row in (*found, *faults)}),
            listed={pid: _without(seen, open_obsnums[pid]) for pid, seen in science.items()},
            other_goals=_unlisted(self.log.others(log_path), everything),
        )


def _keep_out_of_git(folder: Path) -> None:
    """Tell git to leave the cache alone: without a WORK_LMT it lies in the repository."""
    ignore = folder / ".gitignore"
    if folder.name.startswith(".") and not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def ask_index(folder: Path, question: Callable[[Index], Answer]) -> Answer:
    """Put a question to the cache in a folder; what is broken is made anew, what cannot be kept lives in memory."""
    path = index_file(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _keep_out_of_git(folder)
        try:
            return _asked(str(path), question)
        except sqlite3.DatabaseError as error:
            if any(word in str(error) for word in NOT_BROKEN):
                raise
            log.warning("%s: the index is broken (%s); it is made anew", path, error)
            forget_index(folder)
            return _asked(str(path), question)
    except (OSError, sqlite3.Error) as error:
        log.warning("%s: the index cannot be kept (%s); everything is read again this time", path, error)
        return _asked(":memory:", question)


def index_file(folder: Path) -> Path:
    """Return the file of the cache for this host."""
    return folder / f"index-{socket.gethostname()}.sqlite3"


def forget_index(folder: Path) -> None:
    """Delete the cache; it comes back from nothing."""
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            Path(f"{index_file(folder)}{suffix}").unlink()


def _asked(name: str, question: Callable[[Index], Answer]) -> Answer:
    with contextlib.closing(_connect(name)) as connection:
        return question(Index(connection))


def _connect(name: str) -> sqlite3.Connection:
    """Open, check and if need be empty the database."""
    connection = sqlite3.connect(name, timeout=WAIT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT)")
        made_by = connection.execute("SELECT value FROM meta WHERE key = 'made_by'").fetchone()
        if made_by is None or made_by[0] != _made_by():
            _renew(connection)
        connection.execute("SELECT count(*) FROM project WHERE folder = ''").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _renew(connection: sqlite3.Connection) -> None:
    """Throw everything away that another version wrote."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for table in (*ProjectTable.TABLES, *LogTable.TABLES):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in (*ProjectTable.SCHEMA, *LogTable.SCHEMA):
            connection.execute(statement)
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('made_by', ?)", (_made_by(),))


def _made_by() -> str:
    """Return what the content of the cache depends on beside the files: the code that reads them."""
    digest = hashlib.sha1(__version__.encode(), usedforsecurity=False)
    here = [Path(__file__).with_name(name) for name in ("index.py", "index_log.py", "index_projects.py", "logfile.py")]
    formats = (obslog, observation, project, project_file, scalars, validation, yaml_text)
    for path in (*here, *(Path(module.__file__ or "") for module in formats)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _missing(seen: array[int], listed: array[int]) -> frozenset[int]:
    return frozenset() if seen == listed else frozenset(seen).difference(listed)


def _without(seen: array[int], missing: frozenset[int]) -> tuple[int, ...]:
    return tuple(obsnum for obsnum in seen if obsnum not in missing) if missing else tuple(seen)


def _listed(rows: Mapping[str, ProjectRow], pid: str) -> array[int]:
    return rows[pid].obsnums if pid in rows else array("q")


def _listers(rows: Mapping[str, ProjectRow], obsnums: set[int]) -> dict[int, set[str]]:
    """Return who lists which of the obsnums."""
    found: dict[int, set[str]] = {}
    for row in rows.values():
        if not obsnums.isdisjoint(row.obsnums):
            for obsnum in obsnums.intersection(row.obsnums):
                found.setdefault(obsnum, set()).add(row.pid)
    return found


def _unlisted(goals: Mapping[str, array[int]], listed: set[int]) -> dict[str, tuple[int, ...]]:
    told = {goal: tuple(obsnum for obsnum in obsnums if obsnum not in listed) for goal, obsnums in goals.items()}
    return {goal: obsnums for goal, obsnums in sorted(told.items()) if obsnums}
