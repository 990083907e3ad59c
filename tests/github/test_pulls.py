"""Pull requests and their reviews."""

from __future__ import annotations

import pytest

from tests.github.client import Client
from tests.github.hub import REPO, Hub


def shown(hub: Hub, number: int) -> dict:
    """Return a pull request after its mergeability has been computed."""
    hub.po.get(f"{REPO}/pulls/{number}")
    return hub.po.get(f"{REPO}/pulls/{number}").json


def review(who: Client, number: int, event: str, body: str = "words") -> tuple[int, dict]:
    came = who.post(f"{REPO}/pulls/{number}/reviews", {"event": event, "body": body})
    return came.status, came.json


def merge(who: Client, number: int, **body: object) -> tuple[int, dict]:
    came = who.put(f"{REPO}/pulls/{number}/merge", body)
    return came.status, came.json


def test_mergeable_is_null_until_it_has_been_computed(hub: Hub) -> None:
    number = hub.pull("feature")
    seen = [hub.po.get(f"{REPO}/pulls/{number}").json["mergeable"] for _ in range(2)]
    assert seen == [None, True]
    hub.write("README.md", "other\n", "feature")
    hub.write("README.md", "different\n")
    seen = [hub.po.get(f"{REPO}/pulls/{number}").json["mergeable"] for _ in range(2)]
    assert seen == [None, False]
    assert merge(hub.po, number)[0] == 405


def test_a_pull_request_without_difference_or_twice_or_without_head_is_422(hub: Hub) -> None:
    hub.branch("same")
    body = {"title": "t", "base": "main"}
    assert hub.da.post(f"{REPO}/pulls", body | {"head": "same"}).status == 422
    assert hub.da.post(f"{REPO}/pulls", body | {"head": "missing"}).status == 422
    assert hub.da.post(f"{REPO}/pulls", body | {"head": "same", "base": "missing"}).status == 422
    assert hub.da.post(f"{REPO}/pulls", {"head": "same", "base": "main"}).status == 422
    hub.pull("feature")
    twice = hub.da.post(f"{REPO}/pulls", body | {"head": "feature"})
    assert (twice.status, "already exists" in twice.json["errors"][0]["message"]) == (422, True)


def test_head_and_base_follow_their_branches_and_a_push_synchronizes(hub: Hub) -> None:
    number = hub.pull("feature")
    before = hub.tip("feature")
    hub.write("more.txt", "more\n", "feature")
    hub.write("base.txt", "base\n")
    pull = shown(hub, number)
    assert (pull["head"]["sha"], pull["base"]["sha"]) == (hub.tip("feature"), hub.tip())
    assert (pull["commits"], pull["changed_files"], pull["additions"]) == (2, 2, 2)
    told = hub.events("pull_request")[-1]
    assert (told["action"], told["payload"]["before"], told["payload"]["after"]) == (
        "synchronize",
        before,
        hub.tip("feature"),
    )
    assert [file["filename"] for file in hub.po.get(f"{REPO}/pulls/{number}/files").json] == ["feature.txt", "more.txt"]
    assert len(hub.po.get(f"{REPO}/pulls/{number}/commits").json) == 2
    assert b"+more" in hub.po.get(f"{REPO}/pulls/{number}", Accept="application/vnd.github.diff").data


@pytest.mark.parametrize(("method", "parents", "commits"), [("merge", 2, 4), ("squash", 1, 2), ("rebase", 1, 3)])
def test_a_merge_keeps_both_sides(hub: Hub, method: str, parents: int, commits: int) -> None:
    number = hub.pull("feature", {"one.txt": "1\n", "two.txt": "2\n"})
    hub.write("README.md", "# changed on main\n")
    status, said = merge(hub.po, number, merge_method=method)
    assert status == 200, said
    assert (hub.text("README.md"), hub.text("one.txt"), hub.text("two.txt")) == ("# changed on main\n", "1\n", "2\n")
    tip = hub.po.get(f"{REPO}/commits/{said['sha']}").json
    assert len(tip["parents"]) == parents
    assert len(hub.po.get(f"{REPO}/commits").json) == commits + 1
    pull = shown(hub, number)
    assert (pull["state"], pull["merged"], pull["merged_by"]["login"], pull["merge_commit_sha"]) == (
        "closed",
        True,
        "po",
        said["sha"],
    )
    assert hub.actions("pull_request") == ["opened", "closed"]
    assert hub.po.get(f"{REPO}/pulls/{number}/merge").status == 204
    assert merge(hub.po, number)[0] == 405
    found = hub.po.get(f"{REPO}/commits/{said['sha']}/pulls").json
    assert [pull["number"] for pull in found] == [number]


