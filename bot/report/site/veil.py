"""What a site for everybody may hold: taken away before a page is made, so that no page thinks of it. Values only.

Nobody outside reads why a run failed: such words name paths and hosts. Of a project that is not public yet, words of
people, commits and run lines go too, and all that was measured where only states may be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.model.plan import Plan
from bot.model.project import Parameters, Project
from bot.model.quicklook import QuickLook
from bot.model.record import Ledger, Record
from bot.model.site import Commit
from bot.model.worksheet import Reduced, Row, Worksheet
from bot.rules.publicity import Exposure, without_numbers
from bot.rules.timeline import tells_of_qa

FAILED = "failed"


@dataclass(frozen=True)
class Known:
    """What pages are made from."""

    project: Project
    plan: Plan
    ledger: Ledger
    sheet: Worksheet
    commits: tuple[Commit, ...] = ()
    qa_note: str = ""


def veil(known: Known, exposure: Exposure) -> Known:
    """Return what of it everybody may see."""
    sheet = known.sheet if exposure.has_numbers else without_numbers(known.sheet)
    is_open = exposure is Exposure.ALL
    rows, combinations = (tuple(_row(row, is_open) for row in rows) for rows in (sheet.rows, sheet.combinations))
    records = tuple(_record(one, exposure) for one in known.ledger.records)
    seen = replace(known, sheet=replace(sheet, rows=rows, combinations=combinations))
    seen = replace(seen, ledger=replace(known.ledger, records=records))
    if is_open:
        return seen
    commits = tuple(replace(one, subject="QA" if tells_of_qa(one.subject) else "changed") for one in known.commits)
    return replace(seen, project=_project(known.project), plan=_plan(known.plan), commits=commits, qa_note="")


def veil_look(look: QuickLook, exposure: Exposure) -> QuickLook:
    """Return what of a quick look everybody may see."""
    if exposure is Exposure.ALL:
        return look
    metrics = {bank: _numbers(its) for bank, its in look.metrics.items()} if exposure.has_numbers else {}
    return look.model_copy(update={"verdict": look.verdict if look.is_good else FAILED, "metrics": metrics})


def _row(row: Row, is_open: bool) -> Row:
    row = replace(row, told="", suggestion=row.suggestion if row.state is Reduced.GOOD else None)
    return row if is_open else replace(row, note="", flags=Parameters())


def _record(record: Record, exposure: Exposure) -> Record:
    hidden: dict[str, Any] = {"verdict": "", "host": "", "log": "", "who": record.who.partition(" <")[0]}
    if exposure is not Exposure.ALL:
        its = {bank: _numbers(numbers) for bank, numbers in record.metrics.items()} if exposure.has_numbers else {}
        hidden |= {"pipeline": "", "metrics": its}
    return record.model_copy(update=hidden)


def _numbers(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metrics.items() if isinstance(value, int | float)}


def _project(project: Project) -> Project:
    sources = {name: its.model_copy(update={"note": None}) for name, its in project.sources.items()}
    left_out = dict.fromkeys(project.left_out, "")
    return project.model_copy(update={"title": None, "sources": sources, "left_out": left_out})


def _plan(plan: Plan) -> Plan:
    chains = tuple(replace(one, lines=()) for one in plan.chains)
    combinations = tuple(replace(one, lines=()) for one in plan.combinations)
    return replace(plan, chains=chains, combinations=combinations, remarks=())
