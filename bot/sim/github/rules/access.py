"""Who may do what: kinds of tokens, roles of people, permissions of Apps. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

ROLES = ("none", "read", "triage", "write", "maintain", "admin")
LEVELS = ("none", "read", "write", "admin")


class Kind(StrEnum):
    """By what a caller proves who they are."""

    ANONYMOUS = "anonymous"
    USER = "user"
    INSTALLATION = "installation"
    WORKFLOW = "workflow"
    APP = "app"


@dataclass(frozen=True)
class Who:
    """The caller. `permissions` None: all that the account itself may."""

    kind: Kind
    account: dict[str, Any] | None = None
    permissions: Mapping[str, str] | None = None
    repo_ids: frozenset[int] | None = None
    installation_id: int | None = None
    app_id: int | None = None


NOBODY = Who(Kind.ANONYMOUS)


@dataclass(frozen=True)
class Right:
    """What a route asks for: the permission that an App needs, its level, and the role that a person needs."""

    permission: str
    level: str = "read"
    role: str = ""

    @property
    def needed_role(self) -> str:
        """Return the role; by default the one of the level's name."""
        return self.role or self.level


def is_at_least(role: str, wanted: str) -> bool:
    """Compare two roles of a repository."""
    return ROLES.index(role) >= ROLES.index(wanted)


def has_level(permissions: Mapping[str, str], permission: str, level: str) -> bool:
    """Tell whether an App's permissions hold this one; everybody has metadata."""
    held = permissions.get(permission, "read" if permission == "metadata" else "none")
    return LEVELS.index(held) >= LEVELS.index(level)


def highest(roles: list[str]) -> str:
    """Return the strongest of the roles that a person has by different ways."""
    return max(roles, key=ROLES.index, default="none")


def permission_word(role: str) -> str:
    """Return the old word for a role: triage reads, maintain writes."""
    return {"triage": "read", "maintain": "write"}.get(role, role)


def flags(role: str) -> dict[str, bool]:
    """Return the `permissions` object that goes with a role."""
    words = {"admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage", "pull": "read"}
    return {word: is_at_least(role, needed) for word, needed in words.items()}
