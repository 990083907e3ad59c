"""May a release be archived, what has to be sent, and what archive.yaml says then. Pure: facts in, reasons out.

All reasons against a release are told at once, each with its cure; none means yes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.errors import ProjectError
from bot.formats.project_file import ProjectFolder
from bot.model.deposit import Manifest, Parcel, ReleaseTag
from bot.model.plan import Plan, Unit
from bot.model.project import Archive, Deposit, Level2
from bot.model.role import Role
from bot.model.worksheet import Worksheet
from bot.rules.level2 import is_current
from bot.rules.publicity import Exposure
from bot.rules.work import Work

TAG = re.compile(r"(?P<pid>[A-Za-z0-9][A-Za-z0-9._-]{0,63})/v(?P<version>[1-9][0-9]{0,4})")
ARCHIVE_PREFIX = "archive/"
"""Before a ProjectId: the branch of the pull request that brings archive.yaml."""
FAILED_GRADES = (-2, -1)
LEFT_OUT = "graded as failed"
MOST_NAMED = 8
HEAD = (
    "# yaml-language-server: $schema=../../templates/schema/archive.json",
    "# What lies in the archive. lmtbot writes this file when all of it was sent and verified; change nothing here.",
)


@dataclass(frozen=True)
class Reason:
    """Why something must not be done, and what helps."""

    why: str
    cure: str

    def __str__(self) -> str:
        return f"{self.why}; {self.cure}"


@dataclass(frozen=True)
class AtTag:
    """What the tag names."""

    commit: str = ""
    """"" where there is no such tag."""
    is_on_main: bool = False
    folder: ProjectFolder | None = None
    """The project as it was there; None where it was none, or cannot be read."""
    plan: Plan | None = None
    """Its plan of level 2."""


@dataclass(frozen=True)
class Asked:
    """All that decides whether a release may be archived."""

    tag: ReleaseTag
    at_tag: AtTag
    main: ProjectFolder
    plan: Plan
    """Main's plan of level 2."""
    work: Work
    """What of that is done."""
    first_seen: str = ""
    """The commit that the tag named when it was first seen, "" if this is the first time."""
    releaser: str | None = None
    """Login of who published the release; None: nobody asked GitHub."""
    roles: Collection[Role] = ()
    """Roles of the releaser."""
    open_verdicts: tuple[str, ...] = ()
    """What keeps the verdict from being complete (bot.rules.grading.qa_faults)."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    bad: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """{unit: faults of its products}, as bot.rules.verdict and bot.rules.archivable find them."""
    unknown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """{unit: what the archive wants to be told and nobody knows}."""


def parse_tag(text: str) -> ReleaseTag:
    """Read PID/vN; raise ProjectError."""
    found = TAG.fullmatch(text)
    if found is None:
        raise ProjectError(f"{text[:80]!r} is no release of a project; releases are named PID/vN, e.g. 2024-S1-MX-2/v1")
    return ReleaseTag(found["pid"], int(found["version"]))


def next_tag(pid: str, tags: Iterable[str], archive: Archive | None) -> ReleaseTag:
    """Return the name of a project's next release: one above all tags that there are, and what was archived."""
    named = [*tags, *([archive.tag] if archive else [])]
    known = [int(found["version"]) for one in named if (found := TAG.fullmatch(one)) and found["pid"] == pid]
    return ReleaseTag(pid, max(known, default=0) + 1)


def left_out(sheet: Worksheet, policy: str) -> dict[str, str]:
    """Return {unit: reason} of what is not archived: every bank of it is graded as failed."""
    grades: dict[str, list[int | None]] = {}
    for row in (*sheet.rows, *sheet.combinations):
        grades.setdefault(row.name, []).append(row.grade)
    failed = {name for name, found in grades.items() if set(found) <= set(FAILED_GRADES)}
    return {} if policy == "archive" else dict.fromkeys(sorted(failed), LEFT_OUT)


def wanted_units(plan: Plan, left: Collection[str]) -> tuple[Unit, ...]:
    """Return what a release archives."""
    return tuple(unit for unit in plan.units if unit.name not in left)


def refusals(asked: Asked) -> tuple[Reason, ...]:
    """Return why a release must not be archived, all reasons at once."""
    if not asked.at_tag.commit:
        told = f"there is no tag {asked.tag} here"
        return (Reason(told, f"fetch it (`git fetch --tags`), or make it by `lmtbot release {asked.tag.pid}`"),)
    return (*_of_tag(asked), *_of_plan(asked), *_of_units(asked))


def _of_tag(asked: Asked) -> Iterator[Reason]:
    tag, at_tag, again = asked.tag, asked.at_tag, f"`lmtbot release {asked.tag.pid}` makes the next one"
    if asked.first_seen and asked.first_seen != at_tag.commit:
        yield moved(tag, asked.first_seen, at_tag.commit)
    if not at_tag.is_on_main:
        yield Reason(f"the tag {tag} names {at_tag.commit[:12]}, which is not on main", f"release what is: {again}")
    if at_tag.folder is None or at_tag.plan is None:
        yield Reason(
            f"at the tag {tag} there is no project {tag.pid} that can be read", f"release a later commit: {again}"
        )
    if asked.releaser is not None and Role.PO not in asked.roles:
        who = asked.releaser or "nobody known"
        yield Reason(
            f"{who} published the release and is no pipeline operator (PO)",
            "a PO publishes it: delete it, and " + again,
        )
    if is_overtaken(tag, asked.main.archive):
        yield Reason(f"a later release than {tag} is archived", again)