def test_a_merge_is_409_when_the_head_has_moved(hub: Hub) -> None:
    number = hub.pull("feature")
    seen = hub.tip("feature")
    hub.write("later.txt", "later\n", "feature")
    assert merge(hub.po, number, sha=seen)[0] == 409
    assert merge(hub.po, number, sha=hub.tip("feature"))[0] == 200


def test_a_merge_that_is_not_allowed_is_405(hub: Hub) -> None:
    hub.po.patch(REPO, {"allow_squash_merge": False})
    number, draft = hub.pull("feature"), hub.pull("draft", draft=True)
    assert merge(hub.po, number, merge_method="squash")[0] == 405
    assert merge(hub.po, draft)[0] == 405
    assert hub.da.patch(f"{REPO}/pulls/{number}", {"state": "closed"}).json["state"] == "closed"
    assert merge(hub.po, number)[0] == 405
    assert merge(hub.pi, number)[0] == 403


def test_a_pull_request_merged_by_push_closes_itself_as_merged(hub: Hub) -> None:
    number = hub.pull("feature")
    folder = hub.clone()
    hub.git("merge", "-q", "--no-ff", "-m", "by hand", "origin/feature", cwd=folder)
    hub.git("push", "-q", cwd=folder)
    pull = shown(hub, number)
    assert (pull["merged"], pull["merged_by"]["login"], pull["merge_commit_sha"]) == (True, "da", hub.tip())


def test_a_deleted_head_closes_a_pull_request_and_reopening_needs_it_back(hub: Hub) -> None:
    number, sha = hub.pull("feature"), hub.tip("feature")
    assert hub.da.delete(f"{REPO}/git/refs/heads/feature").status == 204
    assert shown(hub, number)["state"] == "closed"
    assert hub.da.patch(f"{REPO}/pulls/{number}", {"state": "open"}).status == 422
    hub.da.post(f"{REPO}/git/refs", {"ref": "refs/heads/feature", "sha": sha})
    assert hub.da.patch(f"{REPO}/pulls/{number}", {"state": "open"}).json["state"] == "open"
    assert hub.actions("pull_request") == ["opened", "closed", "reopened"]


def test_pull_requests_are_listed_by_state_head_and_base(hub: Hub) -> None:
    one, two = hub.pull("one"), hub.pull("two")
    hub.da.patch(f"{REPO}/pulls/{one}", {"state": "closed", "title": "new title", "body": "words"})
    listed = lambda query: [pull["number"] for pull in hub.po.get(f"{REPO}/pulls?{query}").json]  # noqa: E731
    assert (listed(""), listed("state=all"), listed("state=closed")) == ([two], [two, one], [one])
    assert (listed("head=lmtoy:two"), listed("head=da:two"), listed("base=none")) == ([two], [], [])
    assert hub.actions("pull_request")[-2:] == ["edited", "closed"]
    assert hub.stranger.patch(f"{REPO}/pulls/{two}", {"title": "mine"}).status == 403
    assert hub.po.get(f"{REPO}/pulls/99").status == 404


def test_a_fork_follows_its_own_branch_and_merges(hub: Hub) -> None:
    fork = hub.stranger.post(f"{REPO}/forks")
    assert (fork.status, fork.json["fork"], fork.json["parent"]["full_name"]) == (202, True, "lmtoy/lmtoy_run")
    theirs = "/repos/stranger/lmtoy_run"
    assert hub.write("theirs.txt", "t\n", who=hub.stranger, repo=theirs).status == 201
    made = hub.stranger.post(f"{REPO}/pulls", {"title": "from a fork", "head": "stranger:main", "base": "main"})
    assert made.status == 201, made.data
    number = made.json["number"]
    assert hub.write("again.txt", "a\n", who=hub.stranger, repo=theirs).status == 201
    pull = shown(hub, number)
    assert (pull["head"]["repo"]["full_name"], pull["mergeable"], pull["commits"]) == ("stranger/lmtoy_run", True, 2)
    assert pull["author_association"] == "NONE"
    assert hub.actions("pull_request") == ["opened", "synchronize"]
    assert hub.pi.post(f"{REPO}/pulls", {"title": "not mine", "head": "stranger:main", "base": "main"}).status in (
        403,
        422,
    )
    assert hub.po.get(f"{REPO}/compare/main...stranger:main").json["ahead_by"] == 2
    assert merge(hub.po, number)[0] == 200
    assert hub.text("again.txt") == "a\n"
    assert hub.po.get(f"{REPO}/forks").json[0]["full_name"] == "stranger/lmtoy_run"


def test_ones_own_pull_request_cannot_be_approved(hub: Hub) -> None:
    number = hub.pull("feature")
    assert review(hub.da, number, "APPROVE")[0] == 422
    assert review(hub.da, number, "REQUEST_CHANGES")[0] == 422
    assert review(hub.da, number, "COMMENT")[0] == 200
    assert review(hub.po, number, "COMMENT", "")[0] == 422


