"""Sending the quick looks: a thread of its own, so that a link that is down never keeps a reduction waiting.

The newest goes first. What could not be sent is tried again for ever, with longer and longer pauses; what was sent is
written down afterwards, so that a kill in between sends it once more, which does no harm (bot.doors.tapbox).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from bot.doors.quicklook_store import QuickLookStore
from bot.doors.tapbox import TapBox
from bot.errors import LmtBotError
from bot.formats.record_file import record_name
from bot.model.quicklook import QuickLook
from bot.model.raw import Arrived
from bot.model.record import Record
from bot.rules.quicklook import look_of
from bot.rules.work import later_than
from bot.stages.interruptible import Stop

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
IN_VAIN = 3
"""So many that failed with none sent between tell that the link was down; fewer have themselves to blame."""
WATCH_S = 0.2
CLOSE_S = 5.0
"""How long the end of the service waits for a sending; cut off, it is sent again next time."""


@dataclass(frozen=True)
class Letter:
    """One outcome on its way."""

    record: Record
    look: QuickLook

    @property
    def name(self) -> str:
        """Return what was made, for people."""
        return f"{self.look.obsnum} {self.look.pid}"


class Sender(threading.Thread):
    """Sends what it is offered until it is closed."""

    def __init__(self, store: QuickLookStore, box: TapBox, log: logging.Logger) -> None:
        super().__init__(name="sender", daemon=True)
        self.store = store
        self.box = box
        self.log = log
        self.sent = store.read_sent()
        self.changed = threading.Condition()
        self.left: dict[int, Letter] = {}
        self.failures: dict[int, int] = {}
        self.in_vain: set[int] = set()
        """What has failed since one was sent last."""
        self.is_ending = False
        self.is_closed = False

    def offer(self, record: Record, arrived: Arrived | None) -> None:
        """Take an outcome, unless it was sent or waits already."""
        number, name = int(record.name), record_name(record)
        with self.changed:
            waiting = self.left.get(number)
            if self.sent.get(number) != name and (waiting is None or record_name(waiting.record) != name):
                self.left[number] = Letter(record, look_of(record, arrived))
                self.changed.notify()

    def finish(self, stop: Stop) -> None:
        """Wait until everything was sent or has been tried in vain, or nobody wants to wait any more."""
        self._turn(is_ending=True)
        while self.is_alive() and not stop.is_set():
            self.join(WATCH_S)
        if self.left:
            told = ", ".join(str(number) for number in sorted(self.left, reverse=True))
            self.log.warning("not sent: %s; the next call tries again", told)

    def close(self) -> None:
        """Stop; what is left is sent next time."""
        self._turn(is_closed=True)
        if self.is_alive():
            self.join(CLOSE_S)

    def run(self) -> None:
        """Send until closed."""
        pause_s = 0.0
        while (letter := self._next(pause_s)) is not None:
            pause_s = 0.0 if self._send(letter) else min(max(FIRST_PAUSE_S, 2 * pause_s), LONGEST_PAUSE_S)

    def _turn(self, *, is_ending: bool = False, is_closed: bool = False) -> None:
        with self.changed:
            self.is_ending |= is_ending
            self.is_closed |= is_closed
            self.changed.notify()

    def _next(self, pause_s: float) -> Letter | None:
        """Wait for the pause to end and for something to send; None: this is the end.

        What fails again and again goes behind the others, so that one outcome that the far side refuses stops nobody.
        """
        with self.changed:
            self.changed.wait_for(lambda: self.is_closed or self.is_ending, pause_s)
            self.changed.wait_for(lambda: self.is_closed or self.is_ending or self.left)
            left = (
                self.left if not self.is_ending else {one: self.left[one] for one in self.left.keys() - self.failures}
            )
            if self.is_closed or not left:
                return None
            return left[min(left, key=lambda one: (self.failures.get(one, 0), -one))]

    def _send(self, letter: Letter) -> bool:
        number = letter.look.obsnum
        try:
            look, tap = self._packed(letter)
            self.box.send(look, tap)
            self.store.note_sent(letter.record, look.reduced)
        except (LmtBotError, OSError) as error:
            self.failures[number] = self.failures.get(number, 0) + 1
            self.in_vain.add(number)
            self.log.warning(
                "%s: not sent (try %d, %d wait): %s", letter.name, self.failures[number], len(self.left), error
            )
            return False
        with self.changed:
            self.sent[number] = record_name(letter.record)
            if self.left.get(number) == letter:
                del self.left[number]
            if len(self.in_vain) >= IN_VAIN:
                self.failures.clear()
            self.failures.pop(number, None)
            self.in_vain.clear()
        self.log.info("%s: sent", letter.name)
        return True

    def _packed(self, letter: Letter) -> tuple[QuickLook, Path | None]:
        """Return the look and its TAP; a TAP that was taken away meanwhile is a fact to be told, too.

        The far side takes what was reduced later: so is every attempt that follows a sent one, whatever our clock says.
        """
        before = self.store.sent_as_of(letter.look.obsnum)
        look = letter.look.model_copy(update={"reduced": later_than([before], letter.look.reduced)})
        tap = self.store.tap(letter.record) if look.is_good else None
        if look.is_good and tap is None:
            told = f"its TAP was taken away; `lmtbot quicklook --retry {look.obsnum}` makes it again"
            return look.model_copy(update={"verdict": told}), None
        return look, tap
