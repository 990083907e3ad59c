"""Build the site: what changed is read again and written, everything else stands as it is.

Order: style and script, the pages of the projects that changed, nights, last100, feeds, the index, each time new pages
before those that may lead to them; then what nobody has any more goes. Each file takes the place of the old one whole:
who comes from the index while a build goes on, or after one was killed, finds every link. The next one ends it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bot import __version__
from bot.doors.clock import now
from bot.doors.git_history import project_commits
from bot.doors.github import GitHub
from bot.doors.index import ask_index
from bot.doors.logfile import LOG_FILE
from bot.doors.site_store import SiteStore
from bot.doors.templates import PageMaker, template_file
from bot.doors.workers import spread
from bot.errors import LmtBotError
from bot.model.site import Card, Seen, Thread
from bot.report.last100 import Shown
from bot.report.site.feed import feed_of
from bot.report.site.index import IndexPage, Newest, index_page, newest_events, sum_nights
from bot.report.site.veil import veil_look
from bot.report.site.words import when
from bot.rules.arrival import Arrivals
from bot.rules.attention import wants_of_new
from bot.rules.outside import outside_of
from bot.rules.publicity import Exposure
from bot.settings import Site
from bot.stages.arrival import index_folder, look
from bot.stages.planning import project_ids
from bot.stages.site.nights import Nights, quick_looks, write_last100
from bot.stages.site.project import FEED, Around, Built, as_plain, build_project, stamp_of
from bot.stages.site.threads import Threads, renew_threads

ASSETS = ("site.css", "site.js")
MANY = 8
"""Fewer projects than this are not worth other processes."""
_CARD: TypeAdapter[Card] = TypeAdapter(Card)
_SEEN: TypeAdapter[tuple[Seen, ...]] = TypeAdapter(tuple[Seen, ...])


@dataclass(frozen=True)
class SiteRequest:
    """What is asked for."""

    out: Path
    public: bool = False
    everything: bool = False
    """Build every page anew, whatever is remembered."""
    base: str = ""
    """Address of the site, for feeds."""
    wait_s: float = math.inf
    """How long another build of the same site is waited for."""


@dataclass(frozen=True)
class SiteReport:
    """What a build did."""

    out: Path
    projects: int
    rebuilt: tuple[str, ...]
    written: int
    """Files that changed or went."""
    threads: str = ""
    """What is to be said of pull requests and issues, "" where they are as GitHub has them."""


@dataclass(frozen=True)
class _Known:
    """What is remembered of a project."""

    stamp: str
    card: Card
    seen: tuple[Seen, ...]
    needs: tuple[str, ...]
    stale: tuple[str, ...]


def default_out(site: Site, *, public: bool) -> Path:
    """Return where the site lies: beside the results, so that their pictures are links."""
    return site.need_work() / ("site-public" if public else "site")


def build_site(site: Site, request: SiteRequest, github: GitHub | None = None) -> SiteReport:
    """Bring the site up to date. Raises Busy when somebody else builds it for longer than we wait.

    `github`: it is asked for pull requests and issues; None: those of the last time stand.
    """
    store = SiteStore(request.out)
    site.need_work_there()
    with store.lock(request.wait_s):
        pids = project_ids(site)
        arrivals = _arrivals(site, public=request.public)
        outside = outside_of(arrivals, pids)
        threads = renew_threads(store, github, pids, public=request.public)
        around = _around(site, request, store, outside, threads)
        written = sum(_write_asset(site, store, name) for name in ASSETS) + store.write(".nojekyll", "")
        known = {pid: one for pid in pids if (one := _remembered(store, pid))}
        stamps = {pid: stamp_of(around, pid, known[pid].needs if pid in known else ()) for pid in pids}
        changed = [pid for pid in pids if request.everything or pid not in known or known[pid].stamp != stamps[pid]]
        touched = {night for pid in changed if pid in known for night in known[pid].card.nights}
        for pid, built in spread(partial(build_project, around), changed, at_least=MANY):
            written += built.written
            known[pid] = _remember(around, pid, built)
        cards = [known[pid].card for pid in pids]
        seen = {one.obsnum: one for its in outside.values() for one in its}
        seen |= {one.obsnum: one for pid in pids for one in known[pid].seen}
        nights = Nights(around, seen, frozenset(pids), arrivals.held)
        written += nights.write(touched | {night for pid in changed for night in known[pid].card.nights})
        written += _write_tops(around, cards, nights, threads)
        written += nights.clear() + sum(_clear(store, pid, known[pid]) for pid in pids if known[pid].stale)
        written += store.keep_only("p", set(pids))
        store.forget_states("p", set(pids))
    return SiteReport(request.out, len(pids), tuple(changed), written, threads.told)


def _around(
    site: Site, request: SiteRequest, store: SiteStore, outside: Mapping[str, tuple[Seen, ...]], threads: Threads
) -> Around:
    by_pid: dict[str, list[Thread]] = {}
    for thread in threads.its:
        by_pid.setdefault(thread.pid, []).append(thread)
    return Around(
        site=site,
        render=PageMaker(template_file(site.code, "site/base.html.j2").parent),
        log=_log_of(site),
        store=store,
        today=datetime.now(UTC).date(),
        public=request.public,
        base=request.base and request.base.rstrip("/") + "/",
        made_by=_made_by(site),
        commits=project_commits(site.root),
        threads={pid: tuple(its) for pid, its in by_pid.items()},
        outside=outside,
    )


def _arrivals(site: Site, *, public: bool) -> Arrivals:
    """Return what the log has and the projects do not; on a public site no words of files tell why."""
    log = site.data / LOG_FILE if site.data else None
    if log is None or not log.is_file():
        return Arrivals()
    try:
        found = look(site, log)
    except LmtBotError:
        return Arrivals()
    return replace(found, held=tuple(replace(one, told=str(one.why)) for one in found.held)) if public else found


def _log_of(site: Site) -> Path | None:
    """Return the observation log with an index that is up to date; None where there is no log."""
    log = site.data / LOG_FILE if site.data else None
    if log is None or not log.is_file():
        return None
    path = log.resolve()
    ask_index(index_folder(site), lambda index: index.log.update(path))
    return path


def _remembered(store: SiteStore, pid: str) -> _Known | None:
    told = store.read_state(f"p/{pid}")
    try:
        return _Known(
            str(told["stamp"]), _CARD.validate_python(told["card"]), _SEEN.validate_python(told["seen"]),
            tuple(told["needs"]), tuple(told["stale"]),
        )  # fmt: skip
    except (TypeError, KeyError, ValidationError):
        return None


def _remember(around: Around, pid: str, built: Built) -> _Known:
    """Keep what a project's pages were made from; the stamp is taken again, for now its needs are known."""
    stamp = stamp_of(around, pid, built.needs)
    around.store.write_state(f"p/{pid}", {"stamp": stamp, **as_plain(built)})
    return _Known(stamp, built.card, built.seen, built.needs, built.stale)


