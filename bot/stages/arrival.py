"""Arrival: the observation log and the projects are compared, and what is new goes into the project files.

Everything is computed and validated before the first file is written; each file is replaced whole. Killed in between,
the next call finds the rest still missing and adds it: the state is in the files, nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.doors.files import clear_unfinished, read_bytes, read_text, write_whole
from bot.doors.index import KnownProject, Narrowed, ask_index
from bot.doors.index_projects import read_project, stamp_projects
from bot.doors.logfile import LOG_FILE, stamp_log
from bot.doors.templates import render_template, template_file
from bot.errors import DoorError, ProjectError
from bot.formats.obslog import parse_log
from bot.formats.project_file import PROJECT_FILE, QA_FILE
from bot.formats.validation import read_model, validate
from bot.formats.yaml_edit import add_obsnums, add_source
from bot.formats.yaml_splice import scalar_text
from bot.formats.yaml_text import parse_document
from bot.model.project import Listing, Project, Qa, Source
from bot.rules.arrival import Arrivals, Known, ProjectArrival, SourceArrival, find_arrivals
from bot.rules.starting import Starting
from bot.settings import Site

STARTING_FILE = "starting_tiers.yaml"


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A file that has to be written: its text now ("" if there is none) and then."""

    path: Path
    before: str
    after: str


def default_log(site: Site) -> Path:
    """Return the site's observation log."""
    return site.need_data() / LOG_FILE


def index_folder(site: Site) -> Path:
    """Return where this site keeps its index."""
    return site.work / "lmtbot" if site.work else site.root / ".lmtbot"


def list_projects(site: Site) -> list[KnownProject]:
    """Return every project with its counts, reading only what changed."""
    return ask_index(index_folder(site), lambda index: index.known_projects(site.projects))


def look(site: Site, log_path: Path, *, with_index: bool = True) -> Arrivals:
    """Compare the log with the projects; the index changes the time that this takes, and nothing else."""
    stamp_log(log_path)
    starting = read_model(template_file(site.code, STARTING_FILE), Starting)[0]
    if not with_index:
        return _look_at_everything(site, log_path, starting)
    narrowed = ask_index(index_folder(site), lambda index: index.narrow(site.projects, log_path.resolve()))
    known = Known(narrowed.projects, narrowed.broken, narrowed.listed_by)
    return _merged(find_arrivals(narrowed.rows, known, starting), narrowed)


def edits_for(site: Site, arrivals: Arrivals) -> tuple[FileEdit, ...]:
    """Return what has to be written; every text is validated, or ProjectError tells all that cannot be."""
    edits: list[FileEdit] = []
    faults: list[str] = []
    for project in arrivals.projects:
        try:
            edits += _edits_of(site, project)
        except ProjectError as error:
            faults.append(str(error))
    if faults:
        raise ProjectError("nothing was changed, because of:\n" + "\n".join(faults))
    return tuple(edit for edit in edits if edit.before != edit.after)


def apply_edits(edits: Sequence[FileEdit]) -> None:
    """Write the files; raise DoorError when somebody changed one of them meanwhile."""
    for edit in edits:
        if read_text(edit.path) != edit.before:
            raise DoorError(f"{edit.path}: somebody changed the file meanwhile; it was left as it is, run again")
        write_whole(edit.path, edit.after)
        clear_unfinished(edit.path.parent)


def _look_at_everything(site: Site, log_path: Path, starting: Starting) -> Arrivals:
    projects: dict[str, Project] = {}
    broken: dict[str, str] = {}
    for pid, _ in sorted(stamp_projects(site.projects)):
        try:
            projects[pid] = read_project(site.projects / pid)
        except ProjectError as error:
            broken[pid] = str(error)
    rows = parse_log(read_bytes(log_path, cure="give the observation log with --log FILE"))
    return find_arrivals(rows, Known.of(projects, broken), starting)


def _merged(found: Arrivals, narrowed: Narrowed) -> Arrivals:
    """Add what the index knows of the rest."""
    listed = dict(narrowed.listed)
    for pid, obsnums in found.listed.items():
        listed[pid] = tuple(sorted({*listed.get(pid, ()), *obsnums}))
    told = {pid: listed[pid] for pid in sorted(listed) if listed[pid]}
    return Arrivals(found.projects, found.held, told, narrowed.other_goals)


def _edits_of(site: Site, arrival: ProjectArrival) -> list[FileEdit]:
    folder = site.projects / arrival.pid
    path, shown = folder / PROJECT_FILE, f"projects/{arrival.pid}/{PROJECT_FILE}"
    before = read_text(path)
    text, edits = before, []
    if not before:
        modes = {source.mode for source in arrival.sources}
        mode = modes.pop() if len(modes) == 1 else ""
        values = {"pid": arrival.pid, "pid_text": scalar_text(arrival.pid), "mode": mode}
        text = render_template(site.code, f"project/{PROJECT_FILE}.j2", **values)
        edits = _qa_edit(site, folder, values)
    project = validate(parse_document(text, shown), Project)
    for source in arrival.sources:
        if source.is_new:
            text = add_source(text, source.source, _new_source(source, project.mode), name=shown)
        else:
            text = add_obsnums(text, source.source, source.obsnums, name=shown)
    return [*edits, FileEdit(path, before, text)]


def _qa_edit(site: Site, folder: Path, values: dict[str, str]) -> list[FileEdit]:
    """Return the edit that gives a new project its qa.yaml, unless there is one."""
    path = folder / QA_FILE
    if path.exists():
        return []
    text = render_template(site.code, f"project/{QA_FILE}.j2", **values)
    validate(parse_document(text, f"projects/{folder.name}/{QA_FILE}"), Qa)
    return [FileEdit(path, "", text)]


def _new_source(arrival: SourceArrival, project_mode: str | None) -> Source:
    return Source(
        obsnums=tuple(Listing(obsnum=obsnum) for obsnum in arrival.obsnums),
        mode=None if arrival.mode == project_mode else arrival.mode,
        tiers=arrival.tiers,
    )
