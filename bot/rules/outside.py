"""Observations that the log has and no plan reduces: new, left out, held back. Pure: they are seen like all others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.model.site import Seen
from bot.rules.arrival import Arrivals, Why

NEW, LEFT_OUT, HELD = "new in the log", "left out", "held back"
WAITS = "main does not list it yet: its arrival pull request is to be merged"


def outside_of(arrivals: Arrivals, pids: Iterable[str]) -> Mapping[str, tuple[Seen, ...]]:
    """Return {pid: what is seen of it outside of every plan}; only projects of main, `pids`, have a page to link to."""
    known, found = frozenset(pids), dict[str, list[Seen]]()

    def see(obsnum: int, pid: str, state: str, told: str) -> None:
        link = f"index.html#o{obsnum}" if pid in known else ""
        found.setdefault(pid, []).append(Seen(obsnum, pid, state, told=told, link=link))

    for project in arrivals.projects:
        for obsnum in sorted(one for source in project.sources for one in source.obsnums):
            see(obsnum, project.pid, NEW, WAITS)
    for one in arrivals.held:
        if one.obsnum is not None:
            told = one.told if one.why is Why.LEFT_OUT else f"{one.told}; {one.cure}"
            see(one.obsnum, one.pid, LEFT_OUT if one.why is Why.LEFT_OUT else HELD, told)
    return {pid: tuple(its) for pid, its in found.items()}
