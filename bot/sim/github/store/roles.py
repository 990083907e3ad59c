"""The role of an account in a repository: owner, organisation, teams, collaborators, or anybody."""

from __future__ import annotations

from bot.sim.github.rules.access import Kind, Who, highest
from bot.sim.github.store.database import Database, Row


def role_of(db: Database, account_id: int | None, repo: Row) -> str:
    """Return the strongest role that the account has."""
    roles = ["none" if repo["private"] else "read"]
    if account_id is not None:
        roles += ["admin"] if account_id == repo["owner_id"] else []
        roles += [_member_role(row["role"]) for row in _memberships(db, account_id, repo)]
        roles += [row["role"] for row in _grants(db, account_id, repo)]
    return highest(roles)


def role_of_caller(db: Database, who: Who, repo: Row) -> str:
    """Return the role of a caller; an App's is what its permissions come to."""
    if who.kind in (Kind.INSTALLATION, Kind.WORKFLOW):
        if not reaches(db, who, repo):
            return "none" if repo["private"] else "read"
        permissions = who.permissions or {}
        return "admin" if permissions.get("administration") == "write" else permissions.get("contents", "read")
    return role_of(db, who.account["id"] if who.account else None, repo)


def reaches(db: Database, who: Who, repo: Row) -> bool:
    """Tell whether an installation's or workflow's token is made for this repository."""
    if who.repo_ids is not None:
        return repo["id"] in who.repo_ids
    owner = db.value("SELECT account_id FROM installations WHERE id = ?", who.installation_id)
    return bool(owner == repo["owner_id"])


def is_named(db: Database, account_id: int, repo: Row) -> bool:
    """Tell whether somebody is here by more than being anybody: as owner, member, collaborator or by a team."""
    is_owner = account_id == repo["owner_id"]
    return is_owner or bool(_memberships(db, account_id, repo) or _grants(db, account_id, repo))


def writers(db: Database, repo: Row) -> frozenset[int]:
    """Return the accounts that may write; their reviews count."""
    accounts = db.all("SELECT id FROM accounts WHERE type != 'Organization'")
    return frozenset(row["id"] for row in accounts if role_of(db, row["id"], repo) in ("write", "maintain", "admin"))


def _memberships(db: Database, account_id: int, repo: Row) -> list[Row]:
    return db.all("SELECT role FROM org_members WHERE org_id = ? AND account_id = ?", repo["owner_id"], account_id)


def _member_role(role: str) -> str:
    """Return what membership alone gives: owners administrate, members read (GitHub's base permission)."""
    return "admin" if role == "admin" else "read"


def _grants(db: Database, account_id: int, repo: Row) -> list[Row]:
    return db.all(
        "SELECT role FROM collaborators WHERE repo_id = ? AND account_id = ? UNION ALL "
        "SELECT r.role FROM team_repos r JOIN team_members m ON m.team_id = r.team_id "
        "WHERE r.repo_id = ? AND m.account_id = ?",
        repo["id"], account_id, repo["id"], account_id,
    )  # fmt: skip
