"""Whether official products are what a plan would make, grades aside: a grade changes a run line, but not the data.

bot.rules.work asks whether a unit has to run again and compares digests, grades included. Here the question is whether
the DA looked at what the plan says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.model.plan import Chain, Plan, Unit
from bot.model.record import Record
from bot.rules.lint.acting import GRADE_KEY


def lines_but_grades(unit: Unit) -> tuple[str, ...]:
    """Return the run lines of a unit without the grades in them."""
    return _but_grades(str(line) for line in unit.lines)


def is_same_work(record: Record, unit: Unit) -> bool:
    """Say whether the attempt called the lines of the unit, grades aside."""
    return _but_grades(record.lines) == lines_but_grades(unit)


def why_stale(
    unit: Unit,
    plan: Plan,
    official: Mapping[str, Record],
    foreign: Mapping[str, Mapping[str, Record]] | None = None,
) -> str:
    """Say why the official products of a unit are not what the plan would make, "" when they are.

    `official` {name: record} is what work.current_records says, `foreign` {pid: the same} of other projects.
    """
    record = official.get(unit.name)
    if record is None:
        return "there are no products"
    if record.digest == unit.digest:
        return ""
    if not is_same_work(record, unit):
        return "its products are of other parameters"
    return _why_members_differ(unit, record, plan, {**(foreign or {}), plan.pid: official})


def _but_grades(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(" ".join(word for word in line.split(" ") if not word.startswith(f"{GRADE_KEY}=")) for line in lines)


def _why_members_differ(unit: Unit, record: Record, plan: Plan, official: Mapping[str, Mapping[str, Record]]) -> str:
    """Say which member of a combination is not the one that was combined: of other lines, or younger."""
    if isinstance(unit, Chain):
        return ""
    if record.members != tuple(member.obsnum for member in unit.members):
        return "its members were others"
    chains = {chain.obsnum: chain for chain in plan.chains}
    for member in unit.members:
        reduced, own = official.get(member.pid, {}).get(str(member.obsnum)), chains.get(member.obsnum)
        is_meant = reduced is not None and reduced.digest == member.digest
        if reduced is not None and own is not None and member.pid == plan.pid:
            is_meant = is_same_work(reduced, own)
        if reduced is None or not is_meant:
            return f"its member {member.obsnum} is not reduced as planned"
        if reduced.ended > record.ended:
            return f"its member {member.obsnum} was reduced again since"
    return ""
