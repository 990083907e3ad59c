"""The door itself: every "ensure" by itself, twice; what it asks is what GitHub's description knows; polls are free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from github import Auth, Github

from bot.doors.github import GitHub, GitHubRefused, Session
from bot.doors.github.repository import Moved
from bot.doors.github.retrying import Patience
from bot.formats.marker import marker
from bot.model.github import Check, Conclusion, Place, Pull
from tests.github.hub import REPO
from tests.github.judge import Judge
from tests.loop.world import PID, Loop

BRANCH, PATH = "arrival/x", f"projects/{PID}/qa.yaml"


class Heard:
    """PyGithub's transport, whose every request the judge hears."""

    def __init__(self, requester: Any, judge: Judge) -> None:
        self.requester, self.judge = requester, judge

    def requestJson(self, method: str, address: str, *more: Any) -> Any:  # noqa: N802 - PyGithub's name
        self.judge.request(method, address, more[2])
        return self.requester.requestJson(method, address, *more)


@pytest.fixture
def door(loop: Loop) -> Iterator[GitHub]:
    """Open the door as the App; in the end the judge has nothing to say against what it asked."""
    judge, token = Judge(), loop.hub.bot().token
    github = Github(auth=Auth.Token(token), base_url=loop.hub.address, retry=None, seconds_between_requests=0,
                    seconds_between_writes=0)  # fmt: skip
    session = Session(Heard(github.requester, judge), "lmtoy/lmtoy_run", Patience(first_s=0.01))  # type: ignore[arg-type]
    yield GitHub(session, Place(loop.hub.address, "lmtoy/lmtoy_run", "lmtbot[bot]", "main"))
    assert not judge.complaints, "\n".join(judge.complaints)


def writes(door: GitHub, deed: Callable[[], Any]) -> int:
    """Return how many writes a deed makes."""
    before = door.session.writes
    deed()
    return door.session.writes - before


def opened(door: GitHub, files: Mapping[str, str | None] | None = None) -> Pull:
    door.commit(BRANCH, (door.tip("main"),), files or {PATH: "# changed\n"}, "a change")
    return door.ensure_pull(None, BRANCH, "a title", "a body")


def test_files_go_in_one_commit_and_a_moved_branch_is_not_overwritten(loop: Loop, door: GitHub) -> None:
    main = door.tip("main")
    files = {PATH: "# one\n", "projects/new/a.txt": "two\n", f"projects/{PID}/project.yaml": None}
    made = door.commit(BRANCH, (main,), files, "three files")
    assert (door.tip(BRANCH), loop.hub.text(PATH, BRANCH)) == (made, "# one\n")
    assert door.texts(f"projects/{PID}", ("qa.yaml", "project.yaml"), made) == {
        "qa.yaml": "# one\n",
        "project.yaml": "",
    }
    with pytest.raises(Moved):
        door.commit(BRANCH, (main,), {PATH: "# other\n"}, "from an older commit")
    assert door.tip(BRANCH) == made


def test_a_pull_request_is_opened_once_and_edited_only_when_it_says_something_else(door: GitHub) -> None:
    pull = opened(door)
    again = door.ensure_pull(None, BRANCH, "a title", "a body")
    assert again.number == pull.number
    assert writes(door, lambda: door.ensure_pull(again, BRANCH, "a title", "a body")) == 0
    assert door.ensure_pull(again, BRANCH, "a title", "words").body == "words"
    assert [one.number for one in door.open_pulls("arrival/")] == [pull.number]


def test_labels_and_reviewers_are_asked_for_once_and_one_stranger_does_not_keep_the_others_out(door: GitHub) -> None:
    pull = opened(door)
    door.ensure_labels(pull, ("arrival",))
    door.ensure_reviewers(pull, ("stranger", "po"), ("da",))
    pull = door.pull(pull.number)
    assert (pull.labels, sorted(pull.reviewers)) == (("arrival",), ["da", "po"])
    assert writes(door, lambda: door.ensure_labels(pull, ("arrival",))) == 0
    assert writes(door, lambda: door.ensure_reviewers(pull, ("po",), ("da",))) == 0


