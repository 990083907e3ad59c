"""Two plans of a project -> what a change makes run: lines that are new, change, run again, follow or go away.

Pure values. A chain's line is known by its obsnum and tier, a combination by its source: when an obsnum joins, the
combination has another name and is still the same thing to whoever reads the difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.model.plan import Chain, Plan, Unit
from bot.model.project import Tier


class Kind(StrEnum):
    """What becomes of a run line."""

    NEW = "new"
    CHANGED = "changed"
    AGAIN = "again"
    """It stays as it is, and runs again: a chain runs from its first tier."""
    FOLLOWS = "follows"
    """A combination that is made again, of other members, or of members that are reduced anew."""
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class LineChange:
    """One run line that a change touches."""

    kind: Kind
    name: str
    """Name of its directory: the new one, if there are two."""
    source: str
    tier: Tier | None
    """None for a combination."""
    before: str = ""
    """The line as it was, "" if there was none."""
    after: str = ""
    """The line as it will be, "" if there will be none."""
    blocked: str = ""
    """Why it will not run although it is planned; "" if it may."""
    old_name: str = ""
    """Name of its directory as it was, "" if there was none."""


@dataclass(frozen=True)
class PlanDifference:
    """What becomes of the plan of one project at one level."""

    level: int
    changes: tuple[LineChange, ...] = ()
    """In the order of the new plan, what goes away last."""
    remarks: tuple[str, ...] = ()
    """What the new plan leaves out, and the old one did not say."""
    is_reordered: bool = False
    """The same units stand in another order."""

    @property
    def is_empty(self) -> bool:
        """Say whether the same lines run in the same order, and nothing is done again."""
        return not self.changes and not self.is_reordered

    def of(self, kind: Kind) -> tuple[LineChange, ...]:
        """Return the lines of one kind."""
        return tuple(change for change in self.changes if change.kind is kind)


class Became(StrEnum):
    """What a change makes of a project."""

    NEW = "new"
    CHANGED = "changed"
    FOLLOWS = "follows"
    """Its own files stay; a mosaic of it takes from a project that changes."""
    GONE = "deleted"


@dataclass(frozen=True)
class ProjectDifference:
    """What becomes of one project."""

    pid: str
    became: Became
    levels: tuple[PlanDifference, ...] = ()
    """Of level 1 and of level 2; empty when it cannot be planned."""


Key = tuple[str, str]
"""("chain", obsnum) or ("combination", source)."""


def difference_of(base: Plan, head: Plan) -> PlanDifference:
    """Return what changes between two plans of the same level."""
    before, after = _units(base), _units(head)
    changes = [change for key, unit in after.items() for change in _changes(before.get(key), unit, unit)]
    changes += [change for key, unit in before.items() if key not in after for change in _changes(unit, None, unit)]
    kept = [key for key in after if key in before]
    return PlanDifference(
        level=head.level,
        changes=tuple(changes),
        remarks=tuple(remark for remark in head.remarks if remark not in base.remarks),
        is_reordered=kept != [key for key in before if key in after],
    )


def empty_plan(pid: str, level: int) -> Plan:
    """Return the plan of a project that does not exist."""
    return Plan(pid, level, (), ())


def seems_renamed(base: Plan, head: Plan) -> bool:
    """Say whether a project that goes away and one that is new reduce the same obsnums."""
    return bool(base.chains) and {one.obsnum for one in base.chains} == {one.obsnum for one in head.chains}


def _units(plan: Plan) -> dict[Key, Unit]:
    return {_key(unit): unit for unit in plan.units}


def _key(unit: Unit) -> Key:
    return ("chain", unit.name) if isinstance(unit, Chain) else ("combination", unit.source)


def _changes(before: Unit | None, after: Unit | None, shown: Unit) -> Iterable[LineChange]:
    """Yield what becomes of the lines of one unit, by the names of `shown`; nothing when its digest stays."""
    if before and after and before.digest == after.digest:
        return
    old = {line.tier: str(line) for line in before.lines} if before else {}
    new = {line.tier: str(line) for line in after.lines} if after else {}
    for tier in dict.fromkeys((*new, *old)):
        was, will = old.get(tier, ""), new.get(tier, "")
        blocked = shown.blocked if will else ""
        old_name = before.name if before and was else ""
        yield LineChange(_kind(was, will, tier), shown.name, shown.source, tier, was, will, blocked, old_name)


def _kind(was: str, will: str, tier: Tier | None) -> Kind:
    if not was or not will:
        return Kind.GONE if was else Kind.NEW
    if tier is None:
        return Kind.FOLLOWS
    return Kind.CHANGED if was != will else Kind.AGAIN
