"""How the repository on GitHub shall be, as values that follow from the settings, and what differs.

docs/github.md has the reasons. No I/O. A part says everything that its call replaces: no setting changes in silence.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from urllib.parse import quote

from bot.model.label import LABELS, Label
from bot.model.setup import Difference, Json, Part, Write
from bot.settings import RoleHolders, Settings

CHECK = "check"
"""The job of .github/workflows/check.yml, the only check that every pull request has."""
ARCHIVE = "archive"
CODEOWNERS = ".github/CODEOWNERS"
PERMISSIONS = {"po": "maintain", "da": "push"}
"""What a role's teams may at least: maintainers release and approve runs, writers review and edit branches."""
NAMES = ("LMTBOT_APP_ID", "LMTBOT_APP_KEY")
"""The App's number, a variable, and its key, a secret."""
_NAMING = ("slug", "login", "context", "name", "type")


def differences(wanted: Mapping[str, Json], found: Json) -> tuple[Difference, ...]:
    """Return what is not as it shall be, in order; `found` is the API's answer, None where there is nothing."""
    pairs = ((where, value_at(found, where), value) for where, value in wanted.items())
    return tuple(Difference(*one) for one in pairs if one[1] != one[2] and (one[1] or one[2]))


def value_at(found: Json, where: str) -> Json:
    """Return the value at a dotted place, None where there is none; of a list of things their names, sorted.

    In a list the next word is the name of one of them.
    """
    for word in where.split("."):
        if isinstance(found, list):
            found = next((one for one in found if _name(one) == word), None)
        else:
            found = found.get(word) if isinstance(found, dict) else None
    if isinstance(found, list):
        return sorted(_name(one) for one in found)
    return found


def _name(one: Json) -> str:
    if not isinstance(one, dict):
        return str(one)
    named = one.get("reviewer", one)
    return next((str(named[key]) for key in _NAMING if key in named), "")


def repository_parts(*, is_public: bool) -> Iterator[Part]:
    """Yield what needs no role: settings, what workflows may, labels. Only public repositories run what forks bring."""
    merging = {
        "has_issues": True,
        "allow_merge_commit": True,
        "allow_squash_merge": False,
        "allow_rebase_merge": False,
        "delete_branch_on_merge": True,
    }
    yield Part("merge commits only; merged branches go away", "", merging, Write("PATCH", "", merging), "settings")
    actions = (
        ("actions pinned by SHA, from a list", "", {
            "enabled": True, "allowed_actions": "selected", "sha_pinning_required": True,
        }),
        ("only GitHub's own actions", "/selected-actions", {
            "github_owned_allowed": True, "verified_allowed": False, "patterns_allowed": [],
        }),
        ("workflow tokens read, and approve nothing", "/workflow", {
            "default_workflow_permissions": "read", "can_approve_pull_request_reviews": False,
        }),
        ("runs of all outside contributors need approval", "/fork-pr-contributor-approval", {
            "approval_policy": "all_external_contributors",
        }),
    )  # fmt: skip
    for what, tail, wanted in actions if is_public else actions[:-1]:
        path = f"actions/permissions{tail}"
        yield Part(what, path, wanted, Write("PUT", path, wanted), "settings/actions")
    yield from map(_label, LABELS)


def _label(label: Label) -> Part:
    wanted = {"name": label.name, "color": label.colour, "description": label.description}
    path, told = f"labels/{quote(label.name)}", {key: value for key, value in wanted.items() if key != "name"}
    make = Write("POST", "labels", wanted)
    return Part(f"label {label.name}", path, wanted, Write("PATCH", path, told), "labels", make)


def role_teams(settings: Settings) -> dict[str, str]:
    """Return team -> what it may at least, for the teams of the roles; of two roles the stronger one counts."""
    roles = {"da": settings.roles.da, "po": settings.roles.po}
    return {team: PERMISSIONS[role] for role, holders in roles.items() for team in holders.teams}


def team_parts(organisation: str, repository: str, team: str, permission: str) -> tuple[Part, Part]:
    """Return that a team exists, and what it may in the repository. A team that may more is left alone."""
    here, page = f"/orgs/{organisation}/teams/{quote(team)}", f"orgs/{organisation}/teams"
    make = Write("POST", f"/orgs/{organisation}/teams", {"name": team, "privacy": "closed"})
    note = "GitHub made you its first member: add the others, and leave it unless the role is yours"
    write = Write("PUT", f"{here}/repos/{repository}", {"permission": permission})
    may = {f"{team}.permissions.{permission}": True}
    return (
        Part(f"team {team}", here, {"slug": team}, make, page, note=note),
        Part(f"team {team} may {permission}", "teams?per_page=100", may, write, "settings/access"),
    )


