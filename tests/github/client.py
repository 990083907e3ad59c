"""A plain HTTP client: what was sent and what came back, nothing else."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Came:
    """A reply."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.data)


IDLE_S = 2
"""The server closes a connection that was silent for a little longer; after this a new one is made."""


class Client:
    """One person at one server; a connection that stays open."""

    def __init__(self, address: str, token: str | None = None) -> None:
        self.address, self.token = address, token
        self._connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
        self._used = 0.0

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Came:
        """Send one request; `body` is JSON, or bytes as they are."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            told.setdefault("Authorization", f"Bearer {self.token}")
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if time.monotonic() - self._used > IDLE_S:
            self._connection.close()
        self._connection.request(method, path, data, told)
        answer = self._connection.getresponse()
        came = Came(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        self._used = time.monotonic()
        return came

    def get(self, path: str, **headers: str) -> Came:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Came:
        return self.send("POST", path, body if body is not None else {}, **headers)

    def put(self, path: str, body: Any = None) -> Came:
        return self.send("PUT", path, body if body is not None else {})

    def patch(self, path: str, body: Any = None) -> Came:
        return self.send("PATCH", path, body if body is not None else {})

    def delete(self, path: str, body: Any = None) -> Came:
        return self.send("DELETE", path, body)
