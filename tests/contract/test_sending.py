"""The sender: what one outcome costs the others, and what the far side sees when our clock is set back."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from bot.doors.quicklook_store import QuickLookStore
from bot.doors.tapbox import INBOX, open_tapbox
from bot.errors import DoorError
from bot.model.quicklook import QuickLook
from bot.model.record import Record, RunState
from bot.settings import Settings, Site, Taps
from bot.stages.interruptible import Stop
from bot.stages.quicklook.sending import Sender
from bot.stages.quicklook.taps import receive_taps
from tests.taps import PID, look


class Box:
    """A far side that refuses some obsnums."""

    def __init__(self, *refused: int) -> None:
        self.refused = refused
        self.tried: list[int] = []
        self.got: list[QuickLook] = []

    def send(self, look: QuickLook, tap: Path | None) -> None:  # noqa: ARG002
        self.tried.append(look.obsnum)
        if look.obsnum in self.refused:
            raise DoorError("refused")
        self.got.append(look)


def failed(obsnum: int, ended: str = "2024-03-06T12:00:00.000Z", attempt: int = 1) -> Record:
    told = {"pid": PID, "name": str(obsnum), "source": "S", "level": 0, "digest": "d", "lines": (), "verdict": "bad"}
    return Record(state=RunState.FAILED, attempt=attempt, ended=ended, **told)  # type: ignore[arg-type]


def send(work: Path, box: Box, *records: Record) -> None:
    """Offer records to a sender of its own, and wait for its end."""
    sender = Sender(QuickLookStore(work), box, logging.getLogger("sender"))
    for record in records:
        sender.offer(record, None)
    sender.start()
    sender.finish(Stop())


def test_what_the_far_side_refuses_goes_behind_all_others(tmp_path: Path) -> None:
    box = Box(9)
    send(tmp_path, box, *(failed(number) for number in range(1, 10)))
    assert box.tried == [9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_the_newest_goes_first_again_when_the_link_was_down_for_all(tmp_path: Path) -> None:
    box = Box(9, 8, 7)
    sender = Sender(QuickLookStore(tmp_path), box, logging.getLogger("sender"))
    for number in range(1, 10):
        sender.offer(failed(number), None)
    for _ in range(3):
        assert (letter := sender._next(0)) and not sender._send(letter)
    box.refused = ()
    while sender.left and (letter := sender._next(0)):
        sender._send(letter)
    assert box.tried == [9, 8, 7, 6, 9, 8, 7, 5, 4, 3, 2, 1]


def test_a_retry_after_the_clock_was_set_back_is_later_for_the_far_side(tmp_path: Path) -> None:
    box = Box()
    times = ("12:00:00.000", "11:00:00.000", "10:30:00.000", "13:00:00.000")
    for attempt, time in enumerate(times, start=1):
        send(tmp_path, box, failed(7, f"2024-03-06T{time}Z", attempt))
    told = [one.reduced[11:-1] for one in box.got]
    assert told == ["12:00:00.000", "12:00:00.001", "12:00:00.002", "13:00:00.000"]


def test_words_of_the_far_side_in_any_encoding_are_a_link_that_is_down(tmp_path: Path) -> None:
    shell = ("sh", "-c", r"printf 'd\351sol\351\n' >&2; exit 7")
    with pytest.raises(DoorError, match="sol"):
        open_tapbox("unity:/far", tmp_path, lambda _: {}, Taps(ssh=shell)).send(look(), None)


def test_what_is_odd_in_the_store_stops_no_other_quick_look(tmp_path: Path) -> None:
    site = Site(tmp_path, None, tmp_path / "work", Settings())
    work = site.need_work()
    work.mkdir()
    box = open_tapbox("", work, lambda place: {one.facts.stem: "" for one in receive_taps(site, place)})
    box.send(look(112139, verdict="bad"), None)
    (work / INBOX / ".rsync-partial").mkdir()
    os.utime(work / INBOX / ".rsync-partial", (1, 1))
    (work / "lmtbot" / "taps" / "112139.json").write_text("{")
    box.send(look(112140, verdict="bad"), None)
    page = (work / "lmtoy_run" / "last100.html").read_text()
    assert "112140" in page and 'data-key="112139"' not in page
    box.send(look(112139, verdict="bad"), None)
    assert 'data-key="112139"' in (work / "lmtoy_run" / "last100.html").read_text()
