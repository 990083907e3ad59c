"""What GraphQL can change: each is a call of the API by the person who asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.sim.github.graphql.asking import Asking
from bot.sim.github.graphql.fields import here
from bot.sim.github.refusals import Refusal
from bot.sim.github.shown.accounts import Json


def _given(asked: Json, **names: str) -> Json:
    """Return the fields of an input that were given, by the API's names."""
    return {word: asked[name] for name, word in names.items() if asked.get(name) is not None}


def add_comment(asking: Asking, asked: Json) -> Json:
    """Comment on an issue or pull request."""
    subject = here(asking.find(asked["subjectId"], "Issue", "PullRequest")).replace("/pulls/", "/issues/")
    return {"comment_edge": {"node": asking.ask("POST", f"{subject}/comments", {"body": asked["body"]})}}


def add_review(asking: Asking, asked: Json) -> Json:
    """Review a pull request; without an event the review is pending."""
    pull = here(asking.find(asked["pullRequestId"], "PullRequest"))
    body = _given(asked, body="body", event="event")
    return {"pull_request_review": asking.ask("POST", f"{pull}/reviews", body)}


def merge(asking: Asking, asked: Json) -> Json:
    """Merge a pull request."""
    pull = here(asking.find(asked["pullRequestId"], "PullRequest"))
    body = _given(asked, commitHeadline="commit_title", commitBody="commit_message", expectedHeadOid="sha")
    body["merge_method"] = (asked.get("mergeMethod") or "MERGE").lower()
    asking.ask("PUT", f"{pull}/merge", body)
    return {"pull_request": asking.ask("GET", pull)}


def create_issue(asking: Asking, asked: Json) -> Json:
    """Open an issue."""
    if asked.get("projectIds") or asked.get("assigneeIds"):
        raise Refusal(422, "projectIds and assigneeIds of a new issue are not simulated here")
    repo = asking.find(asked["repositoryId"], "Repository")
    labels = {label["node_id"]: label["name"] for label in asking.all_of(f"{here(repo)}/labels")}
    body = _given(asked, title="title", body="body")
    body["labels"] = [labels[one] for one in asked.get("labelIds") or () if one in labels]
    return {"issue": asking.ask("POST", f"{here(repo)}/issues", body)}


def create_pull(asking: Asking, asked: Json) -> Json:
    """Open a pull request."""
    repo = asking.find(asked["repositoryId"], "Repository")
    names = {"baseRefName": "base", "headRefName": "head", "maintainerCanModify": "maintainer_can_modify"}
    body = _given(asked, title="title", body="body", draft="draft", **names)
    return {"pull_request": asking.ask("POST", f"{here(repo)}/pulls", body)}


def _set_state(kind: str, argument: str, key: str, state: str) -> Callable[[Asking, Json], Json]:
    def change(asking: Asking, asked: Json) -> Json:
        reason = {"state_reason": asked["stateReason"].lower()} if asked.get("stateReason") else {}
        return {key: asking.ask("PATCH", here(asking.find(asked[argument], kind)), {"state": state} | reason)}

    return change


MUTATIONS: Mapping[str, Callable[[Asking, Json], Any]] = {
    "addComment": add_comment,
    "addPullRequestReview": add_review,
    "closeIssue": _set_state("Issue", "issueId", "issue", "closed"),
    "closePullRequest": _set_state("PullRequest", "pullRequestId", "pull_request", "closed"),
    "createIssue": create_issue,
    "createPullRequest": create_pull,
    "mergePullRequest": merge,
    "reopenIssue": _set_state("Issue", "issueId", "issue", "open"),
    "reopenPullRequest": _set_state("PullRequest", "pullRequestId", "pull_request", "open"),
}
