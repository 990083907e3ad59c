"""Calls that come together: reads first, writes by one commit, each all or nothing; what is not kept is not told."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sim.github.store.database import SCHEMA, Database
from bot.sim.github.store.state import State
from bot.sim.github.wire.desk import Desk


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = State(tmp_path, address="http://127.0.0.1:1")
    yield made
    made.close()


def account(state: State, login: str, *, fails: bool = False) -> Callable[[], int]:
    """Return a deed that adds an account, and may fail afterwards."""

    def add() -> int:
        with state.db.transaction():
            new = state.db.insert("accounts", login=login, type="User", created_at="t")
            if fails:
                raise ValueError(login)
        return new

    return add


def logins(state: State) -> list[str]:
    return [row["login"] for row in state.db.all("SELECT login FROM accounts ORDER BY id")]


def together(state: State, *deeds: tuple[Callable[[], Any], bool]) -> list[Any]:
    """Do deeds (each with whether it only reads) that arrive at once; return results and errors."""

    async def ask() -> list[Any]:
        desk = Desk(state, most_writes=2)
        asked = (desk.answer(deed, only_reads=only_reads) for deed, only_reads in deeds)
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(ask())


def test_a_write_that_fails_takes_no_other_with_it(state: State) -> None:
    deeds = [(account(state, f"a{n}", fails=n % 2 == 1), False) for n in range(5)]
    found = together(state, *deeds)
    assert logins(state) == ["a0", "a2", "a4"]
    assert [type(one) for one in found] == [int, ValueError, int, ValueError, int]


def test_who_only_reads_is_served_before_those_that_write(state: State) -> None:
    read = (lambda: len(logins(state)), True)
    found = together(state, (account(state, "a"), False), read, (account(state, "b"), False), read)
    assert (found[1], found[3], logins(state)) == (0, 0, ["a", "b"])


def test_nobody_is_told_of_a_write_whose_commit_failed(state: State) -> None:
    def crooked() -> None:
        with state.db.transaction():
            state.db.run("PRAGMA defer_foreign_keys = ON")
            state.db.insert("comments", issue_id=99, user_id=99, body="b", created_at="t", updated_at="t")

    found = together(state, (account(state, "a"), False), (crooked, False))
    assert [type(one) for one in found] == [sqlite3.IntegrityError] * 2
    assert logins(state) == []
    assert together(state, (account(state, "b"), False)) == [1] and logins(state) == ["b"]


def test_a_deed_that_contains_others_is_all_or_nothing(state: State) -> None:
    def both() -> None:
        with state.db.transaction():
            account(state, "kept")()
            with pytest.raises(ValueError, match="lost"):
                account(state, "lost", fails=True)()

    together(state, (both, False))
    assert logins(state) == ["kept"]


def test_a_folder_of_an_older_version_gets_the_columns_that_came_since(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "state.db")
    old.executescript(SCHEMA.read_text().replace("called TEXT NOT NULL DEFAULT '{}', ", ""))
    old.close()
    db = Database(tmp_path / "state.db")
    columns = {row["name"]: row["dflt_value"] for row in db.all("SELECT * FROM pragma_table_info('runs')")}
    assert columns["called"] == "'{}'"
    db.close()
