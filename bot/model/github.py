"""What GitHub tells: pull requests, comments, reviews. Values only; bot.doors.github brings them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request."""

    number: int
    title: str
    body: str
    url: str
    branch: str
    """Its head branch."""
    base: str
    """The branch that it is, or was, to be merged into."""
    head: str
    """Commit at the tip of its head branch."""
    author: str
    is_own: bool
    """The head branch lies in this repository, not in a fork."""
    is_open: bool
    is_merged: bool = False
    merge_commit: str = ""
    """The commit on main that merged it; "" if none did."""
    merged_by: str = ""
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    """Logins and team names whose review is asked for."""


@dataclass(frozen=True, slots=True)
class Topic:
    """An issue or a pull request, as the one list of both tells it."""

    number: int
    title: str
    body: str
    url: str
    author: str
    is_pull: bool
    is_open: bool
    is_merged: bool = False
    labels: tuple[str, ...] = ()
    opened: str = ""
    """UT, YYYY-MM-DDTHH:MM:SSZ, as the other two."""
    closed: str = ""
    changed: str = ""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Somebody put a label on an issue."""

    label: str
    who: str
    when: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an issue or pull request."""

    id: int
    author: str
    body: str
    url: str
    is_edited: bool
    created: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit."""

    sha: str
    message: str
    author: str
    parents: tuple[str, ...]


class ReviewState(StrEnum):
    """What a review says; GitHub has more, which decide nothing."""

    APPROVED = "APPROVED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    DISMISSED = "DISMISSED"
    COMMENTED = "COMMENTED"
    PENDING = "PENDING"


@dataclass(frozen=True, slots=True)
class Review:
    """A review of a pull request, at the commit that was looked at."""

    author: str
    state: ReviewState
    commit: str


class Conclusion(StrEnum):
    """How a check ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    ACTION_REQUIRED = "action_required"


@dataclass(frozen=True, slots=True)
class Check:
    """What a check on a commit shows; without a conclusion it goes on."""

    name: str
    title: str
    summary: str
    conclusion: Conclusion | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an API answers, for which repository, and how the bot is called there."""

    api: str
    repository: str
    """OWNER/NAME."""
    bot: str
    main: str = "main"

    @property
    def owner(self) -> str:
        """Return the account or organisation that the repository belongs to."""
        return self.repository.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of a release."""

    id: int
    name: str
    size: int
    digest: str = ""
    """algorithm:hex, "" where GitHub does not tell."""


@dataclass(frozen=True, slots=True)
class Release:
    """A published release, or a draft of one."""

    id: int
    tag: str
    author: str
    url: str
    upload_url: str
    assets: tuple[Asset, ...] = ()
