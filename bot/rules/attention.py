"""What needs a human now, and whom: from a project's standing, its files, its QA and its threads. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from bot.model.label import ARRIVAL
from bot.model.label import QA as QA_LABEL
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
    waiting = [one for one in threads if one.state == "open" and one.waits_for]
    about = {one.about: one.number for one in waiting if one.is_pull}
    if ungraded:
        number = f" in #{about[QA_LABEL.name]}" if QA_LABEL.name in about else ""
        found.append(Want(DA, f"{len(ungraded)} to grade{number}", pid, "qa.html", QA))
    if arriving and ARRIVAL.name not in about:
        found.append(Want(PO, f"{arriving} new in the log, not in the project", pid, "", STATE))
    who = who_acts(standing.state)
    told_already = (who == DA and (ungraded or QA_LABEL.name in about)) or (standing.failed and who == PO)
    told_already = told_already or (standing.state is State.ARRIVING and ARRIVAL.name in about)
    if standing.state not in NOT_ASKED and not told_already:
        found.append(Want(who, f"{standing.state}: waits for {standing.waits_for}", pid, "", STATE))
    found += [
        Want(one.waits_for, _thread_words(one), pid, one.url, STATE)
        for one in waiting
        if not (ungraded and one.is_pull and one.about == QA_LABEL.name)
    ]
    return tuple(sorted(found, key=lambda one: -one.weight))


def wants_of_new(known: Collection[str], threads: Iterable[Thread]) -> tuple[Want, ...]:
    """Return what open threads want of projects that main does not have yet."""
    return tuple(
        Want(one.waits_for, _thread_words(one), one.pid, one.url, STATE)
        for one in threads
        if one.pid not in known and one.state == "open" and one.waits_for
    )


def wants_of_broken(pid: str, faults: int) -> tuple[Want, ...]:
    """Return what a project wants whose files cannot be read."""
    told = f"its files cannot be read ({faults} {'fault' if faults == 1 else 'faults'})"
    return (Want(PO, told, pid, "", BROKEN),)


def ungraded_rows(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows with good products that go into a combination and have no grade yet."""
    return tuple(one for one in rows if one.state is Reduced.GOOD and one.is_accepted and not one.is_graded)


def _thread_words(thread: Thread) -> str:
    return f"#{thread.number} {thread.title or thread.about or thread.kind}"


def _units(count: int) -> str:
    return f"{count} {'reduction' if count == 1 else 'reductions'}"
