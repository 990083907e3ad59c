"""The result of a trial in a comment: its numbers beside the official ones, and where to look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bot.formats.markdown import code, prose, table
from bot.model.plan import Plan, Unit
from bot.model.record import Ledger, Record, RunState
from bot.rules.publicity import Exposure
from bot.rules.work import current_record, last_attempt

SHOWN = ("rms", "rms0", "inttime", "tau")
MOST_ROWS = 100


def trial_values(
    plan: Plan,
    units: Sequence[Unit],
    trial: Ledger,
    official: Ledger,
    *,
    login: str,
    official_url: str,
    trial_url: str,
    exposure: Exposure = Exposure.NUMBERS,
) -> dict[str, str]:
    """Return what templates/github/trial.md.j2 is filled in with; rms in mK for SEQ/Map, else in K."""
    rows, shown = [], SHOWN if exposure.has_numbers else ()
    for unit in units[:MOST_ROWS]:
        record = last_attempt(trial, unit, plan.level)
        state = _state(record)
        for bank in _banks(record):
            now, before = _metrics(record, bank), _metrics(current_record(official, unit.name), bank)
            cells = [f"{_number(now.get(key))} ({_number(before.get(key))})" for key in shown]
            bases = {"trial": trial_url, "official": official_url}
            links = [_link(words, base, plan.pid, unit.name) for words, base in bases.items()]
            rows.append([code(unit.name), prose(bank), state, *cells, " ".join(one for one in links if one)])
    more = f"\n\n... and {len(units) - MOST_ROWS} more." if len(units) > MOST_ROWS else ""
    head = ["unit", "bank", "state", *(f"{key} (official)" for key in shown), "look"]
    good = sum(_is_good(last_attempt(trial, unit, plan.level)) for unit in units)
    title = f"Trial of {prose(plan.pid)} for {prose(login)}: {good} of {len(units)} units are good"
    return {"title": title, "table": table(head, rows) + more}


def _is_good(record: Record | None) -> bool:
    return record is not None and record.state is RunState.GOOD


def _state(record: Record | None) -> str:
    if record is None:
        return "not run"
    return "good" if record.state is RunState.GOOD else f"{record.state}: {prose(record.verdict)}"


def _banks(record: Record | None) -> list[str]:
    return sorted(record.metrics) if record and record.metrics else ["all"]


def _metrics(record: Record | None, bank: str) -> dict[str, Any]:
    return record.metrics.get(bank, {}) if record else {}


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "-"


def _link(words: str, base: str, pid: str, name: str) -> str:
    return f"[{words}]({base}/{quote(pid)}/{quote(name)}/README.html)" if base else ""
