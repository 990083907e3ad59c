"""The quality assurance of a project: the worksheet that the DA works from, entries for what has no grade yet, and why
the verdict is not complete. Pure: folder, plan and ledger in, values and text out.

The grade of a row is the one that the pipeline would be told, as bot.rules.lines puts it on the run line: said for the
bank, or for the obsnum as a whole where no bank has a tier of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.formats.project_file import QA_FILE, ProjectFolder
from bot.formats.yaml_edit import add_grades
from bot.model.observation import Observation
from bot.model.plan import Chain, Combination, Plan, Unit
from bot.model.project import Bank, BankVerdict, Parameters, Verdict
from bot.model.record import Ledger, Record, RunState
from bot.model.worksheet import Reduced, Row, Worksheet
from bot.rules.freshness import is_same_work, lines_but_grades, why_stale
from bot.rules.lines import is_combined
from bot.rules.lint.acting import GRADE_KEY, has_two_banks
from bot.rules.lint.verdicts import grade_of
from bot.rules.radiometer import expectation_ratio, positive, rms_unit
from bot.rules.suggestions import with_suggestions
from bot.rules.work import current_records

FAIL, PIPELINE_FAIL = -2, -1
STILL_COMBINED = f"graded {FAIL} (fail) and still combined"
MOST_NAMED = 12
"""With one reason."""
BANKS: tuple[Bank, ...] = (0, 1)


def worksheet(
    folder: ProjectFolder,
    plan: Plan,
    ledger: Ledger,
    *,
    main: Plan | None = None,
    present: Collection[str] | None = None,
    observed: Mapping[int, Observation] | None = None,
    foreign: Mapping[str, Ledger] | None = None,
    better: Mapping[str, str] | None = None,
) -> Worksheet:
    """Put the worksheet together.

    `folder` and `plan` are those of the QA branch. `main` is the plan of level 1 that the products are measured by,
    main's; without it `plan` is. `present`: directories that are there, None where nobody looked; `observed`: the log's
    rows; `foreign`: ledgers of other projects by pid; `better`: {name: digest} of main's plan of level 2, whose
    products are as good (as rules.work.divide wants it).
    """
    making = _Making(folder, main or plan, ledger, present, observed or {}, foreign or {}, better or {})
    sources = {name: place for place, name in enumerate(folder.project.sources)}
    rows = [row for chain in plan.chains for row in making.rows(chain)]
    rows.sort(
        key=lambda row: (sources.get(row.source, len(sources)), not row.date, row.date, int(row.name), row.bank or 0)
    )
    combined = [row for one in plan.combinations for row in making.rows(one)]
    return Worksheet(plan.pid, with_suggestions(rows), with_suggestions(combined))


def propose(qa_text: str, sheet: Worksheet, folder: ProjectFolder, *, name: str = QA_FILE) -> str:
    """Return qa.yaml with `grade: 0` for every obsnum that has no grade, under `banks` where each bank has its own."""
    places = [
        (int(row.name), row.bank if _is_graded_by_bank(folder, int(row.name)) else None)
        for row in sheet.rows
        if row.grade is None
    ]
    return add_grades(qa_text, dict.fromkeys(places), 0, name=name)


def qa_faults(
    folder: ProjectFolder, plan: Plan, sheet: Worksheet, unprocessed: Mapping[int, str] | None = None
) -> tuple[str, ...]:
    """Say why the verdict on a project is not complete; () when it is.

    `unprocessed` {obsnum: reason}: observations of the project that nothing reduces; "" is no reason. Combinations
    need no grade.
    """
    failed = _failed(sheet.rows)
    told = [(row.label, _why_not_complete(row)) for row in sheet.rows]
    told += [(row.name, STILL_COMBINED) for row in sheet.rows if row.is_accepted and row.name in failed]
    told += [(row.name, _not_good(row)) for row in sheet.combinations if _is_missing(row)]
    told += [
        (unit.name, f"cannot run: {unit.blocked}") for unit in plan.units if unit.blocked and unit.name not in failed
    ]
    planned = {chain.obsnum for chain in plan.chains}
    listed = {one.obsnum: source for source, its in folder.project.sources.items() for one in its.obsnums}
    told += [(str(one), f"no tier of {source} runs it") for one, source in listed.items() if one not in planned]
    explained = {*listed, *folder.project.left_out, *(one for one, reason in (unprocessed or {}).items() if reason)}
    told += [(str(one), "not processed, and nothing says why") for one in unprocessed or {} if one not in explained]
    return tuple(_by_reason(told))


def _by_reason(told: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield every reason once, with those that it holds for."""
    labels: dict[str, dict[str, None]] = {}
    for label, why in told:
        labels.setdefault(why, {})[label] = None
    for why, found in labels.items():
        rest = len(found) - MOST_NAMED
        if why:
            yield f"{why}: {', '.join(list(found)[:MOST_NAMED])}" + (f" and {rest} more" if rest > 0 else "")


