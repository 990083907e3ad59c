"""What a repository to practise on begins with beside its files: a protected main, owners of files, an issue form.

What the repository holds itself stays as it is; only what it lacks is added. The protection is set by the API's deed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bot.sim.github.resources import ROUTES
from bot.sim.github.rules.access import Kind, Who
from bot.sim.github.rules.owners import PLACES
from bot.sim.github.seed import World
from bot.sim.github.store.act import Places
from bot.sim.github.store.state import State
from bot.sim.github.wire.api import Api, Asked
from bot.sim.github.wire.routing import Table

FORMS, CHECK = ".github/ISSUE_TEMPLATE", "check"
OWNERS = """\
# Whose approval a change needs, beside the one that every change needs.
/projects/*/qa.yaml      @{org}/da
/projects/*/level2.yaml  @{org}/da
/.github/                @{org}/po
"""
FORM = """\
name: Question about a project
description: What is unclear, or what looks wrong
title: "Question: "
labels: [question]
body:
  - type: input
    id: project
    attributes: {label: Project, placeholder: 2024-S1-MX-2}
    validations: {required: true}
  - type: textarea
    id: words
    attributes: {label: "What do you want to know?"}
    validations: {required: true}
"""


def add_files(stage: Path, world: World) -> None:
    """Give a clone that is not served yet the files that people practise with, where it has none."""
    if not any((stage / place).exists() for place in PLACES):
        _write(stage / PLACES[0], OWNERS.format(org=world.org))
    if not (stage / FORMS).exists():
        _write(stage / FORMS / "question.yml", FORM)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def protect_main(state: State, world: World) -> None:
    """Protect main for everybody: one approval, that of the owners of files, and the check where there is one."""
    owner = state.db.one("SELECT * FROM accounts WHERE login = ?", next(iter(world.teams)))
    api, here = Api(state, Table(ROUTES)), f"/repos/{world.org}/{world.repo}"
    rules: dict[str, Any] = {
        "required_pull_request_reviews": {
            "required_approving_review_count": 1,
            "require_code_owner_reviews": True,
            "dismiss_stale_reviews": True,
        },
        "required_status_checks": {"strict": False, "contexts": [CHECK]} if _has_check(state) else None,
        "enforce_admins": True,
        "restrictions": None,
    }
    places = Places(*[state.address] * 3)
    asked = Asked("PUT", f"{here}/branches/main/protection", "", {}, json.dumps(rules).encode(), places)
    api.perform(Who(Kind.USER, owner), asked)


def _has_check(state: State) -> bool:
    """Tell whether the repository's own workflows check every pull request."""
    git = state.repository(1)
    tip = git.ref("refs/heads/main")
    return tip is not None and git.entry(tip, f".github/workflows/{CHECK}.yml") is not None
