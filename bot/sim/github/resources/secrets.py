"""Secrets (write-only, sealed as `gh secret set` seals them) and variables, of a repository and of its environments."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from nacl.encoding import Base64Encoder
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from bot.sim.github.refusals import conflict, invalid, not_found
from bot.sim.github.resources.environments import environment_of
from bot.sim.github.rules.access import Right
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Json, Reply, nothing
from bot.sim.github.wire.routing import Route

NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*", re.IGNORECASE)
KEY_ID = "1"
SELECT = "SELECT * FROM secrets WHERE repo_id = ? AND environment = ? AND kind = ?"


def _key(call: Call) -> PrivateKey:
    """Return the key that opens what was sealed for us; made once, in the state's folder."""
    path: Path = call.state.folder / "secrets.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(bytes(PrivateKey.generate()))
    return PrivateKey(path.read_bytes())


def _place(call: Call) -> str:
    return str(environment_of(call)["name"]) if "environment_name" in call.path else ""


def _rows(call: Call, kind: str) -> list[Row]:
    return call.db.all(f"{SELECT} ORDER BY name", call.repo["id"], _place(call), kind)


def _row(call: Call, kind: str, name: str) -> Row | None:
    return call.db.one(f"{SELECT} AND name = ?", call.repo["id"], _place(call), kind, name)


def _found(call: Call, kind: str, name: str) -> Row:
    row = _row(call, kind, name)
    if row is None:
        raise not_found()
    return row


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise invalid(
            "Secret names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). "
            "Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_)."
        )
    return name.upper()


def _add(call: Call, kind: str, name: str, value: str) -> None:
    columns = {"repo_id": call.repo["id"], "environment": _place(call), "kind": kind, "name": _checked(name)}
    call.db.insert("secrets", **columns, value=value, created_at=call.now, updated_at=call.now)


def _dated(row: Row) -> Json:
    return {"name": row["name"], "created_at": row["created_at"], "updated_at": row["updated_at"]}


def public_key(call: Call) -> Reply:
    """Give the key by which secrets are sealed."""
    _place(call)
    key = _key(call).public_key.encode(Base64Encoder).decode()
    return Reply({"key_id": KEY_ID, "key": key})


def list_secrets(call: Call) -> Reply:
    """List the names of secrets."""
    return call.paged(_rows(call, "secret"), _dated, key="secrets")


def get_secret(call: Call) -> Reply:
    """Show a secret's name, never its value."""
    return Reply(_dated(_found(call, "secret", call.path["secret_name"])))


def put_secret(call: Call) -> Reply:
    """Keep a sealed secret."""
    if call.get("key_id", str) not in (None, KEY_ID):
        raise invalid("Bad request - the key_id is not ours")
    try:
        sealed = base64.b64decode(call.need("encrypted_value", str), validate=True)
        value = SealedBox(_key(call)).decrypt(sealed).decode()
    except (ValueError, CryptoError) as error:
        raise invalid("Bad request - improperly encrypted secret") from error
    name = call.path["secret_name"]
    known = _row(call, "secret", name)
    if known is None:
        _add(call, "secret", name, value)
        return Reply({}, 201)
    call.db.update("secrets", known["id"], value=value, updated_at=call.now)
    return nothing()


def delete_secret(call: Call) -> Reply:
    """Forget a secret."""
    call.db.run("DELETE FROM secrets WHERE id = ?", _found(call, "secret", call.path["secret_name"])["id"])
    return nothing()


def _variable(row: Row) -> Json:
    return _dated(row) | {"value": row["value"]}


def list_variables(call: Call) -> Reply:
    """List the variables with their values."""
    return call.paged(_rows(call, "variable"), _variable, key="variables")


def get_variable(call: Call) -> Reply:
    """Show a variable."""
    return Reply(_variable(_found(call, "variable", call.path["name"])))


def create_variable(call: Call) -> Reply:
    """Add a variable."""
    name = call.need("name", str)
    if _row(call, "variable", name):
        raise conflict("Already exists - Variable already exists")
    _add(call, "variable", name, call.need("value", str))
    return Reply({}, 201)


def update_variable(call: Call) -> Reply:
    """Change a variable's name or value."""
    row = _found(call, "variable", call.path["name"])
    columns = {"name": _checked(call.get("name", str, row["name"])), "value": call.get("value", str, row["value"])}
    call.db.update("secrets", row["id"], updated_at=call.now, **columns)
    return nothing()


def delete_variable(call: Call) -> Reply:
    """Forget a variable."""
    call.db.run("DELETE FROM secrets WHERE id = ?", _found(call, "variable", call.path["name"])["id"])
    return nothing()


def _routes(place: str) -> tuple[Route, ...]:
    secrets, variables = Right("secrets", "read", "write"), Right("actions_variables", "read", "write")
    to_secrets, to_variables = Right("secrets", "write"), Right("actions_variables", "write")
    return (
        Route("GET", f"{place}/secrets/public-key", public_key, secrets),
        Route("GET", f"{place}/secrets", list_secrets, secrets),
        Route("GET", f"{place}/secrets/{{secret_name}}", get_secret, secrets),
        Route("PUT", f"{place}/secrets/{{secret_name}}", put_secret, to_secrets),
        Route("DELETE", f"{place}/secrets/{{secret_name}}", delete_secret, to_secrets),
        Route("GET", f"{place}/variables", list_variables, variables),
        Route("POST", f"{place}/variables", create_variable, to_variables),
        Route("GET", f"{place}/variables/{{name}}", get_variable, variables),
        Route("PATCH", f"{place}/variables/{{name}}", update_variable, to_variables),
        Route("DELETE", f"{place}/variables/{{name}}", delete_variable, to_variables),
    )


REPO = "/repos/{owner}/{repo}"
ROUTES = (*_routes(f"{REPO}/actions"), *_routes(f"{REPO}/environments/{{environment_name}}"))
