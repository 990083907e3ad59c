"""Where projects stand: plan and ledger of each, through the one function that derives the state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.doors.ledger import LedgerDoor
from bot.errors import ProjectError
from bot.rules.state import Standing, standing
from bot.settings import Site
from bot.stages.level1 import foreign_ledgers
from bot.stages.planning import read_plan


def standings(site: Site, pids: Iterable[str]) -> Iterator[Standing | ProjectError]:
    """Yield the standing of every project in turn; a project whose files are wrong is its error."""
    for pid in pids:
        try:
            folder, plan = read_plan(site, pid)
        except ProjectError as error:
            yield error
            continue
        door = LedgerDoor(site.need_work(), pid)
        yield standing(
            plan,
            door.read(),
            door.present(),
            sources=len(folder.project.sources),
            is_locked=door.is_locked(),
            foreign=foreign_ledgers(site, plan),
        )
