"""From a merge to level 2 on a real GitHub: level 1 is reported, QA is opened, level 2 runs only when it may."""

from __future__ import annotations

import pytest

from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.loop.world import Loop, rows

QA = f"qa/{PID}"
NAME = f"projects/{PID}"


def checks(loop: Loop, commit: str) -> dict[str, str]:
    runs = loop.hub.po.get(f"{REPO}/commits/{commit}/check-runs").json["check_runs"]
    return {run["name"]: run["conclusion"] for run in runs}


def pull_of(loop: Loop, branch: str) -> dict[str, object]:
    return next(dict(one) for one in loop.pulls() if one["head"]["ref"] == branch)


def comments(loop: Loop, number: int) -> list[str]:
    return [one["body"] for one in loop.hub.po.get(f"{REPO}/issues/{number}/comments").json]


def reduced(loop: Loop) -> int:
    """Let a night arrive, merge it, and reconcile; return the number of the QA pull request."""
    loop.observe(rows(117361, 117362))
    number = loop.lmtbot("arrive")["proposals"][0]["number"]
    loop.merge(number)
    told = loop.lmtbot("reconcile", PID)[0]
    assert (told["level"], told["good"], told["failed"], told["blocked"]) == (1, 3, [], {})
    assert told["qa"]["became"] == "opened"
    return int(told["qa"]["number"])


def say(loop: Loop, number: int, body: str, who: str = "da") -> list[dict[str, object]]:
    """Comment as somebody, and let the bot answer."""
    came = loop.hub.person(who).post(f"{REPO}/issues/{number}/comments", {"body": body})
    assert came.status == 201
    found: list[dict[str, object]] = loop.lmtbot("answer", str(number))
    return found


def approve(loop: Loop, number: int, who: str = "da") -> None:
    head = loop.hub.po.get(f"{REPO}/pulls/{number}").json["head"]["sha"]
    body = {"event": "APPROVE", "commit_id": head}
    assert loop.hub.person(who).post(f"{REPO}/pulls/{number}/reviews", body).status == 200


@pytest.mark.slow
def test_a_merged_arrival_is_reduced_and_reported_and_opens_qa(loop: Loop) -> None:
    number = reduced(loop)
    arrival = next(one for one in loop.pulls("closed") if one["head"]["ref"] == f"arrival/{PID}")
    told = [text for text in comments(loop, arrival["number"]) if "lmtbot:run" in text]
    assert len(told) == 1 and f"Level 1 of {PID}: done" in told[0], told
    assert checks(loop, str(arrival["merge_commit_sha"]))[f"level 1 / {PID}"] == "success"
    pull = pull_of(loop, QA)
    assert pull["number"] == number
    text = loop.hub.text(f"{NAME}/level2.yaml", QA)
    assert "SLpipeline.sh obsnum=117362 _io=RSR/Bs _s=GALAXY badcb=2/3" in text
    head = loop.hub.tip(QA)
    assert checks(loop, head)["qa"] == "failure"


def test_the_whole_way_to_level_2(loop: Loop) -> None:
    number = reduced(loop)
    answered = say(loop, number, "/grade 117361 3 good\n/grade 117362 2\n/flag 117362 badcb=1/2")
    assert [one["is_done"] for one in answered[0]["answers"]] == [True, True, True], answered  # type: ignore[union-attr]
    assert checks(loop, loop.hub.tip(QA))["qa"] == "success"
    approve(loop, number)
    merged = loop.merge(number)
    told = loop.lmtbot("reconcile", PID)[0]
    assert (told["level"], told["refused"], told["good"], told["failed"]) == (2, [], 3, [])
    assert checks(loop, str(merged["sha"]))[f"level 2 / {PID}"] == "success"
    assert loop.lmtbot("status", PID)["projects"][0]["state"] == "done"
    records = [one for one in loop.lmtbot("history", PID)["records"] if one["level"] == 2]
    assert {one["who"] for one in records} == {f"po merged #{number}, approved by da"}
    again = loop.lmtbot("reconcile", PID)[0]
    assert (again["level"], again["good"], again["qa"]) == (2, 0, None)


@pytest.mark.slow
def test_level_2_says_when_the_archive_would_lack_something(loop: Loop) -> None:
    number = reduced(loop)
    say(loop, number, "/grade 117361 3\n/grade 117362 2")
    approve(loop, number)
    merged = loop.merge(number)
    loop.lmtbot("reconcile", PID, QUICK_NO_SDFITS="1")
    assert checks(loop, str(merged["sha"]))[f"level 2 / {PID}"] == "failure"
    told = next(text for text in comments(loop, number) if "lmtbot:run" in text)
    assert "not ready for the archive" in told and "SDFITS" in told


@pytest.mark.slow
def test_after_level_2_a_further_pass_says_nothing_new(loop: Loop) -> None:
    number = reduced(loop)
    say(loop, number, "/grade 117361 3\n/grade 117362 2")
    approve(loop, number)
    merged = loop.merge(number)
    loop.lmtbot("reconcile", PID)
    before = comments(loop, number), checks(loop, str(merged["sha"]))
    loop.lmtbot("reconcile", PID)
    assert (comments(loop, number), checks(loop, str(merged["sha"]))) == before
    assert f"level 1 / {PID}" not in before[1]
