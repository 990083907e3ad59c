"""Prepare a release of a project: its next name, the notes, what would be archived, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.doors.git import commit_of_head, tags_of
from bot.doors.github import GitHub
from bot.doors.github.releases import DryReleases, Releases
from bot.doors.ledger import LedgerDoor
from bot.doors.templates import render_markdown
from bot.errors import DoorError, ProjectError
from bot.model.deposit import ReleaseTag
from bot.model.project import Archive
from bot.report.release_notes import notes_values
from bot.rules import archive as rules
from bot.settings import Site
from bot.stages.archive.facts import ReleaseFacts
from bot.stages.exposing import exposure_of
from bot.stages.planning import read_project


@dataclass(frozen=True)
class Prepared:
    """A release as it would be made."""

    tag: ReleaseTag
    commit: str
    notes: str
    units: tuple[str, ...]
    left_out: dict[str, str]
    refused: tuple[rules.Reason, ...]
    url: str = ""
    """Where it is, once it is made."""


def prepare_release(site: Site, pid: str, github: GitHub | None = None) -> Prepared:
    """Return the next release of a project, with all that speaks against archiving it.

    Raise DoorError where this checkout is not what GitHub's main is.
    """
    commit = commit_of_head(site.root)
    if not commit:
        raise ProjectError(f"{site.root} is no git repository with a commit; releases are tags of commits")
    if github is not None and commit != github.tip(github.place.main):
        raise DoorError(f"this checkout is not the tip of {github.place.main}: `git pull`, then run it again")
    with LedgerDoor(site.need_work_there(), pid).share():
        tag = _next(site, pid, read_project(site, pid).archive, github)
        facts = ReleaseFacts(site, tag)
        facts.at_tag = rules.AtTag(commit, True, facts.folder, facts.plan)
        refused = rules.refusals(facts.asked())
        values = notes_values(
            tag, commit, facts.plan, facts.units, facts.described, facts.left_out, refused,
            exposure_of(site, facts.folder),
        )  # fmt: skip
    notes = render_markdown(site.code, "github/release.md.j2", **values)
    units = tuple(unit.name for unit in facts.units)
    return Prepared(tag, commit, notes, units, facts.left_out, refused)


def make_release(github: GitHub, prepared: Prepared, *, dry_run: bool = False) -> str:
    """Publish a prepared release; return its address. Raise ProjectError where something speaks against it."""
    if prepared.refused:
        raise ProjectError("\n".join(map(str, prepared.refused)))
    releases = (DryReleases if dry_run else Releases)(github)
    return releases.ensure(str(prepared.tag), prepared.commit, str(prepared.tag), prepared.notes).url


def _next(site: Site, pid: str, archive: Archive | None, github: GitHub | None) -> ReleaseTag:
    tags: Iterable[str] = tags_of(site.root, pid)
    if github is not None:
        tags = [*tags, *Releases(github).tags(f"{pid}/")]
    return rules.next_tag(pid, tags, archive)
