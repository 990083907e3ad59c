"""Tokens: made here, kept as hashes, read back as Who."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta

from bot.sim.github.rules.access import Kind, Who
from bot.sim.github.store.database import Row
from bot.sim.github.store.state import State

PREFIX = {Kind.USER: "ghp_", Kind.INSTALLATION: "ghs_", Kind.WORKFLOW: "ghs_"}


def hashed(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_token(
    state: State,
    kind: Kind,
    account: Row,
    *,
    permissions: Mapping[str, str] | None = None,
    repo_ids: Iterable[int] | None = None,
    installation: Row | None = None,
    app_id: int | None = None,
    hours: int | None = None,
    text: str = "",
) -> str:
    """Make a token (`text` gives one by name, for practice); the only place where it can be read."""
    token = text or PREFIX[kind] + secrets.token_hex(18)
    state.db.run("DELETE FROM tokens WHERE hash = ?", hashed(token))
    state.db.insert(
        "tokens",
        hash=hashed(token),
        kind=kind,
        account_id=account["id"],
        installation_id=installation["id"] if installation else None,
        app_id=installation["app_id"] if installation else app_id,
        permissions=None if permissions is None else json.dumps(dict(permissions)),
        repo_ids=None if repo_ids is None else json.dumps(sorted(repo_ids)),
        expires_at=expiry(state, hours) if hours else None,
    )
    return token


def expiry(state: State, hours: int) -> str:
    """Return the time so many hours from now, as GitHub writes it."""
    return (state.clock() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def who_holds(state: State, token: str) -> Who | None:
    """Return whose token it is; None when nobody's, or when its time is over."""
    row = state.db.one("SELECT * FROM tokens WHERE hash = ?", hashed(token))
    if row is None or (row["expires_at"] and row["expires_at"] <= state.now()):
        return None
    return Who(
        kind=Kind(row["kind"]),
        account=state.db.row("accounts", row["account_id"]),
        permissions=json.loads(row["permissions"]) if row["permissions"] else None,
        repo_ids=frozenset(json.loads(row["repo_ids"])) if row["repo_ids"] else None,
        installation_id=row["installation_id"],
        app_id=row["app_id"],
    )


def forget_token(state: State, token: str) -> None:
    """Let a token open nothing any more."""
    state.db.run("DELETE FROM tokens WHERE hash = ?", hashed(token))
