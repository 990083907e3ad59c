"""Hooks get their events: one delivery a hook and event, signed, with a GUID; tried once, and again by hand.

The postman has a thread of its own for the sending, and takes its turn for everything else.
"""

from __future__ import annotations

import hmac
import json
import logging
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlencode, urlsplit

from bot.sim.github.events.outbox import last_read, take_over
from bot.sim.github.store.database import Database, Row
from bot.sim.github.store.faults import HookFault
from bot.sim.github.store.state import State

log = logging.getLogger(__name__)
READER, TIMEOUT_S, LONGEST_ANSWER = "deliveries", 10, 65536
ADDRESSED = (
    "SELECT e.id AS event_id, e.name, e.only_hook_id, h.id AS hook_id, h.events FROM hooks h JOIN outbox e "
    "ON e.id > ? AND CASE WHEN e.only_hook_id IS NULL THEN h.active AND (h.repo_id = e.repo_id OR h.org_id = e.org_id) "
    "ELSE h.id = e.only_hook_id END ORDER BY e.id, h.id"
)
"""The new events that a hook may be waiting for."""


@dataclass(frozen=True)
class Letter:
    """A delivery on its way."""

    delivery_id: int
    url: str
    headers: dict[str, str]
    data: bytes


@dataclass(frozen=True)
class Receipt:
    """What came of it; status code 0: nobody answered."""

    status_code: int
    words: str
    duration: float
    headers: Mapping[str, str]
    body: str


HELD = Receipt(0, "in transit", 0.0, {}, "")


class Postman:
    """Takes events from the outbox and sends them to hooks."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._held: list[Letter] = []
        self._wake, self._ended = threading.Event(), False
        self._thread = threading.Thread(target=self._walk, name="postman", daemon=True)

    def start(self) -> None:
        """Begin; what was left undelivered at the last stop goes first."""
        self.state.listeners.append(self._wake.set)
        self._wake.set()
        self._thread.start()

    def stop(self) -> None:
        """End after the letter in hand."""
        self._ended = True
        self._wake.set()
        self._thread.join()

    def _walk(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._ended:
                return
            try:
                self._deliver()
            except Exception:  # the postman must walk on whatever one round met
                log.exception("a round of deliveries failed")

    def _deliver(self) -> None:
        for letter in self.state.do(lambda: letters(self.state)).result():
            fault = self.state.faults.for_delivery()
            if fault is None:
                self._hand_over(letter)
            else:
                self._hand_over_badly(letter, fault)

    def _hand_over(self, letter: Letter, receipt: Receipt | None = None) -> None:
        receipt = receipt or send(letter)
        self.state.do(lambda: keep_receipt(self.state, letter, receipt)).result()

    def _hand_over_badly(self, letter: Letter, fault: HookFault) -> None:
        """Lose a letter, give it twice, late, or after those that came later."""
        if fault.webhooks == "lost":
            self._hand_over(letter, Receipt(0, "failed to connect to host", 0.0, {}, ""))
        elif fault.webhooks == "doubled":
            send(letter)
            self._hand_over(letter)
        elif fault.webhooks == "late":
            self.state.do(lambda: keep_receipt(self.state, letter, HELD)).result()
            threading.Timer(fault.delay_s, lambda: self._hand_over(letter)).start()
        else:
            self._held.append(letter)
            self.state.do(lambda: keep_receipt(self.state, letter, HELD)).result()
            while fault.count <= 0 and self._held:
                self._hand_over(self._held.pop())


def letters(state: State) -> list[Letter]:
    """Make the deliveries of new events and return all that wait to be sent."""
    db = state.db
    with db.transaction():
        last = last_read(db, READER)
        for row in db.all(ADDRESSED, last):
            if {"*", row["name"]} & set(json.loads(row["events"])) or row["only_hook_id"]:
                add_delivery(state, row["hook_id"], row["event_id"], str(uuid.uuid4()))
        newest = db.value("SELECT max(id) FROM outbox") or 0
        if newest != last:
            take_over(db, READER, newest)
    return [_letter(db, row) for row in db.all("SELECT * FROM deliveries WHERE status = 'pending' ORDER BY id")]


def add_delivery(state: State, hook_id: int, event_id: int, guid: str, *, redelivery: bool = False) -> int:
    """Note that a hook is to get an event; a redelivery keeps the GUID of the first."""
    return state.db.insert(
        "deliveries", hook_id=hook_id, event_id=event_id, guid=guid, redelivery=redelivery, delivered_at=state.now()
    )


def _letter(db: Database, delivery: Row) -> Letter:
    hook, event = db.row("hooks", delivery["hook_id"]), db.row("outbox", delivery["event_id"])
    data = event["payload"].encode()
    if hook["content_type"] == "form":
        data = urlencode({"payload": event["payload"]}, quote_via=quote).encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded" if hook["content_type"] == "form" else "application/json",
        "User-Agent": "GitHub-Hookshot/simulated",
        "X-GitHub-Delivery": delivery["guid"],
        "X-GitHub-Event": event["name"],
        "X-GitHub-Hook-ID": str(hook["id"]),
        "X-GitHub-Hook-Installation-Target-ID": str(hook["repo_id"] or hook["org_id"]),
        "X-GitHub-Hook-Installation-Target-Type": "repository" if hook["repo_id"] else "organization",
    }
    for algorithm, name in (("sha1", "X-Hub-Signature"), ("sha256", "X-Hub-Signature-256")) if hook["secret"] else ():
        headers[name] = f"{algorithm}={hmac.new(hook['secret'].encode(), data, algorithm).hexdigest()}"
    return Letter(delivery["id"], hook["url"], headers, data)


def send(letter: Letter) -> Receipt:
    """Post it; a receiver that is not there is a fact to note, no error."""
    parts, began = urlsplit(letter.url), time.monotonic()
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        connection.request(
            "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), letter.data, letter.headers
        )
        answer = connection.getresponse()
        body = answer.read(LONGEST_ANSWER).decode(errors="replace")
        words = "OK" if answer.status < 300 else f"Invalid HTTP Response: {answer.status}"
        return Receipt(answer.status, words, time.monotonic() - began, dict(answer.getheaders()), body)
    except (OSError, HTTPException) as error:
        log.info("hook %s: %s", letter.url, error)
        return Receipt(0, "failed to connect to host", time.monotonic() - began, {}, "")


def keep_receipt(state: State, letter: Letter, receipt: Receipt) -> None:
    """Note what came of a delivery."""
    state.db.update(
        "deliveries",
        letter.delivery_id,
        status=receipt.words,
        status_code=receipt.status_code,
        duration=round(receipt.duration, 3),
        delivered_at=state.now(),
        request_headers=json.dumps(letter.headers),
        response_headers=json.dumps(receipt.headers),
        response_body=receipt.body,
    )
