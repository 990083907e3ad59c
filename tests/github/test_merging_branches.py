"""One branch is merged into another by REST: really merged, told as an event, refused where git has a conflict."""

from __future__ import annotations

from tests.github.hub import REPO, Hub


def test_a_branch_takes_in_main_and_keeps_both_changes(hub: Hub) -> None:
    hub.pull("side", {"side.txt": "side\n"})
    assert hub.write("main.txt", "main\n", who=hub.po).status == 201
    came = hub.da.post(f"{REPO}/merges", {"base": "side", "head": "main", "commit_message": "Take in main"})
    assert came.status == 201
    assert came.json["commit"]["message"] == "Take in main"
    assert [parent["sha"] for parent in came.json["parents"]][1] == hub.tip("main")
    assert hub.text("side.txt", "side") == "side\n"
    assert hub.text("main.txt", "side") == "main\n"
    assert hub.actions("pull_request")[-1] == "synchronize"
    assert hub.da.post(f"{REPO}/merges", {"base": "side", "head": "main"}).status == 204


def test_a_conflict_moves_nothing(hub: Hub) -> None:
    hub.pull("side", {"same.txt": "side\n"})
    assert hub.write("same.txt", "main\n", who=hub.po).status == 201
    before = hub.tip("side")
    assert hub.da.post(f"{REPO}/merges", {"base": "side", "head": "main"}).status == 409
    assert hub.tip("side") == before


def test_who_may_not_write_may_not_merge_and_unknown_branches_are_named(hub: Hub) -> None:
    hub.pull("side")
    assert hub.pi.post(f"{REPO}/merges", {"base": "side", "head": "main"}).status in (403, 404)
    assert hub.da.post(f"{REPO}/merges", {"base": "nowhere", "head": "main"}).json["message"] == "Base does not exist"
    assert hub.da.post(f"{REPO}/merges", {"base": "side", "head": "nowhere"}).json["message"] == "Head does not exist"
