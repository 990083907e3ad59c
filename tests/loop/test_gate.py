"""Level 2 runs only what a DA approved and a PO merged, line by line; all else is refused in words, with a way on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest

from bot.formats.marker import read_marker
from bot.formats.project_file import read_level2
from bot.model.record import RunState
from bot.rules.level2 import level2_of, level2_text
from bot.settings import find_site
from bot.stages.planning import read_plan
from bot.stages.reconcile import Reconciled
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.loop.play import FOLDER, GRADES, QA, Play
from tests.loop.world import rows

NOT_APPROVED = "0 of 1 approvals by a data analyst (DA)"
NOT_BY_PULL = f"level2.yaml came onto main without a QA pull request (qa/{PID})"
NOT_CURRENT = "main has changed under the plan"


@dataclass(frozen=True)
class Case:
    """What was done wrongly, and what the bot must say of it."""

    deed: Callable[[Play], None]
    reasons: tuple[str, ...]
    has_pull: bool = True


def merged(play: Play, who: str = "po") -> None:
    play.loop.merge(play.number, who)


def nobody_approves(play: Play) -> None:
    merged(play)


def strangers_approve(play: Play) -> None:
    for who in ("stranger", "pi", "po"):
        play.review(who)
    merged(play)


def an_older_head_is_approved(play: Play) -> None:
    play.review()
    play.say("/grade 117361 2 a second look")
    merged(play)


def a_push_follows_the_approval(play: Play) -> None:
    play.review()
    play.write("qa.yaml", play.text("qa.yaml", QA) + "# a word more\n", QA, "da")
    merged(play)


def the_approval_is_dismissed(play: Play) -> None:
    number = play.review()
    came = play.hub.po.put(f"{REPO}/pulls/{play.number}/reviews/{number}/dismissals", {"message": "too early"})
    assert came.status == 200
    merged(play)


def the_da_changes_their_mind(play: Play) -> None:
    play.review()
    play.review(event="REQUEST_CHANGES")
    merged(play)


def the_da_merges(play: Play) -> None:
    play.review()
    merged(play, "da")


def level2_is_pushed(play: Play) -> None:
    """All three files as on the branch, but by hand onto main: the plan is current, nobody decided it."""
    for name in ("qa.yaml", "level2.yaml"):
        play.write(name, play.text(name, QA))


def level2_is_tampered_with(play: Play) -> None:
    text = play.text("level2.yaml", QA)
    play.write("level2.yaml", text.replace("badcb=2/3", "badcb=1/1", 1), QA, "da")
    play.review()
    merged(play)


def a_flag_slips_in_beside_the_lines(play: Play) -> None:
    """qa.yaml is changed by hand, and merged before the bot has renewed level2.yaml."""
    text = play.text("qa.yaml", QA).replace("grade: 2", "grade: 2, flags: {badcb: 1/2}", 1)
    play.write("qa.yaml", text, QA, "da")
    play.review()
    merged(play)


def an_arrival_is_merged_first(play: Play) -> None:
    play.review()
    play.arrive(117361, 117362, 117363)
    merged(play)


def an_arrival_is_merged_after(play: Play) -> None:
    """All was right, but before a runner came to it main listed more."""
    play.review()
    merged(play)
    play.arrive(117361, 117362, 117363)


def more_was_observed(play: Play) -> None:
    play.review()
    play.loop.observe(rows(117361, 117362, 117363))
    merged(play)


def another_branch_brings_it(play: Play) -> None:
    files = {f"{FOLDER}/{name}": play.text(name, QA) for name in ("qa.yaml", "level2.yaml")}
    play.hub.branch("mine")
    for path, text in files.items():
        assert play.hub.write(path, text, "mine").status in (200, 201)
    play.number = opened_pull(play, "da", "mine")
    play.review("po")
    merged(play)


def a_fork_brings_it(play: Play) -> None:
    assert play.hub.stranger.post(f"{REPO}/forks").status == 202
    fork = "/repos/stranger/lmtoy_run"
    assert play.hub.write("their.txt", "a fork holds the branch too", QA, play.hub.stranger, fork).status == 201
    play.number = opened_pull(play, "stranger", f"stranger:{QA}")
    play.review()
    merged(play)


def the_da_opened_it(play: Play) -> None:
    """The bot's pull request is closed, and a DA opens one from the same branch: GitHub takes no approval of theirs."""
    assert play.hub.po.patch(f"{REPO}/pulls/{play.number}", {"state": "closed"}).status == 200
    play.number = opened_pull(play, "da", QA)
    body = {"event": "APPROVE", "body": "my own"}
    assert play.hub.da.post(f"{REPO}/pulls/{play.number}/reviews", body).status == 422
    merged(play)


