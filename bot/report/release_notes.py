"""The words of a release: what it archives, what it leaves out, and what still keeps it from being archived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.model.deposit import Metadata, ReleaseTag
from bot.model.plan import Plan, Unit
from bot.rules.archive import Reason
from bot.rules.publicity import Exposure

MOST_ROWS = 200
"""Observations that the notes list; GitHub takes 125,000 characters."""


def notes_values(
    tag: ReleaseTag,
    commit: str,
    plan: Plan,
    units: Sequence[Unit],
    described: Mapping[str, Metadata | tuple[str, ...]],
    left_out: Mapping[str, str],
    refused: Iterable[Reason],
    exposure: Exposure = Exposure.NUMBERS,
) -> dict[str, Any]:
    """Return what templates/github/release.md.j2 is filled in with."""
    known = [told for unit in units if isinstance(told := described.get(unit.name), Metadata)]
    return {
        "tag": str(tag),
        "pid": tag.pid,
        "commit": commit,
        "digest": plan.digest,
        "title": next((one.title for one in known), ""),
        "pi": next((one.pi for one in known), ""),
        "public": next((one.public.isoformat() for one in known), ""),
        "observations": sum(one.kind == "observation" for one in known),
        "combinations": sum(one.kind == "combination" for one in known),
        "has_numbers": exposure.has_numbers,
        "rows": [_row(one) for one in known[:MOST_ROWS]],
        "more": max(len(known) - MOST_ROWS, 0),
        "lines": sum(len(unit.lines) for unit in plan.units),
        "left_out": dict(left_out),
        "refused": [str(one) for one in refused],
    }


def _row(told: Metadata) -> dict[str, str]:
    name = told.identifier.rpartition("/")[2]
    noise = ", ".join(f"{one.rms:.3g} {one.rms_unit}" for one in told.bands if one.rms is not None)
    grades = ", ".join(str(one.grade) for one in told.bands)
    return {
        "name": name,
        "source": told.source,
        "mode": told.mode,
        "observed": told.observed[:10],
        "time": f"{told.integration_s:.0f} s",
        "rms": noise,
        "grades": grades,
    }
