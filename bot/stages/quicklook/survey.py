"""Where the quick looks stand: what is wanted, what is on record, what was sent. Reads, and changes one thing only:
whether the attempts at an obsnum still count (`retry`).
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.doors.quicklook_store import QuickLookStore
from bot.errors import ProjectError
from bot.formats.record_file import record_name
from bot.model.raw import Arrived
from bot.model.record import Record, RunState
from bot.rules.quicklook import LEVEL, Asked, Sorting, Standing, check_standing, read_standing, sort_out
from bot.settings import Site


@dataclass(frozen=True)
class Survey:
    """Where every observation stands, and with which parameters the next would be reduced."""

    sorting: Sorting
    standing: Standing
    unsent: tuple[Record, ...]
    """Newest first."""
    torn: tuple[str, ...]


def survey(site: Site, arrived: Iterable[Arrived], since: str) -> Survey:
    """Return what would be done now; changes nothing."""
    store = QuickLookStore(site.need_work())
    records, torn = store.read_records()
    sorting = sort_out(arrived, records, what_is_asked(site, store, since))
    return Survey(sorting, read_parameters(site, store), unsent(sorting, store.read_sent()), torn)


def unsent(sorting: Sorting, sent: Mapping[int, str]) -> tuple[Record, ...]:
    """Return the outcomes that have not reached the far side, newest obsnum first."""
    left = [record for obsnum, record in sorting.ended.items() if sent.get(obsnum) != record_name(record)]
    return tuple(sorted(left, key=lambda one: int(one.name), reverse=True))


def read_parameters(site: Site, store: QuickLookStore) -> Standing:
    """Return the standing parameters: those of SLpipeline.in, then those of the settings."""
    return check_standing([*read_standing(store.standing_text()), *site.settings.quicklook.parameters])


def retry(site: Site, obsnum: int | None) -> list[int]:
    """Make an obsnum wanted again, or all that failed; return them. ProjectError when there is nothing to repeat."""
    store = QuickLookStore(site.need_work())
    records, _ = store.read_records()
    if obsnum is None:
        sorting = sort_out((), records, what_is_asked(site, store, ""))
        chosen = sorted(one for one, result in sorting.ended.items() if result.state is not RunState.GOOD)
    else:
        chosen = [obsnum]
    for one in chosen:
        attempts = [record for record in records.get(one, ()) if record.level == LEVEL]
        if not attempts:
            raise ProjectError(
                f"{one}: no quick look was tried, so there is nothing to repeat; see `lmtbot quicklook --status`"
            )
        store.set_aside(one, attempts)
    return chosen


def what_is_asked(site: Site, store: QuickLookStore, since: str) -> Asked:
    """Return what the rules have to know of this site."""
    return Asked(since, site.settings.pipeline.tries, socket.gethostname(), store.read_set_aside())
