"""What the quick look sees of the raw data at each pass: all that is complete, read anew only when it has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.doors.locks import hold
from bot.stages.lookout import Lookout
from bot.stages.scan import LOCK_FILE
from tests.e2e.raw_night import INDEX, Night, make_night
from tests.rawfiles import write_1mm


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return make_night(tmp_path)


def obsnums(look: Lookout) -> set[int]:
    return {one.obsnum for one in look()}


def test_a_pass_that_finds_nothing_new_reads_nothing_and_writes_nothing(night: Night) -> None:
    for folder in night.root.rglob("*/"):
        os.utime(folder, (0, 0))  # a folder that changed just now is listed again, and that is noted
    look = Lookout(night.site(), "")
    first = look()
    assert {one.obsnum for one in first} == {112139, 112141, 33551, 133551}
    look()
    before = (night.root / INDEX).stat()
    assert look() is first
    after = (night.root / INDEX).stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_what_another_scan_has_found_is_seen_also_while_it_is_at_work(night: Night) -> None:
    look = Lookout(night.site(), "")
    before = obsnums(look)
    write_1mm(night.root, 133560, at="2024-03-07T03:00:00")
    night.scan()
    with hold(night.root / LOCK_FILE, "here", "a test"):
        assert obsnums(look) == before | {133560}


def test_an_index_that_was_lost_and_made_anew_is_read_again(night: Night) -> None:
    look = Lookout(night.site(), "2024-03-07")
    first = look()
    assert {one.obsnum for one in first} == {133551}
    (night.root / INDEX).unlink()
    assert look() is not first
    assert look() == first
