"""The bot's own door at our GitHub and at `emulate`: where both are right, the same deeds end alike.

What emulate does otherwise than GitHub's documentation, and tests/loop/test_github_door.py tells ours alone: its check
runs do not name their App, it opens a second pull request of one branch, its merges and teams differ.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest

from bot.doors.github import GitHub, GitHubRefused
from bot.doors.github.opening import open_github
from bot.doors.github.repository import Moved
from bot.formats.marker import marker
from bot.settings import Hub
from tests.github.client import Client
from tests.github.hub import REPO
from tests.github.places import Place, ours, theirs

HUB = Hub(tries=2)


@pytest.fixture(scope="module", params=[ours, theirs], ids=["ours", "emulate"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with request.param(tmp_path_factory.mktemp("place")) as found:
        yield found


def way_in(place: Place, **more: str) -> dict[str, str]:
    """Return what a workflow's environment would say."""
    return {"GITHUB_API_URL": place.address, "GITHUB_REPOSITORY": "lmtoy/lmtoy_run"} | more


@pytest.fixture
def app(place: Place) -> GitHub:
    """Open the door as the App's installation.

    Its token comes from the App's key by a request without a body: PyGithub asks with an empty list of permissions,
    which GitHub takes as all that were granted, and emulate as none.
    """
    claims = {"iss": str(place.app_id), "iat": int(time.time()) - 60, "exp": int(time.time()) + 500}
    key = Client(place.address, jwt.encode(claims, place.pem, algorithm="RS256"))
    installation = key.get(f"{REPO}/installation").json["id"]
    token = key.post(f"/app/installations/{installation}/access_tokens").json["token"]
    return open_github(HUB, way_in(place, LMTBOT_TOKEN=token))


def writes(door: GitHub, deed: Callable[[], Any]) -> int:
    """Return how many writes a deed makes."""
    before = door.session.writes
    deed()
    return door.session.writes - before


def test_a_person_and_the_app_see_the_same_main(place: Place, app: GitHub) -> None:
    assert app.tip("main") == open_github(HUB, way_in(place, GH_TOKEN=str(place.po.token))).tip("main") == place.tip()


def test_files_go_in_one_commit_are_read_back_and_a_moved_branch_is_not_overwritten(app: GitHub) -> None:
    main = app.tip("main")
    files = {"projects/x/a.yaml": "a: 1\n", "projects/x/b.yaml": "ü: 2\n", "projects/x/deep/c.txt": "c\n"}
    made = app.commit("arrival/x", (main,), files, "three files")
    assert app.tip("arrival/x") == made
    assert app.texts("projects/x", ("a.yaml", "b.yaml", "none.yaml"), made) == {
        "a.yaml": "a: 1\n",
        "b.yaml": "ü: 2\n",
        "none.yaml": "",
    }
    assert {name: bool(sha) for name, sha in app.blobs("projects/x", made).items()} == {
        "a.yaml": True, "b.yaml": True, "deep": False,
    }  # fmt: skip
    assert app.text("projects/x/a.yaml", main) == ""
    with pytest.raises(Moved):
        app.commit("arrival/x", (main,), {"projects/x/a.yaml": "a: 2\n"}, "from an older commit")
    again = app.commit("arrival/x", (made,), {"projects/x/a.yaml": None}, "one goes")
    assert app.texts("projects/x", ("a.yaml", "b.yaml"), again) == {"a.yaml": "", "b.yaml": "ü: 2\n"}
    app.delete_branch("arrival/x")
    assert app.tip("arrival/x") == ""
    app.delete_branch("arrival/x")


def test_a_comment_stands_once_and_is_edited_in_place(place: Place, app: GitHub) -> None:
    number = place.po.post(f"{REPO}/issues", {"title": "T", "body": "B"}).json["number"]
    text = f"{marker('run', pid='x')}\nsaid"
    assert place.po.post(f"{REPO}/issues/{number}/comments", {"body": text}).status == 201
    app.ensure_comment(number, "run", text, pid="x")
    assert writes(app, lambda: app.ensure_comment(number, "run", text, pid="x")) == 0
    app.ensure_comment(number, "run", f"{text} more", pid="x")
    assert [(one.author, one.body) for one in app.comments(number)] == [("po", text), ("lmtbot[bot]", f"{text} more")]


def test_a_pull_request_is_opened_once_found_again_and_edited_only_when_it_says_something_else(app: GitHub) -> None:
    app.commit("qa/x", (app.tip("main"),), {"projects/x/qa.yaml": "{}\n"}, "a change")
    pull = app.ensure_pull(None, "qa/x", "a title", "a body")
    assert [one.number for one in app.pulls_of_branch("qa/x")] == [pull.number]
    assert writes(app, lambda: app.ensure_pull(pull, "qa/x", "a title", "a body")) == 0
    app.ensure_labels(pull, ("qa",))
    assert app.ensure_pull(pull, "qa/x", "a title", "words").body == "words"
    found = app.pull(pull.number)
    assert (found.branch, found.head, found.labels, found.is_open) == ("qa/x", app.tip("qa/x"), ("qa",), True)
    assert [one.number for one in app.open_pulls("qa/")] == [pull.number]
    app.close_pull(found, "last words")
    ended = app.pull(pull.number)
    assert (ended.is_open, ended.body, app.open_pulls("qa/")) == (False, "last words", [])


def test_what_is_not_there_is_told_with_its_address(app: GitHub) -> None:
    with pytest.raises(GitHubRefused, match="404"):
        app.pull(99999)
