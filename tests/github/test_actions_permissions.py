"""What workflows may use and do: kept and shown as GitHub does, refused where nothing would follow from it."""

from __future__ import annotations

import pytest

from tests.github.hub import REPO, Hub

HERE = f"{REPO}/actions/permissions"


def test_a_list_of_actions_is_there_only_while_it_is_in_use(hub: Hub) -> None:
    chosen = {"github_owned_allowed": True, "verified_allowed": False, "patterns_allowed": ["a/b@*"]}
    assert hub.po.get(f"{HERE}/selected-actions").status == hub.po.put(f"{HERE}/selected-actions", chosen).status == 409
    assert hub.po.put(HERE, {"enabled": True, "allowed_actions": "selected"}).status == 204
    assert hub.po.get(HERE).json["selected_actions_url"].endswith(f"{HERE}/selected-actions")
    assert hub.po.put(f"{HERE}/selected-actions", chosen).status == 204
    assert hub.po.get(f"{HERE}/selected-actions").json == chosen


@pytest.mark.parametrize(
    ("tail", "body"),
    [
        ("", {"enabled": False}),
        ("", {"allowed_actions": "all"}),
        ("", {"enabled": True, "allowed_actions": "local_only"}),
        ("/workflow", {"default_workflow_permissions": "write"}),
        ("/fork-pr-contributor-approval", {"approval_policy": "nobody"}),
    ],
)
def test_what_is_not_known_or_would_not_be_acted_on_is_refused(hub: Hub, tail: str, body: dict[str, object]) -> None:
    before = hub.po.get(HERE + tail).json
    assert hub.po.put(HERE + tail, body).status == 422
    assert hub.po.get(HERE + tail).json == before


def test_only_administrators_see_and_change_it(hub: Hub) -> None:
    assert hub.da.get(HERE).status in (403, 404)
    assert hub.da.put(f"{HERE}/workflow", {"can_approve_pull_request_reviews": True}).status in (403, 404)