def another_base_brings_it(play: Play) -> None:
    """Approved and merged by the right people, but into a branch of somebody's, which is then pushed onto main."""
    play.hub.branch("side")
    play.hub.po.patch(f"{REPO}/pulls/{play.number}", {"base": "side"})
    play.review()
    merged(play)
    came = play.hub.po.patch(f"{REPO}/git/refs/heads/main", {"sha": play.hub.tip("side")})
    assert came.status == 200, came.data


def the_po_merges_other_lines(play: Play) -> None:
    """A merge made by hand: the DA's approved head is in it, but the files are not the approved ones."""
    play.review()
    clone = play.hub.clone("po")
    git = ["git", "-C", str(clone), "-c", "user.name=po", "-c", "user.email=po@example.org"]
    subprocess.run([*git, "merge", "-q", "--no-ff", "--no-commit", f"origin/{QA}"], check=True)
    project = clone / FOLDER / "project.yaml"
    project.write_text(project.read_text().replace("badcb: 2/3", "badcb: 0/1"))
    _, plan = read_plan(find_site(str(clone), None, None, {}), PID, 2)
    (clone / FOLDER / "level2.yaml").write_text(level2_text(level2_of(plan)))
    subprocess.run([*git, "commit", "-q", "-a", "-m", "merged by hand"], check=True)
    subprocess.run([*git, "push", "-q", "origin", "main"], check=True)


def opened_pull(play: Play, who: str, head: str) -> int:
    body = {"title": "verdicts", "head": head, "base": "main"}
    came = play.hub.person(who).post(f"{REPO}/pulls", body)
    assert came.status == 201, came.data
    return int(came.json["number"])


CASES = {
    "nobody approved": Case(nobody_approves, (NOT_APPROVED,)),
    "a stranger, the PI and the PO approved": Case(
        strangers_approve, (f"{NOT_APPROVED} at the commit that was merged; pi, po, stranger approved and is no DA",)
    ),
    "an older head was approved": Case(an_older_head_is_approved, (NOT_APPROVED,)),
    "a push followed the approval": Case(a_push_follows_the_approval, (NOT_APPROVED,)),
    "the approval was dismissed": Case(the_approval_is_dismissed, (NOT_APPROVED,)),
    "the DA asked for changes": Case(the_da_changes_their_mind, ("da asked for changes", NOT_APPROVED)),
    "the DA merged": Case(the_da_merges, ("da merged #",)),
    "level2.yaml was pushed": Case(level2_is_pushed, (NOT_BY_PULL,), has_pull=False),
    "level2.yaml was tampered with": Case(level2_is_tampered_with, (NOT_CURRENT,)),
    "a flag slipped in": Case(a_flag_slips_in_beside_the_lines, (NOT_CURRENT,)),
    "an arrival was merged first": Case(an_arrival_is_merged_first, (NOT_CURRENT,)),
    "an arrival was merged after it": Case(an_arrival_is_merged_after, (NOT_CURRENT,)),
    "more was observed": Case(more_was_observed, ("the observation log has 1 obsnums that main does not list",)),
    "another branch brought it": Case(another_branch_brings_it, (NOT_BY_PULL,)),
    "a fork brought it": Case(a_fork_brings_it, (NOT_BY_PULL,)),
    "the DA opened it": Case(the_da_opened_it, (NOT_APPROVED,)),
    "another base brought it": Case(another_base_brings_it, (NOT_BY_PULL,), has_pull=False),
    "the PO merged other lines": Case(the_po_merges_other_lines, ("level2.yaml on main is not what",)),
}
QUICK = ("nobody approved",)


