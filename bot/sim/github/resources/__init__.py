"""One file a resource that users know: its handlers and, at its end, its ROUTES. The table of all is here."""

from bot.sim.github.resources import (
    actions,
    actions_permissions,
    apps,
    branches,
    checks,
    collaborators,
    comments,
    commits,
    contents,
    environments,
    git_data,
    hooks,
    issues,
    labels,
    merging,
    meta,
    milestones,
    orgs,
    pulls,
    reactions,
    releases,
    repos,
    reviews,
    runs,
    secrets,
    statuses,
    teams,
    users,
)

FILES = (
    meta, users, orgs, teams, apps, repos, collaborators, contents, git_data, branches, merging, commits, pulls,
    reviews, issues, comments, labels, milestones, reactions, checks, statuses, releases, actions, runs,
    actions_permissions, environments, secrets, hooks,
)  # fmt: skip
ROUTES = tuple(route for file in FILES for route in file.ROUTES)
