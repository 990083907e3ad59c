"""The gate's rule as a table: who approved what, who merged, and whether the lines are those that were approved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.formats.project_file import ProjectFolder, parse_folder
from bot.model.github import Pull, Review, ReviewState
from bot.model.plan import Plan
from bot.model.role import Role
from bot.rules.approval import Merge, approvers, refusals
from bot.rules.level2 import level2_of
from bot.rules.plan import plan_project

PID = "2024-S1-MX-2"
PROJECT = f"pid: {PID}\nmode: RSR/Bs\nsources:\n  GALAXY: {{obsnums: [117361, 117362], tiers: {{a: {{}}}}}}\n"
OLD, HEAD = "a" * 40, "b" * 40
PULL = Pull(7, "", "", "", f"qa/{PID}", "main", HEAD, "lmtbot[bot]", True, False, is_merged=True, merged_by="po")
YES, NO, AWAY, WORD = (
    ReviewState.APPROVED,
    ReviewState.CHANGES_REQUESTED,
    ReviewState.DISMISSED,
    ReviewState.COMMENTED,
)


def folder_and_plan() -> tuple[ProjectFolder, Plan]:
    folder = parse_folder(PROJECT, pid=PID)
    plan = plan_project(folder, 2)
    return replace(folder, level2=level2_of(plan)), plan


def merge(*reviews: tuple[str, ReviewState, str], analysts: tuple[str, ...] = ("da", "da2")) -> Merge:
    found = tuple(Review(*review) for review in reviews)
    return Merge(PULL, found, {Role.PO}, analysts, folder_and_plan()[0].level2)


def told(merge: Merge, approvals: int = 1, **more: tuple[int, ...]) -> tuple[str, ...]:
    return refusals(*folder_and_plan(), merge, approvals=approvals, **more)


@pytest.mark.parametrize(
    ("reviews", "counted"),
    [
        ((), set()),
        ((("da", YES, HEAD),), {"da"}),
        ((("da", YES, OLD),), set()),
        ((("da", YES, OLD), ("da", YES, HEAD)), {"da"}),
        ((("da", YES, HEAD), ("da", WORD, HEAD)), {"da"}),
        ((("da", YES, HEAD), ("da", NO, HEAD)), set()),
        ((("da", NO, HEAD), ("da", YES, HEAD)), {"da"}),
        ((("da", AWAY, HEAD),), set()),
        ((("da", YES, HEAD), ("da", YES, OLD)), set()),
        ((("po", YES, HEAD),), set()),
        ((("", YES, HEAD),), set()),
        ((("da", YES, ""),), set()),
        ((("da", YES, HEAD), ("da2", YES, HEAD)), {"da", "da2"}),
    ],
)
def test_a_das_newest_deciding_review_of_the_merged_commit_counts(
    reviews: tuple[tuple[str, ReviewState, str], ...], counted: set[str]
) -> None:
    assert approvers(merge(*reviews)) == counted
    assert bool(told(merge(*reviews))) is not bool(counted)


def test_who_opened_the_pull_request_cannot_approve_it() -> None:
    own = replace(merge(("da", YES, HEAD)), pull=replace(PULL, author="da"))
    assert approvers(own) == set()
    assert "da approved an older commit, or wrote it" in told(own)[0]


def test_a_refusal_for_changes_stands_beside_anothers_approval() -> None:
    assert told(merge(("da", YES, HEAD), ("da2", NO, OLD))) == ("da2 asked for changes",)
    assert told(merge(("da", YES, HEAD), ("stranger", NO, HEAD))) == ()


def test_as_many_das_as_the_settings_want() -> None:
    assert told(merge(("da", YES, HEAD)), 2)[0].startswith("1 of 2 approvals")
    assert told(merge(("da", YES, HEAD), ("da2", YES, HEAD)), 2) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        Merge(None),
        replace(merge(("da", YES, HEAD)), pull=replace(PULL, branch="mine")),
        replace(merge(("da", YES, HEAD)), pull=replace(PULL, branch=f"qa/{PID}2")),
        replace(merge(("da", YES, HEAD)), pull=replace(PULL, is_own=False)),
    ],
)
def test_only_the_projects_own_qa_pull_request_counts(wrong: Merge) -> None:
    (reason,) = told(wrong)
    assert reason == f"level2.yaml came onto main without a QA pull request (qa/{PID})"


def test_lines_that_the_merge_brought_and_nobody_approved_are_refused() -> None:
    good = merge(("da", YES, HEAD))
    assert good.approved
    for other in (None, good.approved.model_copy(update={"lines": good.approved.lines[:-1]})):
        (reason,) = told(replace(good, approved=other))
        assert reason == "level2.yaml on main is not what stands in #7: the merge brought other lines"


def test_all_reasons_are_told_at_once() -> None:
    folder, plan = folder_and_plan()
    assert folder.level2
    folder = replace(folder, level2=folder.level2.model_copy(update={"lines": ()}))
    wrong = replace(merge(("stranger", YES, HEAD)), pull=replace(PULL, merged_by="da"), merger={Role.DA})
    reasons = refusals(folder, plan, wrong, approvals=1, unlisted=tuple(range(117370, 117380)), log_fault="no log")
    starts = (
        "0 of 1 approvals",
        "da merged #7",
        "level2.yaml on main",
        "main has changed",
        "the observation log has 10",
        "whether the observation log has more",
    )
    assert [reason.startswith(start) for reason, start in zip(reasons, starts, strict=True)] == [True] * 6
    assert reasons[-2].endswith("117377 and 2 more")
    assert reasons[-1].endswith("no log")
