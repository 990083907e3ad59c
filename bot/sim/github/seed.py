"""What is there at the beginning: an organisation, its people, a bot App with its key, a repository.

Made by the same deeds as everything else. The tokens have names that people can type; this GitHub is for practice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sim.github.deeds import repos
from bot.sim.github.rules.access import Kind, Who
from bot.sim.github.store.act import Act, Places
from bot.sim.github.store.database import Row
from bot.sim.github.store.state import State
from bot.sim.github.store.tokens import make_token

BOT_PERMISSIONS = {
    "metadata": "read", "contents": "write", "pull_requests": "write", "issues": "write", "checks": "write",
    "statuses": "write", "actions": "write", "members": "read", "administration": "read",
}  # fmt: skip
BOT_EVENTS = (
    "push",
    "pull_request",
    "pull_request_review",
    "issue_comment",
    "issues",
    "release",
    "repository_dispatch",
)


@dataclass(frozen=True)
class World:
    """Who is there. `roles`: team -> role in every repository; its one member bears the team's name."""

    org: str = "lmtoy"
    repo: str = "lmtoy_run"
    teams: dict[str, str] = field(default_factory=lambda: {"po": "admin", "da": "write", "pi": "read"})
    strangers: tuple[str, ...] = ("stranger",)
    bot: str = "lmtbot"
    key: bytes = b""
    """The App's private key (PEM); by default a fresh one is made."""


def token_of(login: str) -> str:
    """Return the token by which a seeded person is known."""
    return f"ghp_{login}_for_practice"


def act_as(state: State, account: Row) -> Act:
    """Return a deed of this account with all its rights."""
    return Act(state, Who(Kind.USER, account), Places(*[state.address] * 3))


def plant(state: State, world: World, files: dict[str, bytes] | Path) -> None:
    """Make the world, its repository from files or from a clone; called when it is its turn, once."""
    with state.db.transaction():
        org = _account(state, world.org, "Organization")
        people = {login: _person(state, login) for login in (*world.teams, *world.strangers)}
        owner = next(iter(people.values()))
        act = act_as(state, owner)
        for slug in world.teams:
            is_owner = people[slug] is owner
            state.db.insert(
                "org_members", org_id=org["id"], account_id=people[slug]["id"], role="admin" if is_owner else "member"
            )
            team = state.db.insert("teams", org_id=org["id"], name=slug.upper(), slug=slug, created_at=state.now())
            state.db.insert("team_members", team_id=team, account_id=people[slug]["id"], role="member")
        repo = _repository(act, org, world.repo, files)
        for slug, role in world.teams.items():
            team = state.db.value("SELECT id FROM teams WHERE org_id = ? AND slug = ?", org["id"], slug)
            state.db.insert("team_repos", team_id=team, repo_id=repo["id"], role=role)
        _give_key(state, repo, _install_bot(state, org, world.bot, world.key or make_key()))


def _account(state: State, login: str, kind: str) -> Row:
    return state.db.row("accounts", state.db.insert("accounts", login=login, type=kind, created_at=state.now()))


def _person(state: State, login: str) -> Row:
    account = _account(state, login, "User")
    make_token(state, Kind.USER, account, text=token_of(login))
    return account


def _repository(act: Act, org: Row, name: str, files: dict[str, bytes] | Path) -> Row:
    if isinstance(files, Path):
        return repos.take_in(act, org, name, files)
    repo = repos.create(act, org, name)
    repos.first_commit(act, repo, files, "The projects as they were")
    return repo


def _give_key(state: State, repo: Row, known: dict[str, str]) -> None:
    """Let the repository's workflows act as the App: its number as a variable, its key as a secret."""
    for kind, name in (("variable", "LMTBOT_APP_ID"), ("secret", "LMTBOT_APP_KEY")):
        at = {"created_at": state.now(), "updated_at": state.now()}
        state.db.insert("secrets", repo_id=repo["id"], kind=kind, environment="", name=name, value=known[name], **at)


def make_key() -> bytes:
    """Return a new private key as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)


def _install_bot(state: State, org: Row, slug: str, pem: bytes) -> dict[str, str]:
    """Make the App with its key (in `SLUG.pem` of the state's folder), installed for the whole organisation."""
    key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)  # made by us
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    path = state.folder / f"{slug}.pem"
    path.touch(mode=0o600)
    path.write_bytes(pem)
    bot = _account(state, f"{slug}[bot]", "Bot")
    app_id = state.db.insert(
        "apps",
        slug=slug,
        name=slug,
        owner_id=org["id"],
        bot_id=bot["id"],
        public_key=public.decode(),
        permissions=json.dumps(BOT_PERMISSIONS),
        events=json.dumps(BOT_EVENTS),
        created_at=state.now(),
    )
    state.db.insert(
        "installations",
        app_id=app_id,
        account_id=org["id"],
        permissions=json.dumps(BOT_PERMISSIONS),
        created_at=state.now(),
    )
    return {"LMTBOT_APP_ID": str(app_id), "LMTBOT_APP_KEY": pem.decode()}


def is_planted(state: State) -> bool:
    """Tell whether somebody lives here already."""
    return state.db.one("SELECT 1 FROM accounts") is not None
