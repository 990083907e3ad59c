"""The page of an observation or a combination: numbers, pictures, parameters, runs, neighbours. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.model.observation import Observation
from bot.model.plan import Combination, Unit
from bot.model.record import Record, RunState
from bot.model.site import PRODUCTS, Pictures
from bot.model.worksheet import Row
from bot.report.site.plots import Places, Plot
from bot.report.site.project import Gathered, Line, line_of
from bot.report.site.words import MARKS, readable, when
from bot.rules.work import current_records

FACTS = (
    ("nchan", "channels"), ("restfreq", "rest frequency [GHz]"), ("vlsr", "vlsr [km/s]"), ("date", "reduced"),
    ("qagrade", "grade in the products"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """One run line of the chain."""

    tier: str
    words: str
    blocked: str
    exit: str
    took: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, told at length."""

    number: int
    level: int
    state: str
    is_bad: bool
    started: str
    ended: str
    who: str
    commit: str
    host: str
    pipeline: str
    verdict: str


@dataclass(frozen=True, slots=True)
class UnitPage:
    """All that the page shows."""

    pid: str
    name: str
    source: str
    mode: str
    is_combination: bool
    lines: tuple[Line, ...]
    state: str
    mark: str
    told: str
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    """(what, a value a bank)."""
    sky: tuple[tuple[str, str], ...]
    calls: tuple[Call, ...]
    attempts: tuple[Attempt, ...]
    excerpt: tuple[str, ...]
    makings: tuple[Pictures, ...]
    gallery: tuple[tuple[str, str], ...]
    """(link, name) of the first making's pictures."""
    shared: tuple[str, ...]
    """Pictures that at least two makings have."""
    tiers: tuple[str, ...]
    place: Plot | None
    before: str
    after: str
    members: tuple[str, ...]
    part_of: tuple[str, ...]
    are_pictures_shown: bool


def unit_pages(gathered: Gathered, observed: Mapping[int, Observation]) -> list[UnitPage]:
    """Return the page of every unit of the plan, in its order."""
    making = _Making(gathered, observed)
    names = [unit.name for unit in gathered.plan.units]
    around = zip(gathered.plan.units, ["", *names[:-1]], [*names[1:], ""], strict=True)
    return [making.page(unit, before, after) for unit, before, after in around]


class _Making:
    """Looks up what many pages need."""

    def __init__(self, gathered: Gathered, observed: Mapping[int, Observation]) -> None:
        self.gathered, self.observed = gathered, observed
        self.rows: dict[str, list[Row]] = {}
        by_source: dict[str, list[Row]] = {}
        for row in (*gathered.sheet.rows, *gathered.sheet.combinations):
            self.rows.setdefault(row.name, []).append(row)
        for row in gathered.sheet.rows:
            by_source.setdefault(row.source, []).append(row)
        self.sources = {source: Places(its) for source, its in by_source.items()}
        self.links = {name: f"{name}.html" for name in self.rows}
        self.attempts: dict[str, list[Record]] = {}
        for record in sorted(gathered.ledger.records, key=lambda one: (one.started or one.ended, one.attempt)):
            self.attempts.setdefault(record.name, []).append(record)
        self.official = current_records(gathered.ledger)
        self.combinations: dict[int, list[str]] = {}
        for combination in gathered.plan.combinations:
            for member in combination.members:
                self.combinations.setdefault(member.obsnum, []).append(combination.name)

    def page(self, unit: Unit, before: str, after: str) -> UnitPage:
        """Return the page of one unit."""
        rows, attempts = self.rows.get(unit.name, []), self.attempts.get(unit.name, [])
        official = self.official.get(unit.name)
        makings = tuple(self.gathered.shown(unit.name))
        is_combination = isinstance(unit, Combination)
        return UnitPage(
            pid=self.gathered.plan.pid,
            name=unit.name,
            source=readable(unit.source),
            mode=readable(unit.mode),
            is_combination=is_combination,
            lines=tuple(line_of(row, self.gathered, self.official) for row in rows),
            state=str(rows[0].state) if rows else "",
            mark=MARKS[rows[0].state] if rows else "",
            told=readable(rows[0].told, 600) if rows else "",
            facts=_facts(official),
            sky=() if isinstance(unit, Combination) else _sky(self.observed.get(unit.obsnum)),
            calls=_calls(unit, attempts[-1] if attempts else None),
            attempts=tuple(_attempt(one) for one in reversed(attempts)),
            excerpt=(self.gathered.excerpts or {}).get(unit.name, ()),
            makings=makings,
            gallery=tuple((link, name) for name, link in makings[0].links.items()) if makings else (),
            shared=_shared(makings),
            tiers=next((one.rms for one in makings if one.origin == PRODUCTS), ()),
            place=None
            if is_combination or unit.source not in self.sources
            else self.sources[unit.source].of(unit.name),
            before=before,
            after=after,
            members=tuple(str(one.obsnum) for one in unit.members) if isinstance(unit, Combination) else (),
            part_of=() if isinstance(unit, Combination) else tuple(self.combinations.get(unit.obsnum, ())),
            are_pictures_shown=self.gathered.pictures is not None,
        )

    def place(self, unit: Unit) -> Plot | None:
        """Return where an obsnum stands among those of its source."""
        places = self.sources.get(unit.source)
        return places.of(unit.name) if places else None


