"""The judge from outside: every reply against GitHub's OpenAPI description, every event against the webhook schemas.

It is told nothing about our server: it gets method, path template, status and body, and complains.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

NPM = Path(os.environ.get("LMTBOT_JUDGES", Path(__file__).parent / "npm")) / "node_modules"
API = NPM / "@octokit" / "openapi" / "generated" / "api.github.com.json"
HOOKS = NPM / "@octokit" / "webhooks-schemas" / "schema.json"
ERRORS = (400, 401, 403, 404, 405, 409, 422)
EARLY = (401, 403, 404, 500, 501)
OURS = (500, 501)
"""No server documents these; the first is a fault of ours, which the judge refuses, the second our honest answer."""

FLAWS = {("/app/installations", 200)}
"""Where the description itself errs: it wants `account` to be a user and an enterprise at once."""


def need_judges() -> None:
    """Skip without the npm packages; fail under CI."""
    if not API.exists():
        words = f"{API} is not there: run `npm ci` in tests/github/npm"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)


def as_json_schema(node: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into JSON schema; and `oneOf` into `anyOf`, for GitHub's alternatives overlap.

    The addresses of bots hold brackets, so that `email` would not let GitHub's own pass.
    """
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    new = {
        "anyOf" if key == "oneOf" else key: as_json_schema(value)
        for key, value in node.items()
        if key not in ("example", "examples", "x-github") and (key, value) != ("format", "email")
    }
    if new.pop("nullable", False) is not True:
        return new
    if isinstance(new.get("type"), str):
        new["type"] = [new["type"], "null"]
        return new | ({"enum": [*new["enum"], None]} if "enum" in new else {})
    return {"anyOf": [new, {"type": "null"}]}


@cache
def description() -> dict[str, Any]:
    """Return the OpenAPI description as JSON schema."""
    found: dict[str, Any] = as_json_schema(json.loads(API.read_text()))
    return found


@cache
def operations() -> dict[tuple[str, str], tuple[str, dict[str, Any]]]:
    """Return (method, path without its names) -> (path as written, operation)."""
    paths = description()["paths"]
    return {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path)): (path, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


@cache
def registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([("urn:api", description())], draft=jsonschema_rs.Draft202012)


@cache
def reply_validator(path: str, method: str, status: int) -> Any:
    """Return the validator of one documented reply; None when it has no JSON body."""
    response = description()["paths"][path][method.lower()]["responses"][str(status)]
    pointer = f"/paths/{_escaped(path)}/{method.lower()}/responses/{status}"
    if "$ref" in response:
        name = response["$ref"].rpartition("/")[2]
        response, pointer = description()["components"]["responses"][name], f"/components/responses/{name}"
    if "application/json" not in response.get("content", {}):
        return None
    schema = {"$ref": f"urn:api#{pointer}/content/application~1json/schema"}
    return jsonschema_rs.validator_for(schema, registry=registry(), validate_formats=True)


@cache
def templates() -> list[tuple[re.Pattern[str], str]]:
    """Return every path of the description as a pattern, those with fewer names of things first."""
    paths = sorted(description()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{[^}]*\}", "[^/]+", re.sub(r"\{(ref|path)\}", ".+", path))), path) for path in paths]


@cache
def request_validator(path: str, method: str) -> tuple[Any, frozenset[str]]:
    """Return the validator of an operation's request body, and the keys that it names; None when it takes none."""
    body = description()["paths"][path][method.lower()].get("requestBody")
    if body is None:
        return None, frozenset()
    schema = body["content"]["application/json"]["schema"]
    parts = [schema, *schema.get("anyOf", ()), *schema.get("allOf", ())]
    keys = frozenset(key for part in parts for key in part.get("properties", ()))
    pointer = f"urn:api#/paths/{_escaped(path)}/{method.lower()}/requestBody/content/application~1json/schema"
    return jsonschema_rs.validator_for({"$ref": pointer}, registry=registry()), keys


def _escaped(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


@cache
def error_validator() -> Any:
    return jsonschema_rs.validator_for({"$ref": "urn:api#/components/schemas/basic-error"}, registry=registry())


@cache
def hook_schemas() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(HOOKS.read_text())
    return found


@cache
def event_validator(name: str, action: str | None) -> Any:
    """Return the validator of an event; None when GitHub publishes no such event."""
    names = (f"{name}${action}", f"{name}$event", f"{name}_event")
    found = next((word for word in names if word in hook_schemas()["definitions"]), None)
    if found is None:
        return None
    schema = {"$ref": f"#/definitions/{found}", "definitions": hook_schemas()["definitions"]}
    return jsonschema_rs.Draft7Validator(schema, validate_formats=True)


class Judge:
    """Hears replies and events, and keeps its complaints."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.heard: set[tuple[str, str, int]] = set()

    def reply(self, method: str, template: str, status: int, body: Any) -> None:
        """Judge one reply."""
        self.heard.add((method, template, status))
        where = f"{method} {template or '(no route)'} {status}"
        if status == 500:
            self.complaints.append(f"{where}: a fault of ours")
        if not template:
            self._hear_early(where, status, body)
            return
        if status in OURS or template.startswith("/_") or template == "/graphql":
            return
        found = operations().get(("GET" if method == "HEAD" else method, re.sub(r"\{[^}]*\}", "{}", template)))
        if found is None:
            self.complaints.append(f"{where}: GitHub documents no such operation")
        elif (template, status) in FLAWS:
            return
        elif str(status) in found[1]["responses"]:
            validator = reply_validator(found[0], "GET" if method == "HEAD" else method, status)
            self._hear(where, validator, body)
        elif status in ERRORS:
            self._hear(where, error_validator(), body)
        else:
            self.complaints.append(f"{where}: undocumented status; documented: {', '.join(found[1]['responses'])}")

    def _hear_early(self, where: str, status: int, body: Any) -> None:
        """Judge what is refused before it is known what was asked: who it is, the limit, an unknown address."""
        if status not in EARLY:
            self.complaints.append(f"{where}: nothing but {EARLY} is told without a route")
        self._hear(where, error_validator(), body)

    def request(self, method: str, address: str, body: Any) -> None:
        """Judge what a client asks: the operation, and the body that it takes; keys that it does not name are wrong."""
        path = address.partition("?")[0]
        known = (one for pattern, one in templates() if pattern.fullmatch(path))
        found = next((one for one in known if method.lower() in description()["paths"][one]), None)
        if found is None:
            self.complaints.append(f"{method} {path}: GitHub documents no such operation")
        elif body is not None:
            validator, keys = request_validator(found, method)
            if validator is None or body.keys() - keys:
                self.complaints.append(f"{method} {found}: takes {sorted(keys)}, not {sorted(body)}")
            self._hear(f"{method} {found} (request)", validator, body)

    def event(self, name: str, action: str | None, payload: Any) -> None:
        """Judge one event."""
        validator = event_validator(name, action)
        if validator is None:
            self.complaints.append(f"event {name}.{action}: GitHub publishes no such event")
        else:
            self._hear(f"event {name}.{action}", validator, payload)

    def _hear(self, where: str, validator: Any, value: Any) -> None:
        if validator is None or isinstance(value, bytes):
            return
        for error in list(validator.iter_errors(value))[:5]:
            path = "/".join(str(part) for part in error.instance_path)
            self.complaints.append(f"{where}: {path}: {error.message[:400]}")
