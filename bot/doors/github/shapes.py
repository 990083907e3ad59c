"""GitHub's JSON -> our values, and checks -> what GitHub takes. Limits are GitHub's documented ones."""

from __future__ import annotations

from typing import Any

from bot.model.github import (
    Asset,
    Check,
    Comment,
    Commit,
    Conclusion,
    Labelled,
    Pull,
    Release,
    Review,
    ReviewState,
    Topic,
)

MOST_SUMMARY, MOST_DESCRIPTION = 65_535, 140
CUT = "\n\n... cut here: GitHub shows no more."
STATES = {None: "pending", Conclusion.SUCCESS: "success", Conclusion.NEUTRAL: "success"}


def pull(told: Any) -> Pull:
    """Read a pull request as lists and single answers give it."""
    head, base = told["head"], told["base"]
    head_repository = (head.get("repo") or {}).get("full_name")
    asked = [*(one["login"] for one in told.get("requested_reviewers") or ())]
    asked += [one["slug"] for one in told.get("requested_teams") or ()]
    return Pull(
        number=told["number"],
        title=told["title"],
        body=(told.get("body") or "").replace("\r\n", "\n"),
        url=told["html_url"],
        branch=head["ref"],
        base=base["ref"],
        head=head["sha"],
        author=_login(told.get("user")),
        is_own=head_repository is not None and head_repository == base["repo"]["full_name"],
        is_open=told["state"] == "open",
        is_merged=bool(told.get("merged_at")),
        merge_commit=(told.get("merge_commit_sha") or "") if told.get("merged_at") else "",
        merged_by=_login(told.get("merged_by")),
        labels=tuple(label["name"] for label in told.get("labels") or ()),
        reviewers=tuple(asked),
    )


def topic(told: Any) -> Topic:
    """Read an issue, or a pull request as the list of issues gives it."""
    pull = told.get("pull_request")
    return Topic(
        number=told["number"],
        title=told["title"],
        body=(told.get("body") or "").replace("\r\n", "\n"),
        url=told["html_url"],
        author=_login(told.get("user")),
        is_pull=pull is not None,
        is_open=told["state"] == "open",
        is_merged=bool((pull or {}).get("merged_at")),
        labels=tuple(label if isinstance(label, str) else label["name"] for label in told.get("labels") or ()),
        opened=told["created_at"],
        closed=told.get("closed_at") or "",
        changed=told["updated_at"],
    )


def comment(told: Any) -> Comment:
    """Read a comment."""
    return Comment(
        id=told["id"],
        author=_login(told.get("user")),
        body=(told.get("body") or "").replace("\r\n", "\n"),
        url=told["html_url"],
        is_edited=told["created_at"] != told["updated_at"],
        created=told["created_at"],
    )


def labelled(told: Any) -> Labelled:
    """Read who put a label on an issue."""
    return Labelled((told.get("label") or {}).get("name", ""), _login(told.get("actor")), told["created_at"])


def commit(told: Any) -> Commit:
    """Read a commit as lists give it."""
    parents = tuple(one["sha"] for one in told["parents"])
    return Commit(told["sha"], told["commit"]["message"], _login(told.get("author")), parents)


def release(told: Any) -> Release:
    """Read a release."""
    assets = (
        Asset(one["id"], one["name"], one["size"], one.get("digest") or "")
        for one in told.get("assets") or ()
        if one.get("state") == "uploaded"
    )
    upload_url = told["upload_url"].partition("{")[0]
    return Release(
        told["id"], told["tag_name"], _login(told.get("author")), told["html_url"], upload_url, tuple(assets)
    )


def review(told: Any) -> Review:
    """Read a review; a state that we do not know decides nothing."""
    state = told.get("state") or ""
    known = ReviewState(state) if state in ReviewState.__members__ else ReviewState.COMMENTED
    return Review(_login(told.get("user")), known, told.get("commit_id") or "")


def check_body(check: Check) -> dict[str, Any]:
    """Return what a check run is made or changed with."""
    body: dict[str, Any] = {"output": {"title": check.title, "summary": shortened(check.summary, MOST_SUMMARY)}}
    if check.conclusion is None:
        return body | {"status": "in_progress"}
    return body | {"status": "completed", "conclusion": str(check.conclusion)}


def is_check(known: Any, body: dict[str, Any]) -> bool:
    """Say whether a check run shows this already."""
    output = known.get("output") or {}
    same = all(output.get(key) == value for key, value in body["output"].items())
    return same and known.get("status") == body["status"] and known.get("conclusion") == body.get("conclusion")


def status_body(check: Check) -> dict[str, str]:
    """Return the commit status that says the same in few words."""
    state = STATES.get(check.conclusion, "failure")
    return {"state": state, "context": check.name, "description": check.title[:MOST_DESCRIPTION]}


def shortened(text: str, most: int) -> str:
    """Cut a text to what GitHub takes, and say so."""
    return text if len(text) <= most else text[: most - len(CUT)] + CUT


def _login(account: Any) -> str:
    return account["login"] if account else ""