def test_a_comment_stands_once_is_edited_in_place_and_a_twin_goes(loop: Loop, door: GitHub) -> None:
    number, text = opened(door).number, f"{marker('run', pid='x')}\nsaid"
    forged = loop.hub.po.post(f"{REPO}/issues/{number}/comments", {"body": text})
    assert forged.status == 201
    door.ensure_comment(number, "run", text, pid="x")
    assert writes(door, lambda: door.ensure_comment(number, "run", text, pid="x")) == 0
    door.ensure_comment(number, "run", f"{text} more", pid="x")
    door.session.send("POST", f"issues/{number}/comments", {"body": text})
    door.ensure_comment(number, "run", f"{text} more", pid="x")
    said = [(one.author, one.body) for one in door.comments(number)]
    assert said == [("po", text), ("lmtbot[bot]", f"{text} more")]


def test_a_check_stands_once_and_follows_what_is_said(loop: Loop, door: GitHub) -> None:
    commit, check = door.tip("main"), Check("level 1 / x", "running", "words", None)
    door.ensure_check(commit, check)
    assert writes(door, lambda: door.ensure_check(commit, check)) == 0
    door.ensure_check(commit, replace(check, title="done", conclusion=Conclusion.SUCCESS))
    runs = loop.hub.po.get(f"{REPO}/commits/{commit}/check-runs?filter=all").json["check_runs"]
    assert [(one["name"], one["conclusion"]) for one in runs] == [("level 1 / x", "success")]


def test_a_closed_pull_request_has_its_last_words_and_no_branch(door: GitHub) -> None:
    pull = opened(door)
    door.close_pull(pull, "done")
    found = door.pull(pull.number)
    assert (found.is_open, found.body, door.tip(BRANCH)) == (False, "done", "")


def test_main_is_merged_into_a_branch_a_conflict_is_told(loop: Loop, door: GitHub) -> None:
    opened(door)
    assert loop.hub.write("other.txt", "x\n", who=loop.hub.po).status == 201
    tip = door.merge_main_into(BRANCH)
    assert (tip, door.merge_main_into(BRANCH)) == (door.tip(BRANCH), tip)
    assert loop.hub.write(PATH, "# main\n", who=loop.hub.po).status == 200
    assert door.merge_main_into(BRANCH) is None


def test_members_commits_reactions_and_dispatches(loop: Loop, door: GitHub) -> None:
    pull = opened(door)
    assert (door.is_member("da", "da"), door.is_member("da", "stranger")) == (True, False)
    made = door.commit_with(BRANCH, "a change")
    assert made and (made.sha, made.parents) == (door.tip(BRANCH), (door.tip("main"),))
    assert door.commit_with(BRANCH, "another") is None
    assert loop.hub.da.post(f"{REPO}/issues/{pull.number}/comments", {"body": "/help"}).status == 201
    door.react(door.comments(pull.number)[0], "+1")
    door.dispatch("project", {"pid": PID, "retry": False})
    assert loop.hub.actions("repository_dispatch") == ["project"]
    with pytest.raises(GitHubRefused, match="404"):
        door.pull(999)


def test_what_did_not_change_costs_nothing_also_in_the_next_process(loop: Loop) -> None:
    def left() -> int:
        return int(loop.hub.bot().get("/rate_limit").json["resources"]["core"]["remaining"])

    loop.observe("")
    loop.lmtbot("arrive")
    assert list(loop.root.rglob("github.json")), "what GitHub told is kept"
    loop.lmtbot("arrive")
    before = left()
    told = loop.lmtbot("arrive")
    assert (told["calls"], told["writes"], before - left()) == (1, 0, 0)
