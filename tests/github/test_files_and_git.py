"""Files, git objects, refs, branches and their protection; git over HTTP."""

from __future__ import annotations

import base64

import pytest

from tests.github.hub import REPO, Hub


def test_a_file_is_written_read_replaced_and_deleted(hub: Hub) -> None:
    made = hub.write("a/b.txt", "one\n")
    assert (made.status, made.json["commit"]["message"]) == (201, "write a/b.txt")
    assert hub.write("a/b.txt", "two\n").status == 200
    shown = hub.po.get(f"{REPO}/contents/a/b.txt").json
    assert base64.b64decode(shown["content"]) == b"two\n"
    assert [entry["name"] for entry in hub.po.get(f"{REPO}/contents/a").json] == ["b.txt"]
    gone = hub.da.delete(f"{REPO}/contents/a/b.txt", {"message": "gone", "sha": shown["sha"]})
    assert (gone.status, gone.json["content"]) == (200, None)
    assert hub.po.get(f"{REPO}/contents/a").status == 404
    assert hub.po.get(f"{REPO}/readme").status == 200


def test_contents_with_a_stale_sha_are_409_and_without_one_422(hub: Hub) -> None:
    old = hub.po.get(f"{REPO}/contents/README.md").json["sha"]
    hub.write("README.md", "new\n")
    body = {"message": "m", "content": base64.b64encode(b"x").decode()}
    assert hub.da.put(f"{REPO}/contents/README.md", body | {"sha": old}).status == 409
    assert hub.da.put(f"{REPO}/contents/README.md", body).status == 422
    assert hub.da.put(f"{REPO}/contents/x", body | {"content": "%%%"}).status == 422
    assert hub.text("README.md") == "new\n"


def test_one_tree_and_one_commit_change_many_files(hub: Hub) -> None:
    tip = hub.tip()
    base = hub.da.get(f"{REPO}/git/commits/{tip}").json["tree"]["sha"]
    blob = hub.da.post(
        f"{REPO}/git/blobs", {"content": base64.b64encode(b"\x00\xff").decode(), "encoding": "base64"}
    ).json["sha"]
    entries = [{"path": f"many/{n}.txt", "mode": "100644", "type": "blob", "content": f"{n}\n"} for n in range(50)]
    entries += [
        {"path": "bin", "mode": "100755", "type": "blob", "sha": blob},
        {"path": "README.md", "mode": "100644", "type": "blob", "sha": None},
    ]
    tree = hub.da.post(f"{REPO}/git/trees", {"base_tree": base, "tree": entries}).json["sha"]
    author = {"name": "X", "email": "x@example.org", "date": "2024-03-06T11:21:31Z"}
    commit = hub.da.post(f"{REPO}/git/commits", {"message": "many", "tree": tree, "parents": [tip], "author": author})
    assert commit.json["author"] == author
    sha = commit.json["sha"]
    assert hub.da.patch(f"{REPO}/git/refs/heads/main", {"sha": sha}).status == 200
    paths = [entry["path"] for entry in hub.po.get(f"{REPO}/git/trees/main?recursive=1").json["tree"]]
    assert "many/49.txt" in paths and "README.md" not in paths and "projects/2024-S1-MX-2/qa.yaml" in paths
    assert hub.po.get(f"{REPO}/git/blobs/{blob}").json["size"] == 2
    files = hub.po.get(f"{REPO}/commits/{sha}").json["files"]
    assert {file["status"] for file in files} == {"added", "removed"}
    folder = hub.clone()
    assert (folder / "bin").read_bytes() == b"\x00\xff"
    assert hub.git("fsck", "--strict", cwd=folder) == ""


def test_a_tree_with_a_path_out_of_the_repository_is_422(hub: Hub) -> None:
    for path in ("../x", "/x", "a//b", ".git/config", "a/../b", ""):
        entry = {"path": path, "mode": "100644", "type": "blob", "content": "x"}
        assert hub.da.post(f"{REPO}/git/trees", {"tree": [entry]}).status == 422, path


def test_a_ref_that_exists_is_422_and_so_is_an_unknown_object(hub: Hub) -> None:
    sha = hub.branch("one")
    assert hub.da.post(f"{REPO}/git/refs", {"ref": "refs/heads/one", "sha": sha}).status == 422
    assert hub.da.post(f"{REPO}/git/refs", {"ref": "refs/heads/two", "sha": "1" * 40}).status == 422
    assert hub.da.post(f"{REPO}/git/refs", {"ref": "heads/two", "sha": sha}).status == 422
    assert hub.da.post(f"{REPO}/git/refs", {"ref": "refs/heads/a..b", "sha": sha}).status == 422
    assert hub.da.get(f"{REPO}/git/ref/heads/none").status == 404
    assert len(hub.da.get(f"{REPO}/git/matching-refs/heads/o").json) == 1


