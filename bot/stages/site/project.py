"""One project of the site: read everything about it, make its pages, write them, return its card.

What it reads is named by `stamp_of`: the same stamp, the same pages. Nothing here decides; a project whose files are
wrong gets a page that says so, and inherits nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import quote

from bot.doors.index import ask_index
from bot.doors.ledger import STORE, LedgerDoor
from bot.doors.locks import is_held
from bot.doors.site_products import Showcase
from bot.doors.site_store import SiteStore
from bot.doors.templates import PageMaker
from bot.errors import LmtBotError, ProjectError
from bot.formats.project_file import ARCHIVE_FILE, LEVEL2_FILE, PROJECT_FILE, QA_FILE, ProjectFolder
from bot.model.observation import Observation
from bot.model.plan import Plan
from bot.model.record import Ledger, RunState
from bot.model.site import Card, Commit, Pictures, Seen, Thread
from bot.model.worksheet import Reduced, Row, Worksheet
from bot.report.site.feed import feed_of
from bot.report.site.project import Gathered, project_page
from bot.report.site.qa import qa_page
from bot.report.site.unit import unit_pages
from bot.report.site.veil import Known, veil
from bot.report.site.words import BROKEN, number, readable, rms_words, semester_of
from bot.rules.attention import PO, ungraded_rows, wants_of, wants_of_broken, who_acts
from bot.rules.grading import worksheet
from bot.rules.log_excerpt import excerpt
from bot.rules.outside import NEW
from bot.rules.plan import needed_projects
from bot.rules.publicity import Exposure, exposure, public_since
from bot.rules.state import with_numbers
from bot.rules.timeline import nights_of, story
from bot.settings import Site
from bot.stages.arrival import index_folder
from bot.stages.level1 import foreign_ledgers
from bot.stages.overview import standing_of
from bot.stages.planning import read_plan

FILES = (PROJECT_FILE, QA_FILE, LEVEL2_FILE, ARCHIVE_FILE)
CARD_EVENTS = 12
FEED = "feed.xml"


@dataclass(frozen=True)
class Around:
    """What is read once for all projects."""

    site: Site
    render: PageMaker
    store: SiteStore
    today: date
    public: bool
    """For everybody: no picture, spectrum or log of what is still proprietary."""
    base: str
    """The address of the site for feeds, with a slash at its end; "" where nobody told it."""
    made_by: str
    """Digest of program and templates."""
    commits: Mapping[str, tuple[Commit, ...]] = field(default_factory=dict)
    threads: Mapping[str, tuple[Thread, ...]] = field(default_factory=dict)
    outside: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict)
    """{pid: what the log has of it and no plan reduces}."""
    log: Path | None = None
    """The observation log, if there is one."""

    @property
    def copies(self) -> bool:
        """Say whether pictures are copied into the site: it does not lie beside the results."""
        return self.public or not self.store.out.is_relative_to(self.site.need_work())

    def arriving(self, pid: str) -> int:
        """Return how many obsnums of a project are in the log and not on main."""
        return sum(one.state == NEW for one in self.outside.get(pid, ()))


@dataclass(frozen=True)
class Built:
    """What became of a project's pages."""

    card: Card
    seen: tuple[Seen, ...]
    needs: tuple[str, ...]
    """Other projects whose files and runs its pages depend on."""
    written: int
    stale: tuple[str, ...] = ()
    """Pages and folders that it no longer has: they go when nothing leads to them any more."""


def stamp_of(around: Around, pid: str, needs: tuple[str, ...]) -> str:
    """Return a digest of all that a project's pages are made from; the ledger is changed by renames only."""
    privacy = around.site.settings.policies.privacy
    found: list[object] = [around.made_by, around.public, privacy, around.base, around.outside.get(pid, ())]
    commits = around.commits.get(pid, ())
    found += [commits[0].hash if commits else "", around.threads.get(pid, ())]
    for one in (pid, *needs):
        found += [_stamp(around.site.projects / one / name) for name in FILES]
        if around.site.work:
            home = around.site.work / STORE / one
            found += [_stamp(home / "ledger"), _stamp(home / "failed"), _stamp(around.site.work / one)]
            found += [_stamp(around.site.work / one / "TAP"), is_held(home / "lock")]
    if around.public:
        found.append(around.today.isoformat())
    return hashlib.sha256(repr(found).encode()).hexdigest()


def build_project(around: Around, pid: str) -> Built:
    """Write the pages of one project, the deepest first."""
    try:
        folder, plan = read_plan(around.site, pid)
        observed = _observed(around, plan)
        gathered = _gather(around, folder, plan, LedgerDoor(around.site.need_work(), pid).read(), observed)
    except LmtBotError as error:
        return _broken(around, pid, error)
    return _write(around, folder, gathered, observed)


