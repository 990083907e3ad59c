"""Read a project and what it needs from others, and plan it."""

from __future__ import annotations

from bot.errors import ProjectError
from bot.formats.filename import shown_name
from bot.formats.project_file import ProjectFolder, read_folder
from bot.model.plan import Plan
from bot.rules.plan import needed_projects, plan_project, select, with_words
from bot.settings import Site


def read_project(site: Site, pid: str) -> ProjectFolder:
    """Read projects/PID; raise ProjectError with a near name when there is no such project."""
    folder = site.projects / pid
    if "/" in pid or pid in (".", "..") or not folder.is_dir():
        raise ProjectError(f"{pid}: there is no folder projects/{pid}; {_near(site, pid)}")
    return read_folder(folder)


def read_plan(site: Site, pid: str, level: int = 1) -> tuple[ProjectFolder, Plan]:
    """Return the project and its plan at a level."""
    folder = read_project(site, pid)
    return folder, with_words(plan_project(folder, level, others=read_others(site, folder)), site.behind)


def read_others(site: Site, folder: ProjectFolder) -> dict[str, ProjectFolder]:
    """Return the projects, {pid: folder}, that the mosaics of one take obsnums from; raise ProjectError."""
    return {pid: read_project(site, pid) for pid in needed_projects(folder.project)}


def pick(folder: ProjectFolder, plan: Plan, *, source: str | None, obsnum: int | None) -> Plan:
    """Return the part of the plan for one source or obsnum; raise ProjectError when the project has no such thing."""
    if source is not None and source not in folder.project.sources:
        raise ProjectError(f"{plan.pid} has no source {source!r}; it has {', '.join(folder.project.sources)}")
    picked = select(plan, source=source, obsnum=obsnum)
    if obsnum is not None and not picked.units:
        raise ProjectError(f"nothing is run for obsnum {obsnum} in {plan.pid}; `lmtbot check {plan.pid}` says more")
    return picked


def project_ids(site: Site) -> list[str]:
    """Return the ProjectIds that have a folder, sorted; hidden folders and files are none."""
    if not site.projects.is_dir():
        raise ProjectError(f"{site.projects}: there is no such folder; give the repository with --root DIR")
    folders = (one.name for one in site.projects.iterdir() if one.is_dir() and not one.name.startswith("."))
    return sorted(map(shown_name, folders))  # one that is no text cannot be read, and is told like others that cannot


def _near(site: Site, pid: str) -> str:
    from difflib import get_close_matches

    known = project_ids(site)
    near = get_close_matches(pid, known, n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return (
        f"{len(known)} projects are known, see `lmtbot status`; a new one comes by `lmtbot import` or `lmtbot arrivals`"
    )
