"""What we put into the archive, as judges from outside see it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.archive.judges import bag_complaints, crate_complaints
from tests.archive.world import World


@pytest.mark.slow
def test_bags_and_crates_are_valid_by_the_reference_tools(world: World, tmp_path: Path) -> None:
    assert world.archive().is_good
    bags = sorted(world.bags.glob("*/v1"))
    assert [bag_complaints(one) for one in bags] == [""] * len(bags)
    crate = world.bags / "117361_117363" / "v1" / "data"
    assert crate_complaints(crate, tmp_path / "cache") == []
    _spoil(crate)
    assert bag_complaints(crate.parent) and crate_complaints(crate, tmp_path / "cache"), "the judges judge"


def _spoil(crate: Path) -> None:
    path = crate / "ro-crate-metadata.json"
    told = json.loads(path.read_text())
    del next(one for one in told["@graph"] if one["@id"] == "./")["datePublished"]
    path.write_text(json.dumps(told))
