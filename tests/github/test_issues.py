"""Issues, comments, labels, reactions, milestones."""

from __future__ import annotations

from tests.github.hub import REPO, Hub


def test_the_issue_list_contains_pull_requests(hub: Hub) -> None:
    issue = hub.stranger.post(f"{REPO}/issues", {"title": "help", "body": "please"}).json["number"]
    pull = hub.pull("feature")
    listed = hub.po.get(f"{REPO}/issues").json
    assert [(row["number"], "pull_request" in row) for row in listed] == [(pull, True), (issue, False)]
    assert hub.po.get(f"{REPO}/pulls/{issue}").status == 404
    assert hub.po.get(f"{REPO}/issues/{pull}").json["pull_request"]["url"].endswith(f"/pulls/{pull}")
    assert (issue, pull) == (1, 2)


def test_a_comment_of_more_than_65536_characters_is_422(hub: Hub) -> None:
    number = hub.po.post(f"{REPO}/issues", {"title": "t"}).json["number"]
    url = f"{REPO}/issues/{number}/comments"
    assert hub.po.post(url, {"body": "é" * 65536}).status == 201
    assert hub.po.post(url, {"body": "x" * 65537}).status == 422
    assert hub.po.post(url, {"body": " "}).status == 422
    assert hub.po.post(f"{REPO}/issues", {"title": "t", "body": "x" * 65537}).status == 422
    assert hub.po.post(f"{REPO}/issues", {"title": " "}).status == 422
    assert hub.po.post(f"{REPO}/issues", {}).status == 422


def test_comments_are_written_edited_and_deleted_by_their_authors(hub: Hub) -> None:
    number = hub.pi.post(f"{REPO}/issues", {"title": "t"}).json["number"]
    made = hub.pi.post(f"{REPO}/issues/{number}/comments", {"body": "/status"}).json
    url = f"{REPO}/issues/comments/{made['id']}"
    assert hub.stranger.patch(url, {"body": "forged"}).status == 403
    assert hub.pi.patch(url, {"body": "edited"}).json["body"] == "edited"
    assert hub.events("issue_comment")[-1]["payload"]["changes"] == {"body": {"from": "/status"}}
    assert hub.stranger.delete(url).status == 403
    assert (
        len(hub.po.get(f"{REPO}/issues/{number}/comments").json) == len(hub.po.get(f"{REPO}/issues/comments").json) == 1
    )
    assert hub.da.delete(url).status == 204
    assert hub.po.get(url).status == 404
    assert hub.actions("issue_comment") == ["created", "edited", "deleted"]


def test_labels_go_by_the_issue_endpoints(hub: Hub) -> None:
    number = hub.pull("feature")
    url = f"{REPO}/issues/{number}/labels"
    assert hub.po.post(f"{REPO}/labels", {"name": "qa", "color": "ff0000", "description": "d"}).status == 201
    assert hub.po.post(f"{REPO}/labels", {"name": "QA"}).status == 422
    assert hub.po.post(f"{REPO}/labels", {"name": "x", "color": "red"}).status == 422
    assert [label["name"] for label in hub.da.post(url, {"labels": ["qa", "new one"]}).json] == ["new one", "qa"]
    assert hub.stranger.post(url, {"labels": ["mine"]}).status == 403
    assert hub.da.delete(f"{url}/new%20one").json[0]["name"] == "qa"
    assert hub.da.delete(f"{url}/none").status == 404
    assert hub.da.put(url, {"labels": ["other"]}).json[0]["name"] == "other"
    assert [row["number"] for row in hub.po.get(f"{REPO}/issues?labels=other").json] == [number]
    assert hub.po.get(f"{REPO}/issues?labels=qa").json == []
    assert hub.po.patch(f"{REPO}/labels/qa", {"new_name": "quality", "color": "00ff00"}).json["name"] == "quality"
    assert hub.po.get(f"{REPO}/labels/quality").status == 200
    assert hub.po.delete(f"{REPO}/labels/quality").status == 204
    assert hub.da.get(url).status == 200
    assert hub.da.delete(url).status == 204
    assert hub.actions("pull_request")[1:] == ["labeled", "labeled", "unlabeled", "unlabeled", "labeled", "unlabeled"]
    assert hub.actions("label") == ["created", "edited", "deleted"]