def is_overtaken(tag: ReleaseTag, archive: Archive | None) -> bool:
    """Say whether archive.yaml tells of a later release."""
    return archive is not None and parse_tag(archive.tag).version > tag.version


def moved(tag: ReleaseTag, first: str, now: str) -> Reason:
    """Return that a tag names another commit than when it was first seen."""
    told = f"the tag {tag} was moved: it named {first[:12]} and names {now[:12] or 'nothing'} now"
    return Reason(
        told, f"a release stays what it was; put the tag back, or make the next by `lmtbot release {tag.pid}`"
    )


def _of_plan(asked: Asked) -> Iterator[Reason]:
    pid, at_tag = asked.tag.pid, asked.at_tag
    level2 = asked.main.level2
    if level2 is None:
        yield Reason(
            "there is no level2.yaml: no data analyst has approved anything", f"merge the pull request qa/{pid}"
        )
    elif not is_current(level2, asked.plan):
        told = "main has changed since level 2 was approved: level2.yaml is not what project.yaml and qa.yaml make now"
        yield Reason(told, f"merge the pull request qa/{pid} again, then release what came of it")
    if at_tag.plan is not None and at_tag.plan.digest != asked.plan.digest:
        told = "the plan of level 2 at the tag is not main's: the project, or one that it takes from, changed after it"
        yield Reason(told, f"`lmtbot release {pid}` releases what main says now")
    elif at_tag.folder is not None and level2 is not None and not _same(at_tag.folder.level2, level2):
        yield Reason("level2.yaml at the tag is not main's", f"`lmtbot release {pid}` releases what main says now")


def _same(one: Level2 | None, other: Level2) -> bool:
    return one is not None and (one.digest, one.lines) == (other.digest, other.lines)


def _of_units(asked: Asked) -> Iterator[Reason]:
    pid, left = asked.tag.pid, asked.left_out
    todo = [unit.name for unit in asked.work.todo if unit.name not in left]
    if todo:
        yield Reason(
            f"level 2 of exactly this plan is not done: {some(todo)}", f"`lmtbot status {pid}` says what it waits for"
        )
    blocked = [name for name in asked.work.blocked if name not in left]
    if blocked:
        yield Reason(f"cannot be run: {some(blocked)}", f"`lmtbot check {pid}` says why")
    if not wanted_units(asked.plan, left):
        yield Reason(
            "nothing is left to be archived", "see the grades in qa.yaml, and `archive.failed` in the settings"
        )
    for told in asked.open_verdicts:
        yield Reason(f"the verdict is not complete: {told}", f"grade it on the pull request qa/{pid}")
    for why, names in _by_reason(asked.bad):
        yield Reason(
            f"products do not validate: {some(names)}: {why}", f"`lmtbot run {pid} --level 2`, then look at its log"
        )
    for why, names in _by_reason(asked.unknown):
        yield Reason(f"nobody knows {why} of {some(names)}", CURES.get(why, "see the rc file beside its products"))


CURES = {
    "the name of the PI": "write `pi: {name: ...}` into project.yaml, or `pi` into the site's table of projects",
    "the title": "write `title: ...` into project.yaml, or into the site's table of projects",
    "the public date": "write `public: YYYY-MM-DD` into project.yaml, or into the site's table of projects",
    "who decided": "reduce it again from a checkout of main, so that the record names who merged and approved",
}


def _by_reason(found: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, list[str]]]:
    names: dict[str, list[str]] = {}
    for name, reasons in found.items():
        for why in reasons:
            names.setdefault(why, []).append(name)
    yield from names.items()


def some(names: Collection[str]) -> str:
    """Return the first few names, and how many more there are."""
    shown = ", ".join(list(names)[:MOST_NAMED])
    return shown + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def kept(parcel: Parcel, archive: Archive | None, store: str) -> Deposit | None:
    """Return the earlier deposit that holds just these files in the same store; None: it has to be sent."""
    if archive is None or archive.store != store:
        return None
    same = (one for one in archive.deposits if (one.name, one.checksum) == (parcel.name, parcel.checksum))
    return next(same, None)


def told_manifest(manifest: Manifest, exposure: Exposure) -> Manifest:
    """Return what a release may show of its manifest to everybody: where only states are told, no measured facts."""
    return manifest if exposure.has_numbers else manifest.model_copy(update={"parcels": ()})


def archive_text(archive: Archive) -> str:
    """Return the text of archive.yaml, one deposit a line."""
    head = [*HEAD, f"tag: {_quoted(archive.tag)}", f"date: {archive.date.isoformat()}"]
    head += [f"commit: {_quoted(archive.commit)}", f"digest: {_quoted(archive.digest)}", f"store: {archive.store}"]
    lines = [f"  - {_flow(one)}" for one in archive.deposits]
    out = [f"  {_quoted(name)}: {_quoted(why)}" for name, why in archive.left_out.items()]
    deposits = ["deposits:", *lines] if lines else ["deposits: []"]
    return "\n".join((*head, *deposits, *(["left_out:", *out] if out else []), ""))


def _flow(deposit: Deposit) -> str:
    fields = ("name", "id", "checksum", "tag")
    return "{" + ", ".join(f"{name}: {_quoted(getattr(deposit, name))}" for name in fields) + "}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
