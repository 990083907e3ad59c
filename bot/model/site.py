"""What the site shows beside projects, plans and records: values that doors bring and rules make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PRODUCTS, FIRST_PASS, QUICK_LOOK, FAILED = "official", "first pass", "quick look", "failed attempt"
"""Where pictures of an observation come from; a session has its own name."""
PULL, ISSUE = "pull request", "issue"
"""Kinds of threads."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A pull request or an issue, as whoever asked GitHub tells it."""

    pid: str
    kind: str
    """PULL or ISSUE."""
    number: int
    title: str
    url: str
    state: str
    """open, merged, closed."""
    waits_for: str = ""
    """PO, DA, PI; "" for nobody."""
    changed: str = ""
    """UT, YYYY-MM-DDTHH:MM:SS, when it came into this state, or ""."""
    about: str = ""
    """The label that says what it is: arrival, qa, ...; "" for another one."""

    who: str = ""
    """The person who opened it, "" for the bot."""

    @property
    def is_pull(self) -> bool:
        """Say whether it is a pull request."""
        return self.kind == PULL


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that touched a project's files."""

    hash: str
    at: str
    """UT, YYYY-MM-DDTHH:MM:SS."""
    who: str
    subject: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of one making of an observation: the official one, the quick look, a session's, a failed one."""

    origin: str
    folder: str
    """Link to its folder, or ""."""
    links: Mapping[str, str] = field(default_factory=dict)
    """{file name: link}, the first to look at first."""
    others: tuple[str, ...] = ()
    """Names of the other files."""
    rms: tuple[str, ...] = ()
    """What stands behind rms= in the rc files, call by call."""


@dataclass(frozen=True, slots=True)
class Want:
    """Something that a person has to do now."""

    who: str
    """PO, DA or PI."""
    what: str
    pid: str
    link: str = ""
    """Below the project's folder of the site, or a whole address."""
    weight: int = 0
    """The gravest first."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a project."""

    at: str
    """UT, YYYY-MM-DDTHH:MM:SS."""
    lane: str
    """observed, reduced, QA, level 2, files, pull request, archive: where the story shows it."""
    told: str
    who: str = ""
    link: str = ""
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One obsnum as night pages show it: where it stands and how good it is."""

    obsnum: int
    pid: str
    state: str
    grade: int | None = None
    numbers: str = ""
    """rms and its ratio, in words."""
    told: str = ""
    reduced: str = ""
    """UT, when its products were made."""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """All that pages beyond its own show of one project."""

    pid: str
    state: str
    waits_for: str
    who: str
    """PO, DA, PI or nobody."""
    instruments: tuple[str, ...] = ()
    semester: str = ""
    pi: str = ""
    logins: tuple[str, ...] = ()
    sources: int = 0
    obsnums: int = 0
    combinations: int = 0
    done: int = 0
    todo: int = 0
    failed: int = 0
    ungraded: int = 0
    arriving: int = 0
    running: int = 0
    observed: str = ""
    """UT day of the newest observation."""
    reduced: str = ""
    """UT, when the newest products were made."""
    archived: tuple[str, ...] = ()
    threads: tuple[Thread, ...] = ()
    wants: tuple[Want, ...] = ()
    events: tuple[Event, ...] = ()
    """The newest, newest first."""
    nights: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    """{UT day: (observed, reduced well, failed)}."""
    is_open: bool = False
    """Everybody may see all of it."""