def _observed(around: Around, plan: Plan) -> dict[int, Observation]:
    """Return the log's rows of the project's obsnums; of several rows of one the first counts."""
    log, obsnums = around.log, [chain.obsnum for chain in plan.chains]
    obsnums += [one.obsnum for one in around.outside.get(plan.pid, ())]
    if log is None:
        return {}
    rows: dict[int, Observation] = {}
    for row in ask_index(index_folder(around.site), lambda index: index.log.rows(log, obsnums)):
        if isinstance(row, Observation):
            rows.setdefault(row.obsnum, row)
    return rows


def _write(around: Around, folder: ProjectFolder, gathered: Gathered, observed: Mapping[int, Observation]) -> Built:
    pid, writing = folder.pid, _Writing(around, folder.pid)
    for page in unit_pages(gathered, observed):
        writing.page(f"{page.name}.html", "unit.html.j2", page=page)
    writing.page("qa.html", "qa.html.j2", page=qa_page(gathered))
    events = [(pid, event) for event in reversed(gathered.events)]
    home = f"p/{quote(pid)}/"
    writing.page(FEED, "feed.xml.j2", feed=feed_of(pid, events, around.base, own=f"{home}{FEED}", home=home))
    writing.page("index.html", "project.html.j2", page=project_page(gathered, observed, around.outside.get(pid, ())))
    kept = ("pictures",) if around.copies and gathered.pictures is not None else ()
    reduced = tuple(seen_of(pid, gathered.sheet, gathered.ledger))
    planned = {one.obsnum for one in reduced}
    seen = (*reduced, *(one for one in around.outside.get(pid, ()) if one.obsnum not in planned))
    card, needs = _card(gathered, folder, observed, seen), needed_projects(folder.project)
    return Built(card, seen, needs, writing.write(), writing.stale(kept))


def _gather(
    around: Around, folder: ProjectFolder, plan: Plan, ledger: Ledger, observed: Mapping[int, Observation]
) -> Gathered:
    pid, work = folder.pid, around.site.need_work()
    present = LedgerDoor(work, pid).present()
    foreign = foreign_ledgers(around.site, plan)
    sheet = worksheet(folder, plan, ledger, present=present, observed=observed, foreign=foreign)
    threads = tuple(around.threads.get(pid, ()))
    opened = {one.about: one.number for one in threads if one.is_pull and one.state == "open"}
    stands = with_numbers(standing_of(around.site, folder, plan, ledger), opened)
    dates = [row.date for row in sheet.rows]
    since = public_since(folder.project, dates)
    showcase = Showcase(work, pid)
    ungraded = ungraded_rows(sheet.rows)
    known = Known(folder.project, plan, ledger, sheet, around.commits.get(pid, ()), folder.qa.note or "")
    told = exposure(folder.project, dates, around.today, around.site.settings.policies.privacy)
    if around.public:
        known = veil(known, told)
    may_show = not around.public or told is Exposure.ALL
    return Gathered(
        project=known.project,
        plan=known.plan,
        ledger=known.ledger,
        sheet=known.sheet,
        standing=stands,
        who=who_acts(stands.state),
        wants=wants_of(stands, ungraded, threads, around.arriving(pid)),
        events=story(observed, known.ledger.records, known.commits, threads, folder.archive),
        threads=threads,
        is_open=may_show,
        pictures=_pictures(around, showcase, plan) if may_show else None,
        sessions=showcase.sessions if may_show else (),
        archive=folder.archive,
        public=since.isoformat() if since else "",
        ungraded=len(ungraded),
        arriving=around.arriving(pid),
        qa_note=known.qa_note,
        excerpts=None if around.public else _excerpts(showcase, ledger, sheet),
    )


def _pictures(around: Around, showcase: Showcase, plan: Plan) -> dict[str, tuple[Pictures, ...]]:
    """Return the pictures of every unit, linked where they lie, or copied into the site."""
    home = around.store.out / "p" / plan.pid

    def linked(path: Path) -> str:
        if not around.copies:
            return quote(os.path.relpath(path, home))
        name = f"pictures/{path.relative_to(showcase.work)}"
        around.store.copy(f"p/{plan.pid}/{name}", path)
        return quote(name)

    return {unit.name: showcase.of(unit.name, linked) for unit in plan.units}


def _excerpts(showcase: Showcase, ledger: Ledger, sheet: Worksheet) -> dict[str, tuple[str, ...]]:
    """Return the telling lines of the log of every unit whose last attempt failed."""
    failed = {row.name for row in (*sheet.rows, *sheet.combinations) if row.state is Reduced.FAILED}
    last = {one.name: one for one in ledger.records if one.name in failed and one.state is not RunState.GOOD}
    return {
        name: tuple(readable(line, 300) for line in excerpt(showcase.log_tail(one.log))) for name, one in last.items()
    }


