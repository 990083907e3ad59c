"""Every call to GitHub fails once, in every way; run again, everything stands as if nothing had ever failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.errors import LmtBotError
from bot.sim.github.store.faults import CallFault
from tests.github.judge import need_judges
from tests.loop.seen import check_names, seen
from tests.loop.stories import STORIES, Story, prepare, retold
from tests.loop.world import Loop

FAULTS: dict[str, dict[str, Any]] = {
    "limited": {"secondary": True, "retry_after": 0},
    "limited for a second": {"secondary": True, "retry_after": 1},
    "404": {"status": 404},
    "409": {"status": 409},
    "422": {"status": 422},
    "500": {"status": 500},
    "502": {"status": 502},
    "late": {"delay_s": 1.2},
    "cut before": {"cut": "before"},
    "cut after": {"cut": "after"},
    "half": {"cut": "half"},
}
REFUSALS = ("404", "409", "422")
"""Of these no patience makes a yes."""
SHORT_STORY = 12
"""Calls; there every second one would strike too little."""
SHORT = {"timeout_seconds": 1}
FAR = 10**6
MOST_ROUNDS = 4


@pytest.fixture(scope="module", autouse=True)
def _judged() -> None:
    need_judges()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Telling]:
    """Prepare a story, and tell it once without a fault."""
    folder = tmp_path_factory.mktemp("story")
    yield Telling(STORIES[request.param], folder)


class Telling:
    """A story, how it ends, and how many calls its last step makes."""

    def __init__(self, story: Story, folder: Path) -> None:
        self.story, self.folder = story, folder
        self.prepared = prepare(story, folder / "prepared")
        with retold(self.prepared, folder / "calm") as loop:
            self.calls = count_calls(loop, story)
            until_quiet(loop, story)
            self.end = seen(loop)
        assert self.calls > 3

    def faults_of(self, number: int, name: str) -> list[str]:
        """Strike one call; return what is otherwise than it should be in the end."""
        with retold(self.prepared, self.folder / f"{number}-{name}".replace(" ", "-")) as loop:
            loop.hub.state.faults.add(CallFault("*", skip=number, **FAULTS[name]))
            with suppress(LmtBotError):
                self.story.deed(loop, loop.site, loop.door(**(SHORT if name == "late" else {})))
            loop.hub.state.faults.clear()
            until_quiet(loop, self.story)
            found = [f"call {number}, {name}: {one}" for one in differences(self.end, seen(loop))]
            if name != "late":  # then nobody can tell whether it will be done yet; GitHub shows the newest
                twice = [f"{one} stands {count} times" for one, count in check_names(loop).items() if count > 1]
                found += [f"call {number}, {name}: {one}" for one in twice]
            return found


def count_calls(loop: Loop, story: Story) -> int:
    """Do the step undisturbed; return how many calls it made."""
    loop.hub.state.faults.add(CallFault("*", skip=FAR, status=500))
    story.deed(loop, loop.site, loop.door())
    left = loop.hub.state.faults.told()[0]["skip"]
    loop.hub.state.faults.clear()
    return FAR - int(left)


def until_quiet(loop: Loop, story: Story) -> None:
    """Do the step until there is nothing left to do; main does not move meanwhile."""
    for _ in range(MOST_ROUNDS):
        if not story.deed(loop, loop.site, loop.door()):
            return
    raise AssertionError("it never becomes quiet")


def differences(wanted: Any, found: Any, where: str = "") -> Iterator[str]:
    """Yield where two ends differ, in few words."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(wanted.keys() | found.keys(), key=str):
            yield from differences(wanted.get(key), found.get(key), f"{where}/{key}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, pair in enumerate(zip(wanted, found, strict=True)):
            yield from differences(*pair, f"{where}/{number}")
    elif wanted != found:
        yield f"{where}: wanted {wanted!r}, found {found!r}"


@pytest.mark.slow
@pytest.mark.parametrize("told", STORIES, indirect=True)
def test_calls_that_fail_in_some_way_change_nothing_in_the_end(told: Telling) -> None:
    names, found = list(FAULTS), []
    is_short = told.calls <= SHORT_STORY
    for number in range(0, told.calls, 1 if is_short else 2):  # in one way, and every way at some calls
        found += told.faults_of(number, names[number % len(names)])
        found += told.faults_of(number, REFUSALS[number % len(REFUSALS)]) if is_short else []
    assert not found, "\n".join(found)


@pytest.mark.sweep
@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("told", STORIES, indirect=True)
def test_every_call_that_fails_in_every_way_changes_nothing_in_the_end(told: Telling, name: str) -> None:
    found = [one for number in range(told.calls) for one in told.faults_of(number, name)]
    assert not found, "\n".join(found)
