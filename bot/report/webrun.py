"""What the bot says of a webrun: what it understood, what it refused, the numbers side by side, the session's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.errors import ProjectError
from bot.formats.markdown import code, fence, prose, table
from bot.model.plan import Plan
from bot.model.site import Pictures
from bot.model.webrun import OFFICIAL, Session
from bot.rules.comparison import Compared
from bot.rules.publicity import Exposure
from bot.rules.webrun import Estimate, Understood

MOST_LINES, MOST_ROWS, MOST_PICTURES = 60, 100, 12
HEAD = ("unit", "bank", "state", "rms", "was", "change", "rms / radiometer", "was", "time [s]", "was")
STATES = 3
"""Columns of it without anything that was measured."""
NO_ESTIMATE = "nothing like it was run before, so nobody can say how long it takes"
GUESSED = "; {} of its units were never run, and count as much as the others"


def asked_values(understood: Understood, cost: Estimate, over: Sequence[str]) -> dict[str, Any]:
    """Return what templates/github/webrun.md.j2 says of a request that was understood."""
    lines = [str(line) for unit in understood.plan.units for line in unit.lines]
    more = len(lines) - MOST_LINES
    shown = [*lines[:MOST_LINES], *([f"# and {more} more"] if more > 0 else [])]
    return {
        "placed": [prose(one) for one in understood.placed],
        "base": prose(understood.request.base),
        "units": selection_words(understood.plan),
        "count": len(lines),
        "lines": fence(shown),
        "cost": cost_words(cost),
        "over": [prose(one) for one in over],
        "remarks": [prose(one) for one in understood.plan.remarks],
    }


def selection_words(plan: Plan) -> str:
    """Say in a few words what a plan reduces."""
    sources = dict.fromkeys(unit.source for unit in plan.units)
    named = ", ".join(map(code, list(sources)[:8])) + (", ..." if len(sources) > 8 else "")
    return f"{len(plan.chains)} obsnums and {len(plan.combinations)} combinations of {named}"


def cost_words(cost: Estimate) -> str:
    """Say how long it may take, all lines one after the other."""
    if cost.seconds is None:
        return NO_ESTIMATE
    minutes = cost.seconds / 60
    told = (
        f"{cost.seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
    )
    return f"about {told}, one line after the other" + (GUESSED.format(cost.guessed) if cost.guessed else "")


def mistake_rows(error: ProjectError) -> list[str]:
    """Return every mistake of a request as Markdown, with its cure."""
    if not error.findings:
        return [prose(str(error), 600)]
    rows = []
    for one in error.findings:
        told = prose(one.what, 400) + (f" ({prose(one.why)})" if one.why else "")
        rows.append(f"{told}. **Cure:** {prose(one.cure)}" if one.cure else told)
    return rows


def comparison_table(rows: Sequence[Compared], exposure: Exposure = Exposure.NUMBERS) -> str:
    """Return the numbers side by side as Markdown, or the states alone."""
    told = len(HEAD) if exposure.has_numbers else STATES
    shown = [_row(one)[:told] for one in rows[:MOST_ROWS]]
    more = f"\n\n... and {len(rows) - MOST_ROWS} more." if len(rows) > MOST_ROWS else ""
    return table(HEAD[:told], shown) + more


def _row(one: Compared) -> list[str]:
    bank, state, *numbers = _cells(one)
    return [code(one.name), bank, prose(state, 120), *numbers]


def number(value: float | None) -> str:
    """Return a number as tables show it."""
    return "-" if value is None else f"{value:.4g}"


def percent(change: float | None) -> str:
    """Return a change of noise as tables show it."""
    return "-" if change is None else f"{100 * change:+.1f} %"


def taken_words(session: Session) -> str:
    """Say what was deleted with a session."""
    if session.taken is None:
        return "there was nothing of it"
    return f"{session.taken.files} files with {session.taken.bytes:,} bytes are gone; nothing outside was touched"


def session_links(products: str, session: Session) -> dict[str, str]:
    """Return {words: address} of where to look at a session; {} where the site has no address."""
    if not products:
        return {}
    place = f"{products}/{quote(session.pid)}"
    return {"the session's page, pictures side by side": f"{place}/{session.name}/index.html", "official": f"{place}/"}


@dataclass(frozen=True)
class Shown:
    """One unit on the session's page."""

    name: str
    source: str
    rows: tuple[tuple[str, ...], ...]
    pairs: tuple[tuple[str, str, str], ...]
    """(name of the picture, the session's, the other's or "")."""


def page_values(
    session: Session, plan: Plan, rows: Sequence[Compared], pictures: Callable[[str], Sequence[Pictures]],
    other: str = OFFICIAL,
) -> dict[str, Any]:  # fmt: skip
    """Return what templates/site/session.html.j2 is filled in with. `pictures`: of a unit, by origin."""
    of_unit: dict[str, list[Compared]] = {}
    for row in rows:
        of_unit.setdefault(row.name, []).append(row)
    units = [_shown(unit.name, unit.source, of_unit.get(unit.name, ()), pictures(unit.name), session.name, other)
             for unit in plan.units]  # fmt: skip
    steps = [" ".join(step.parameters) + (f" (tier {', '.join(step.tiers)})" if step.tiers else "")
             for step in session.steps]  # fmt: skip
    return {
        "session": session,
        "steps": [one for one in steps if one],
        "units": units,
        "other": other,
        "head": HEAD[1:],
    }


def _shown(
    name: str, source: str, rows: Sequence[Compared], pictures: Sequence[Pictures], own: str, other: str
) -> Shown:
    links: Mapping[str, Mapping[str, str]] = {one.origin: one.links for one in pictures}
    mine, theirs = links.get(own, {}), links.get(other, {})
    shared = sorted(mine, key=lambda one: one not in theirs)
    pairs = tuple((one, mine[one], theirs.get(one, "")) for one in shared[:MOST_PICTURES])
    return Shown(name, source, tuple(_cells(one) for one in rows), pairs)


def _cells(one: Compared) -> tuple[str, ...]:
    own, other = one.own, one.other
    rms = f"{number(own.rms)} {own.unit}".strip()
    beside = (own.ratio, other.ratio, own.inttime_s, other.inttime_s)
    return (one.bank or "all", one.state, rms, number(other.rms), percent(one.change), *map(number, beside))
