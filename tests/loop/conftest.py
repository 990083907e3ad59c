"""An observatory for each test; the judge hears every reply that the bot gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sim.github.seed import World, plant
from bot.sim.github.server import Running, address_of, listen
from bot.sim.github.store.state import State
from tests.github.hub import Hub
from tests.github.judge import Judge, need_judges
from tests.loop.world import Loop, files


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    need_judges()
    judge, listener = Judge(), listen()
    state = State(tmp_path / "state", address=address_of(listener))
    state.do(lambda: plant(state, World(), files())).result()
    for name in ("data", "work"):
        (tmp_path / name).mkdir()
    with Running(state, listener, witness=judge.reply):
        yield Loop(Hub(state, tmp_path), tmp_path)
    assert not judge.complaints, "\n".join(judge.complaints)