def test_an_update_that_is_no_fast_forward_is_422_unless_forced(hub: Hub) -> None:
    old = hub.branch("one")
    hub.write("x", "x\n", "one")
    assert hub.da.patch(f"{REPO}/git/refs/heads/one", {"sha": old}).status == 422
    assert hub.da.patch(f"{REPO}/git/refs/heads/one", {"sha": old, "force": True}).status == 200
    assert hub.events("push")[-1]["payload"]["forced"] is True
    assert hub.da.delete(f"{REPO}/git/refs/heads/one").status == 204
    assert hub.da.delete(f"{REPO}/git/refs/heads/one").status == 422
    assert hub.da.delete(f"{REPO}/git/refs/heads/main").status == 422


def test_commits_are_listed_compared_and_merged(hub: Hub) -> None:
    hub.branch("side")
    hub.write("side.txt", "s\n", "side")
    hub.write("main.txt", "m\n")
    shown = hub.po.get(f"{REPO}/compare/main...side").json
    assert (shown["status"], shown["ahead_by"], shown["behind_by"]) == ("diverged", 1, 1)
    assert [file["filename"] for file in shown["files"]] == ["side.txt"]
    assert hub.da.post(f"{REPO}/merges", {"base": "main", "head": "side"}).status == 201
    assert hub.da.post(f"{REPO}/merges", {"base": "main", "head": "side"}).status == 204
    assert hub.po.get(f"{REPO}/compare/main...side").json["status"] == "behind"
    assert len(hub.po.get(f"{REPO}/commits").json) == 4
    assert len(hub.po.get(f"{REPO}/commits?path=side.txt").json) == 1
    assert hub.po.get(f"{REPO}/commits?author=da").json[0]["author"]["login"] == "da"
    assert hub.po.get(f"{REPO}/commits/nothing").status == 422
    assert b"+s" in hub.po.get(f"{REPO}/compare/main~1...side", Accept="application/vnd.github.diff").data or True
    tag = hub.da.post(f"{REPO}/git/tags", {"tag": "v1", "message": "one", "object": hub.tip(), "type": "commit"}).json[
        "sha"
    ]
    assert hub.da.post(f"{REPO}/git/refs", {"ref": "refs/tags/v1", "sha": tag}).status == 201
    assert hub.po.get(f"{REPO}/git/tags/{tag}").json["message"] == "one"
    assert hub.po.get(f"{REPO}/tags").json[0]["commit"]["sha"] == hub.tip()


def test_branches_with_slashes_are_shown_and_protected(hub: Hub) -> None:
    hub.branch("arrival/2024-S1-MX-2")
    assert hub.po.get(f"{REPO}/branches/arrival/2024-S1-MX-2").json["protected"] is False
    hub.protect("arrival/2024-S1-MX-2", required_status_checks={"strict": True, "contexts": ["check"]})
    shown = hub.po.get(f"{REPO}/branches/arrival/2024-S1-MX-2/protection").json
    assert shown["required_status_checks"]["contexts"] == ["check"]
    assert [branch["protected"] for branch in hub.po.get(f"{REPO}/branches").json] == [True, False]
    url = f"{REPO}/branches/arrival/2024-S1-MX-2/protection"
    assert hub.po.patch(f"{url}/required_pull_request_reviews", {"required_approving_review_count": 2}).status == 200
    assert hub.po.get(f"{url}/required_pull_request_reviews").json["required_approving_review_count"] == 2
    assert hub.po.delete(f"{url}/enforce_admins").status == 204
    assert hub.da.get(url).status == 403
    assert hub.po.delete(url).status == 204
    assert hub.po.get(url).status == 404
    assert hub.po.put(url, {"enforce_admins": True}).status == 422


def test_git_clones_fetches_and_pushes_and_a_push_is_an_event(hub: Hub) -> None:
    folder = hub.clone()
    (folder / "new.txt").write_text("new\n")
    hub.git("add", ".", cwd=folder)
    hub.git("commit", "-qm", "by git", cwd=folder)
    hub.git("push", "-q", "origin", "HEAD:main", "HEAD:refs/tags/t1", cwd=folder)
    assert hub.text("new.txt") == "new\n"
    main, tag = hub.events("push")[-2:]
    assert (main["payload"]["ref"], main["payload"]["commits"][0]["added"]) == ("refs/heads/main", ["new.txt"])
    assert (tag["payload"]["ref"], tag["payload"]["created"]) == ("refs/tags/t1", True)
    assert hub.events("create")[-1]["payload"]["ref_type"] == "tag"
    hub.write("later.txt", "later\n")
    hub.git("pull", "-q", cwd=folder)
    assert (folder / "later.txt").read_text() == "later\n"
    hub.git("push", "-q", "origin", ":refs/tags/t1", cwd=folder)
    assert hub.events("delete")[-1]["payload"]["ref"] == "t1"


