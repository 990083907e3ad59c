"""The page of a project: its story, its plots, a table a source, its runs. Values in, template values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.model.observation import Observation
from bot.model.plan import Combination, Plan
from bot.model.project import Archive, Project
from bot.model.record import Ledger, Record, RunState
from bot.model.site import PRODUCTS, Event, Pictures, Seen, Thread, Want
from bot.model.worksheet import Reduced, Row, Worksheet
from bot.report.site.plots import Plot, Story, quality_plot, story_plot
from bot.report.site.words import GRADES, MARKS, kind_of, minutes, number, readable, rms_words, semester_of, when
from bot.rules.state import Standing
from bot.rules.timeline import night_of
from bot.rules.work import current_records

MOST_RUNS, MOST_EVENTS = 200, 60
THUMBS = 2
EARLIER = "the products are of an earlier run"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a source's table: an obsnum and bank, or a combination and bank."""

    name: str
    bank: str
    link: str
    state: str
    mark: str
    told: str
    rms: str
    ratio: str
    minutes: str
    tau: str
    observed: str
    grade: int | None
    grade_words: str
    is_accepted: bool
    flags: str
    note: str
    suggestion: str
    thumbs: tuple[tuple[str, str], ...]
    """(link, name) of pictures."""
    members: tuple[str, ...] = ()
    provenance: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One source."""

    source: str
    anchor: str
    modes: str
    note: str
    lines: tuple[Line, ...]
    combinations: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt in the history."""

    name: str
    link: str
    level: int
    attempt: int
    state: str
    is_bad: bool
    started: str
    took: str
    commit: str
    who: str
    host: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Outside:
    """An observation that no plan reduces."""

    obsnum: int
    source: str
    night: str
    state: str
    told: str


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """All that the page shows."""

    pid: str
    title: str
    pi: str
    semester: str
    public: str
    standing: Standing
    kind: str
    who: str
    wants: tuple[Want, ...]
    story: Story | None
    events: tuple[Event, ...]
    plot: Plot | None
    sections: tuple[Section, ...]
    runs: tuple[Run, ...]
    runs_left_out: int
    torn: tuple[str, ...]
    remarks: tuple[str, ...]
    left_out: Mapping[int, str]
    """What the log does not have; the rest stands in `outside`."""
    outside: tuple[Outside, ...]
    threads: tuple[Thread, ...]
    sessions: tuple[str, ...]
    archive: Archive | None
    ungraded: int
    qa_note: str


@dataclass(frozen=True)
class Gathered:
    """What a stage has read of a project."""

    project: Project
    plan: Plan
    ledger: Ledger
    sheet: Worksheet
    standing: Standing
    who: str
    wants: tuple[Want, ...] = ()
    events: tuple[Event, ...] = ()
    threads: tuple[Thread, ...] = ()
    is_open: bool = True
    """Whoever sees the page may see all of it."""
    pictures: Mapping[str, Sequence[Pictures]] | None = None
    """{unit: makings}; None: they may not be shown."""
    sessions: tuple[str, ...] = ()
    archive: Archive | None = None
    public: str = ""
    ungraded: int = 0
    arriving: int = 0
    qa_note: str = ""
    excerpts: Mapping[str, tuple[str, ...]] | None = None
    """{unit: lines of the log that tell why it failed}; None: they may not be shown."""

    def shown(self, name: str) -> Sequence[Pictures]:
        """Return the pictures of a unit that may be shown."""
        return (self.pictures or {}).get(name, ())


def project_page(
    gathered: Gathered, observed: Mapping[int, Observation] | None = None, outside: Sequence[Seen] = ()
) -> ProjectPage:
    """Put the page together; `outside`: what no plan reduces, `observed`: rows of the log."""
    project, standing, rows = gathered.project, gathered.standing, observed or {}
    links = {row.name: f"{row.name}.html" for row in (*gathered.sheet.rows, *gathered.sheet.combinations)}
    records = sorted(gathered.ledger.records, key=lambda one: (one.started or one.ended, one.attempt), reverse=True)
    torn = tuple(readable(one.rpartition("/")[2]) for one in gathered.ledger.torn)
    return ProjectPage(
        pid=standing.pid,
        title=readable(project.title or ""),
        pi=readable(project.pi.name or ", ".join(project.pi.github)),
        semester=semester_of(standing.pid),
        public=gathered.public,
        standing=standing,
        kind=kind_of(standing.state),
        who=gathered.who,
        wants=gathered.wants,
        story=story_plot(gathered.events),
        events=tuple(reversed(gathered.events))[:MOST_EVENTS],
        plot=quality_plot(gathered.sheet.rows, links),
        sections=_sections(gathered),
        runs=tuple(_run(one, links) for one in records[:MOST_RUNS]),
        runs_left_out=max(len(records) - MOST_RUNS, 0),
        torn=torn,
        remarks=gathered.plan.remarks,
        left_out={obsnum: why for obsnum, why in project.left_out.items() if obsnum not in rows},
        outside=tuple(
            _outside(one, (observed or {}).get(one.obsnum)) for one in outside if str(one.obsnum) not in links
        ),
        threads=tuple(one for one in gathered.threads if one.state == "open"),
        sessions=gathered.sessions,
        archive=gathered.archive,
        ungraded=gathered.ungraded,
        qa_note=readable(gathered.qa_note, 1000),
    )


