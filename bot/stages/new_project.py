"""Begin a project that has no observations yet: its folder from templates/, in a pull request or on the disk."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bot.doors.files import write_whole
from bot.doors.github import GitHub
from bot.doors.templates import render_template
from bot.errors import ProjectError
from bot.formats.marker import marker
from bot.model.label import NEW_PROJECT
from bot.model.scalars import Pid
from bot.model.trail import Became, Proposal
from bot.settings import Site
from bot.stages.arrival import new_project

PREFIX = "new/"
_PID: TypeAdapter[str] = TypeAdapter(Pid)


def write_new(site: Site, pid: str, *, dry_run: bool) -> list[Path]:
    """Write the files of a new project in this checkout; return them."""
    files = {site.projects / pid / name: text for name, text in _files(site, pid).items()}
    for path, text in {} if dry_run else files.items():
        write_whole(path, text)
    return list(files)


def propose_new(site: Site, github: GitHub, pid: str) -> Proposal:
    """Have a pull request that adds the project; one that is open already stays as it is."""
    files = {f"projects/{pid}/{name}": text for name, text in _files(site, pid).items()}
    branch = PREFIX + pid
    known = next((one for one in github.open_pulls(branch) if one.branch == branch), None)
    if known is not None and NEW_PROJECT.name in known.labels:
        return Proposal(pid, Became.UNCHANGED, known.number, known.url)
    tip = github.tip(branch)
    if not tip:
        tip = github.commit(branch, (github.tip(github.place.main),), files, f"{pid}: a new project")
    body = render_template(site.code, "github/new.md.j2", marker=marker("new", head=tip), pid=pid)
    pull = known or github.ensure_pull(None, branch, f"{pid}: a new project", body)
    holders = site.settings.roles.po
    github.ensure_reviewers(pull, holders.users, holders.teams)
    github.ensure_labels(pull, (NEW_PROJECT.name,))  # the last step: with it all is there
    return Proposal(pid, Became.OPENED, pull.number, pull.url)


def _files(site: Site, pid: str) -> dict[str, str]:
    try:
        known = _PID.validate_python(pid)
    except ValidationError as error:
        raise ProjectError(f"{pid!r} is no ProjectId; write it as the telescope does, e.g. 2024-S1-MX-2") from error
    if known != pid:
        raise ProjectError(f"{pid}: this project is known as {known}; use that name")
    if (site.projects / pid).exists():
        raise ProjectError(f"{pid}: there is a folder projects/{pid} already; nothing is to be begun")
    return new_project(site, pid)
