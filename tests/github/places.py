"""Two GitHubs side by side: ours on real git, and npm `emulate` where it is right. Two strangers that must agree."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sim.github.seed import plant, token_of
from bot.sim.github.server import Running, address_of, listen
from bot.sim.github.store.state import State
from tests.github.client import Client
from tests.github.conftest import FILES
from tests.github.emulate import APP_ID, TOKENS, emulate
from tests.github.hub import REPO, world


@dataclass(frozen=True)
class Place:
    """One of the two: people, and the key of the App that is installed."""

    address: str
    po: Client
    da: Client
    app_id: int
    pem: str

    def tip(self, branch: str = "main") -> str:
        return str(self.po.get(f"{REPO}/git/ref/heads/{branch}").json["object"]["sha"])

    def branch(self, name: str, start: str = "main") -> str:
        sha = self.tip(start)
        assert self.po.post(f"{REPO}/git/refs", {"ref": f"refs/heads/{name}", "sha": sha}).status == 201
        return sha

    def write(self, path: str, text: str, branch: str = "main", **more: Any) -> Any:
        content = base64.b64encode(text.encode()).decode()
        body = {"message": f"write {path}", "content": content, "branch": branch} | more
        return self.po.put(f"{REPO}/contents/{path}", body)


@contextmanager
def ours(folder: Path) -> Iterator[Place]:
    """Run ours."""
    listener = listen()
    state = State(folder / "state", address=address_of(listener))
    state.do(lambda: plant(state, world(), FILES)).result()
    with Running(state, listener):
        people = [Client(state.address, token_of(login)) for login in ("po", "da")]
        yield Place(state.address, *people, app_id=1, pem=(state.folder / "lmtbot.pem").read_text())


@contextmanager
def theirs(folder: Path) -> Iterator[Place]:
    """Run emulate."""
    pem = _pem()
    with emulate(folder, pem) as address:
        people = [Client(address, TOKENS[login]) for login in ("po", "da")]
        yield Place(address, *people, app_id=APP_ID, pem=pem)


def _pem() -> str:
    """Return a new private key."""
    key, plain = rsa.generate_private_key(public_exponent=65537, key_size=2048), serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain).decode()


OTHER_PEM = _pem()
"""A key that nobody knows."""
