"""Who somebody is to a project: settings and project file of main, teams of the organisation. Closed by default."""

from __future__ import annotations

from bot.doors.github import GitHub
from bot.model.project import Project
from bot.model.role import Role
from bot.settings import RoleHolders, Site


class People:
    """Answers once for each person and team."""

    def __init__(self, site: Site, github: GitHub) -> None:
        self.site, self.github = site, github
        self._members: dict[tuple[str, str], bool] = {}

    def roles(self, login: str, project: Project | None = None) -> frozenset[Role]:
        """Return all roles of an account; an empty name, and the bot itself, have none."""
        if not login or self.github.own(login):
            return frozenset()
        roles = self.site.settings.roles
        found = {role for role, holders in ((Role.PO, roles.po), (Role.DA, roles.da)) if self._holds(login, holders)}
        if project is not None and login.lower() in {one.lower() for one in project.pi.github}:
            found.add(Role.PI)
        return frozenset(found)

    def _holds(self, login: str, holders: RoleHolders) -> bool:
        named = login.lower() in {user.lower() for user in holders.users}
        return named or any(self._is_member(team, login) for team in holders.teams)

    def _is_member(self, team: str, login: str) -> bool:
        if (team, login) not in self._members:
            self._members[team, login] = self.github.is_member(team, login)
        return self._members[team, login]
