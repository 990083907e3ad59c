"""The Dataverse by its native API: one dataset a product, found again, verified before it is published, never two."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import DoorError, SettingsError
from bot.formats.project_file import read_folder
from bot.sim.dataverse import Fault, Installation
from bot.stages.archive.deposit import Archived, known_manifest
from tests.archive.dataverse import served, store
from tests.archive.test_archive import SENT
from tests.archive.world import PID, QA, World


@pytest.fixture
def far() -> Iterator[tuple[Installation, str]]:
    installation = Installation()
    with served(installation) as address:
        yield installation, address


def is_whole(installation: Installation, world: World, version: int = 1) -> None:
    """Hold that there is one dataset a product, published, with exactly the files that were sent."""
    manifest = known_manifest(world.site, f"{PID}/v{version}")
    assert manifest is not None
    titles = sorted(_title(one.versions[-1].metadata) for one in installation.datasets.values())
    assert titles == sorted(f"LMT {PID}: GALAXY ({name})" for name in SENT)
    for parcel, deposit in zip(manifest.parcels, manifest.deposits, strict=True):
        released = [one for one in installation.datasets[deposit.id].versions if one.is_released]
        files = {one.label: one.content for one in released[-1].files.values()}
        assert set(files) == {one.name for one in parcel.files}
        assert all(len(files[one.name]) == one.bytes for one in parcel.files)
        assert installation.datasets[deposit.id].versions[-1].is_released


def _title(metadata: object) -> str:
    fields = metadata["metadataBlocks"]["citation"]["fields"]  # type: ignore[index]
    return next(str(one["value"]) for one in fields if one["typeName"] == "title")


def test_every_product_becomes_a_published_dataset(world: World, far: tuple[Installation, str]) -> None:
    installation, address = far
    done = world.archive(store=store(address))
    assert done.is_good and set(done.sent) == SENT
    is_whole(installation, world)
    assert all(store(address).faults(one, _parcel(world, one.name)) == () for one in _deposits(done))
    calls = len(installation.calls)
    assert world.archive(store=store(address)).sent == ()
    assert len(installation.calls) == calls + 1, "only the collection is looked at"


def _deposits(done: Archived) -> list[object]:
    assert done.archive is not None
    return list(done.archive.deposits)


def _parcel(world: World, name: str) -> object:
    manifest = known_manifest(world.site, f"{PID}/v1")
    assert manifest is not None
    return next(one for one in manifest.parcels if one.name == name)


def test_what_lies_there_and_is_not_remembered_is_found_again(world: World, far: tuple[Installation, str]) -> None:
    installation, address = far
    world.archive(store=store(address))
    (world.work / "lmtbot" / "archive" / PID / "v1" / "release.json").unlink()
    world.archive(store=store(address))
    is_whole(installation, world)
    assert all(len(one.versions) == 1 for one in installation.datasets.values())


def test_a_new_release_makes_a_new_version_of_the_same_dataset(world: World, far: tuple[Installation, str]) -> None:
    installation, address = far
    first = world.archive(store=store(address))
    world.write("qa.yaml", QA.replace("{grade: 2}", "{grade: 1}"))
    world.approve()
    world.reduce()
    world.tag(2)
    second = world.archive(2, store=store(address))
    assert set(second.sent) == {"117363", "117361_117363"}
    assert [one.id for one in _deposits(first)] == [one.id for one in _deposits(second)]  # type: ignore[attr-defined]
    is_whole(installation, world, 2)
    assert sorted(len(one.versions) for one in installation.datasets.values()) == [1, 2, 2]


@pytest.mark.parametrize(
    ("call", "fault"), [(1, Fault.BUSY), (3, Fault.LOST), (6, Fault.CUT), (7, Fault.BROKEN), (10, Fault.LOST)]
)
def test_a_call_that_gets_no_answer_is_made_good_in_the_same_run(
    world: World, far: tuple[Installation, str], call: int, fault: Fault
) -> None:
    installation, address = far
    installation.faults = {call: fault}
    assert world.archive(store=store(address)).is_good
    is_whole(installation, world)


@pytest.mark.parametrize(("call", "fault"), [(3, Fault.LOST), (9, Fault.REFUSED)])
def test_a_run_that_fails_is_gone_on_with_and_nothing_stands_twice(
    world: World, far: tuple[Installation, str], call: int, fault: Fault
) -> None:
    installation, address = far
    installation.faults = dict.fromkeys(range(call, call + 40), fault)
    with pytest.raises(DoorError):
        world.archive(store=store(address))
    assert not (world.folder / "archive.yaml").exists()
    installation.faults = {}
    world.archive(store=store(address))
    is_whole(installation, world)
    assert read_folder(world.folder).archive is not None


@pytest.mark.slow
def test_at_every_call_it_may_end_as_if_killed_and_goes_on(_made: Path, tmp_path: Path) -> None:
    """From that call on nothing is answered: some were done, some not; the next run ends it."""
    calm = Installation()
    shutil.copytree(_made, tmp_path / "calm", symlinks=True)
    with served(calm) as address:
        World(tmp_path / "calm").archive(store=store(address))
    for call in range(1, len(calm.calls) + 1):
        installation, root = Installation(), tmp_path / f"call{call}"
        shutil.copytree(_made, root, symlinks=True)
        world, fault = World(root), (Fault.LOST, Fault.CUT, Fault.BROKEN)[call % 3]
        with served(installation) as address:
            installation.faults = dict.fromkeys(range(call, call + 99), fault)
            with pytest.raises(DoorError):
                world.archive(store=store(address))
            assert not (world.folder / "archive.yaml").exists()
            assert all(one.is_released for found in installation.datasets.values() for one in found.versions[:-1])
            installation.faults = {}
            world.archive(store=store(address))
            is_whole(installation, world)
        shutil.rmtree(root)


def test_a_file_that_arrives_spoilt_is_not_published(world: World, far: tuple[Installation, str]) -> None:
    installation, address = far
    installation.faults = dict.fromkeys(range(1, 100), Fault.SPOILT)
    with pytest.raises(DoorError, match=r"is not published: .* has another checksum"):
        world.archive(store=store(address))
    assert not any(one.is_released for found in installation.datasets.values() for one in found.versions)
    installation.faults = {}
    world.archive(store=store(address))
    is_whole(installation, world)


@pytest.mark.parametrize("algorithm", ["SHA-1", "SHA-512"])
def test_other_checksums_of_the_far_side_are_known_too(
    world: World, far: tuple[Installation, str], algorithm: str
) -> None:
    installation, address = far
    installation.algorithm = algorithm
    assert world.archive(store=store(address)).is_good
    is_whole(installation, world)


def test_products_are_restricted_until_the_public_date(world: World, far: tuple[Installation, str]) -> None:
    installation, address = far
    world.write("project.yaml", (world.folder / "project.yaml").read_text() + "public: 2999-01-01\n")
    world.git("tag", "-d", f"{PID}/v1")
    world.tag(1)
    world.archive(store=store(address))
    files = [one for found in installation.datasets.values() for one in found.versions[-1].files.values()]
    assert files and all(one.told["restrict"] is True for one in files)


def test_a_wrong_token_is_told_and_nothing_of_it_is_shown(world: World, far: tuple[Installation, str]) -> None:
    with pytest.raises(SettingsError) as told:
        world.archive(store=store(far[1], token="s3cret"))
    assert "API token is wrong" in str(told.value) and "s3cret" not in str(told.value)
