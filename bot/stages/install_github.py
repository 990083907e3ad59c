"""Have the repository on GitHub set up as docs/github.md says: read, compare, write only what differs.

Each part is one call, so that none is half done. What cannot be done is told with the step for a person. An account
that does not administer the repository writes nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.doors.github.administration import Administration
from bot.doors.github.session import GitHubRefused
from bot.model.setup import Became, Difference, Json, Part, Settled
from bot.rules import github_setup as rules
from bot.settings import Settings

NO_ADMIN = "the token's account does not administer the repository"
NO_TEAMS = (
    "a personal account has no teams: move the repository to an organisation, or name users in the settings' roles"
)
NO_PO = "no PO is known to GitHub: everybody who can write may merge; name them in the settings' `roles.po`"
ANY_REF = "jobs of every branch and tag may ask for the archive"
ANY_REF_STEP = "Deployment branches and tags: Protected branches only"
MISSING = "not set in this repository; workflows cannot act as the bot (one of the organisation serves as well)"
SETTING = {
    "variables": "gh variable set LMTBOT_APP_ID --repo {repository} --body NUMBER_OF_THE_APP",
    "secrets": "gh secret set LMTBOT_APP_KEY --repo {repository} < KEY.pem",
}


def set_up(settings: Settings, door: Administration) -> Iterator[Settled]:
    """Yield one part after the other, teams before the rules that name them; raise GitHubRefused."""
    facts = door.session.get("")
    setup = Setup(settings, door, facts["html_url"], is_admin=bool((facts.get("permissions") or {}).get("admin")))
    for part in rules.repository_parts(is_public=not facts["private"]):
        yield setup.ensure(part)
    has_organisation = facts["owner"]["type"] == "Organization"
    yield from setup.teams(has_organisation=has_organisation)
    yield setup.owners()
    yield setup.ensure(rules.protection(settings, setup.numbers, has_organisation=has_organisation))
    yield from setup.archive()
    for kind, name in zip(("variables", "secrets"), rules.NAMES, strict=True):
        yield setup.named(kind, name)


@dataclass
class Setup:
    """One pass over one repository."""

    settings: Settings
    door: Administration
    page: str
    """Address of the repository's page."""
    is_admin: bool

    def __post_init__(self) -> None:
        self.numbers: dict[str, int] = {}
        """Team or user of the roles -> id, of those that exist or would now; 0: not known yet."""

    def ensure(self, part: Part) -> Settled:
        """Have one part as it shall be."""
        try:
            found = self.door.read(part.read)
        except GitHubRefused as refused:
            return self._left(part, (), str(refused) if self.is_admin else NO_ADMIN)
        differ = rules.differences(part.wanted, found)
        if not differ:
            return Settled(part.what, Became.SAME)
        if not self.is_admin:  # what is not shown to us may be there all the same
            return self._left(part, differ if found else (), NO_ADMIN, found)
        return self._change(part, differ, found)

    def _change(self, part: Part, differ: tuple[Difference, ...], found: Json) -> Settled:
        write = part.make if part.make and found is None else part.write
        try:
            now = self.door.change(write, part.read)
        except GitHubRefused as refused:
            now = self._read_again(part) if refused.may_be_done else None
            if now is None or rules.differences(part.wanted, now):
                return self._left(part, differ, str(refused), found)
        if now is not None and (still := rules.differences(part.wanted, now)):
            return self._left(part, still, "GitHub took it, and shows the old value still", found)
        if found is None:
            return Settled(part.what, Became.MADE, (), part.note)
        return Settled(part.what, Became.CHANGED, differ)

    def _read_again(self, part: Part) -> Json:
        try:
            return self.door.read(part.read)
        except GitHubRefused:
            return None

    def _left(self, part: Part, differ: tuple[Difference, ...], why: str, found: Json = None) -> Settled:
        write = part.make if part.make and found is None else part.write
        return Settled(part.what, Became.LEFT, differ, why, self._step(part.page, rules.by_hand(write, self._name)))

    @property
    def _name(self) -> str:
        return self.door.place.repository

    def _step(self, page: str, *more: str) -> str:
        server = self.page.removesuffix(f"/{self._name}")
        return "\n".join((f"{server if page.startswith('orgs/') else self.page}/{page}", *more))

    def teams(self, *, has_organisation: bool) -> Iterator[Settled]:
        """Yield the teams of the roles: that they are there, and what they may."""
        for team, permission in rules.role_teams(self.settings).items():
            if not has_organisation:
                yield Settled(f"team {team}", Became.LEFT, (), NO_TEAMS, self._step("settings/access"))
                continue
            there, may = rules.team_parts(self.door.place.owner, self._name, team, permission)
            made = self.ensure(there)
            yield made
            if made.became is not Became.LEFT:
                self.numbers[team] = self._number(there.read)
                yield self.ensure(may)
        for user in self.settings.roles.po.users:
            self.numbers[user] = self._number(f"/users/{user}")

    def _number(self, path: str) -> int:
        return int((self.door.read(path) or {"id": 0})["id"])

    def owners(self) -> Settled:
        """Compare CODEOWNERS of main with the roles. Only a pull request can change it."""
        wanted = rules.owners(self.settings, self.door.place.owner)
        empty = [pattern for pattern, names in wanted if not names]
        if not empty and rules.read_owners(self.door.text(rules.CODEOWNERS)) == wanted:
            return Settled(rules.CODEOWNERS, Became.SAME)
        why = (
            f"nobody owns {empty[0]}: name people in the settings' `roles`"
            if empty
            else "does not say what the roles say"
        )
        return Settled(
            rules.CODEOWNERS, Became.LEFT, (), why, f"by a pull request that makes it:\n{rules.owners_text(wanted)}"
        )

    def archive(self) -> Iterator[Settled]:
        """Yield the environment of the archive."""
        if not any(name in self.numbers for name in (*self.settings.roles.po.teams, *self.settings.roles.po.users)):
            yield Settled(f"environment {rules.ARCHIVE}", Became.LEFT, (), NO_PO, self._step("settings/environments"))
            return
        part = rules.archive(self.settings, self.numbers, None)
        try:
            policy = (self.door.read(part.read) or {}).get("deployment_branch_policy")
        except GitHubRefused:
            policy = None
        yield self.ensure(rules.archive(self.settings, self.numbers, policy))
        if policy is None:
            yield Settled(part.what, Became.NOTE, (), ANY_REF, self._step("settings/environments", ANY_REF_STEP))

    def named(self, kind: str, name: str) -> Settled:
        """Say whether a variable or secret is there, by its name."""
        what = f"{kind.removesuffix('s')} {name}"
        step = self._step("settings/secrets/actions", SETTING[kind].format(repository=self._name))
        try:
            is_there = name in self.door.names(kind)
        except GitHubRefused as refused:
            return Settled(what, Became.LEFT, (), str(refused), step)
        return Settled(what, Became.SAME) if is_there else Settled(what, Became.LEFT, (), MISSING, step)
