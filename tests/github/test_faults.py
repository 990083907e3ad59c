"""Faults on demand: each strikes as often as asked and then no more; what was done before it stays done."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from bot.sim.github.deeds.refs import move
from bot.sim.github.git.objects import NO_SHA
from bot.sim.github.rules.access import Right
from bot.sim.github.seed import plant, token_of
from bot.sim.github.server import Running, address_of, listen
from bot.sim.github.store.act import Places
from bot.sim.github.store.faults import MESSAGES, CallFault, HookFault
from bot.sim.github.store.state import State
from bot.sim.github.wire.api import Api, Asked
from bot.sim.github.wire.call import Call, Reply
from bot.sim.github.wire.routing import Route, Table
from tests.github.conftest import FILES
from tests.github.hub import REPO, Hub, world
from tests.github.judge import Judge, error_validator
from tests.github.test_checks_releases_hooks import Receiver

ISSUES = f"{REPO}/issues"


@pytest.fixture
def faulty(tmp_path: Path, judge: Judge) -> Iterator[Hub]:
    """Return a hub that was started for practice."""
    listener = listen()
    state = State(tmp_path / "state", address=address_of(listener))
    state.do(lambda: plant(state, world(), FILES)).result()
    with Running(state, listener, witness=judge.reply, is_practice=True):
        yield Hub(state, tmp_path)
    assert not judge.complaints, "\n".join(judge.complaints)


def ask_for(hub: Hub, **fault: Any) -> None:
    assert hub.nobody.post("/_sim/faults", fault).status == 200


def titles(hub: Hub) -> list[str]:
    return [issue["title"] for issue in hub.person("po").get(ISSUES).json]


def test_a_status_strikes_its_endpoint_so_many_times(faulty: Hub) -> None:
    ask_for(faulty, path="/repos/*/issues", method="POST", status=502, count=2, skip=1)
    answers = [faulty.po.post(ISSUES, {"title": f"{n}"}).status for n in range(4)]
    assert (answers, sorted(titles(faulty))) == ([201, 502, 502, 201], ["0", "3"])
    faulty.state.faults.add(CallFault("/user", status=404, body={"message": "gone"}))
    assert faulty.po.get("/user").json == {"message": "gone"}


def test_the_secondary_limit_is_told_as_documented(faulty: Hub) -> None:
    ask_for(faulty, path="*", secondary=True, status=429, retry_after=7)
    came = faulty.po.get(ISSUES)
    assert (came.status, came.headers["retry-after"]) == (429, "7")
    assert "secondary rate limit" in came.json["message"]
    assert faulty.po.get(ISSUES).status == 200


@pytest.mark.parametrize("status", MESSAGES)
def test_a_fault_answers_as_github_shapes_its_errors(faulty: Hub, status: int) -> None:
    ask_for(faulty, path="*", status=status)
    came = faulty.po.get(ISSUES)
    assert came.status == status and not list(error_validator().iter_errors(came.json))


def test_a_delay_is_felt_and_the_answer_is_right(faulty: Hub) -> None:
    ask_for(faulty, path="/user", delay_s=0.3)
    began = time.monotonic()
    assert faulty.po.get("/user").json["login"] == "po"
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(("cut", "kept"), [("before", []), ("after", ["t"]), ("half", ["t"])])
def test_a_cut_connection_tells_nothing_of_what_was_done(faulty: Hub, cut: str, kept: list[str]) -> None:
    ask_for(faulty, path="/repos/*/issues", method="POST", cut=cut)
    with pytest.raises((HTTPException, OSError)):
        faulty.po.post(ISSUES, {"title": "t"})
    assert titles(faulty) == kept


def test_git_meets_faults_too(faulty: Hub) -> None:
    ask_for(faulty, path="/lmtoy/*/info/refs", status=503)
    assert "503" in faulty.git("clone", "-q", faulty.url(), "clone", good=False)
    faulty.clone()


def test_webhooks_are_lost_doubled_late_and_shuffled(faulty: Hub) -> None:
    receiver = Receiver()
    config = {"url": receiver.url, "content_type": "json"}
    faulty.po.post(f"{REPO}/hooks", {"config": config, "events": ["label"]})
    faulty.wait_for(lambda: receiver.names() == ["ping"])
    for kind, count in (("lost", 1), ("doubled", 1), ("late", 1), ("shuffled", 2)):
        faulty.state.faults.add(HookFault(kind, count, 0.5))
    for name in "abcdef":
        faulty.po.post(f"{REPO}/labels", {"name": name})
    faulty.wait_for(lambda: len(receiver.heard) == 7)
    got = [json.loads(data)["label"]["name"] for _, data in receiver.heard[1:]]
    assert sorted(got) == ["b", "b", "c", "d", "e", "f"]
    assert (got[:2], got.index("e") < got.index("d"), got[-1]) == (["b", "b"], True, "c")
    guids = [headers["X-GitHub-Delivery"] for headers, _ in receiver.heard]
    assert guids[1] == guids[2]
    receiver.server.shutdown()


def test_a_wrong_fault_and_a_server_in_earnest_refuse(faulty: Hub, tmp_path: Path) -> None:
    assert faulty.nobody.post("/_sim/faults", {"path": "*", "cut": "sideways"}).status == 422
    assert faulty.nobody.post("/_sim/faults", {"webhooks": "burnt"}).status == 422
    ask_for(faulty, path="/zen", status=500)
    assert len(faulty.nobody.get("/_sim/faults").json) == 1
    assert faulty.nobody.delete("/_sim/faults").json == []
    before = faulty.state.now()
    assert faulty.nobody.post("/_sim/clock", {"forward_s": 86400}).json["now"] > before
    listener = listen()
    earnest = State(tmp_path / "earnest", address=address_of(listener))
    with Running(earnest, listener):
        assert Hub(earnest, tmp_path).nobody.post("/_sim/faults", {"path": "*", "status": 500}).status == 403


def test_a_write_that_fails_halfway_tells_what_git_keeps(faulty: Hub) -> None:
    def break_off(call: Call) -> Reply:
        sha = call.git(call.repo).ref("refs/heads/main") or ""
        move(call, call.repo, "refs/heads/half", sha, NO_SHA, "half of a rename")
        raise RuntimeError("the second half")

    def ask() -> int:
        table = Table([Route("POST", "/repos/{owner}/{repo}/broken", break_off, Right("contents", "write"))])
        headers = {"authorization": f"Bearer {token_of('da')}"}
        places = Places(*[faulty.address] * 3)
        return Api(faulty.state, table).answer(Asked("POST", f"{REPO}/broken", "", headers, b"", places)).status

    assert faulty.ask(ask) == 500
    pushes = [(row["payload"]["ref"], row["payload"]["sender"]["login"]) for row in faulty.events("push")]
    assert pushes[-1] == ("refs/heads/half", "da")