def test_a_review_keeps_the_commit_it_saw(hub: Hub) -> None:
    number = hub.pull("feature")
    seen = hub.tip("feature")
    status, made = review(hub.po, number, "APPROVE", "")
    assert (status, made["state"], made["commit_id"]) == (200, "APPROVED", seen)
    hub.write("later.txt", "later\n", "feature")
    kept = hub.po.get(f"{REPO}/pulls/{number}/reviews").json[0]
    assert (kept["commit_id"], kept["state"]) == (seen, "APPROVED")
    told = hub.events("pull_request_review")[0]
    assert (told["action"], told["payload"]["review"]["state"]) == ("submitted", "approved")


def test_stale_approvals_are_dismissed_where_the_branch_says_so(hub: Hub) -> None:
    hub.protect(required_pull_request_reviews={"dismiss_stale_reviews": True, "required_approving_review_count": 1})
    number = hub.pull("feature")
    review(hub.po, number, "APPROVE")
    hub.write("later.txt", "later\n", "feature")
    assert hub.po.get(f"{REPO}/pulls/{number}/reviews").json[0]["state"] == "DISMISSED"
    assert hub.actions("pull_request_review") == ["submitted", "dismissed"]
    assert merge(hub.po, number)[0] == 405


def test_required_reviews_count_the_newest_opinion_of_people_with_write_access(hub: Hub) -> None:
    hub.protect(required_pull_request_reviews={"required_approving_review_count": 1})
    number = hub.pull("feature", who=hub.bot())
    for who in (hub.pi, hub.stranger):
        assert review(who, number, "APPROVE")[0] == 200
    assert merge(hub.po, number)[0] == 405
    review(hub.da, number, "APPROVE")
    review(hub.da, number, "REQUEST_CHANGES")
    status, said = merge(hub.po, number)
    assert (status, "Changes have been requested" in said["message"]) == (405, True)
    review(hub.da, number, "COMMENT")
    assert merge(hub.po, number)[0] == 405
    review(hub.da, number, "APPROVE")
    assert merge(hub.po, number)[0] == 200


def test_a_dismissed_review_counts_no_longer(hub: Hub) -> None:
    hub.protect(required_pull_request_reviews={"required_approving_review_count": 1})
    number = hub.pull("feature")
    made = review(hub.po, number, "APPROVE")[1]
    url = f"{REPO}/pulls/{number}/reviews/{made['id']}"
    assert hub.pi.put(f"{url}/dismissals", {"message": "no"}).status == 403
    assert hub.da.put(f"{url}/dismissals", {"message": "no"}).json["state"] == "DISMISSED"
    assert hub.da.put(f"{url}/dismissals", {"message": "no"}).status == 422
    assert merge(hub.po, number)[0] == 405


def test_the_last_pusher_may_be_excluded(hub: Hub) -> None:
    hub.protect(
        required_pull_request_reviews={"required_approving_review_count": 1, "require_last_push_approval": True}
    )
    number = hub.pull("feature", who=hub.bot())
    hub.write("by_da.txt", "x\n", "feature", hub.da)
    review(hub.da, number, "APPROVE")
    status, said = merge(hub.po, number)
    assert (status, "last pusher" in said["message"]) == (405, True)
    review(hub.po, number, "APPROVE")
    assert merge(hub.po, number)[0] == 200


def test_code_owners_are_asked_and_must_approve(hub: Hub) -> None:
    owners = "* @po\n/projects/ @lmtoy/da\n/projects/*/project.yaml @po\n"
    assert hub.write(".github/CODEOWNERS", owners, who=hub.po).status == 201
    hub.protect(
        required_pull_request_reviews={"required_approving_review_count": 1, "require_code_owner_reviews": True}
    )
    number = hub.pull("feature", {"projects/X/qa.yaml": "q\n"}, hub.bot())
    assert [team["slug"] for team in shown(hub, number)["requested_teams"]] == ["da"]
    review(hub.po, number, "APPROVE")
    status, said = merge(hub.po, number)
    assert (status, "code owner" in said["message"]) == (405, True)
    review(hub.da, number, "APPROVE")
    assert merge(hub.po, number)[0] == 200


