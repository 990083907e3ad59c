"""The index of a scan answers what was put into it, in any order and number of pages, and knows what is not in it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.doors.scan_files import PAGE
from bot.doors.scan_index import ScanIndex, open_index, read_index
from bot.errors import DoorError
from bot.formats.obslog import format_row, parse_line
from bot.formats.rawname import file_name, parse_name
from bot.model.observation import Observation
from bot.model.raw import Arrived, FileState, Header, RawFile, RawName, Readiness, Stamp

DAY = "2024-03-06"
STAMP = Stamp(1, 2, 3)
OBSNUMS = st.sets(st.integers(1, 99_999), max_size=30)


def name_of(obsnum: int, part: str = "ifproc") -> RawName:
    name = parse_name(file_name(part, obsnum, (0, 1), DAY, source="S", hhmmss="112131"))
    assert name
    return name


def row_of(obsnum: int, date_obs: str = f"{DAY}T11:21:31", goal: str = "Science") -> Observation:
    row = Observation(
        obsnum, date_obs, "SEQ", goal, "Map(Ra/C)", "S", "2024-S1-MX-2", 115.2712, 20.0, 30.0, 1.0, 2.0, 3.0, 4.0
    )
    read = parse_line(format_row(row).encode())
    assert isinstance(read, Observation)
    return read


def put(index: ScanIndex, obsnum: int, stamp: Stamp = STAMP) -> None:
    index.files.put(name_of(obsnum), stamp, stamp.ctime_ns, FileState.NEW)


@given(OBSNUMS, OBSNUMS)
@settings(max_examples=30)
def test_it_knows_what_was_put_in_and_not_forgotten(here: set[int], known: set[int]) -> None:
    with open_index(Path("none"), in_memory=True) as index:
        for obsnum in known:
            put(index, obsnum)
        names = {obsnum: name_of(obsnum).name for obsnum in here | known}
        assert index.files.known("ifproc") == {names[one] for one in known}
        assert index.files.known("chassis0") == set()
        for obsnum in known - here:
            index.files.forget("ifproc", names[obsnum])
        left = {name.obsnum for page in index.files.to_stamp(0) for name, _ in page}
        assert left == here & known
        assert set(index.verdicts.open_obsnums(0)) == known


def test_many_files_are_told_page_by_page_each_once() -> None:
    with open_index(Path("none"), in_memory=True) as index:
        for obsnum in range(1, 2 * PAGE + 4):
            put(index, obsnum)
        pages = list(index.files.to_ask(10))
        assert [len(page) for page in pages] == [PAGE, PAGE, 3]
        assert len({name.obsnum for page in pages for name, _ in page}) == index.files.count_to_ask(10) == 2 * PAGE + 3
        assert list(index.files.to_ask(STAMP.mtime_ns - 1)) == []


def test_what_a_file_turned_out_to_be_is_told_again() -> None:
    header = Header(row_of(7), 0, 1, 2, 6)
    learnt = RawFile(name_of(7), FileState.WHOLE, header=header)
    with open_index(Path("none"), in_memory=True) as index:
        put(index, 7)
        index.files.learn(learnt)
        assert index.files.files_of(7, 100).files == (learnt,)
        put(index, 7, Stamp(2, 2, 3))
        assert index.files.files_of(7, 100).files == (RawFile(name_of(7), FileState.NEW),)


@given(st.lists(st.tuples(st.integers(1, 2**40), st.integers(1, 2**40)), min_size=1, max_size=6), st.integers(1, 2**40))
@settings(max_examples=50)
def test_no_file_arrives_in_the_future_whatever_the_clock_did(seen: list[tuple[int, int]], now: int) -> None:
    with open_index(Path("none"), in_memory=True) as index:
        for number, (ctime, scanned) in enumerate(seen, start=1):
            index.files.put(name_of(number), Stamp(1, 1, ctime), min(ctime, scanned), FileState.NEW)
            arrived = index.files.files_of(number, now).arrived_ns
            assert arrived <= now
            assert arrived == ctime or ctime > now


def test_verdicts_are_told_newest_first_by_date_and_goal() -> None:
    rows = [row_of(3, "2024-03-05T01:00:00"), row_of(2, "2024-03-07T01:00:00"), row_of(9, goal="Pointing")]
    with open_index(Path("none"), in_memory=True) as index:
        for row in rows:
            arrived = Arrived(row.obsnum, Readiness.COMPLETE, row)
            assert index.verdicts.settle(arrived, name_of(row.obsnum), None, stays_open=False)
            assert not index.verdicts.settle(arrived, name_of(row.obsnum), None, stays_open=False)
        corrupt = Arrived(4, Readiness.CORRUPT, reason="garbage")
        index.verdicts.settle(corrupt, name_of(4), None, stays_open=False)
        assert [one.obsnum for one in index.verdicts.complete("", ())] == [2, 9, 3]
        assert [one.obsnum for one in index.verdicts.complete("2024-03-06", ("Science",))] == [2]
        assert list(index.verdicts.odd()) == [corrupt]
        assert index.verdicts.newest() == 2
        told = [line for line in index.verdicts.log_lines() if line.split()[1].isdecimal()]
        assert [int(line.split()[1]) for line in told] == [2, 9, 3]


def test_a_calibration_that_arrives_opens_the_verdict_on_those_that_name_it() -> None:
    with open_index(Path("none"), in_memory=True) as index:
        index.verdicts.settle(Arrived(8, Readiness.INCOMPLETE, row_of(8)), name_of(8), 6, stays_open=False)
        assert index.verdicts.open_obsnums(0) == []
        put(index, 6)
        assert index.verdicts.open_obsnums(0) == [6, 8]


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    with open_index(tmp_path / "index") as index:
        with pytest.raises(ZeroDivisionError), index.changing():
            put(index, 5)
            raise ZeroDivisionError
        assert index.files.files_of(5, 10).files == ()


def test_readers_see_whole_transactions_while_a_scan_writes(tmp_path: Path) -> None:
    path, counts = tmp_path / "index", set()
    with open_index(path) as index:
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                with read_index(path) as other:
                    counts.add(other.connection.execute("SELECT count(*) FROM file").fetchone()[0])

        reader = threading.Thread(target=read)
        reader.start()
        for start in range(1, 200, 10):
            with index.changing():
                for obsnum in range(start, start + 10):
                    put(index, obsnum)
        done.set()
        reader.join()
    assert counts
    assert all(count % 10 == 0 for count in counts)


def test_an_index_that_cannot_be_asked_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DoorError, match="there is no index yet"), read_index(tmp_path / "none"):
        pass
    (tmp_path / "index").write_bytes(b"nonsense" * 200)
    with pytest.raises(DoorError, match="`lmtbot scan` makes one"), read_index(tmp_path / "index"):
        pass
    with open_index(tmp_path / "index") as index:
        assert index.verdicts.counts()[Readiness.COMPLETE] == 0
    with sqlite3.connect(tmp_path / "index") as connection:
        assert connection.execute("SELECT count(*) FROM verdict").fetchone() == (0,)
