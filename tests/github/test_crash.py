"""kill -9 and restart: no answered write is lost, no move of a branch goes untold. Parallel clients: no lost update."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from itertools import pairwise
from pathlib import Path

import pytest

from bot.sim.github.seed import token_of
from tests.github.client import Client
from tests.github.hub import REPO


class Server:
    """The server in a process of its own, on a folder that outlives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        words = [sys.executable, "-m", "bot.sim.github.server", str(folder), "--calls-per-hour", "1000000"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.address = self.process.stdout.readline().strip()
        self.po = self.client()
        for _ in range(500):
            try:
                self.po.get("/meta")
                return
            except ConnectionError:
                time.sleep(0.02)
                self.po = self.client()

    def client(self, login: str = "po") -> Client:
        return Client(self.address, token_of(login))

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


def write_until_killed(server: Server, who: int) -> list[tuple[str, str]]:
    """Write issues and files until the server is gone; return what was answered."""
    client, answered = server.client(), []
    for number in range(10_000):
        name = f"{who}-{number}"
        try:
            if client.post(f"{REPO}/issues", {"title": name}).status == 201:
                answered.append(("issue", name))
            if client.put(f"{REPO}/contents/{who}/{number}", {"message": name, "content": "eA=="}).status == 201:
                answered.append(("file", f"{who}/{number}"))
        except (OSError, HTTPException):
            return answered
    return answered


@pytest.mark.slow
def test_kill_9_and_restart_loses_no_answered_write(tmp_path: Path) -> None:
    answered: list[tuple[str, str]] = []
    for turn in range(2):
        server = Server(tmp_path / "state")
        with ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(write_until_killed, server, turn * 4 + n) for n in range(4)]
            time.sleep(0.7)
            server.kill()
            for writer in writers:
                answered += writer.result()
    server = Server(tmp_path / "state")
    try:
        assert len(answered) > 8
        rows = sqlite3.connect(tmp_path / "state" / "state.db").execute("SELECT title FROM issues").fetchall()
        titles = {row[0] for row in rows}
        assert not [name for kind, name in answered if kind == "issue" and name not in titles]
        tree = server.po.get(f"{REPO}/git/trees/main?recursive=1").json["tree"]
        assert not {name for kind, name in answered if kind == "file"} - {entry["path"] for entry in tree}
        told = sqlite3.connect(tmp_path / "state" / "state.db").execute(
            "SELECT payload FROM outbox WHERE name = 'push' ORDER BY id"
        )
        moves = [
            (event["before"], event["after"])
            for (payload,) in told
            if (event := json.loads(payload))["ref"] == "refs/heads/main"
        ]
        assert all(one[1] == other[0] for one, other in pairwise(moves))
        assert moves[-1][1] == server.po.get(f"{REPO}/git/ref/heads/main").json["object"]["sha"]
    finally:
        server.kill()


@pytest.mark.slow
def test_a_branch_that_moved_while_the_server_was_dead_is_told_at_the_next_start(tmp_path: Path) -> None:
    server = Server(tmp_path / "state")
    tip = server.po.get(f"{REPO}/git/ref/heads/main").json["object"]["sha"]
    server.po.post(f"{REPO}/git/refs", {"ref": "refs/heads/side", "sha": tip})
    server.po.put(f"{REPO}/contents/x", {"message": "m", "content": "eA==", "branch": "side"})
    pull = server.po.post(f"{REPO}/pulls", {"title": "t", "head": "side", "base": "main"}).json["number"]
    server.kill()
    bare = str(tmp_path / "state" / "repos" / "1.git")
    subprocess.run(["git", "-C", bare, "update-ref", "refs/heads/main", "refs/heads/side"], check=True)
    server = Server(tmp_path / "state")
    try:
        assert server.po.get(f"{REPO}/pulls/{pull}").json["merged"] is True
        rows = sqlite3.connect(tmp_path / "state" / "state.db").execute("SELECT name, action FROM outbox ORDER BY id")
        assert rows.fetchall()[-2:] == [("push", None), ("pull_request", "closed")]
    finally:
        server.kill()


def play(server: Server, who: int, calls: int) -> list[float]:
    """Do a mix of calls as the bot does; return the seconds that each took."""
    client, times = server.client(), []
    number = client.post(f"{REPO}/issues", {"title": f"of {who}"}).json["number"]
    for turn in range(calls - 1):
        kinds = (
            ("GET", f"{REPO}/issues/{number}", None),
            ("GET", f"{REPO}/pulls?state=open", None),
            ("POST", f"{REPO}/issues/{number}/comments", {"body": f"{turn}"}),
            ("GET", f"{REPO}/git/ref/heads/main", None),
            ("PUT", f"{REPO}/contents/{who}/{turn}", {"message": "m", "content": "eA=="}),
            ("GET", f"{REPO}/contents/README.md", None),
        )
        method, path, body = kinds[turn % len(kinds)]
        began = time.perf_counter()
        came = client.send(method, path, body)
        times.append(time.perf_counter() - began)
        assert came.status in (200, 201), came.data
    return times


@pytest.mark.slow
def test_twenty_clients_and_five_thousand_calls_lose_no_update(tmp_path: Path) -> None:
    server = Server(tmp_path / "state")
    try:
        with ThreadPoolExecutor(20) as pool:
            times = [seconds for found in pool.map(lambda n: play(server, n, 250), range(20)) for seconds in found]
        files = [
            entry for entry in server.po.get(f"{REPO}/git/trees/main?recursive=1").json["tree"] if "/" in entry["path"]
        ]
        assert len(files) == 20 * len([turn for turn in range(249) if turn % 6 == 4])
        rows = sqlite3.connect(tmp_path / "state" / "state.db").execute("SELECT count(*) FROM comments").fetchone()
        assert rows[0] == 20 * len([turn for turn in range(249) if turn % 6 == 2])
        print(f"p50 {statistics.median(times) * 1000:.1f} ms of {len(times)} calls by 20 clients")
    finally:
        server.kill()