def test_required_checks_must_have_passed_on_this_head(hub: Hub) -> None:
    hub.protect(required_status_checks={"strict": False, "contexts": ["check", "verdict"]})
    number, bot = hub.pull("feature"), hub.bot()
    head = hub.tip("feature")
    assert merge(hub.po, number)[0] == 405
    assert hub.da.post(f"{REPO}/statuses/{head}", {"state": "success", "context": "check"}).status == 201
    body = {"name": "verdict", "head_sha": head, "status": "completed", "conclusion": "failure"}
    assert bot.post(f"{REPO}/check-runs", body).status == 201
    status, said = merge(hub.po, number)
    assert (status, said["message"]) == (405, 'Required status check "verdict" is failing.')
    bot.post(f"{REPO}/check-runs", body | {"conclusion": "success"})
    hub.write("later.txt", "later\n", "feature")
    assert merge(hub.po, number)[0] == 405
    head = hub.tip("feature")
    hub.da.post(f"{REPO}/statuses/{head}", {"state": "success", "context": "check"})
    bot.post(f"{REPO}/check-runs", body | {"conclusion": "success", "head_sha": head})
    assert merge(hub.po, number)[0] == 200


def test_a_strict_branch_wants_the_head_up_to_date(hub: Hub) -> None:
    number = hub.pull("feature")
    hub.write("on_main.txt", "x\n")
    hub.protect(required_status_checks={"strict": True, "contexts": []})
    assert merge(hub.po, number)[0] == 405
    assert hub.da.put(f"{REPO}/pulls/{number}/update-branch").status == 202
    assert merge(hub.po, number)[0] == 200


def test_reviewers_are_asked_and_the_request_ends_with_their_review(hub: Hub) -> None:
    number = hub.pull("feature")
    url = f"{REPO}/pulls/{number}/requested_reviewers"
    asked = hub.da.post(url, {"reviewers": ["po"], "team_reviewers": ["da"]})
    assert (asked.status, asked.json["requested_reviewers"][0]["login"]) == (201, "po")
    assert hub.da.post(url, {"reviewers": ["da"]}).status == 422
    assert hub.da.post(url, {"reviewers": ["stranger"]}).status == 422
    assert hub.da.post(url, {"reviewers": ["ghost"]}).status == 422
    review(hub.po, number, "APPROVE")
    assert hub.po.get(url).json["users"] == []
    assert hub.da.delete(url, {"reviewers": [], "team_reviewers": ["da"]}).json["requested_teams"] == []
    assert hub.actions("pull_request") == ["opened", "review_requested", "review_requested", "review_request_removed"]


def test_comments_on_lines_belong_to_reviews_and_are_answered(hub: Hub) -> None:
    number = hub.pull("feature", {"a.txt": "1\n2\n"})
    comment = {"path": "a.txt", "line": 1, "side": "RIGHT", "body": "why?"}
    made = hub.po.post(f"{REPO}/pulls/{number}/reviews", {"body": "b", "event": "COMMENT", "comments": [comment]}).json
    assert len(hub.po.get(f"{REPO}/pulls/{number}/reviews/{made['id']}/comments").json) == 1
    first = hub.po.get(f"{REPO}/pulls/{number}/comments").json[0]
    answer = hub.da.post(f"{REPO}/pulls/{number}/comments/{first['id']}/replies", {"body": "because"})
    assert (answer.status, answer.json["in_reply_to_id"]) == (201, first["id"])
    alone = hub.da.post(f"{REPO}/pulls/{number}/comments", comment | {"commit_id": hub.tip("feature")})
    assert alone.status == 201
    assert (
        hub.da.post(
            f"{REPO}/pulls/{number}/comments", comment | {"path": "none", "commit_id": hub.tip("feature")}
        ).status
        == 422
    )
    url = f"{REPO}/pulls/comments/{alone.json['id']}"
    assert hub.pi.patch(url, {"body": "mine"}).status == 403
    assert hub.da.patch(url, {"body": "edited"}).json["body"] == "edited"
    assert hub.da.post(f"{url}/reactions", {"content": "eyes"}).status == 201
    assert hub.da.delete(url).status == 204
    assert hub.actions("pull_request_review_comment") == ["created", "created", "created", "edited", "deleted"]


def test_a_pending_review_is_its_authors_own_until_it_is_submitted(hub: Hub) -> None:
    number = hub.pull("feature")
    made = hub.po.post(f"{REPO}/pulls/{number}/reviews", {"body": "draft"}).json
    url = f"{REPO}/pulls/{number}/reviews"
    assert (made["state"], hub.da.get(url).json, len(hub.po.get(url).json)) == ("PENDING", [], 1)
    assert hub.da.get(f"{url}/{made['id']}").status == 404
    assert hub.po.post(f"{url}/{made['id']}/events", {"event": "APPROVE"}).json["state"] == "APPROVED"
    assert hub.po.put(f"{url}/{made['id']}", {"body": "better"}).json["body"] == "better"
    again = hub.po.post(url, {"body": "draft"}).json
    assert hub.po.delete(f"{url}/{again['id']}").status == 200
    assert hub.po.delete(f"{url}/{made['id']}").status == 422
