"""Atom feeds: what happened to a project, or to all. Values only; templates/site/feed.xml.j2 writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from bot.model.site import Event
from bot.report.site.words import readable

AUTHORITY = "lmtgm.org,2026"
"""Of the tag: addresses by which feed readers know an entry again (RFC 4151)."""
MOST = 50
BEGINNING = "2000-01-01T00:00:00"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a feed."""

    id: str
    title: str
    updated: str
    author: str
    link: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed."""

    id: str
    title: str
    updated: str
    link: str
    own: str
    """Link to itself."""
    entries: tuple[Entry, ...]


def feed_of(name: str, events: Iterable[tuple[str, Event]], base: str, *, own: str, home: str) -> Feed:
    """Return the feed of (pid, event), newest first; `base` is the site's address, "" where nobody told it."""
    entries = tuple(_entry(pid, event, base) for pid, event in list(events)[:MOST])
    updated = entries[0].updated if entries else f"{BEGINNING}Z"
    return Feed(_tag(own), readable(name), updated, f"{base}{home}", f"{base}{own}", entries)


def _entry(pid: str, event: Event, base: str) -> Entry:
    key = hashlib.sha256(f"{pid} {event.at} {event.lane} {event.told}".encode()).hexdigest()[:16]
    link = event.link if event.link.startswith("http") else f"{base}p/{quote(pid)}/index.html"
    title = readable(f"{pid} {event.lane}: {event.told}")
    return Entry(_tag(key), title, f"{event.at[:19]}Z", readable(event.who.partition(" <")[0] or "LMT", 60), link)


def _tag(key: str) -> str:
    return f"tag:{AUTHORITY}:{quote(key)}"
