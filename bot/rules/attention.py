"""What needs a human now, and whom: from a project's standing, its files, its QA and its threads. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.model.site import Thread, Want
from bot.model.worksheet import Reduced, Row
from bot.rules.state import Standing, State

PO, DA, PI, NOBODY = "PO", "DA", "PI", "nobody"
ACTS = {
    State.EMPTY: NOBODY,
    State.NEW: PO,
    State.ARRIVING: PO,
    State.LEVEL1_RUNNING: NOBODY,
    State.LEVEL1_PARTLY: PO,
    State.LEVEL1_FAILED: PO,
    State.IN_QA: DA,
    State.APPROVED: PO,
    State.LEVEL2_RUNNING: NOBODY,
    State.LEVEL2_FAILED: PO,
    State.DONE: PO,
    State.STALE: PO,
    State.ARCHIVED: NOBODY,
}
"""Who has to act for a project in this state to go on."""
BROKEN, FAILED, TORN, STATE, QA = 50, 40, 30, 20, 10
NOT_ASKED = (State.EMPTY, State.LEVEL1_RUNNING, State.LEVEL2_RUNNING, State.ARCHIVED)


def who_acts(state: str) -> str:
    """Return who has to act: PO, DA, PI or nobody; a state that nobody knows here is the PO's."""
    return ACTS[State(state)] if state in set(State) else PO


def wants_of(
    standing: Standing, ungraded: Sequence[Row], threads: Iterable[Thread] = (), arriving: int = 0
) -> tuple[Want, ...]:
    """Return what a project wants of people, the gravest first."""
    pid, found = standing.pid, []
    if standing.failed:
        found.append(Want(PO, f"{_units(standing.failed)} failed: look, mend, run again", pid, "#failed", FAILED))
    if standing.torn:
        told = f"{standing.torn} {'record' if standing.torn == 1 else 'records'} of runs cannot be read"
        found.append(Want(PO, told, pid, "#runs", TORN))
    if ungraded:
        found.append(Want(DA, f"{len(ungraded)} to grade", pid, "qa.html", QA))
    if arriving:
        found.append(Want(PO, f"{arriving} new in the log, not in the project", pid, "", STATE))
    who = who_acts(standing.state)
    told_already = (who == DA and ungraded) or (standing.failed and who == PO)
    if standing.state not in NOT_ASKED and not told_already:
        found.append(Want(who, f"{standing.state}: waits for {standing.waits_for}", pid, "", STATE))
    found += [
        Want(one.waits_for, f"#{one.number} {one.title}", pid, one.url, STATE)
        for one in threads
        if one.state == "open" and one.waits_for
    ]
    return tuple(sorted(found, key=lambda one: -one.weight))


def wants_of_broken(pid: str, faults: int) -> tuple[Want, ...]:
    """Return what a project wants whose files cannot be read."""
    told = f"its files cannot be read ({faults} {'fault' if faults == 1 else 'faults'})"
    return (Want(PO, told, pid, "", BROKEN),)


def ungraded_rows(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows with good products that go into a combination and have no grade yet."""
    return tuple(one for one in rows if one.state is Reduced.GOOD and one.is_accepted and not one.is_graded)


def _units(count: int) -> str:
    return f"{count} {'reduction' if count == 1 else 'reductions'}"