def parametrized(cases: Iterable[str]) -> list[object]:
    return [pytest.param(CASES[name], id=name, marks=() if name in QUICK else pytest.mark.slow) for name in cases]


@pytest.mark.parametrize("case", parametrized(CASES))
def test_level_2_is_refused_in_words_and_there_is_a_way_on(graded: Play, case: Case) -> None:
    play = graded
    case.deed(play)
    wrong = play.number
    done = play.reconcile()
    assert_refused(play, done, wrong if case.has_pull else 0, case.reasons)
    again = play.reconcile()
    assert again.refused == done.refused and play.records() == []
    assert len([one for one in play.comments(wrong) if is_report(one)]) == case.has_pull
    assert_way_on(play)


def is_report(text: str) -> bool:
    return read_marker(text, "run") == {"pid": PID, "level": "2"}


def assert_refused(play: Play, done: Reconciled, number: int, reasons: tuple[str, ...]) -> None:
    assert len(done.refused) == len(reasons), done.refused
    for told, reason in zip(done.refused, reasons, strict=True):
        assert told.startswith(reason)
    assert play.records() == []
    commit = play.hub.git(
        "log", "-1", "--first-parent", "--format=%H", "--", f"{FOLDER}/level2.yaml", cwd=play.loop.checkout
    )
    assert play.checks(commit.strip())[f"level 2 / {PID}"] == "failure"
    if number:
        told = next(one for one in play.comments(number) if is_report(one))
        assert "refused" in told


def assert_way_on(play: Play) -> None:
    """A QA pull request is open; graded, approved and merged as it must be, level 2 runs from it."""
    if play.loop.log.read_text().count("117363") and "117363" not in play.text("project.yaml"):
        play.arrive(117361, 117362, 117363)
    play.reconcile()
    grades = GRADES + ("\n/grade 117363 1" if "117363" in play.text("project.yaml") else "")
    assert all(one.is_done for one in play.say(grades)[0].answers)
    pull = play.pull()
    assert (pull["state"], pull["head"]["ref"]) == ("open", QA)
    assert play.checks(pull["head"]["sha"])["qa"] == "success"
    play.review()
    commit = str(play.loop.merge(play.number)["sha"])
    done = play.reconcile()
    assert (done.level, done.refused) == (2, ())
    assert play.checks(commit)[f"level 2 / {PID}"] == "success"
    approved = read_level2(play.text("level2.yaml"), PID)
    assert approved and sorted(approved.lines) == sorted(line for one in play.records() for line in one.lines)
    assert {one.state for one in play.records()} == {RunState.GOOD}


@pytest.mark.slow
def test_without_the_log_level_2_is_refused_and_runs_once_it_is_back(graded: Play) -> None:
    graded.review()
    log = graded.loop.log.read_text()
    merged(graded)
    graded.loop.log.unlink()
    (reason,) = graded.reconcile().refused
    assert reason.startswith(f"whether the observation log has more of {PID} than main is not known: ")
    assert graded.records() == []
    graded.loop.observe(log)
    done = graded.reconcile()
    assert (done.level, done.refused) == (2, ())
    assert {one.state for one in graded.records()} == {RunState.GOOD}
    assert graded.reconcile().refused == ()
    assert [one for one in graded.loop.pulls() if one["head"]["ref"] == QA] == []


@pytest.mark.slow
def test_what_arrives_after_level_2_was_run_is_the_next_rounds(graded: Play) -> None:
    graded.review()
    merged(graded)
    assert graded.reconcile().level == 2
    graded.arrive(117361, 117362, 117363)
    done = graded.reconcile()
    assert (done.level, done.refused, done.is_good) == (1, (), True)
    assert len(graded.records()) == 3
