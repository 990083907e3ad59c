"""Two checkouts side by side, as far as it matters which files they hold. Values only; bot.doors.trees reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a name in a folder stands for."""

    FILE = "file"
    LINK = "link"
    OTHER = "special file"
    """A pipe, a socket, a device, or a folder that cannot be looked into."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One name that is no folder."""

    kind: Kind
    size: int = 0


@dataclass(frozen=True)
class Trees:
    """What a pull request is based on, and what it would make of it: {path: entry}, paths with `/`, from the top."""

    base: Mapping[str, Entry]
    head: Mapping[str, Entry]
    differing: tuple[str, ...]
    """Paths that one side lacks, or whose content is not the same; sorted."""
