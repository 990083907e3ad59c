"""From a deposit back to where it comes from, and whether what lies in the archive is still what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.doors.ledger import LedgerDoor
from bot.doors.stores import Store
from bot.errors import ProjectError
from bot.model.deposit import Manifest, Parcel
from bot.model.project import Archive, Deposit
from bot.model.record import Record, RunState
from bot.settings import Site
from bot.stages.archive.deposit import known_manifest
from bot.stages.planning import project_ids, read_project

OpenStore = Callable[[str, str], Store]
"""Name of a store and project -> the open store."""


@dataclass(frozen=True)
class Verified:
    """One deposit, as it was found in the archive."""

    deposit: Deposit
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Traced:
    """Where one deposit comes from."""

    pid: str
    archive: Archive
    deposit: Deposit
    parcel: Parcel | None
    """What was sent, where this machine remembers it."""
    record: Record | None
    """The run that made it, where the ledger has it."""


def verify_project(site: Site, pid: str, open_store: OpenStore) -> Iterator[Verified]:
    """Yield every deposit of a project with what is wrong with it; raise ProjectError when nothing is archived."""
    archive = read_project(site, pid).archive
    if archive is None:
        raise ProjectError(f"{pid} is not archived; `lmtbot status {pid}` says what it waits for")
    store = open_store(archive.store, pid)
    store.check()
    for deposit in archive.deposits:
        yield Verified(deposit, store.faults(deposit, _parcel(known_manifest(site, deposit.tag), deposit)))


def trace(site: Site, wanted: str) -> list[Traced]:
    """Return the deposits of this identifier (or PID/NAME, or name) in all projects; raise ProjectError if none is."""
    found = []
    for pid in project_ids(site):
        try:
            archive = read_project(site, pid).archive
        except ProjectError:
            continue
        for deposit in archive.deposits if archive else ():
            if archive and wanted in (deposit.id, deposit.name, f"{pid}/{deposit.name}", deposit.id.partition(":")[2]):
                found.append(_traced(site, pid, archive, deposit))
    if not found:
        raise ProjectError(
            f"{wanted!r}: no archive.yaml names it; give an identifier, PID/NAME, or the name of a product"
        )
    return found


def _traced(site: Site, pid: str, archive: Archive, deposit: Deposit) -> Traced:
    parcel = _parcel(known_manifest(site, deposit.tag), deposit)
    made = parcel.metadata.made if parcel else ""
    records = LedgerDoor(site.need_work(), pid).read().records if site.work else ()
    good = [one for one in records if one.name == deposit.name and one.level == 2]
    same = [one for one in good if one.ended == made and one.state in (RunState.GOOD, RunState.SUPERSEDED)]
    return Traced(pid, archive, deposit, parcel, next(iter(same), None))


def _parcel(manifest: Manifest | None, deposit: Deposit) -> Parcel | None:
    """Return the parcel of a deposit, None where the manifest tells of other files."""
    parcels = manifest.parcels if manifest else ()
    return next((one for one in parcels if (one.name, one.checksum) == (deposit.name, deposit.checksum)), None)