def _failed(rows: Iterable[Row]) -> set[str]:
    """Return the obsnums of which every bank is graded as failed."""
    grades: dict[str, set[int | None]] = {}
    for row in rows:
        grades.setdefault(row.name, set()).add(row.grade)
    return {name for name, found in grades.items() if found == {FAIL}}


def _is_missing(row: Row) -> bool:
    """Say whether somebody still has to see to the products: level 1, or the DA.

    What failed or was never made with main's lines, and gets other ones on this branch, is level 2's to make.
    """
    if row.state in (Reduced.GOOD, Reduced.BLOCKED) or row.grade == FAIL:
        return False
    return row.state in (Reduced.STALE, Reduced.RUNNING) or not row.is_changed


def _why_not_complete(row: Row) -> str:
    if _is_missing(row):
        return f"{_not_good(row)} (mend it, or fail it)"
    if row.is_accepted and not row.is_graded:
        return "combined and not graded"
    return f"graded {PIPELINE_FAIL}, which is the pipeline's grade" if row.grade == PIPELINE_FAIL else ""


def _not_good(row: Row) -> str:
    return f"{row.state}: {row.told}" if row.told else str(row.state)


def _is_graded_by_bank(folder: ProjectFolder, obsnum: int) -> bool:
    """Say whether the banks of an obsnum have grades of their own: a tier for each, or said so already."""
    verdict = folder.qa.obsnums.get(obsnum, Verdict())
    said = any(grade_of(banked) is not None for banked in verdict.banks.values())
    return said or _has_bank_tiers(folder, obsnum)


def _has_bank_tiers(folder: ProjectFolder, obsnum: int) -> bool:
    sources = folder.project.sources.values()
    return any(has_two_banks(one) and any(obsnum == its.obsnum for its in one.obsnums) for one in sources)


