"""Promise 3 on the whole loop: `lmtbot reconcile` killed at any instant and run again ends as if it never was."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.site import PID, kill_tree
from tests.github.judge import need_judges
from tests.loop.seen import check_names, records, seen
from tests.loop.stories import STORIES, prepare, retold
from tests.loop.world import Loop

KILLS_AT_MOST = 6
"""Of one project, before it is let be."""


class Calm:
    """A prepared story, how long `lmtbot reconcile` takes with it, and how it ends."""

    def __init__(self, folder: Path, story: str) -> None:
        self.folder = folder
        self.prepared = prepare(STORIES[story], folder / "prepared")
        with retold(self.prepared, folder / "calm") as loop:
            began = time.monotonic()
            loop.ended(loop.start("reconcile", PID))
            self.seconds = time.monotonic() - began
            self.end = seen(loop)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Calm]:
    """Tell a story without a kill."""
    need_judges()
    yield Calm(tmp_path_factory.mktemp("calm"), request.param)


def killed_until_done(loop: Loop, calm: Calm, chance: random.Random) -> int:
    """Kill at random instants, with and without the calls, until a run comes to its end; return how often."""
    for kills in range(KILLS_AT_MOST):
        process = loop.start("reconcile", PID)
        ends = time.monotonic() + chance.uniform(0.2, 1) * calm.seconds
        while time.monotonic() < ends and process.poll() is None:
            time.sleep(0.005)
        if process.poll() is not None:
            loop.ended(process)
            return kills
        kill_tree(process, also_children=chance.random() < 0.5)
    return KILLS_AT_MOST


def good_twice(work: Path) -> list[object]:
    """Return the units that have more than one good record."""
    good = Counter((one["name"], one["digest"], one["level"]) for one in records(work) if one["state"] == "good")
    return [unit for unit, count in good.items() if count > 1]


def check_kills(calm: Calm, tmp_path: Path, kills: int, seed: int) -> None:
    chance, done = random.Random(seed), 0
    while done < kills:
        with retold(calm.prepared, tmp_path / f"killed{done}") as loop:
            done += killed_until_done(loop, calm, chance) or 1
            loop.ended(loop.start("reconcile", PID))
            found: dict[str, Any] = seen(loop)
            for part, wanted in calm.end.items():
                assert found[part] == wanted, part
            assert not good_twice(loop.root / "work")
            assert max(check_names(loop).values()) == 1
            assert not list((loop.root / "work" / "lmtbot" / PID / "area").iterdir()), "a work area was left behind"


@pytest.mark.parametrize("calm", ["level-1"], indirect=True)
@pytest.mark.slow
def test_killed_a_few_times_it_ends_as_never_killed(calm: Calm, tmp_path: Path) -> None:
    check_kills(calm, tmp_path, kills=2, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("calm", ["level-1", "level-2"], indirect=True)
def test_killed_at_thirty_random_instants_it_ends_as_never_killed(calm: Calm, tmp_path: Path) -> None:
    check_kills(calm, tmp_path, kills=30, seed=2)


@pytest.mark.parametrize("calm", ["level-1", pytest.param("level-2", marks=pytest.mark.slow)], indirect=True)
@pytest.mark.slow
def test_of_two_runners_one_works_and_the_other_says_who_does(calm: Calm, tmp_path: Path) -> None:
    with retold(calm.prepared, tmp_path / "two") as loop:
        journal, gate = loop.root / "journal", loop.root / "gate"
        first = loop.start("reconcile", PID, QUICK_GATE=str(gate), LMTSIM_JOURNAL=str(journal))
        loop.hub.wait_for(lambda: journal.exists(), 60)
        told = loop.ended(loop.start("reconcile", PID), code=1)
        gate.touch()
        assert f"process {first.pid}" in told and "is at work" in told
        loop.ended(first)
        loop.ended(loop.start("reconcile", PID))
        assert seen(loop) == calm.end
        assert not good_twice(loop.root / "work")


@pytest.mark.parametrize("calm", ["level-1"], indirect=True)
@pytest.mark.slow
def test_a_run_that_outlives_its_runner_is_found_again(calm: Calm, tmp_path: Path) -> None:
    with retold(calm.prepared, tmp_path / "outlived") as loop:
        journal = loop.root / "journal"
        more = {"QUICK_S": "1.5", "LMTSIM_JOURNAL": str(journal)}
        process = loop.start("reconcile", PID, **more)
        loop.hub.wait_for(lambda: journal.exists(), 60)
        kill_tree(process, also_children=False)
        loop.ended(loop.start("reconcile", PID, **more))
        begun = Counter(line.split(" start ", 1)[1] for line in journal.read_text().splitlines())
        assert set(begun.values()) == {1}, "a call was begun twice"
        assert seen(loop) == calm.end
