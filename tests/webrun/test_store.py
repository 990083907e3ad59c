"""Sessions on the disk: numbers by what is there, one for a request whoever comes first, nothing half."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.doors.sessions import SessionStore
from bot.errors import DoorError, ProjectError
from bot.model.webrun import Session, SessionState, WebrunRequest

PID = "2024-S1-MX-2"


def session(number: int, digest: str = "d") -> Session:
    request = WebrunRequest(project=PID, sources=("A",))
    told = {"created": "2026-11-28T12:00:00.000Z", "expires": "2026-12-28", "who": "pi", "issue": 1}
    return Session(pid=PID, number=number, request=request, digest=digest, **told)


def made(store: SessionStore, digest: str = "d") -> Session:
    return store.create(
        lambda one: one.digest == digest, lambda number: (session(number, digest), {"qa.yaml": "# q\n"})
    )


def test_the_same_request_has_one_session_and_others_the_next_numbers(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: made(SessionStore(tmp_path, PID), f"d{n % 4}"), range(16)))
    assert sorted({one.number for one in found}) == [1, 2, 3, 4]
    assert len({(one.number, one.digest) for one in found}) == 4
    assert [one.number for one in SessionStore(tmp_path, PID).all()] == [1, 2, 3, 4]


def test_a_folder_that_was_cut_off_is_taken_and_foreign_ones_are_passed_over(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, PID)
    for name in ("Session-1", "Session-2/request", "Session-x", "Session-01"):
        (tmp_path / PID / name).mkdir(parents=True)
    (tmp_path / PID / "Session-1" / "mine.txt").touch()
    assert made(store).number == 2 and made(store, "e").number == 3
    assert (tmp_path / PID / "Session-1" / "mine.txt").exists()


def test_a_torn_record_is_passed_over_and_its_number_is_not_used_again(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, PID)
    made(store)
    (tmp_path / PID / "Session-1" / "session.json").write_text('{"pid": ')
    assert store.all() == [] and made(store, "e").number == 2
    with pytest.raises(ProjectError, match="has no Session-1; it has Session-2"):
        store.get(1)


def test_changes_are_of_what_is_there_now(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, PID)
    old = made(store)
    store.update(old, lambda _one: {"state": SessionState.DONE})
    after = store.update(old, lambda one: {} if one.state is SessionState.DONE else {"told": "never"})
    assert (after.state, after.told) == (SessionState.DONE, "")


def test_links_are_refused_wherever_we_write(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, PID)
    folder = tmp_path / PID / made(store).name
    for inner in ("lmtbot", f"{PID}", "request"):
        link = folder / inner
        if link.exists():
            link.rename(folder / f"old-{inner}")
        link.symlink_to(tmp_path)
        with pytest.raises(DoorError, match="is a link"):
            store.folder(1)
        link.unlink()
    (folder / "lmtbot" / PID).mkdir(parents=True)
    (folder / "lmtbot" / PID / "area").symlink_to(tmp_path)
    with pytest.raises(DoorError, match="is a link"):
        store.clear(store.get(1))
    assert tmp_path.exists()
