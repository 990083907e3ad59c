"""The project files in the index: a row a folder, read again when the file's stamp is another one.

Does not decide anything; what a broken file means is said elsewhere.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.doors.logfile import Stamp
from bot.doors.workers import spread
from bot.errors import ProjectError
from bot.formats.filename import shown_name
from bot.formats.project_file import PROJECT_FILE
from bot.formats.validation import validate
from bot.formats.yaml_text import decode, parse_document
from bot.model.project import Project

_COLUMNS = "folder, size, mtime_ns, ctime_ns, inode, sources, obsnums, left_out, fault, value"
_UNSETTLED = Stamp(-1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """What the index knows of a project."""

    pid: str
    sources: int
    obsnums: array[int]
    """Ascending, each once."""
    left_out: array[int]
    fault: str
    """Why the file cannot be read; "" if it can."""


class ProjectTable:
    """The table `project`."""

    TABLES = ("project",)
    SCHEMA = (
        "CREATE TABLE project (folder TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, "
        "inode INTEGER, sources INTEGER, obsnums BLOB, left_out BLOB, fault TEXT, value TEXT) WITHOUT ROWID",
    )

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def update(self, folder: Path) -> None:
        """Read the files that are new or changed, forget those that are gone."""
        here = dict(stamp_projects(folder))
        known = {
            name: Stamp(*stamp)
            for name, *stamp in self.connection.execute("SELECT folder, size, mtime_ns, ctime_ns, inode FROM project")
        }
        gone = known.keys() - here.keys()
        changed = sorted(name for name, stamp in here.items() if known.get(name) != stamp)
        if not gone and not changed:
            return
        if gone:
            self._write("DELETE FROM project WHERE folder = ?", [(name,) for name in gone])
        started = time.time_ns()
        batch: list[tuple[object, ...]] = []
        for name, row in spread(_read_row, [str(folder / name) for name in changed], at_least=64):
            stamp = here[Path(name).name] if here[Path(name).name].is_settled(started) else _UNSETTLED
            batch.append((Path(name).name, stamp.size, stamp.mtime_ns, stamp.ctime_ns, stamp.inode, *row))
            if len(batch) >= 500:
                self._write(_INSERT, batch)
                batch = []
        self._write(_INSERT, batch)

    def rows(self) -> Iterator[ProjectRow]:
        """Return every project in the order of names."""
        asked = "SELECT folder, sources, obsnums, left_out, fault FROM project ORDER BY folder"
        for pid, sources, obsnums, left_out, fault in self.connection.execute(asked):
            yield ProjectRow(pid, sources, _numbers(obsnums), _numbers(left_out), fault)

    def project(self, pid: str) -> Project:
        """Return the values of a project whose file can be read."""
        found = self.connection.execute("SELECT value FROM project WHERE folder = ?", (pid,)).fetchone()
        value = json.loads(found[0])
        value["left_out"] = {int(obsnum): reason for obsnum, reason in value.get("left_out", {}).items()}
        return Project.model_validate(value)

    def _write(self, statement: str, rows: list[tuple[object, ...]]) -> None:
        if rows:
            self.connection.execute("BEGIN IMMEDIATE")
            with self.connection:
                self.connection.executemany(statement, rows)


_INSERT = f"INSERT OR REPLACE INTO project ({_COLUMNS}) VALUES ({', '.join('?' * 10)})"  # noqa: S608 - constants


def stamp_projects(folder: Path) -> Iterator[tuple[str, Stamp]]:
    """Return name and stamp of every folder that has a project.yaml."""
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                status = os.stat(f"{entry.path}/{PROJECT_FILE}")  # noqa: PTH116 - ten thousand times
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                yield shown_name(entry.name), _UNSETTLED
                continue
            yield shown_name(entry.name), Stamp.of(status)


def read_project(folder: Path) -> Project:
    """Read projects/PID/project.yaml alone; raise ProjectError with its faults."""
    shown = f"projects/{folder.name}/{PROJECT_FILE}"
    try:
        data = (folder / PROJECT_FILE).read_bytes()
    except OSError as error:
        raise ProjectError(f"{shown}: cannot be read ({error.strerror}); it must be a readable file") from error
    project = validate(parse_document(decode(data, shown), shown), Project)
    if project.pid != folder.name:
        raise ProjectError(f"{shown}: pid {project.pid} stands in the folder {folder.name}; name both alike")
    return project


def _read_row(folder: str) -> tuple[object, ...]:
    """Return sources, obsnums, left_out, fault and value of one project file."""
    try:
        project = read_project(Path(folder))
    except ProjectError as error:
        return 0, b"", b"", str(error), ""
    obsnums = {listing.obsnum for source in project.sources.values() for listing in source.obsnums}
    value = project.model_dump_json(exclude_defaults=True)
    return len(project.sources), _blob(obsnums), _blob(project.left_out), "", value


def _blob(numbers: Iterable[int]) -> bytes:
    return array("q", sorted(numbers)).tobytes()


def _numbers(blob: bytes) -> array[int]:
    numbers = array("q")
    numbers.frombytes(blob)
    return numbers
