"""Receive quick looks: judge what lies in the inbox, unpack, log, renew the last100 page.

Everything can be repeated: killed at any instant and called again, the end is the same. The facts of an obsnum are
kept last, so what is not kept is done again, and every step of it does nothing the second time. Of two quick looks of
one obsnum the later reduced one counts, in whatever order they come; its line in rsync.log stays the first one's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from bot.doors.tapbox import TAP, TapBox, facts_text, open_tapbox
from bot.doors.tapfile import check_tap, clear_beside, unpack_tap
from bot.doors.tapstore import Line, TapStore, arrival
from bot.doors.templates import render_page
from bot.errors import DoorError, ProjectError
from bot.model.quicklook import QuickLook
from bot.report.last100 import Shown, last100
from bot.settings import Site

GOOD, FAILED, KNOWN, REFUSED = "unpacked", "failed quick look", "known already", "refused"

TOLD = 10
"""Faults of facts that are named."""


@dataclass(frozen=True)
class Arrival:
    """One quick look in the inbox, and what becomes of it."""

    facts: Path
    outcome: str
    """GOOD, FAILED, KNOWN or REFUSED."""
    look: QuickLook | None = None
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        """Return what a program wants to know."""
        told = {"obsnum": self.look.obsnum, "pid": self.look.pid} if self.look else {}
        return {"name": self.facts.stem, "outcome": self.outcome, **told, "reason": self.reason}


def tapbox(site: Site, target: str) -> TapBox:
    """Return the box of a target ("", a folder, [user@]host:DIR), as this site is set up."""

    def receive(work: Path) -> dict[str, str]:
        receive_taps(site, work)
        return TapStore(work).reasons()

    return open_tapbox(target, site.need_work(), receive, site.settings.taps)


def look_into(site: Site, work: Path) -> list[Arrival]:
    """Judge everything in the inbox, in order of arrival; change nothing."""
    store = TapStore(work)
    return [_judge(site, store, facts) for facts in store.waiting()]


def receive_taps(site: Site, work: Path) -> list[Arrival]:
    """Receive everything in the inbox and renew the page; what is refused is put aside and does not stop the rest."""
    store = TapStore(work)
    with store.lock():
        store.sweep()
        done = [_receive(site, store, facts) for facts in store.waiting()]
        if done or not store.page.exists():
            store.write_last100(_page(site, store))
        for one in done:
            if one.outcome != REFUSED:
                store.remove(one.facts)
    return done


def _receive(site: Site, store: TapStore, facts: Path) -> Arrival:
    """Take one quick look in, or put it aside."""
    one = _judge(site, store, facts)
    look = one.look
    if look and one.outcome == GOOD:
        try:
            unpack_tap(facts.with_suffix(TAP), store.tap_folder(look.pid, look.obsnum), look, site.settings.taps)
        except ProjectError as error:
            one = Arrival(facts, REFUSED, look, str(error))
    if one.outcome == REFUSED:
        logging.warning("%s: refused: %s", facts.name, one.reason)
        store.refuse(facts, one.reason)
    elif look and one.outcome != KNOWN:
        line = Line(arrival(facts), look.obsnum, look.pid)
        if look.is_good:
            store.append_once(line)
        store.put_first(line)
        store.keep(look.obsnum, facts_text(look))
    return one


def _judge(site: Site, store: TapStore, facts: Path) -> Arrival:
    """Say what becomes of one quick look."""
    try:
        look = QuickLook.model_validate_json(store.read_facts(facts))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:TOLD])
        return Arrival(facts, REFUSED, reason=f"these are no facts of a quick look: {faults}")
    except DoorError as error:
        return Arrival(facts, REFUSED, reason=str(error))
    if facts.name.split(".")[0] != str(look.obsnum):
        return Arrival(facts, REFUSED, reason=f"the facts are of obsnum {look.obsnum}, the file is named otherwise")
    kept = _kept(store, look.obsnum)
    if kept and (kept == look or kept.reduced > look.reduced):
        return Arrival(facts, KNOWN, look)
    if not look.is_good:
        return Arrival(facts, FAILED, look)
    tap = facts.with_suffix(TAP)
    if tap.is_symlink() or not tap.is_file():
        return Arrival(facts, REFUSED, look, f"the TAP {tap.name} did not come with its facts; send both again")
    try:
        check_tap(tap, look, site.settings.taps)
    except ProjectError as error:
        return Arrival(facts, REFUSED, look, str(error))
    return Arrival(facts, GOOD, look)


def _kept(store: TapStore, obsnum: int) -> QuickLook | None:
    """Return the facts that were received last for an obsnum; None: none were, or they cannot be read any more."""
    try:
        return QuickLook.model_validate_json(store.kept(obsnum) or "null")
    except (ValidationError, DoorError):
        return None


def _page(site: Site, store: TapStore) -> str:
    renewed = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return render_page(site.code, "last100.html.j2", page=last100(list(_shown(store)), renewed))


def _shown(store: TapStore) -> Iterator[Shown]:
    """Yield the newest quick looks with what there is to look at."""
    for line in store.recent():
        if look := _kept(store, line.obsnum):
            folder = store.tap_folder(look.pid, look.obsnum)
            clear_beside(folder)
            start = "README.html" if (folder / "README.html").is_file() else ""
            yield Shown(line.arrived, look, has_tap=folder.is_dir(), start=start)
