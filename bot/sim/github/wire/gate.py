"""Who calls, and may they: tokens and App keys -> Who; a route's Right against roles and permissions."""

from __future__ import annotations

import base64
import binascii

import jwt

from bot.sim.github.refusals import Refusal, bad_credentials, forbidden, not_found
from bot.sim.github.rules.access import NOBODY, Kind, Right, Who, has_level, is_at_least
from bot.sim.github.store.roles import reaches, role_of_caller
from bot.sim.github.store.state import State
from bot.sim.github.store.tokens import who_holds
from bot.sim.github.wire.call import Call

LONGEST_JWT_S = 660
"""An App's JWT may last ten minutes; a minute more for clocks that differ."""
ROLE_WORDS = {"admin": "Must have admin rights to Repository.", "write": "Must have push access to repository."}


def identify(state: State, authorization: str) -> Who:
    """Return who calls; refuse (401) what is no token of ours."""
    scheme, _, value = authorization.partition(" ")
    value = value.strip()
    if not authorization:
        return NOBODY
    if scheme.lower() == "basic":
        value = _password(value)
    elif scheme.lower() not in ("token", "bearer"):
        raise bad_credentials()
    if value.count(".") == 2:
        return _app(state, value)
    who = who_holds(state, value)
    if who is None:
        raise bad_credentials()
    return who


def _password(value: str) -> str:
    """Return the token of a Basic header: the password, or the name when there is none."""
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise bad_credentials() from error
    return password or name


def _app(state: State, token: str) -> Who:
    """Return the App that signed the JWT with its key (RS256)."""
    try:
        claimed = jwt.decode(token, options={"verify_signature": False})
        app = state.db.one("SELECT * FROM apps WHERE id = ?", int(claimed["iss"]))
        if app is None:
            raise Refusal(404, "Integration not found")
        now = state.clock().timestamp()
        if not float(claimed["exp"]) - now <= LONGEST_JWT_S:
            raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
        if float(claimed["exp"]) <= now:
            raise Refusal(
                401,
                "'Expiration time' claim ('exp') must be a numeric value representing the future time "
                "at which the assertion expires",
            )
        jwt.decode(token, app["public_key"], algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False})
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise Refusal(401, "A JSON web token could not be decoded") from error
    return Who(Kind.APP, app_id=app["id"])


def admit(call: Call, right: Right | None) -> None:
    """Refuse a call that its caller may not make; set the call's repository and the caller's role in it."""
    if right is not None and right.permission == "app":
        if call.who.kind != Kind.APP:
            raise Refusal(401, "A JSON web token could not be decoded")
        return
    if "repo" in call.path and "owner" in call.path:
        call.repo = find_repo(call)
        call.role = role_of_caller(call.db, call.who, call.repo)
        if call.role == "none":
            raise not_found()
    if right is None:
        return
    needs_token = right.permission == "account" or right.level != "read"
    if call.who.account is None and (needs_token or call.who.kind == Kind.APP):
        raise Refusal(401, "Requires authentication")
    if not call.repo:
        return
    if call.who.permissions is not None:
        _admit_app(call, right)
    elif not is_at_least(call.role, right.needed_role):
        raise forbidden(ROLE_WORDS.get(right.needed_role, f"Must have {right.needed_role} access to repository."))


def _admit_app(call: Call, right: Right) -> None:
    permissions = call.who.permissions or {}
    is_open = right.level == "read" and not call.repo["private"]
    held = any(has_level(permissions, name, right.level) for name in right.permission.split("|"))
    if not is_open and not (held and reaches(call.db, call.who, call.repo)):
        raise forbidden("Resource not accessible by integration")


def find_repo(call: Call) -> dict[str, object]:
    """Return the repository that the path names; refuse (404) when there is none."""
    repo = call.db.one(
        "SELECT r.* FROM repos r JOIN accounts a ON a.id = r.owner_id WHERE a.login = ? AND r.name = ?",
        call.path["owner"], call.path["repo"].removesuffix(".git"),
    )  # fmt: skip
    if repo is None:
        raise not_found()
    return repo
