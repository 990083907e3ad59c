"""Checks, statuses, releases with bytes, dispatches, runs as records, hooks and deliveries."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.sim.github.deeds.runs import refresh_workflows, tell_job, tell_run
from bot.sim.github.rules.access import Kind
from bot.sim.github.seed import act_as
from bot.sim.github.store.tokens import make_token
from tests.github.client import Client
from tests.github.hub import REPO, Hub

WORKFLOW = "name: Check\non:\n  workflow_dispatch: {inputs: {a: }}\njobs: {}\n"


def test_a_check_run_goes_from_queued_to_completed(hub: Hub) -> None:
    bot, head = hub.bot(), hub.tip()
    made = bot.post(f"{REPO}/check-runs", {"name": "check", "head_sha": head, "external_id": "e"})
    assert (made.status, made.json["status"], made.json["conclusion"]) == (201, "queued", None)
    url = f"{REPO}/check-runs/{made.json['id']}"
    note = {"path": "README.md", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "m"}
    output = {"title": "t", "summary": "s", "annotations": [note] * 50}
    done = bot.patch(url, {"conclusion": "failure", "output": output}).json
    assert (done["status"], done["conclusion"], done["output"]["annotations_count"]) == ("completed", "failure", 50)
    assert bot.patch(url, {"output": output | {"annotations": [note] * 51}}).status == 422
    assert bot.patch(url, {"output": {"title": "t", "summary": "x" * 65536}}).status == 422
    assert len(bot.get(f"{url}/annotations").json) == 30
    assert hub.da.post(f"{REPO}/check-runs", {"name": "check", "head_sha": head}).status == 403
    assert bot.post(f"{REPO}/check-runs", {"name": "check", "head_sha": "1" * 40}).status == 422
    assert bot.post(f"{REPO}/check-runs", {"name": "check", "head_sha": head, "status": "completed"}).status == 422
    bot.post(f"{REPO}/check-runs", {"name": "check", "head_sha": head, "conclusion": "success"})
    listed = hub.po.get(f"{REPO}/commits/main/check-runs").json
    assert (listed["total_count"], listed["check_runs"][0]["conclusion"]) == (1, "success")
    assert hub.po.get(f"{REPO}/commits/main/check-runs?filter=all").json["total_count"] == 2
    suite = hub.po.get(f"{REPO}/commits/main/check-suites").json["check_suites"][0]
    assert hub.po.get(f"{REPO}/check-suites/{suite['id']}").status == 200
    assert hub.po.get(f"{REPO}/check-suites/{suite['id']}/check-runs").status == 200
    assert hub.actions("check_run") == ["created", "completed", "created", "completed"]


def test_statuses_come_to_one(hub: Hub) -> None:
    head = hub.tip()
    for state, context in (("pending", "a"), ("success", "b"), ("success", "a")):
        assert (
            hub.da.post(f"{REPO}/statuses/{head}", {"state": state, "context": context, "description": "d"}).status
            == 201
        )
    combined = hub.po.get(f"{REPO}/commits/main/status").json
    assert (combined["state"], combined["total_count"]) == ("success", 2)
    hub.da.post(f"{REPO}/statuses/{head}", {"state": "error", "context": "c", "target_url": "http://example.org/x"})
    assert hub.po.get(f"{REPO}/commits/main/status").json["state"] == "failure"
    assert len(hub.po.get(f"{REPO}/commits/{head}/statuses").json) == 4
    assert hub.da.post(f"{REPO}/statuses/{head}", {"state": "well"}).status == 422
    assert hub.stranger.post(f"{REPO}/statuses/{head}", {"state": "success"}).status == 403
    assert len(hub.events("status")) == 4


def test_a_release_makes_its_tag_and_keeps_the_bytes_of_its_assets(hub: Hub) -> None:
    body = {"tag_name": "2024-S1-MX-2/v1", "name": "v1", "body": "notes"}
    made = hub.po.post(f"{REPO}/releases", body)
    assert made.status == 201, made.data
    assert hub.po.get(f"{REPO}/git/ref/tags/2024-S1-MX-2/v1").json["object"]["sha"] == hub.tip()
    assert hub.po.post(f"{REPO}/releases", body).status == 422
    assert hub.po.post(f"{REPO}/releases", body | {"tag_name": "x", "target_commitish": "none"}).status == 422
    path = made.json["upload_url"].partition("{")[0].removeprefix(hub.address)
    data = bytes(range(256)) * 1000
    asset = hub.po.post(f"{path}?name=manifest.bin", data, Content_Type="application/x-bin")
    assert (asset.status, asset.json["size"]) == (201, len(data))
    assert asset.json["digest"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert hub.po.post(f"{path}?name=manifest.bin", data).status == 422
    url = f"{REPO}/releases/assets/{asset.json['id']}"
    assert hub.pi.get(url, Accept="application/octet-stream").data == data
    assert hub.po.patch(url, {"name": "m.bin", "label": "l"}).json["name"] == "m.bin"
    assert hub.po.get(f"{REPO}/releases/tags/2024-S1-MX-2/v1").json["assets"][0]["download_count"] == 1
    assert hub.po.get(f"{REPO}/releases/latest").json["id"] == made.json["id"]
    assert len(hub.po.get(f"{REPO}/releases/{made.json['id']}/assets").json) == 1
    assert hub.po.delete(url).status == 204
    assert hub.po.patch(f"{REPO}/releases/{made.json['id']}", {"body": "more"}).json["body"] == "more"
    assert hub.po.delete(f"{REPO}/releases/{made.json['id']}").status == 204
    assert hub.po.get(f"{REPO}/releases").json == []
    assert hub.actions("release") == ["created", "published", "released", "edited", "deleted"]


def test_a_draft_release_is_seen_by_writers_and_tagged_when_published(hub: Hub) -> None:
    made = hub.po.post(f"{REPO}/releases", {"tag_name": "v2", "draft": True}).json
    assert hub.pi.get(f"{REPO}/releases/{made['id']}").status == 404
    assert hub.po.get(f"{REPO}/git/ref/tags/v2").status == 404
    assert hub.po.patch(f"{REPO}/releases/{made['id']}", {"draft": False}).json["published_at"]
    assert hub.po.get(f"{REPO}/git/ref/tags/v2").status == 200
    assert hub.pi.get(f"{REPO}/releases/{made['id']}").status == 200


def test_dispatches_become_events(hub: Hub) -> None:
    assert hub.write(".github/workflows/check.yml", WORKFLOW).status == 201
    listed = hub.po.get(f"{REPO}/actions/workflows").json
    assert [flow["name"] for flow in listed["workflows"]] == ["Check"]
    url = f"{REPO}/actions/workflows/check.yml"
    assert hub.da.post(f"{url}/dispatches", {"ref": "main", "inputs": {"a": "b"}}).status == 204
    assert hub.da.post(f"{url}/dispatches", {"ref": "none"}).status == 422
    assert hub.pi.post(f"{url}/dispatches", {"ref": "main"}).status == 403
    assert hub.events("workflow_dispatch")[0]["payload"]["inputs"] == {"a": "b"}
    assert hub.bot().post(f"{REPO}/dispatches", {"event_type": "arrival", "client_payload": {"n": 1}}).status == 204
    assert (
        hub.da.post(f"{REPO}/dispatches", {"event_type": "x", "client_payload": {str(n): n for n in range(11)}}).status
        == 422
    )
    told = hub.events("repository_dispatch")[0]
    assert (told["action"], told["payload"]["client_payload"], told["token_kind"]) == (
        "arrival",
        {"n": 1},
        "installation",
    )
    assert hub.da.put(f"{url}/disable").status == 204
    assert hub.da.get(url).json["state"] == "disabled_manually"
    assert hub.da.put(f"{url}/enable").status == 204


def test_what_a_workflows_own_token_does_is_marked_so_that_nothing_starts_from_it(hub: Hub) -> None:
    def token() -> str:
        bot = hub.state.db.one("SELECT * FROM accounts WHERE type = 'Bot'")
        return make_token(hub.state, Kind.WORKFLOW, bot, permissions={"issues": "write"}, repo_ids=[1], hours=1)

    workflow = Client(hub.address, hub.ask(token))
    number = hub.po.post(f"{REPO}/issues", {"title": "t"}).json["number"]
    assert workflow.post(f"{REPO}/issues/{number}/comments", {"body": "x"}).status == 201
    assert workflow.put(f"{REPO}/contents/x", {"message": "m", "content": ""}).status == 403
    assert [event["token_kind"] for event in hub.events()][-2:] == ["user", "workflow"]


def test_runs_and_jobs_are_told_as_they_are_written_down(hub: Hub) -> None:
    hub.write(".github/workflows/check.yml", WORKFLOW)
    head = hub.tip()

    def write_down() -> None:
        state, db = hub.state, hub.state.db
        repo, po = db.row("repos", 1), db.one("SELECT * FROM accounts WHERE login = 'po'")
        assert po
        act = act_as(state, po)
        flow = refresh_workflows(act, repo)[0]
        run = db.insert(
            "runs", repo_id=1, workflow_id=flow["id"], event="push", head_sha=head, head_branch="main", title="t",
            number=1, actor_id=po["id"], status="completed", conclusion="success", created_at=state.now(),
            updated_at=state.now(),
        )  # fmt: skip
        job = db.insert(
            "jobs", run_id=run, attempt=1, name="check", status="completed", conclusion="success", log="all is well\n",
            labels='["ubuntu-latest"]', created_at=state.now(), started_at=state.now(), completed_at=state.now(),
        )  # fmt: skip
        for action in ("requested", "completed"):
            tell_run(act, repo, run, action)
        tell_job(act, repo, job, "completed")

    hub.ask(write_down)
    listed = hub.po.get(f"{REPO}/actions/runs?branch=main&status=success").json
    assert (listed["total_count"], listed["workflow_runs"][0]["conclusion"]) == (1, "success")
    assert hub.po.get(f"{REPO}/actions/runs?event=issues").json["total_count"] == 0
    assert hub.po.get(f"{REPO}/actions/workflows/check.yml/runs").json["total_count"] == 1
    job = hub.po.get(f"{REPO}/actions/runs/1/jobs").json["jobs"][0]
    assert hub.po.get(f"{REPO}/actions/jobs/{job['id']}").json["name"] == "check"
    led = hub.po.get(f"{REPO}/actions/jobs/{job['id']}/logs")
    assert led.status == 302
    assert hub.nobody.get("/_logs/1?word=guessed").status == 404
    assert hub.po.get(led.headers["location"].removeprefix(hub.address)).data == b"all is well\n"
    assert hub.po.get(f"{REPO}/actions/runs/1/artifacts").json["total_count"] == 0
    assert hub.po.get(f"{REPO}/actions/runs/1").status == 200
    assert hub.po.delete(f"{REPO}/actions/runs/1").status == 204


class Receiver:
    """Somebody whom hooks tell."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                outer.heard.append((dict(self.headers), data))
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(b"thanks")

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def names(self) -> list[str]:
        return [headers["X-GitHub-Event"] for headers, _ in self.heard]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.shutdown()


