"""The front page: repositories, who I am, what waits for me; and the page of one account."""

from __future__ import annotations

from typing import Any

from bot.sim.github.pages.visit import Answer, Shown, View, Visit
from bot.sim.github.refusals import Refusal


def _repositories(visit: Visit) -> list[dict[str, Any]]:
    owners = visit.db.all("SELECT DISTINCT a.login FROM accounts a JOIN repos r ON r.owner_id = a.id ORDER BY a.id")
    return [repo for owner in owners for repo in visit.list(f"/users/{owner['login']}/repos")]


def home(visit: Visit) -> Answer:
    """Show all repositories that this person may see, and the open pull requests in them."""
    repos = _repositories(visit)
    pulls = [pull for repo in repos for pull in visit.list(f"/repos/{repo['full_name']}/pulls")]
    asked = [pull for pull in pulls if visit.login in _asked(visit, pull)]
    return Shown("home.html.j2", {"repos": repos, "pulls": pulls, "asked": asked})


def _asked(visit: Visit, pull: dict[str, Any]) -> set[str]:
    """Return the logins whose review is asked for, by name or by team."""
    teams = [team["slug"] for team in pull["requested_teams"]]
    sql = (
        "SELECT a.login FROM accounts a JOIN team_members m ON m.account_id = a.id "
        "JOIN teams t ON t.id = m.team_id WHERE t.slug = ?"
    )
    members = [row["login"] for slug in teams for row in visit.db.all(sql, slug)]
    return {person["login"] for person in pull["requested_reviewers"]} | set(members)


def account(visit: Visit) -> Answer:
    """Show one account and its repositories."""
    login = visit.path["login"]
    if not visit.knows("GET", f"/users/{login}"):
        raise Refusal(404, "Not Found")
    return Shown(
        "account.html.j2", {"account": visit.get(f"/users/{login}"), "repos": visit.list(f"/users/{login}/repos")}
    )


VIEWS = (View("GET", "/", home), View("GET", "/{login}", account))
