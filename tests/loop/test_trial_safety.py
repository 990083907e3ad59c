"""A trial writes in the DA's own WORK_LMT and nowhere else, and decides anew who asked for what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import LmtBotError
from bot.settings import Machine
from bot.sim.github.wire.practice import forward_clock
from bot.stages.level1 import Outcome
from bot.stages.trial import run_trial
from tests.github.hub import REPO
from tests.loop.play import QA, Play

pytestmark = pytest.mark.slow
SOON = timedelta(seconds=5)


def trial(play: Play, comment: int, head: str = "", pattern: str = "", line: int = 1) -> Outcome:
    site, github = play.bot()
    machine = Machine(trial_work=pattern or f"{play.loop.root}/trials/{{login}}")
    own = replace(site, machine=machine)
    return run_trial(own, github, play.number, comment, line, head or play.hub.tip(QA), lambda _progress: None)


def left(play: Play) -> set[str]:
    return {path.name for path in (play.loop.root / "trials").glob("*")}


def test_a_trial_runs_beside_the_official_results(graded: Play) -> None:
    comment = graded.comment("/run 117362")
    before = graded.records(1)
    assert trial(graded, comment).good == 1
    assert left(graded) == {"da"}
    assert (graded.loop.root / "trials/da/2024-S1-MX-2/117362/lmtoy_117362.rc").exists()
    assert graded.records(1) == before


@pytest.mark.parametrize("who", ["stranger", "pi"])
def test_who_may_not_is_refused_again_whatever_a_dispatch_says(graded: Play, who: str) -> None:
    refuse(graded, graded.comment("/run 117362", who), f"{who} may not ask for a trial")


def test_who_has_lost_the_role_meanwhile_is_refused(graded: Play) -> None:
    comment = graded.comment("/run 117362")
    assert graded.hub.po.delete("/orgs/lmtoy/teams/da/memberships/da").status == 204
    refuse(graded, comment, "da may not ask for a trial")


def test_an_edited_deleted_or_other_comment_is_refused(graded: Play) -> None:
    comment = graded.comment("/run 117362")
    refuse(graded, comment, "is no /run", line=2)
    graded.hub.ask(lambda: forward_clock(graded.hub.state, SOON))
    url = f"{REPO}/issues/comments/{comment}"
    assert graded.hub.da.patch(url, {"body": "/run 117361"}).status == 200
    refuse(graded, comment, "or it was edited")
    assert graded.hub.da.delete(url).status == 204
    refuse(graded, comment, "has no comment")
    refuse(graded, graded.comment("/status"), "is no /run")


def test_only_the_pull_requests_own_commits_are_tried(graded: Play) -> None:
    """GitHub gives files at any commit of any fork: what a dispatch names must be the pull request's."""
    comment = graded.comment("/run 117362")
    assert graded.hub.stranger.post(f"{REPO}/forks").status == 202
    fork = "/repos/stranger/lmtoy_run"
    assert graded.hub.write("x.txt", "x", QA, graded.hub.stranger, fork).status == 201
    for head in (graded.hub.tip(QA, fork), graded.hub.tip(), "HEAD", "../x", "--upload-pack=x"):
        refuse(graded, comment, "is no commit of", head=head)


def test_trials_never_go_where_the_official_results_lie(graded: Play) -> None:
    comment, root = graded.comment("/run 117362"), graded.loop.root
    (root / "links").mkdir()
    (root / "links" / "da").symlink_to(root / "work")
    for pattern in (f"{root}/links/{{login}}", f"{root}/work/{{login}}", f"{root}/links/../work/{{login}}"):
        refuse(graded, comment, "the official results lie in", pattern=pattern)
    told = [one for one in graded.comments() if "The trial could not be made" in one]
    assert len(told) == 1 and "the official results lie in" in told[0]
    for pattern in (f"{root}/trials", "relative"):
        refuse(graded, comment, "no place for each DA's trials", pattern=pattern)


@pytest.mark.parametrize("flag", ["work_lmt=/elsewhere", "obsnum=117361", "archive=1", "rsync=x:y"])
def test_flags_that_lead_elsewhere_are_refused(graded: Play, flag: str) -> None:
    (found,) = graded.say(f"/flag 117362 {flag}")
    assert not found.answers[0].is_done
    assert flag not in graded.text("qa.yaml", QA)


def refuse(play: Play, comment: int, why: str, **more: str | int) -> None:
    with pytest.raises(LmtBotError, match=why):
        trial(play, comment, **more)  # type: ignore[arg-type]
    assert left(play) == set()
