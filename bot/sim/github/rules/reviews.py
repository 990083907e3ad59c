"""What reviews allow: the newest opinion of each person counts, and only of those who may write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

OPINIONS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")


@dataclass(frozen=True)
class Review:
    """One submitted review, oldest first in any list."""

    user_id: int
    state: str
    commit_id: str


@dataclass(frozen=True)
class ReviewRule:
    """What a protected branch asks of reviews."""

    approvals: int = 1
    code_owners: bool = False
    last_push: bool = False


@dataclass(frozen=True)
class Standing:
    """How a pull request stands before the rule: who approves, who asks for changes, and what is missing."""

    approvals: tuple[int, ...] = ()
    changes: tuple[int, ...] = ()
    faults: tuple[str, ...] = field(default=())


def newest_opinions(reviews: Iterable[Review], writers: frozenset[int]) -> dict[int, str]:
    """Return the newest opinion of each person with write access; comments are no opinion."""
    found: dict[int, str] = {}
    for review in reviews:
        if review.user_id in writers and review.state in OPINIONS:
            found[review.user_id] = review.state
    return found


def standing(
    opinions: Mapping[int, str], rule: ReviewRule, *, owners: Sequence[frozenset[int]], last_pusher: int | None
) -> Standing:
    """Judge the opinions; `owners` holds, for each owned file, the people one of whom must approve."""
    approvals = tuple(user for user, state in opinions.items() if state == "APPROVED")
    changes = tuple(user for user, state in opinions.items() if state == "CHANGES_REQUESTED")
    faults = []
    if changes:
        faults.append("Changes have been requested.")
    if len(approvals) < rule.approvals:
        words = "review is" if rule.approvals == 1 else "reviews are"
        faults.append(f"At least {rule.approvals} approving {words} required by reviewers with write access.")
    if rule.code_owners and any(not people & set(approvals) for people in owners):
        faults.append("Waiting on code owner review.")
    if rule.last_push and not [user for user in approvals if user != last_pusher]:
        faults.append("New changes require approval from someone other than the last pusher.")
    return Standing(approvals, changes, tuple(faults))
