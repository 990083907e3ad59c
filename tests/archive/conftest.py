"""One world is made once; every test gets a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.archive.world import World, make_world


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("made") / "world").root


@pytest.fixture
def world(_made: Path, tmp_path: Path) -> World:
    shutil.copytree(_made, tmp_path / "world", symlinks=True)
    return World(tmp_path / "world")