def _outside(seen: Seen, row: Observation | None) -> Outside:
    source, night = (readable(row.source, 60), night_of(row.date_obs)) if row else ("", "")
    return Outside(seen.obsnum, source, night, seen.state, readable(seen.told, 300))


def line_of(row: Row, gathered: Gathered, records: Mapping[str, Record]) -> Line:
    """Return a row of a table."""
    record = records.get(row.name)
    told = row.told if row.state is not Reduced.GOOD else ""
    if row.state is Reduced.FAILED and record is not None:
        told = "; ".join(words for words in (told, EARLIER) if words)
    return Line(
        name=row.name,
        bank="" if row.bank is None else str(row.bank),
        link=f"{row.name}.html",
        state=str(row.state),
        mark=MARKS[row.state],
        told=readable(told),
        rms=rms_words(row),
        ratio=number(row.ratio),
        minutes=minutes(row.inttime_s),
        tau=number(row.tau, 2),
        observed=when(row.date),
        grade=row.grade,
        grade_words=GRADES.get(row.grade or 0, ""),
        is_accepted=row.is_accepted,
        flags=readable(" ".join(row.flags)),
        note=readable(row.note),
        suggestion=suggestion_words(row),
        thumbs=thumbs_of(gathered.shown(row.name), row.bank),
        members=tuple(str(one) for one in row.members),
        provenance=f"{record.commit[:8]} {record.who}".strip() if record else "",
    )


def suggestion_words(row: Row) -> str:
    """Return what the numbers suggest, with the reason."""
    if row.suggestion is None:
        return ""
    grade = "" if row.suggestion.grade is None else f"{row.suggestion.grade}: "
    return readable(f"{grade}{row.suggestion.reason}", 400)


def thumbs_of(makings: Sequence[Pictures], bank: int | None) -> tuple[tuple[str, str], ...]:
    """Return (link, name) of the official pictures to look at first, those of one bank where they tell."""
    official = next((one for one in makings if one.origin == PRODUCTS), None)
    if official is None:
        return ()
    other = "" if bank is None else f"__{1 - bank}"
    its = [(link, name) for name, link in official.links.items() if not other or other not in name]
    return tuple(its[:THUMBS])


def _sections(gathered: Gathered) -> tuple[Section, ...]:
    records = current_records(gathered.ledger)
    combined = {one.source: one for one in gathered.plan.combinations}
    found = []
    for place, (source, its) in enumerate(gathered.project.sources.items()):
        rows = [row for row in gathered.sheet.rows if row.source == source]
        combinations = [row for row in gathered.sheet.combinations if row.source == source]
        modes = dict.fromkeys(row.mode for row in (*rows, *combinations))
        found.append(
            Section(
                source=readable(source),
                anchor=f"source-{place}",
                modes=readable(", ".join(modes) or str(its.mode or gathered.project.mode or "")),
                note=readable(its.note or "") or _blocked(combined.get(source)),
                lines=tuple(line_of(row, gathered, records) for row in rows),
                combinations=tuple(line_of(row, gathered, records) for row in combinations),
            )
        )
    return tuple(found)


def _blocked(combination: Combination | None) -> str:
    return f"its combination cannot run: {combination.blocked}" if combination and combination.blocked else ""


def _run(record: Record, links: Mapping[str, str]) -> Run:
    seconds = sum(one.seconds for one in record.outcomes)
    return Run(
        name=record.name,
        link=links.get(record.name, ""),
        level=record.level,
        attempt=record.attempt,
        state=str(record.state),
        is_bad=record.state in (RunState.FAILED, RunState.STOPPED),
        started=when(record.started),
        took=f"{seconds / 60:.1f}" if record.outcomes else "",
        commit=record.commit[:8],
        who=readable(record.who.partition(" <")[0], 60),
        host=readable(record.host, 60),
        verdict=readable("" if record.state is RunState.GOOD else record.verdict),
    )