class _Writing:
    """Writes pages of one project."""

    def __init__(self, around: Around, pid: str) -> None:
        self.around, self.folder = around, f"p/{pid}"
        self.there = around.store.names(self.folder)
        self.pages: dict[str, str] = {}

    def page(self, name: str, template: str, **values: object) -> None:
        """Have a page ready."""
        self.pages[name] = self.around.render(template, root="../../", public=self.around.public, **values)

    def write(self) -> int:
        """Write the pages, new ones first: what is there may lead to them. Return how many changed."""
        names = sorted(self.pages, key=lambda name: name in self.there)
        return sum(self.around.store.write(f"{self.folder}/{name}", self.pages[name]) for name in names)

    def stale(self, kept: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return what lies there beside the pages."""
        return tuple(sorted(self.around.store.names(self.folder) - self.pages.keys() - set(kept)))


def _broken(around: Around, pid: str, error: LmtBotError) -> Built:
    """Write the page of a project that cannot be read: what is wrong, and nothing else."""
    findings = [str(one) for one in error.findings] if isinstance(error, ProjectError) else []
    places = {str(around.site.need_work()): "WORK_LMT", str(around.site.root): "."}
    told = tuple(readable(_without(one, places), 1000) for one in findings or [str(error)])
    writing = _Writing(around, pid)
    writing.page("index.html", "broken.html.j2", pid=pid, told=() if around.public else told)
    card = Card(
        pid, BROKEN, f"mending what `lmtbot check {pid}` says", PO, semester=semester_of(pid),
        wants=wants_of_broken(pid, len(told)), arriving=around.arriving(pid),
        threads=tuple(one for one in around.threads.get(pid, ()) if one.state == "open"),
    )  # fmt: skip
    return Built(card, (), (), writing.write(), writing.stale())


def _without(text: str, places: Mapping[str, str]) -> str:
    """Return a text with the names of this machine's folders left out: the page may be for everybody."""
    for place, name in places.items():
        text = text.replace(place, name)
    return text


def seen_of(pid: str, sheet: Worksheet, ledger: Ledger) -> Iterator[Seen]:
    """Yield where every obsnum of a project stands, both banks in one."""
    reduced = {one.name: one.ended for one in ledger.records if one.state is RunState.GOOD}
    rows: dict[str, list[str]] = {}
    firsts: dict[str, Row] = {}
    for row in sheet.rows:
        firsts.setdefault(row.name, row)
        told = f"{rms_words(row)} ({number(row.ratio)}×)" if row.ratio is not None else rms_words(row)
        rows.setdefault(row.name, []).extend([told] if told else [])
    for name, row in firsts.items():
        yield Seen(
            int(name), pid, str(row.state), row.grade, " / ".join(rows[name]), readable(row.told, 120),
            reduced.get(name, ""), f"{name}.html",
        )  # fmt: skip


def _card(
    gathered: Gathered, folder: ProjectFolder, observed: Mapping[int, Observation], seen: tuple[Seen, ...]
) -> Card:
    standing, project = gathered.standing, gathered.project
    modes = [row.mode for row in gathered.sheet.rows]
    return Card(
        pid=standing.pid,
        state=str(standing.state),
        waits_for=standing.waits_for,
        who=gathered.who,
        instruments=tuple(dict.fromkeys(mode.partition("/")[0] for mode in modes if mode)),
        semester=semester_of(standing.pid),
        pi=readable(project.pi.name or ", ".join(project.pi.github), 40),
        logins=project.pi.github,
        sources=standing.sources,
        obsnums=standing.obsnums,
        combinations=standing.combinations,
        done=standing.done,
        todo=standing.todo,
        failed=standing.failed,
        ungraded=gathered.ungraded,
        running=standing.running,
        arriving=gathered.arriving,
        observed=max((row.date[:10] for row in gathered.sheet.rows), default=""),
        reduced=max((one.reduced for one in seen), default="")[:19],
        archived=tuple(one.id for one in folder.archive.deposits) if folder.archive else (),
        threads=tuple(one for one in gathered.threads if one.state == "open"),
        wants=gathered.wants,
        events=tuple(reversed(gathered.events))[:CARD_EVENTS],
        nights=nights_of(seen, observed),
        is_open=gathered.is_open,
    )


def as_plain(built: Built) -> dict[str, object]:
    """Return what the site remembers of a project, as plain values."""
    told: dict[str, object] = json.loads(json.dumps(asdict(built), default=str))
    return told


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns, status.st_ino)
