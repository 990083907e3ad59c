"""A repository's set-up on GitHub as values: its parts as they shall be, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = Any


@dataclass(frozen=True)
class Write:
    """One call of the API that changes something."""

    method: str
    path: str
    """Below the repository; from the root when it begins with a slash."""
    body: Mapping[str, Json]


@dataclass(frozen=True)
class Part:
    """One thing that shall be so."""

    what: str
    read: str
    """Path that tells how it is."""
    wanted: Mapping[str, Json]
    """Place in the answer, with dots (`enforce_admins.enabled`) -> value; what is missing there is off or empty."""
    write: Write
    page: str
    """Path of the page where a person does it."""
    make: Write | None = None
    """What is sent where there is no such thing yet; None: `write`."""
    note: str = ""
    """What is to be said when it was made."""


@dataclass(frozen=True)
class Difference:
    """One value that is not as it shall be."""

    where: str
    found: Json
    wanted: Json


class Became(StrEnum):
    """What became of a part."""

    SAME = "as it shall be"
    MADE = "made"
    CHANGED = "put right"
    NOTE = "worth a look"
    LEFT = "left for a person"


@dataclass(frozen=True)
class Settled:
    """One part, looked at."""

    what: str
    became: Became
    differences: tuple[Difference, ...] = ()
    told: str = ""
    """Why it is left, or what is worth knowing."""
    step: str = ""
    """What a person does now: pages to open, commands to type."""
