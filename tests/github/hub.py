"""One simulated GitHub for a test: its people, its repository, and short words for what tests do often."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jwt

from bot.sim.github.seed import World, make_key, token_of
from bot.sim.github.store.state import State
from tests.github.client import Came, Client

REPO = "/repos/lmtoy/lmtoy_run"


@cache
def world() -> World:
    """Return the usual world; its App has one key in all tests of a process, for a key takes long to make."""
    return World(key=make_key())


class Hub:
    """What tests hold of the server."""

    def __init__(self, state: State, folder: Path) -> None:
        self.state, self.address, self.folder = state, state.address, folder
        self.po, self.da, self.pi, self.stranger = (self.person(login) for login in ("po", "da", "pi", "stranger"))
        self.nobody = Client(self.address)

    def person(self, login: str) -> Client:
        return Client(self.address, token_of(login))

    def ask(self, deed: Callable[[], Any]) -> Any:
        """Read the state in its own thread."""
        return self.state.do(deed).result()

    def app(self) -> Client:
        """Return the App itself, known by its key."""
        now = int(self.state.clock().timestamp())
        key = (self.state.folder / "lmtbot.pem").read_text()
        return Client(self.address, jwt.encode({"iss": "1", "iat": now - 60, "exp": now + 500}, key, algorithm="RS256"))

    def bot(self, **wanted: Any) -> Client:
        """Return the bot with a fresh token of its installation."""
        installation = self.app().get("/orgs/lmtoy/installation").json["id"]
        came = self.app().post(f"/app/installations/{installation}/access_tokens", wanted)
        assert came.status == 201, came.data
        return Client(self.address, came.json["token"])

    def tip(self, branch: str = "main", repo: str = REPO) -> str:
        return str(self.po.get(f"{repo}/git/ref/heads/{branch}").json["object"]["sha"])

    def branch(self, name: str, start: str = "main", who: Client | None = None) -> str:
        sha = self.tip(start)
        came = (who or self.da).post(f"{REPO}/git/refs", {"ref": f"refs/heads/{name}", "sha": sha})
        assert came.status == 201, came.data
        return sha

    def write(self, path: str, text: str, branch: str = "main", who: Client | None = None, repo: str = REPO) -> Came:
        """Create or replace a file; return the reply."""
        who = who or self.da
        known = who.get(f"{repo}/contents/{path}?ref={branch}")
        body = {"message": f"write {path}", "branch": branch, "content": base64.b64encode(text.encode()).decode()}
        return who.put(f"{repo}/contents/{path}", body | ({"sha": known.json["sha"]} if known.status == 200 else {}))

    def text(self, path: str, branch: str = "main", repo: str = REPO) -> str:
        return self.po.get(
            f"{repo}/contents/{path}?ref={branch}", Accept="application/vnd.github.raw+json"
        ).data.decode()

    def pull(self, branch: str, files: dict[str, str] | None = None, who: Client | None = None, **more: Any) -> int:
        """Make a branch with files and a pull request from it; return its number."""
        self.branch(branch, who=who)
        for path, text in (files or {f"{branch}.txt": f"{branch}\n"}).items():
            assert self.write(path, text, branch, who).status == 201
        came = (who or self.da).post(f"{REPO}/pulls", {"title": branch, "head": branch, "base": "main"} | more)
        assert came.status == 201, came.data
        return int(came.json["number"])

    def protect(self, branch: str = "main", **rules: Any) -> None:
        """Protect a branch, also against administrators."""
        main = ("required_status_checks", "required_pull_request_reviews", "restrictions")
        body = dict.fromkeys(main) | {"enforce_admins": True} | rules
        came = self.po.put(f"{REPO}/branches/{branch}/protection", body)
        assert came.status == 200, came.data

    def events(self, name: str = "") -> list[dict[str, Any]]:
        """Return the events so far: name, action, payload, token_kind."""
        rows = self.ask(lambda: self.state.db.all("SELECT * FROM outbox ORDER BY id"))
        return [row | {"payload": json.loads(row["payload"])} for row in rows if name in ("", row["name"])]

    def actions(self, name: str) -> list[str | None]:
        return [row["action"] for row in self.events(name)]

    def git(self, *words: str, cwd: Path | None = None, good: bool = True, **variables: str) -> str:
        """Run git as a person would; return its output."""
        who = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_CONFIG_GLOBAL": os.devnull}
        who |= {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_TERMINAL_PROMPT": "0"}
        done = subprocess.run(
            ["git", *words],
            cwd=cwd or self.folder,
            env=os.environ | who | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) is good, done.stderr
        return done.stdout if good else done.stderr

    def url(self, login: str | None = "da", repo: str = "lmtoy/lmtoy_run") -> str:
        """Return the address that git takes, with a person's token."""
        host = self.address.removeprefix("http://")
        return f"http://{f'{login}:{token_of(login)}@' if login else ''}{host}/{repo}.git"

    def clone(self, login: str = "da", name: str = "clone") -> Path:
        self.git("clone", "-q", self.url(login), name)
        return self.folder / name

    def wait_for(self, is_so: Callable[[], Any], seconds: float = 20) -> Any:
        """Wait for what another thread does; return what it came to."""
        ends = time.monotonic() + seconds
        while not (found := is_so()):
            assert time.monotonic() < ends, "it never became so"
            time.sleep(0.01)
        return found
