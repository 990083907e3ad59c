"""Killed, or out of space, at any change of the disk, and run again: the same archive as never struck, and no rest."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import bagit
import pytest

from bot.formats.project_file import read_folder
from tests.archive.test_archive import SENT
from tests.archive.world import PID, World
from tests.e2e.site import REPOSITORY
from tests.e2e.struck import Server, Strike

HOWS = ("kill", "after", "full", "full for ever")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = Server(REPOSITORY, "bot.cli.archive", "bagit", "rocrate.rocrate")
    yield found
    found.close()


def run(server: Server, world: World, step: int = 0, how: str = "kill") -> tuple[int, str]:
    told = world.root / "told"
    words = ("archive", f"{PID}/v1", "--local", "--root", str(world.repository))
    return server.run(Strike(words, world.environment(), str(told), step, how))


def steps_of(server: Server, world: World) -> int:
    """Return how many steps a run takes that nobody strikes."""
    code, said = run(server, world)
    assert code == 0, said
    return int(re.findall(r"steps: (\d+)", said)[-1])


def strike(server: Server, made: Path, root: Path, step: int, how: str) -> None:
    """Strike a run at one step, look, run it again, and look."""
    shutil.copytree(made, root, symlinks=True)
    world = World(root)
    code, said = run(server, world, step, how)
    assert code != 3 and "Traceback" not in said, said
    for bag in world.bags.glob("*/v1"):
        bagit.Bag(str(bag)).validate()  # what is there is whole
    if (world.folder / "archive.yaml").exists():
        assert {path.parent.name for path in world.bags.glob("*/v1")} == SENT, "told before all of it was there"
    if code == 1:
        assert said.startswith("lmtbot: ") or "is not archived" in said, said
    code, said = run(server, world)
    assert code == 0, said
    assert is_archived(world), (step, how)


def is_archived(world: World) -> bool:
    found = {path.parent.name for path in world.bags.glob("*/v1")}
    archive = read_folder(world.folder).archive
    assert archive is not None and {one.name for one in archive.deposits} == SENT == found
    assert not [path for path in world.bags.rglob(".*") if path.name.endswith(".new")]
    for name in found:
        bagit.Bag(str(world.bags / name / "v1")).validate()
    return world.archive().is_good


@pytest.mark.parametrize("how", ("kill", "full"))
def test_struck_in_the_middle_it_goes_on(_made: Path, tmp_path: Path, server: Server, how: str) -> None:
    strike(server, _made, tmp_path / "struck", 40, how)


@pytest.mark.slow
def test_struck_at_thirty_random_steps_it_goes_on(_made: Path, tmp_path: Path, server: Server) -> None:
    shutil.copytree(_made, tmp_path / "plain", symlinks=True)
    count = steps_of(server, World(tmp_path / "plain"))
    chosen = random.Random(7).sample(range(1, count + 1), 30)
    for number, step in enumerate(chosen):
        strike(server, _made, tmp_path / f"struck{number}", step, HOWS[number % len(HOWS)])
        shutil.rmtree(tmp_path / f"struck{number}")
