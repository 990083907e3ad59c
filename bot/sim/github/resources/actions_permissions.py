"""What a repository's workflows may use and do, and whose need approval.

Kept and shown, not acted on: here every known action may be used, and nobody's runs wait for an approval. What would
change what a run does is refused, so that no practice rests on it.
"""

from __future__ import annotations

import json
from typing import Any

from bot.sim.github.refusals import conflict, invalid
from bot.sim.github.rules.access import Right
from bot.sim.github.shown.accounts import Json
from bot.sim.github.shown.repos import api_url
from bot.sim.github.wire.call import Call, Reply, nothing
from bot.sim.github.wire.routing import Route

USED, SELECTED, TOKEN, FORKS = "", "selected-actions", "workflow", "fork-pr-contributor-approval"
USUAL: dict[str, Json] = {
    USED: {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False},
    SELECTED: {"github_owned_allowed": False, "verified_allowed": False, "patterns_allowed": []},
    TOKEN: {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False},
    FORKS: {"approval_policy": "first_time_contributors"},
}
CHOICES = {
    "allowed_actions": ("all", "local_only", "selected"),
    "default_workflow_permissions": ("read", "write"),
    "approval_policy": (
        "first_time_contributors_new_to_github",
        "first_time_contributors",
        "all_external_contributors",
    ),
}
NOT_SIMULATED = {"enabled": False, "allowed_actions": "local_only", "default_workflow_permissions": "write"}


def _held(call: Call, part: str) -> Json:
    sql = "SELECT told FROM actions_permissions WHERE repo_id = ? AND part = ?"
    told = call.db.value(sql, call.repo["id"], part)
    return USUAL[part] | (json.loads(told) if told else {})


def _need_selected(call: Call) -> None:
    if _held(call, USED)["allowed_actions"] != "selected":
        raise conflict("Actions are not restricted to selected ones in this repository")


def _part(part: str) -> tuple[Any, Any]:
    """Return the handlers that show and change one part."""

    def show(call: Call) -> Reply:
        if part == SELECTED:
            _need_selected(call)
        shown = _held(call, part)
        if part == USED and shown["allowed_actions"] == "selected":
            shown["selected_actions_url"] = f"{api_url(call, call.repo)}/actions/permissions/{SELECTED}"
        return Reply(shown)

    def change(call: Call) -> Reply:
        if part == SELECTED:
            _need_selected(call)
        if part == USED:
            call.need("enabled", bool)
        held = _held(call, part)
        given = {name: _given(call, name, value) for name, value in held.items()}
        if asked := [name for name, value in NOT_SIMULATED.items() if name in given and given[name] == value]:
            raise invalid(f"{asked[0]}: {given[asked[0]]} is not simulated here")
        columns = {"repo_id": call.repo["id"], "part": part}
        call.db.run("DELETE FROM actions_permissions WHERE repo_id = ? AND part = ?", *columns.values())
        call.db.insert("actions_permissions", **columns, told=json.dumps(given))
        return nothing()

    return show, change


def _given(call: Call, name: str, held: Any) -> Any:
    if name in CHOICES:
        return call.choice(name, CHOICES[name], held)
    if isinstance(held, list):
        return call.strings(name) if name in call.body else held
    return call.get(name, type(held), held)


HERE = "/repos/{owner}/{repo}/actions/permissions"
READ, WRITE = Right("administration", "read", "admin"), Right("administration", "write", "admin")
HANDLERS = {part: _part(part) for part in USUAL}
ROUTES = tuple(
    route
    for part, (show, change) in HANDLERS.items()
    for route in (
        Route("GET", f"{HERE}/{part}".rstrip("/"), show, READ),
        Route("PUT", f"{HERE}/{part}".rstrip("/"), change, WRITE),
    )
)
