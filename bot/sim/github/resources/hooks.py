"""Hooks of a repository, and what was delivered to them."""

from __future__ import annotations

import json
from typing import Any

from bot.sim.github.events.deliveries import add_delivery
from bot.sim.github.events.outbox import tell
from bot.sim.github.refusals import fault, invalid, not_found
from bot.sim.github.rules.access import Right
from bot.sim.github.shown.accounts import Json
from bot.sim.github.shown.repos import api_url
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, created, nothing
from bot.sim.github.wire.routing import Route

UNUSED: Json = {"code": None, "status": "unused", "message": None}
ZEN = "Practicality beats purity."


def hook_of(call: Call) -> Row:
    """Return the hook that the path names, or refuse (404)."""
    found = call.db.one("SELECT * FROM hooks WHERE id = ? AND repo_id = ?", call.number("hook_id"), call.repo["id"])
    if found is None:
        raise not_found()
    return found


def _hook(act: Act, repo: Row, row: Row) -> Json:
    url = f"{api_url(act, repo)}/hooks/{row['id']}"
    config = {"url": row["url"], "content_type": row["content_type"], "insecure_ssl": "0"}
    return {
        "type": "Repository",
        "id": row["id"],
        "name": "web",
        "active": bool(row["active"]),
        "events": json.loads(row["events"]),
        "config": config | ({"secret": "********"} if row["secret"] else {}),
        "updated_at": row["updated_at"],
        "created_at": row["created_at"],
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": _last_response(act, row),
    }


def _last_response(act: Act, row: Row) -> Json:
    found = act.db.one("SELECT * FROM deliveries WHERE hook_id = ? AND status != 'pending' ORDER BY id DESC", row["id"])
    if found is None:
        return UNUSED
    return {"code": found["status_code"], "status": "active", "message": found["status"]}


def list_hooks(call: Call) -> Reply:
    """List the hooks."""
    rows = call.db.all("SELECT * FROM hooks WHERE repo_id = ? ORDER BY id", call.repo["id"])
    return call.paged(rows, lambda row: _hook(call, call.repo, row))


def _config(call: Call, old: dict[str, Any]) -> dict[str, Any]:
    config = call.get("config", dict, {})
    url = config.get("url", old.get("url"))
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise fault("Hook", "url")
    kind = config.get("content_type", old.get("content_type", "form"))
    if kind not in ("json", "form"):
        raise fault("Hook", "content_type")
    return {"url": url, "content_type": kind, "secret": config.get("secret", old.get("secret"))}


def create_hook(call: Call) -> Reply:
    """Make a hook and ping it; the same address twice is refused (422)."""
    config, events = _config(call, {}), call.strings("events") or ["push"]
    if call.db.one("SELECT 1 FROM hooks WHERE repo_id = ? AND url = ?", call.repo["id"], config["url"]):
        raise fault("Hook", "url", message="Hook already exists on this repository")
    active = call.get("active", bool, True)
    hook_id = call.db.insert(
        "hooks",
        repo_id=call.repo["id"],
        events=json.dumps(events),
        active=active,
        created_at=call.now,
        updated_at=call.now,
        **config,
    )
    _ping(call, hook_id)
    return created(_hook(call, call.repo, call.db.row("hooks", hook_id)))


def _ping(call: Call, hook_id: int) -> None:
    hook = _hook(call.told, call.repo, call.db.row("hooks", hook_id)) | {"last_response": UNUSED}
    payload = {"zen": ZEN, "hook_id": hook_id, "hook": hook}
    tell(call, "ping", None, call.repo, payload, only_hook_id=hook_id)


def get_hook(call: Call) -> Reply:
    """Show a hook."""
    return Reply(_hook(call, call.repo, hook_of(call)))


def update_hook(call: Call) -> Reply:
    """Change a hook."""
    row = hook_of(call)
    events = call.strings("events") or json.loads(row["events"])
    events = sorted((set(events) | set(call.strings("add_events"))) - set(call.strings("remove_events")))
    active = call.get("active", bool, bool(row["active"]))
    call.db.update(
        "hooks", row["id"], events=json.dumps(events), active=active, updated_at=call.now, **_config(call, row)
    )
    return get_hook(call)


def delete_hook(call: Call) -> Reply:
    """Delete a hook."""
    call.db.run("DELETE FROM hooks WHERE id = ?", hook_of(call)["id"])
    return nothing()


def ping(call: Call) -> Reply:
    """Ping a hook."""
    _ping(call, hook_of(call)["id"])
    return nothing()


def _delivery(call: Call, row: Row) -> Json:
    event = call.db.row("outbox", row["event_id"])
    payload = json.loads(event["payload"])
    return {
        "id": row["id"],
        "guid": row["guid"],
        "delivered_at": row["delivered_at"],
        "redelivery": bool(row["redelivery"]),
        "duration": row["duration"],
        "status": row["status"],
        "status_code": row["status_code"],
        "event": event["name"],
        "action": event["action"],
        "installation_id": payload.get("installation", {}).get("id"),
        "repository_id": event["repo_id"],
        "throttled_at": None,
    }


def list_deliveries(call: Call) -> Reply:
    """List a hook's deliveries, newest first."""
    rows = call.db.all("SELECT * FROM deliveries WHERE hook_id = ? ORDER BY id DESC", hook_of(call)["id"])
    return call.paged(rows, lambda row: _delivery(call, row))


def delivery_of(call: Call) -> Row:
    """Return the delivery that the path names, or refuse (404)."""
    sql = "SELECT * FROM deliveries WHERE id = ? AND hook_id = ?"
    found = call.db.one(sql, call.number("delivery_id"), hook_of(call)["id"])
    if found is None:
        raise not_found()
    return found


def get_delivery(call: Call) -> Reply:
    """Show a delivery with what was sent and answered."""
    row = delivery_of(call)
    payload = json.loads(call.db.row("outbox", row["event_id"])["payload"])
    request = {"headers": json.loads(row["request_headers"] or "null"), "payload": payload}
    response = {"headers": json.loads(row["response_headers"] or "null"), "payload": row["response_body"]}
    return Reply(_delivery(call, row) | {"url": hook_of(call)["url"], "request": request, "response": response})


def redeliver(call: Call) -> Reply:
    """Send a delivery again, under its old GUID."""
    row = delivery_of(call)
    if row["status"] == "pending":
        raise invalid("the delivery has not been made yet")
    add_delivery(call.state, row["hook_id"], row["event_id"], row["guid"], redelivery=True)
    return Reply({}, 202)


HERE = "/repos/{owner}/{repo}/hooks"
HOOK, DELIVERY = f"{HERE}/{{hook_id}}", f"{HERE}/{{hook_id}}/deliveries/{{delivery_id}}"
READ, WRITE = Right("repository_hooks", "read", "admin"), Right("repository_hooks", "write", "admin")
ROUTES = (
    Route("GET", HERE, list_hooks, READ),
    Route("POST", HERE, create_hook, WRITE),
    Route("GET", HOOK, get_hook, READ),
    Route("PATCH", HOOK, update_hook, WRITE),
    Route("DELETE", HOOK, delete_hook, WRITE),
    Route("POST", f"{HOOK}/pings", ping, WRITE),
    Route("GET", f"{HOOK}/deliveries", list_deliveries, READ),
    Route("GET", DELIVERY, get_delivery, READ),
    Route("POST", f"{DELIVERY}/attempts", redeliver, WRITE),
)