class _Making:
    """One walk over the units of a plan."""

    def __init__(
        self,
        folder: ProjectFolder,
        main: Plan,
        ledger: Ledger,
        present: Collection[str] | None,
        observed: Mapping[int, Observation],
        foreign: Mapping[str, Ledger],
        better: Mapping[str, str],
    ) -> None:
        self.qa = folder.qa
        self.main = main
        self.observed = observed
        self.better = better
        official = current_records(ledger)
        self.official = {name: one for name, one in official.items() if present is None or name in present}
        self.foreign = {pid: current_records(other) for pid, other in foreign.items()}
        self.attempts: dict[str, list[Record]] = {}
        for record in ledger.records:
            self.attempts.setdefault(record.name, []).append(record)
        self.chains = {chain.obsnum: chain for chain in main.chains}
        self.combinations = {one.source: one for one in main.combinations}
        sources = folder.project.sources.values()
        self.accepted = {one.obsnum for source in sources for one in source.obsnums if is_combined(one, self.qa)}
        self.two_banks = {one.obsnum for source in sources if has_two_banks(source) for one in source.obsnums}

    def rows(self, unit: Unit) -> Iterator[Row]:
        """Yield one row a bank; one without a bank where there are no two."""
        wanted = self.wanted(unit)
        record = self.official.get(wanted.name)
        state, told = self.state(wanted)
        metrics: Mapping[str, Mapping[str, Any]] = record.metrics if record else {}
        is_changed = lines_but_grades(unit) != lines_but_grades(wanted)
        for bank in self.banks(unit, metrics):
            numbers = next(iter(metrics.values()), {}) if bank is None else metrics.get(str(bank), {})
            row = _measured(unit, bank, numbers, self.seen(unit))
            yield replace(row, state=state, told=told, is_changed=is_changed, **self.verdict(unit, bank))

    def wanted(self, unit: Unit) -> Unit:
        """Return what level 1 was to make of the unit: a combination may have other members on the branch."""
        if isinstance(unit, Chain):
            return self.chains.get(unit.obsnum, unit)
        return self.combinations.get(unit.source, unit)

    def seen(self, unit: Unit) -> Observation | None:
        return self.observed.get(unit.obsnum) if isinstance(unit, Chain) else None

    def is_by_bank(self, unit: Unit) -> bool:
        """Say whether a word on the whole reaches bank 0 only."""
        return isinstance(unit, Chain) and unit.obsnum in self.two_banks

    def banks(self, unit: Unit, metrics: Mapping[str, object]) -> tuple[Bank | None, ...]:
        return BANKS if self.is_by_bank(unit) or {"0", "1"} <= set(metrics) else (None,)

    def state(self, unit: Unit) -> tuple[Reduced, str]:
        """Return how the official products of a unit stand, and why they are not good."""
        attempts = self.attempts.get(unit.name, [])
        if any(record.state.is_open for record in attempts):
            return Reduced.RUNNING, ""
        stale = why_stale(unit, self.main, self.official, self.foreign)
        if not stale or (unit.name in self.official and self.official[unit.name].digest == self.better.get(unit.name)):
            return Reduced.GOOD, ""
        if unit.blocked:
            return Reduced.BLOCKED, unit.blocked
        same = [record for record in attempts if is_same_work(record, unit)]
        last = max(same, key=lambda record: (record.started, record.attempt), default=None)
        if last is not None and last.state in (RunState.FAILED, RunState.STOPPED):
            return Reduced.FAILED, last.verdict
        return (Reduced.STALE, stale) if unit.name in self.official else (Reduced.NEVER, "")

    def verdict(self, unit: Unit, bank: Bank | None) -> dict[str, Any]:
        """Return the fields of a row that qa.yaml says."""
        found = self.qa.obsnums.get(unit.obsnum) if isinstance(unit, Chain) else self.qa.combinations.get(unit.name)
        verdict = found or Verdict()
        banked = verdict.banks.get(bank or 0, BankVerdict())
        whole = Verdict() if bank == 1 and self.is_by_bank(unit) else verdict
        own = grade_of(banked)
        return {
            "grade": grade_of(whole) if own is None else own,
            "flags": Parameters((*whole.flags, *banked.flags)),
            "note": "; ".join(note for note in (verdict.note, banked.note) if note),
            "is_accepted": not isinstance(unit, Chain) or unit.obsnum in self.accepted,
        }


def _measured(unit: Unit, bank: Bank | None, numbers: Mapping[str, Any], seen: Observation | None) -> Row:
    """Return a row with what the products tell, and the log where they do not."""
    rms, previous = positive(numbers, "rms"), str(numbers.get(GRADE_KEY, ""))
    return Row(
        name=unit.name,
        bank=bank,
        source=unit.source,
        mode=unit.mode,
        state=Reduced.NEVER,
        date=str(numbers.get("date_obs") or (seen.date_obs if seen else "")),
        inttime_s=positive(numbers, "inttime") or (seen.tint_s if seen else None),
        tau=positive(numbers, "tau"),
        rms=rms,
        unit=rms_unit(numbers) if rms else "",
        ratio=expectation_ratio(numbers),
        previous=int(previous) if re.fullmatch(r"-?[0-9]", previous) else None,
        members=tuple(one.obsnum for one in unit.members) if isinstance(unit, Combination) else (),
    )