def _shared(makings: Sequence[Pictures]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for one in makings:
        for name in one.links:
            counts[name] = counts.get(name, 0) + 1
    return tuple(name for name, many in counts.items() if many > 1)


def _facts(record: Record | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    banks = [record.metrics[bank] for bank in sorted(record.metrics)] if record else []
    found = [(words, tuple(readable(_shown(bank.get(key)), 60) for bank in banks)) for key, words in FACTS]
    return tuple((words, values) for words, values in found if any(values))


def _shown(value: object) -> str:
    return f"{value:.8g}" if isinstance(value, float) else str(value if value is not None else "")


def _sky(row: Observation | None) -> tuple[tuple[str, str], ...]:
    if row is None:
        return ()
    told = (
        ("observed [UT]", when(row.date_obs)),
        ("goal", readable(f"{row.goal} {row.pgm}", 60)),
        ("rest frequency [GHz]", _shown(row.restfreq_ghz)),
        ("vlsr [km/s]", _shown(row.vlsr_kms)),
        ("time in the log [s]", _shown(row.tint_s)),
        ("az, el [deg]", f"{row.az_deg:.1f}, {row.el_deg:.1f}" if None not in (row.az_deg, row.el_deg) else ""),
    )
    return tuple((what, value) for what, value in told if value)


def _calls(unit: Unit, last: Record | None) -> tuple[Call, ...]:
    """Return the run lines of today's plan, with how the last attempt's calls of the same words ended."""
    outcomes = {one.line: one for one in last.outcomes} if last else {}
    found = []
    for line in unit.lines:
        outcome = outcomes.get(str(line))
        code = "" if outcome is None else "?" if outcome.exit is None else str(outcome.exit)
        took = "" if outcome is None else f"{outcome.seconds:.0f}"
        found.append(Call(line.tier or "combine", " ".join(line.words), line.blocked, code, took))
    return tuple(found)


def _attempt(record: Record) -> Attempt:
    return Attempt(
        number=record.attempt,
        level=record.level,
        state=str(record.state),
        is_bad=record.state in (RunState.FAILED, RunState.STOPPED),
        started=when(record.started),
        ended=when(record.ended),
        who=readable(record.who.partition(" <")[0], 60),
        commit=record.commit[:8] + ("+" if record.commit.endswith("+") else ""),
        host=readable(record.host, 60),
        pipeline=readable(record.pipeline, 60),
        verdict=readable(record.verdict, 600),
    )
