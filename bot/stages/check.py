"""Check projects: read them, what the observation log says of them, and apply every rule. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.doors.logfile import open_log, pieces, whole_size
from bot.errors import Finding, ProjectError, Severity
from bot.formats.obslog import PID_ALIASES, group_rows, parse_lines
from bot.formats.project_file import ProjectFolder, salvage_folder
from bot.model.observation import Observation
from bot.rules.lint import Checked, LogView, findings_of, findings_of_values
from bot.rules.plan import needed_projects
from bot.settings import Site
from bot.stages.arrival import default_log
from bot.stages.planning import read_project

Rows = Mapping[int, Sequence[Observation]]


@dataclass(frozen=True)
class CheckReport:
    """What a check found."""

    findings: tuple[Finding, ...]
    """Project by project, as asked; in each by file and line."""
    pids: tuple[str, ...]
    log: Path | None
    """The observation log that was held against them; None: none was at hand."""


def check_projects(site: Site, pids: Sequence[str], log: Path | None) -> CheckReport:
    """Apply every rule to these projects. A project that cannot be read is a finding and does not stop the others.

    Raises ProjectError only when the log cannot be read.
    """
    folders: dict[str, ProjectFolder] = {}
    broken: dict[str, tuple[Finding, ...]] = {}
    for pid in dict.fromkeys(pids):
        try:
            folders[pid] = read_project(site, pid)
        except ProjectError as error:
            broken[pid] = tuple(sorted((*_told(error, pid), *_rest(site, pid)), key=lambda one: (one.path, one.line)))
    rows = None if log is None else _by_project(read_rows(log, _wanted(folders), folders))
    readable = {**_read_lenders(site, folders), **folders}
    listed_by = _listed_by(folders)
    findings: list[Finding] = []
    for pid in dict.fromkeys(pids):
        if pid in broken:
            findings += broken[pid]
        else:
            view = rows.view(folders[pid]) if rows else None
            findings += findings_of(Checked(folders[pid], view, readable, listed_by))
    return CheckReport(tuple(findings), tuple(dict.fromkeys(pids)), log)


def find_log(site: Site) -> Path | None:
    """Return the observation log of the site's raw data, None when there is none."""
    path = default_log(site) if site.data else None
    return path if path and path.is_file() else None


def read_rows(log: Path, obsnums: Iterable[int], pids: Iterable[str]) -> Rows:
    """Return the log's rows of these obsnums and of all obsnums of these projects; raise ProjectError if it cannot."""
    wanted = {str(obsnum).encode() for obsnum in obsnums}
    names = {
        name.encode() for pid in pids for name in (pid, *(alias for alias, of in PID_ALIASES.items() if of == pid))
    }
    found: dict[int, list[Observation]] = {}
    with open_log(log) as file:
        file.seek(0, 2)
        size = whole_size(file, file.tell())
        for lines in pieces(file, 0, size):
            # a row is read in full only where its words name one of ours: most of a big log does not
            near = [line for line in lines if _is_near(line, wanted, names)]
            for obsnum, rows in group_rows(parse_lines(near))[0].items():
                found.setdefault(obsnum, []).extend(row for row in rows if row not in found.get(obsnum, ()))
    return found


def _is_near(line: bytes, obsnums: set[bytes], pids: set[bytes]) -> bool:
    words = line.split(None, 9)
    return len(words) > 1 and (words[1] in obsnums or not pids.isdisjoint(words))


def _told(error: ProjectError, pid: str) -> tuple[Finding, ...]:
    if error.findings:
        return tuple(replace(finding, pid=pid) for finding in error.findings)
    return (Finding("SCHEMA", Severity.ERROR, f"projects/{pid}", 0, str(error), pid=pid),)


def _rest(site: Site, pid: str) -> list[Finding]:
    """Return what can be said of the parameters of a project with faults in its files: all faults at once."""
    salvaged = salvage_folder(site.projects / pid) if (site.projects / pid).is_dir() else None
    return findings_of_values(Checked(salvaged)) if salvaged else []


def _read_lenders(site: Site, folders: Mapping[str, ProjectFolder]) -> dict[str, ProjectFolder]:
    """Read the projects that mosaics take from and that are not checked themselves; leave out what cannot be read."""
    needed = {pid for folder in folders.values() for pid in needed_projects(folder.project)} - set(folders)
    found = {}
    for pid in sorted(needed):
        try:
            found[pid] = read_project(site, pid)
        except ProjectError:
            continue
    return found


def _listed_by(folders: Mapping[str, ProjectFolder]) -> dict[int, tuple[str, ...]]:
    """Return obsnum -> the projects that list it, of those that more than one lists."""
    found: dict[int, dict[str, None]] = {}
    for pid, folder in folders.items():
        for source in folder.project.sources.values():
            for listing in source.obsnums:
                found.setdefault(listing.obsnum, {})[pid] = None
    return {obsnum: tuple(pids) for obsnum, pids in found.items() if len(pids) > 1}


def _named(folder: ProjectFolder) -> set[int]:
    """Return every obsnum that the project's files name."""
    listed = {listing.obsnum for source in folder.project.sources.values() for listing in source.obsnums}
    return listed | set(folder.qa.obsnums) | set(folder.project.left_out)


def _wanted(folders: Mapping[str, ProjectFolder]) -> set[int]:
    return {obsnum for folder in folders.values() for obsnum in _named(folder)}


@dataclass(frozen=True)
class _LoggedRows:
    """The rows of the log, and which obsnums each project has in it."""

    rows: Rows
    own: Mapping[str, Sequence[int]]

    def view(self, folder: ProjectFolder) -> LogView:
        """Return what concerns one project."""
        obsnums = _named(folder).union(self.own.get(folder.pid, ()))
        return LogView({obsnum: tuple(self.rows[obsnum]) for obsnum in sorted(obsnums) if obsnum in self.rows})


def _by_project(rows: Rows) -> _LoggedRows:
    own: dict[str, list[int]] = {}
    for obsnum, found in rows.items():
        for pid in {row.pid for row in found}:
            own.setdefault(pid, []).append(obsnum)
    return _LoggedRows(rows, own)
