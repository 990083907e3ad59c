"""Errors as GitHub documents them. A handler raises one; nothing of its transaction remains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


class Refusal(Exception):
    """A reply that is no success."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})
        self.body: dict[str, Any] = {
            "message": message,
            **more,
            "documentation_url": DOCUMENTATION,
            "status": str(status),
        }


def not_found() -> Refusal:
    """It does not exist, or the caller may not know that it does."""
    return Refusal(404, "Not Found")


def forbidden(message: str) -> Refusal:
    """The caller may see it, but not do this."""
    return Refusal(403, message)


def bad_credentials() -> Refusal:
    """The token is unknown, expired or malformed."""
    return Refusal(401, "Bad credentials")


def conflict(message: str) -> Refusal:
    """The world is not where the caller thinks."""
    return Refusal(409, message)


def invalid(message: str) -> Refusal:
    """The request cannot be done as it is; without a field to blame."""
    return Refusal(422, message)


def fault(resource: str, field: str, code: str = "invalid", message: str = "") -> Refusal:
    """Validation failed in one field; codes: missing, missing_field, invalid, already_exists, unprocessable, custom."""
    told = {"resource": resource, "field": field, "code": "custom" if message else code}
    return Refusal(422, "Validation Failed", errors=[told | ({"message": message} if message else {})])


def unknown_endpoint(method: str, path: str) -> Refusal:
    """We do not know this endpoint and do not guess."""
    return Refusal(501, f"{method} {path} is not simulated here; bot/sim/github answers only what it knows")