def protection(settings: Settings, teams: Collection[str], *, has_organisation: bool) -> Part:
    """Return what protects main: reviews, the check, no way around. Only POs merge, where an organisation can say so.

    `teams`: those that exist; GitHub refuses a rule that names others.
    """
    path = f"branches/{quote(settings.github.main, safe='')}/protection"
    reviews = {
        "dismiss_stale_reviews": True,
        "require_code_owner_reviews": True,
        "required_approving_review_count": 1,
        "require_last_push_approval": True,
    }
    switches = dict.fromkeys(
        ("allow_force_pushes", "allow_deletions", "required_linear_history", "block_creations",
         "required_conversation_resolution", "lock_branch", "allow_fork_syncing"), False,
    )  # fmt: skip
    mergers = _mergers(settings.roles.po, teams) if has_organisation else None
    body = {
        "required_status_checks": {"strict": False, "contexts": [CHECK]},
        "required_pull_request_reviews": reviews,
        "enforce_admins": True,
        "restrictions": mergers,
        **switches,
    }
    reviewed = "required_pull_request_reviews"
    wanted: dict[str, Json] = {
        "required_status_checks.strict": False,
        "required_status_checks.contexts": [CHECK],
        **{f"{reviewed}.{name}": value for name, value in reviews.items()},
        **{f"{reviewed}.{name}.{who}": [] for name in _EXCEPTIONS for who in ("users", "teams", "apps")},
        "enforce_admins.enabled": True,
        **({f"restrictions.{who}": names for who, names in mergers.items()} if mergers else {"restrictions": None}),
        **{f"{name}.enabled": False for name in switches},
    }
    return Part(f"protection of {settings.github.main}", path, wanted, Write("PUT", path, body), "settings/branches")


_EXCEPTIONS = ("bypass_pull_request_allowances", "dismissal_restrictions")


def _mergers(holders: RoleHolders, teams: Collection[str]) -> dict[str, list[str]] | None:
    known = sorted(team for team in holders.teams if team in teams)
    users = sorted(holders.users)
    return {"users": users, "teams": known, "apps": []} if known or users else None


def archive(settings: Settings, numbers: Mapping[str, int], policy: Json) -> Part:
    """Return the environment whose jobs send to the archive: POs let them go. They run main's workflow file.

    `numbers`: team or user -> id, of those that exist. `policy`: which branches and tags it has, which stays so.
    """
    holders, path = settings.roles.po, f"environments/{ARCHIVE}"
    kinds = {**dict.fromkeys(holders.teams, "Team"), **dict.fromkeys(holders.users, "User")}
    known = {name: kind for name, kind in kinds.items() if name in numbers}
    reviewers = [{"type": kind, "id": numbers[name]} for name, kind in known.items()]
    body = {"wait_timer": 0, "prevent_self_review": False, "reviewers": reviewers, "deployment_branch_policy": policy}
    rules = "protection_rules.required_reviewers"
    wanted = {
        "name": ARCHIVE,
        f"{rules}.reviewers": sorted(known),
        f"{rules}.prevent_self_review": False,
        "protection_rules.wait_timer.wait_timer": 0,
    }
    return Part(f"environment {ARCHIVE}", path, wanted, Write("PUT", path, body), "settings/environments")


def owners(settings: Settings, owner: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the lines of CODEOWNERS, of which the last that fits wins: only DAs own what level 2 will run."""
    po, da = (_owning(holders, owner) for holders in (settings.roles.po, settings.roles.da))
    return (("*", po), ("/projects/*/qa.yaml", (*da, *po)), ("/projects/*/level2.yaml", da))


def _owning(holders: RoleHolders, owner: str) -> tuple[str, ...]:
    return (*(f"@{owner}/{team}" for team in holders.teams), *(f"@{user}" for user in holders.users))


def read_owners(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Read a CODEOWNERS file."""
    lines = (line.split("#", 1)[0].split() for line in text.splitlines())
    return tuple((words[0], tuple(words[1:])) for words in lines if words)


def owners_text(lines: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    """Write lines of CODEOWNERS."""
    return "".join(f"{' '.join((pattern, *names))}\n" for pattern, names in lines)


def by_hand(write: Write, repository: str) -> str:
    """Return the same call for a person to type."""
    path = write.path.lstrip("/") if write.path.startswith("/") else f"repos/{repository}/{write.path}".rstrip("/")
    body = shlex.quote(json.dumps(dict(write.body)))
    return f"echo {body} | gh api --method {write.method} {path} --input -"
