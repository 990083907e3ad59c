"""The same stories told to our GitHub and to `emulate`, where emulate is right: two strangers that must agree."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import jwt
import pytest

from tests.github.client import Client
from tests.github.hub import REPO
from tests.github.places import OTHER_PEM, Place, ours, theirs


@pytest.fixture(scope="module", params=[ours, theirs], ids=["ours", "emulate"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with request.param(tmp_path_factory.mktemp("place")) as found:
        yield found


WHEN = {"name": "A", "email": "a@example.org", "date": "2024-03-06T11:21:31Z"}


def test_objects_have_the_shas_that_git_gives_them(place: Place) -> None:
    blob = place.po.post(f"{REPO}/git/blobs", {"content": "hello\n", "encoding": "utf-8"}).json["sha"]
    assert blob == hashlib.sha1(b"blob 6\0hello\n", usedforsecurity=False).hexdigest()
    entry = {"path": "deep/a.txt", "mode": "100644", "type": "blob", "sha": blob}
    tree = place.po.post(f"{REPO}/git/trees", {"tree": [entry]}).json["sha"]
    assert tree == "435249be01b0f22f059575446ad692244ee3dad2"
    body = {"message": "m\n", "tree": tree, "parents": [], "author": WHEN, "committer": WHEN}
    commit = place.po.post(f"{REPO}/git/commits", body).json["sha"]
    text = (
        f"tree {tree}\nauthor A <a@example.org> 1709724091 +0000\ncommitter A <a@example.org> 1709724091 +0000\n\nm\n"
    )
    assert commit == hashlib.sha1(f"commit {len(text)}\0{text}".encode(), usedforsecurity=False).hexdigest()
    made = place.po.post(f"{REPO}/git/refs", {"ref": "refs/heads/objects", "sha": commit})
    assert (made.status, made.json["object"]["sha"]) == (201, commit)
    told = place.da.get(f"{REPO}/git/trees/{commit}?recursive=1").json["tree"]
    assert [(one["path"], one["type"]) for one in told] == [("deep", "tree"), ("deep/a.txt", "blob")]


def test_a_ref_is_made_once_moves_forward_and_goes(place: Place) -> None:
    old = place.branch("refs")
    url = f"{REPO}/git/refs/heads/refs"
    assert place.po.post(f"{REPO}/git/refs", {"ref": "refs/heads/refs", "sha": old}).status == 422
    assert place.write("r.txt", "r\n", "refs").status == 201
    assert place.po.patch(url, {"sha": old}).status == 422, "not a fast-forward"
    assert place.po.patch(url, {"sha": old, "force": True}).json["object"]["sha"] == old
    assert place.po.delete(url).status == 204
    assert place.po.get(f"{REPO}/git/ref/heads/refs").status == 404


def test_a_file_changes_only_for_who_knows_what_it_was(place: Place) -> None:
    made = place.write("f.txt", "one\n")
    sha = made.json["content"]["sha"]
    assert (made.status, made.json["commit"]["message"]) == (201, "write f.txt")
    assert (place.write("f.txt", "two\n").status, place.write("f.txt", "two\n", sha="0" * 40).status) == (422, 409)
    assert place.write("f.txt", "two\n", sha=sha).status == 200
    found = place.da.get(f"{REPO}/contents/f.txt").json
    assert (base64.b64decode(found["content"]), found["encoding"], found["size"]) == (b"two\n", "base64", 4)
    assert place.po.get(f"{REPO}/contents/none.txt").status == 404


def test_a_comparison_counts_commits_and_shows_files(place: Place) -> None:
    place.branch("compared")
    assert place.write("only/here.txt", "x\n", "compared").status == 201
    assert place.write("only-there.txt", "y\n").status == 201
    told = place.da.get(f"{REPO}/compare/main...compared").json
    assert (told["status"], told["ahead_by"], told["behind_by"]) == ("diverged", 1, 1)
    assert [(one["filename"], one["status"]) for one in told["files"]] == [("only/here.txt", "added")]
    assert [one["commit"]["message"] for one in told["commits"]] == ["write only/here.txt"]


def test_issues_have_comments_and_labels_by_their_endpoints(place: Place) -> None:
    assert place.po.post(f"{REPO}/labels", {"name": "both", "color": "00ff00"}).status == 201
    issue = place.da.post(f"{REPO}/issues", {"title": "T", "body": "B"})
    url = f"{REPO}/issues/{issue.json['number']}"
    assert (issue.status, issue.json["state"], issue.json["user"]["login"]) == (201, "open", "da")
    assert [one["name"] for one in place.po.post(f"{url}/labels", {"labels": ["both"]}).json] == ["both"]
    assert place.da.post(f"{url}/comments", {"body": "said"}).status == 201
    assert [one["body"] for one in place.po.get(f"{url}/comments").json] == ["said"]
    assert place.po.get(url).json["comments"] == 1
    assert place.po.delete(f"{url}/labels/both").status == 200
    closed = place.po.patch(url, {"state": "closed", "state_reason": "not_planned"}).json
    assert (closed["state"], closed["state_reason"]) == ("closed", "not_planned")
    assert place.po.get(f"{REPO}/issues/99999").status == 404


def test_lists_come_in_pages_with_links(place: Place) -> None:
    number = place.po.post(f"{REPO}/issues", {"title": "pages"}).json["number"]
    for turn in range(5):
        place.po.post(f"{REPO}/issues/{number}/comments", {"body": f"c{turn}"})
    target, found = f"{REPO}/issues/{number}/comments?per_page=2", []
    while target:
        came = place.po.get(target)
        found.append([one["body"] for one in came.json])
        after = re.search(r'<([^>]*)>; rel="next"', came.headers.get("link", ""))
        target = after.group(1).removeprefix(place.address) if after else ""
    assert found == [["c0", "c1"], ["c2", "c3"], ["c4"]]


def test_an_app_gets_a_token_by_its_key_and_makes_check_runs(place: Place) -> None:
    now = int(time.time())
    claims = {"iss": str(place.app_id), "iat": now - 60, "exp": now + 500}
    app = Client(place.address, jwt.encode(claims, place.pem, algorithm="RS256"))
    assert app.get("/app").json["slug"] == "lmtbot"
    installation = app.get("/orgs/lmtoy/installation").json["id"]
    made = app.post(f"/app/installations/{installation}/access_tokens")
    bot, sha = Client(place.address, made.json["token"]), place.tip()
    body = {"name": "both", "head_sha": sha, "status": "in_progress", "output": {"title": "t", "summary": "s"}}
    check = bot.post(f"{REPO}/check-runs", body)
    assert (made.status, check.status) == (201, 201)
    done = bot.patch(f"{REPO}/check-runs/{check.json['id']}", {"status": "completed", "conclusion": "failure"}).json
    assert (done["status"], done["conclusion"]) == ("completed", "failure")
    told = place.da.get(f"{REPO}/commits/{sha}/check-runs").json
    assert [(one["name"], one["conclusion"]) for one in told["check_runs"] if one["name"] == "both"] == [
        ("both", "failure")
    ]
    wrong = Client(place.address, jwt.encode(claims, OTHER_PEM, algorithm="RS256"))
    assert wrong.get("/app").status == 401


def test_a_hook_is_signed_with_its_secret(place: Place) -> None:
    heard: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(({name.lower(): value for name, value in self.headers.items()}, data))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        config = {"url": f"http://127.0.0.1:{server.server_port}/", "secret": "word", "content_type": "json"}
        made = place.po.post(f"{REPO}/hooks", {"config": config, "events": ["issues"], "active": True})
        assert made.status == 201, made.data
        number = place.po.post(f"{REPO}/issues", {"title": "hooked"}).json["number"]
        ends = time.monotonic() + 20
        while not (found := [one for one in heard if one[0]["x-github-event"] == "issues"]):
            assert time.monotonic() < ends, "no delivery came"
            time.sleep(0.01)
        server.shutdown()
    place.po.delete(f"{REPO}/hooks/{made.json['id']}")
    headers, data = found[0]
    assert headers["x-hub-signature-256"] == "sha256=" + hmac.new(b"word", data, "sha256").hexdigest()
    told = json.loads(data)
    assert (told["action"], told["issue"]["number"], told["repository"]["full_name"]) == (
        "opened", number, "lmtoy/lmtoy_run"
    )  # fmt: skip
    assert headers["x-github-delivery"]


def test_who_has_no_token_changes_nothing(place: Place) -> None:
    assert Client(place.address).post(f"{REPO}/issues", {"title": "t"}).status == 401
