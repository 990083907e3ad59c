"""Arrival: the observation log and the projects are compared, and what is new goes into the project files.

Everything is computed and validated before the first file is written; each file is replaced whole. Killed in between,
the next call finds the rest still missing and adds it: the state is in the files, nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.doors.files import clear_unfinished, read_bytes, read_text, write_whole
from bot.doors.index import KnownProject, Narrowed, ask_index
from bot.doors.index_projects import read_project, stamp_projects
from bot.doors.logfile import LOG_FILE, stamp_log
from bot.doors.project_table import table_row
from bot.doors.templates import render_template, template_file
from bot.errors import DoorError, ProjectError
from bot.formats.obslog import parse_log
from bot.formats.project_file import PROJECT_FILE, QA_FILE
from bot.formats.validation import read_model, validate
from bot.formats.yaml_edit import add_obsnums, add_source
from bot.formats.yaml_printing import scalar_text
from bot.formats.yaml_text import parse_document
from bot.model.project import Listing, Project, Qa, Source
from bot.rules.arrival import Arrivals, Known, ProjectArrival, SourceArrival, find_arrivals, listed_obsnums
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
    before = {name: read_text(folder / name) for name in (PROJECT_FILE, QA_FILE)}
    after = added(site, arrival, before)
    # the project file last: it is what tells the next call that all is there
    return [FileEdit(folder / name, before[name], after[name]) for name in (QA_FILE, PROJECT_FILE) if name in after]


def added(site: Site, arrival: ProjectArrival, texts: Mapping[str, str]) -> dict[str, str]:
    """Return a project's files {name: text} with what arrives in them; what they list or leave out already is kept.

    `texts` are the files as they are, "" where there is none. Raise ProjectError when one of them cannot be read.
    """
    shown = f"projects/{arrival.pid}/{PROJECT_FILE}"
    after = (
        dict(texts) if texts[PROJECT_FILE] else {**new_project(site, arrival.pid, _mode_of(arrival)), **_some(texts)}
    )
    project = validate(parse_document(after[PROJECT_FILE], shown), Project)
    text = after[PROJECT_FILE]
    for source in arrival.sources:
        obsnums = [one for one in source.obsnums if one not in project.left_out and one not in listed_obsnums(project)]
        if obsnums and source.source in project.sources:
            text = add_obsnums(text, source.source, obsnums, name=shown)
        elif obsnums:
            known = replace(source, obsnums=tuple(obsnums))
            text = add_source(text, source.source, _new_source(known, project.mode), name=shown)
    return {**after, PROJECT_FILE: text}


def new_project(site: Site, pid: str, mode: str = "") -> dict[str, str]:
    """Return the files {name: text} of a project that begins, with what the site's table of projects says of it."""
    row = table_row(site, pid)
    values = {
        "pid": pid, "pid_text": scalar_text(pid), "mode": mode, "github": [scalar_text(one) for one in row.github],
        "pi": scalar_text(row.pi) if row.pi else "", "title": scalar_text(row.title) if row.title else "",
        "public": row.public,
    }  # fmt: skip
    files = {name: render_template(site.code, f"project/{name}.j2", **values) for name in (PROJECT_FILE, QA_FILE)}
    validate(parse_document(files[PROJECT_FILE], f"projects/{pid}/{PROJECT_FILE}"), Project)
    validate(parse_document(files[QA_FILE], f"projects/{pid}/{QA_FILE}"), Qa)
    return files


def _some(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}


def _mode_of(arrival: ProjectArrival) -> str:
    modes = {source.mode for source in arrival.sources}
    return modes.pop() if len(modes) == 1 else ""


def _new_source(arrival: SourceArrival, project_mode: str | None) -> Source:
    return Source(
        obsnums=tuple(Listing(obsnum=obsnum) for obsnum in arrival.obsnums),
        mode=None if arrival.mode == project_mode else arrival.mode,
        tiers=arrival.tiers,
    )