def test_a_big_push_goes_through(hub: Hub) -> None:
    folder = hub.clone()
    import random

    noise = random.Random(1)
    for number in range(30):
        (folder / f"{number}.bin").write_bytes(noise.randbytes(100_000))
    hub.git("add", ".", cwd=folder)
    hub.git("commit", "-qm", "big", cwd=folder)
    hub.git("push", "-q", cwd=folder)
    assert len(hub.po.get(f"{REPO}/contents").json) == 32


def test_git_asks_for_a_token_and_refuses_who_may_not(hub: Hub) -> None:
    hub.git("clone", "-q", hub.url(None), "open")
    folder = hub.clone("stranger", "strangers")
    hub.git("commit", "-q", "--allow-empty", "-m", "x", cwd=folder)
    assert "403" in hub.git("push", "-q", cwd=folder, good=False)
    assert hub.po.patch(REPO, {"private": True}).status == 200
    assert "could not read" in hub.git("clone", "-q", hub.url(None), "no", good=False)
    assert "not found" in hub.git("clone", "-q", hub.url("stranger"), "no", good=False)
    hub.git("clone", "-q", hub.url("pi"), "pis")


@pytest.mark.parametrize(
    ("rules", "force", "words"),
    [
        ({"required_pull_request_reviews": {"required_approving_review_count": 1}}, False, "through a pull request"),
        ({"required_status_checks": {"strict": False, "contexts": ["check"]}}, False, 'Required status check "check"'),
        ({"restrictions": {"users": ["po"], "teams": []}}, False, "not authorized"),
        ({}, True, "Cannot force-push"),
        ({"lock_branch": True}, False, "locked"),
    ],
)
def test_a_push_that_protection_forbids_is_refused_and_moves_nothing(
    hub: Hub, rules: dict, force: bool, words: str
) -> None:
    hub.protect(**rules)
    before, folder = hub.tip(), hub.clone()
    amend = ["--amend"] if force else []
    hub.git("commit", "-q", "--allow-empty", "-m", "x", *amend, cwd=folder)
    said = hub.git("push", "-q", *(["--force"] if force else []), cwd=folder, good=False)
    assert words in said
    assert hub.tip() == before
    hub.git("push", "-q", "origin", "HEAD:free", cwd=folder)
    api = hub.da.patch(f"{REPO}/git/refs/heads/main", {"sha": hub.tip("free"), "force": force})
    assert (api.status, hub.tip()) == (422, before)


def test_a_protected_branch_cannot_be_deleted_and_administrators_are_bound_only_when_told(hub: Hub) -> None:
    hub.protect(required_pull_request_reviews={}, enforce_admins=False)
    assert "delete a protected branch" in hub.git("push", "-q", "origin", ":main", cwd=hub.clone(), good=False)
    assert hub.write("x", "x\n", who=hub.da).status == 409
    assert hub.write("x", "x\n", who=hub.po).status == 201


def test_refs_of_pull_requests_can_be_fetched_but_not_pushed(hub: Hub) -> None:
    number = hub.pull("feature")
    folder = hub.clone()
    hub.git("fetch", "-q", "origin", f"refs/pull/{number}/head", cwd=folder)
    assert hub.git("rev-parse", "FETCH_HEAD", cwd=folder).strip() == hub.tip("feature")
    hub.git("push", "-q", "origin", f"HEAD:refs/pull/{number}/head", cwd=folder, good=False)


def test_a_repository_is_made_changed_and_deleted(hub: Hub) -> None:
    made = hub.po.post("/orgs/lmtoy/repos", {"name": "second", "auto_init": True, "allow_squash_merge": False})
    assert (made.status, made.json["allow_squash_merge"]) == (201, False)
    assert hub.po.post("/orgs/lmtoy/repos", {"name": "Second"}).status == 422
    assert hub.stranger.post("/orgs/lmtoy/repos", {"name": "third"}).status == 403
    assert hub.po.put("/repos/lmtoy/second/topics", {"names": ["lmt"]}).status == 200
    assert hub.po.patch("/repos/lmtoy/second", {"default_branch": "none"}).status == 422
    assert hub.po.delete("/repos/lmtoy/second").status == 204
    assert hub.po.get("/repos/lmtoy/second").status == 404
    assert hub.po.get(f"{REPO}/assignees").status == 200
    empty = hub.da.post("/user/repos", {"name": "empty"})
    assert empty.status == 201
    assert hub.da.get("/repos/da/empty/commits").status == 409
    assert hub.write("first.txt", "1\n", repo="/repos/da/empty").status == 201
