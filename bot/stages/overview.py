"""Where projects stand: plans and ledger of each, through the one function that derives the state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.doors.ledger import LedgerDoor
from bot.errors import ProjectError
from bot.formats.project_file import ProjectFolder
from bot.model.plan import Plan
from bot.model.record import Ledger
from bot.rules.state import Promotion, Standing, standing
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
        yield standing_of(site, folder, plan, LedgerDoor(site.need_work(), pid).read())


def standing_of(site: Site, folder: ProjectFolder, plan: Plan, ledger: Ledger) -> Standing:
    """Return the standing of a project whose files, plan of level 1 and ledger are read already."""
    door = LedgerDoor(site.need_work(), folder.pid)
    _, second = read_plan(site, folder.pid, 2)
    return standing(
        plan,
        ledger,
        door.present(),
        sources=len(folder.project.sources),
        is_locked=door.is_locked(),
        foreign=foreign_ledgers(site, plan),
        promotion=Promotion(second, folder.level2, folder.archive),
    )