def test_who_may_not_triage_opens_an_issue_without_labels(hub: Hub) -> None:
    hub.po.post(f"{REPO}/labels", {"name": "webrun"})
    body = {"title": "t", "labels": ["webrun"], "assignees": ["da"]}
    assert hub.stranger.post(f"{REPO}/issues", body).json["labels"] == []
    assert [label["name"] for label in hub.da.post(f"{REPO}/issues", body).json["labels"]] == ["webrun"]
    assert hub.actions("issues") == ["opened", "opened", "labeled", "assigned"]


def test_issues_are_changed_closed_opened_assigned_and_locked(hub: Hub) -> None:
    url = f"{REPO}/issues/{hub.pi.post(f'{REPO}/issues', {'title': 't'}).json['number']}"
    assert hub.stranger.patch(url, {"title": "mine"}).status == 403
    assert hub.pi.patch(url, {"title": "new", "body": "b"}).json["title"] == "new"
    closed = hub.pi.patch(url, {"state": "closed", "state_reason": "not_planned"}).json
    assert (closed["state"], closed["state_reason"], closed["closed_by"]["login"]) == ("closed", "not_planned", "pi")
    assert hub.po.get(f"{REPO}/issues").json == []
    assert hub.po.patch(url, {"state": "open"}).json["state"] == "open"
    assert hub.da.post(f"{url}/assignees", {"assignees": ["da", "ghost"]}).json["assignees"][0]["login"] == "da"
    assert len(hub.po.get(f"{REPO}/issues?assignee=da").json) == 1
    assert hub.da.delete(f"{url}/assignees", {"assignees": ["da"]}).json["assignees"] == []
    assert hub.da.put(f"{url}/lock", {"lock_reason": "resolved"}).status == 204
    assert hub.stranger.post(f"{url}/comments", {"body": "x"}).status == 403
    assert hub.da.post(f"{url}/comments", {"body": "x"}).status == 201
    assert hub.da.delete(f"{url}/lock").status == 204
    assert [event["event"] for event in hub.po.get(f"{url}/events").json] == ["closed", "reopened", "locked"]
    assert hub.actions("issues") == ["opened", "edited", "closed", "reopened", "assigned", "unassigned"]


def test_a_reaction_is_given_once(hub: Hub) -> None:
    number = hub.po.post(f"{REPO}/issues", {"title": "t"}).json["number"]
    comment = hub.po.post(f"{REPO}/issues/{number}/comments", {"body": "x"}).json["id"]
    for url in (f"{REPO}/issues/{number}", f"{REPO}/issues/comments/{comment}"):
        first = hub.da.post(f"{url}/reactions", {"content": "+1"})
        assert (first.status, hub.da.post(f"{url}/reactions", {"content": "+1"}).status) == (201, 200)
        assert hub.da.post(f"{url}/reactions", {"content": "sad"}).status == 422
        assert hub.da.get(url).json["reactions"]["+1"] == 1
        assert hub.po.delete(f"{url}/reactions/{first.json['id']}").status == 403
        assert hub.da.delete(f"{url}/reactions/{first.json['id']}").status == 204
        assert hub.da.get(f"{url}/reactions").json == []


def test_milestones_hold_issues(hub: Hub) -> None:
    made = hub.po.post(f"{REPO}/milestones", {"title": "2024-S1", "due_on": "2024-12-31T00:00:00Z"}).json
    url = f"{REPO}/milestones/{made['number']}"
    number = hub.po.post(f"{REPO}/issues", {"title": "t", "milestone": made["number"]}).json["number"]
    assert hub.po.get(url).json["open_issues"] == 1
    assert [row["number"] for row in hub.po.get(f"{REPO}/issues?milestone=1").json] == [number]
    assert hub.po.post(f"{REPO}/milestones", {"title": "2024-S1"}).status == 422
    assert hub.po.post(f"{REPO}/issues", {"title": "t", "milestone": 9}).status == 422
    assert hub.po.patch(url, {"state": "closed"}).json["state"] == "closed"
    assert hub.po.get(f"{REPO}/milestones").json == []
    assert hub.po.delete(url).status == 204
    assert hub.po.get(f"{REPO}/issues/{number}").json["milestone"] is None
