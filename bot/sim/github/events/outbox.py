"""How an event is born: its whole payload, in the transaction of the change that it tells."""

from __future__ import annotations

import json
from typing import Any

from bot.sim.github.rules.access import Kind
from bot.sim.github.shown import accounts, repos
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Database, Row


def tell(
    act: Act, name: str, action: str | None, repo: Row, payload: dict[str, Any], *, only_hook_id: int | None = None
) -> int:
    """Add an event to the outbox; `payload` is what is particular to it, shown with `act.told`. Return its id."""
    told = act.told
    repo = act.db.row("repos", repo["id"])
    sender = act.who.account or act.account(repo["owner_id"])
    whole = ({"action": action} if action else {}) | payload
    whole |= {"repository": repos.repository(told, repo), "sender": accounts.user(told, sender)}
    if (owner := repos.organization_of(told, repo)) is not None:
        whole["organization"] = accounts.organization(told, owner)
    sql = "SELECT id FROM installations WHERE account_id = ? ORDER BY id"
    if name != "ping" and (installed := act.db.value(sql, repo["owner_id"])):
        whole["installation"] = {"id": installed, "node_id": accounts.node_id("Integration", installed)}
    return act.db.insert(
        "outbox",
        name=name,
        action=action,
        repo_id=repo["id"],
        org_id=owner["id"] if owner else None,
        actor_id=sender["id"],
        token_kind=act.who.kind if act.who.account else Kind.USER,
        only_hook_id=only_hook_id,
        payload=json.dumps(whole),
        created_at=act.now,
    )


def unread(db: Database, reader: str) -> list[Row]:
    """Return the events that this reader has not taken over yet, oldest first."""
    return db.all("SELECT * FROM outbox WHERE id > ? ORDER BY id", last_read(db, reader))


def last_read(db: Database, reader: str) -> int:
    """Return the newest event that this reader took over."""
    found = db.value("SELECT last_event FROM readers WHERE name = ?", reader)
    if found is None:
        db.insert("readers", name=reader)
    return int(found or 0)


def take_over(db: Database, reader: str, event_id: int) -> None:
    """Move the reader's cursor; in the transaction in which it keeps what it took."""
    db.run("UPDATE readers SET last_event = ? WHERE name = ?", event_id, reader)