def test_a_hook_gets_its_events_signed_and_once(hub: Hub, receiver: Receiver) -> None:
    config = {"url": receiver.url, "content_type": "json", "secret": "s3cret"}
    made = hub.po.post(f"{REPO}/hooks", {"config": config, "events": ["issues"]})
    assert (made.status, made.json["config"]["secret"]) == (201, "********")
    assert hub.po.post(f"{REPO}/hooks", {"config": config}).status == 422
    assert hub.po.post(f"{REPO}/hooks", {"config": {"url": "ftp://x"}}).status == 422
    assert hub.da.get(f"{REPO}/hooks").status == 403
    hub.po.post(f"{REPO}/labels", {"name": "unheard"})
    hub.po.post(f"{REPO}/issues", {"title": "heard"})
    hub.wait_for(lambda: len(receiver.heard) == 2)
    assert receiver.names() == ["ping", "issues"]
    headers, data = receiver.heard[1]
    wanted = "sha256=" + hmac.new(b"s3cret", data, "sha256").hexdigest()
    assert headers["X-Hub-Signature-256"] == wanted
    assert json.loads(data)["issue"]["title"] == "heard"
    assert len(headers["X-GitHub-Delivery"]) == 36


def test_a_delivery_is_shown_and_sent_again_under_its_guid(hub: Hub, receiver: Receiver) -> None:
    receiver.status = 500
    made = hub.po.post(f"{REPO}/hooks", {"config": {"url": receiver.url, "content_type": "json"}, "events": ["*"]}).json
    url = f"{REPO}/hooks/{made['id']}/deliveries"
    first = hub.wait_for(lambda: [row for row in hub.po.get(url).json if row["status"] != "pending"])[0]
    assert (first["status_code"], first["event"]) == (500, "ping")
    receiver.status = 200
    assert hub.po.post(f"{url}/{first['id']}/attempts").status == 202
    hub.wait_for(lambda: len(receiver.heard) == 2)
    again = hub.wait_for(lambda: [row for row in hub.po.get(url).json if row["redelivery"] and row["status"] == "OK"])[
        0
    ]
    assert again["guid"] == first["guid"] == receiver.heard[1][0]["X-GitHub-Delivery"]
    assert hub.po.get(f"{url}/{again['id']}").json["response"]["payload"] == "thanks"
    assert hub.po.get(f"{REPO}/hooks/{made['id']}").json["last_response"]["code"] == 200
    assert hub.po.patch(f"{REPO}/hooks/{made['id']}", {"active": False}).json["active"] is False
    assert hub.po.post(f"{REPO}/hooks/{made['id']}/pings").status == 204
    assert hub.po.delete(f"{REPO}/hooks/{made['id']}").status == 204


def test_a_hook_that_nobody_answers_is_noted_and_hurts_nobody(hub: Hub) -> None:
    made = hub.po.post(f"{REPO}/hooks", {"config": {"url": "http://127.0.0.1:1/x", "content_type": "form"}}).json
    url = f"{REPO}/hooks/{made['id']}/deliveries"
    first = hub.wait_for(lambda: [row for row in hub.po.get(url).json if row["status"] != "pending"])[0]
    assert first["status_code"] == 0
    assert hub.po.post(f"{REPO}/issues", {"title": "t"}).status == 201
