"""What GitHub has of every project: one list of what changed since the last build, put to what was known before.

Without GitHub, or when it fails, the threads of the last time stand, and the site says of when they are.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace

from pydantic import TypeAdapter, ValidationError

from bot.doors.clock import now
from bot.doors.github import GitHub
from bot.doors.site_store import SiteStore
from bot.errors import DoorError
from bot.model.site import Thread
from bot.rules.threads import thread_of

STATE = "threads"
UNKNOWN, OLD = "Pull requests and issues are not known here.", "Pull requests and issues are those of {asked} UT."


@dataclass(frozen=True)
class Threads:
    """The threads of all projects."""

    its: tuple[Thread, ...] = ()
    asked: str = ""
    """UT, when GitHub was asked last with success."""
    since: str = ""
    """The newest change that was told then; `asked` and this are empty where it never was."""
    told: str = ""
    """What the site says of them, unless they are of today."""


_THREADS: TypeAdapter[Threads] = TypeAdapter(Threads)


def renew_threads(store: SiteStore, github: GitHub | None, pids: Collection[str], *, public: bool) -> Threads:
    """Return the threads as GitHub has them now, or as they were known; a public site keeps no words of them."""
    kept = _kept(store)
    if github is None:
        return _as_known(kept)
    try:
        topics = github.topics(since=kept.since)
    except DoorError as error:
        logging.warning("the site goes without what is new on GitHub: %s", error)
        return _as_known(kept)
    found = {one.number: one for one in kept.its}
    for topic in topics:
        found.pop(topic.number, None)
        if thread := thread_of(topic, pids):
            found[topic.number] = replace(thread, title="") if public else thread
    since = max((topic.changed for topic in topics), default=kept.since)
    if since != kept.since:  # nobody will ask for what changed since then again
        github.session.kept.clear()
    threads = Threads(tuple(found[number] for number in sorted(found, reverse=True)), now()[:16], since)
    store.write_state(STATE, asdict(threads))
    return threads


def _kept(store: SiteStore) -> Threads:
    try:
        return _THREADS.validate_python(store.read_state(STATE))
    except ValidationError:
        return Threads()


def _as_known(kept: Threads) -> Threads:
    return replace(kept, told=OLD.format(asked=kept.asked.replace("T", " ")) if kept.asked else UNKNOWN)
