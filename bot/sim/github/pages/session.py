"""Who a browser says it is, and that a form came from our own page. For practice: everybody may be anybody."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

from starlette.requests import Request

from bot.sim.github.rules.access import NOBODY, Kind, Who
from bot.sim.github.store.database import Database, Row

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "github.localhost")
"""Another name in the Host header is a foreign page that had its name point here."""


@dataclass(frozen=True)
class Session:
    """What the cookie holds: a secret of this browser, and the login that was chosen."""

    key: str
    login: str = ""

    @property
    def token(self) -> str:
        """Return what forms carry; only our pages know it, as only they can read the cookie's key."""
        return hashlib.sha256(f"form {self.key}".encode()).hexdigest()

    @property
    def cookie(self) -> str:
        """Return the cookie's text."""
        return f"{self.key}.{self.login.encode().hex()}"

    def fits(self, token: str) -> bool:
        """Tell whether a form came from a page of this session."""
        return hmac.compare_digest(token.encode(), self.token.encode())


def cookie_name(request: Request) -> str:
    """Return the cookie's name; browsers share cookies between ports."""
    return f"practice_{request.url.port or 80}"


def session_of(request: Request) -> Session:
    """Return the browser's session; a new one for nobody if it has none."""
    key, _, name = request.cookies.get(cookie_name(request), "").partition(".")
    try:
        login = bytes.fromhex(name).decode()
    except ValueError:
        login = ""
    return Session(key, login) if len(key) == 64 else Session(secrets.token_hex(32))


def people(db: Database) -> list[Row]:
    """Return everybody whom one can be: people, and bots of Apps that are installed."""
    return db.all(
        "SELECT * FROM accounts WHERE type = 'User' OR id IN "
        "(SELECT a.bot_id FROM apps a JOIN installations i ON i.app_id = a.id) ORDER BY id"
    )


def who_is(db: Database, login: str) -> Who:
    """Return the caller that a login stands for; a bot acts with its installation's permissions."""
    account = db.one("SELECT * FROM accounts WHERE login = ? AND type != 'Organization'", login)
    if account is None:
        return NOBODY
    if account["type"] == "User":
        return Who(Kind.USER, account)
    found = db.one(
        "SELECT i.* FROM installations i JOIN apps a ON a.id = i.app_id WHERE a.bot_id = ? ORDER BY i.id",
        account["id"],
    )
    if found is None:
        return NOBODY
    repo_ids = frozenset(json.loads(found["repo_ids"])) if found["repo_ids"] else None
    held = json.loads(found["permissions"])
    return Who(Kind.INSTALLATION, account, held, repo_ids, found["id"], found["app_id"])
