"""The judge itself must be able to complain, and the examples that GitHub publishes must please it."""

from __future__ import annotations

import json
import re

from bot.sim.github.resources import ROUTES
from tests.github.judge import NPM, Judge, operations


def test_the_judge_complains_of_a_reply_without_a_documented_field(judge: Judge) -> None:
    judge.reply("GET", "/repos/{owner}/{repo}/labels/{name}", 200, {"id": 1, "name": "bug"})
    assert any("color" in complaint for complaint in judge.complaints)


def test_the_judge_complains_of_an_undocumented_status_and_of_an_unknown_operation(judge: Judge) -> None:
    judge.reply("GET", "/user", 202, {})
    judge.reply("GET", "/no/such/thing", 200, {})
    assert len(judge.complaints) == 2


def test_the_judge_hears_what_is_refused_before_it_is_known_what_was_asked(judge: Judge) -> None:
    judge.reply("GET", "", 401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"})
    assert judge.complaints == []
    judge.reply("GET", "", 401, {"message": 1})
    judge.reply("GET", "", 200, {})
    assert len(judge.complaints) == 2


def test_the_judge_complains_of_an_event_with_a_foreign_field(judge: Judge) -> None:
    examples = json.loads((NPM / "@octokit/webhooks-examples/api.github.com/index.json").read_text())
    payload = next(event["examples"][0] for event in examples if event["name"] == "issues")
    judge.event("issues", payload["action"], payload)
    before = len(judge.complaints)
    judge.event("issues", payload["action"], payload | {"invented": 1})
    assert len(judge.complaints) > before


def test_every_route_is_an_operation_that_github_documents(judge: Judge) -> None:
    known = operations()
    ours = {
        (route.method, re.sub(r"\{[^}]*\}", "{}", route.path)) for route in ROUTES if not route.path.startswith("/_")
    }
    assert not ours - set(known)