def _clear(store: SiteStore, pid: str, known: _Known) -> int:
    """Remove the pages that a project no longer has, now that no other page leads to them."""
    gone = store.remove(f"p/{pid}", known.stale)
    store.write_state(f"p/{pid}", {**store.read_state(f"p/{pid}"), "stale": ()})
    return gone


def _write_tops(around: Around, cards: Sequence[Card], nights: Nights, threads: Threads) -> int:
    """Write what stands above the projects; the index last."""
    store, render = around.store, around.render
    looks = _for_everybody(around, quick_looks(around), cards) if around.public else quick_looks(around)
    written = write_last100(around, looks)
    events = newest_events(cards)
    feed = feed_of("LMT: all projects", events, around.base, own=FEED, home="index.html")
    written += store.write(FEED, render("feed.xml.j2", root="", feed=feed))
    page = index_page(
        cards,
        now()[:16].replace("T", " "),
        looks=[(one.arrived, one.look) for one in looks],
        on_cluster=_newest_here(nights),
        nights=sum_nights(cards, nights.counts),
        wants=wants_of_new({card.pid for card in cards}, threads.its),
        threads_told=threads.told,
        is_public=around.public,
    )
    return written + _write_index(around, page)


def _for_everybody(around: Around, looks: Sequence[Shown], cards: Sequence[Card]) -> list[Shown]:
    opened, closed = {card.pid for card in cards if card.is_open}, Exposure(around.site.settings.policies.privacy)
    told = ((one, Exposure.ALL if one.look.pid in opened else closed) for one in looks)
    return [replace(one, look=veil_look(one.look, exposure)) for one, exposure in told]


def _write_index(around: Around, page: IndexPage) -> int:
    """Write the index, unless all but the time on it stands there already."""
    key = around.render("index.html.j2", root="", page=replace(page, made=""), public=around.public)
    digest = hashlib.sha256(key.encode()).hexdigest()
    if around.store.read_state("index") == digest and (around.store.out / "index.html").exists():
        return 0
    written = around.store.write("index.html", around.render("index.html.j2", root="", page=page, public=around.public))
    around.store.write_state("index", digest)
    return int(written)


def _newest_here(nights: Nights) -> list[Newest]:
    """Return the newest observations of the log, with where they stand."""
    found = []
    for row in nights.newest():
        seen = nights.seen.get(row.obsnum)
        link = f"p/{seen.pid}/{seen.link}" if seen and seen.link else ""
        told = seen.state if seen else "not in a project"
        found.append(Newest(str(row.obsnum), row.pid, row.source, when(row.date_obs), told == "good", told, link))
    return found


def _write_asset(site: Site, store: SiteStore, name: str) -> bool:
    return store.write_bytes(f"assets/{name}", template_file(site.code, f"site/assets/{name}").read_bytes())


def _made_by(site: Site) -> str:
    """Return a digest of what makes the pages: program and templates."""
    digest = hashlib.sha256(__version__.encode())
    for path in _makers(site):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _makers(site: Site) -> Iterable[Path]:
    bot = Path(__file__).resolve().parents[1]
    for folder in ("report/site", "rules", "stages", "model"):
        yield from sorted((bot / folder).glob("*.py"))
    yield from sorted(template_file(site.code, "site/base.html.j2").parent.glob("*.j2"))
