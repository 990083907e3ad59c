"""The pipeline's own archive=1: one call a product, nothing official is touched, and a doubt is for a person to end."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bot.doors.stores.pipeline import PipelineStore
from bot.errors import DoorError
from bot.formats.project_file import read_folder
from bot.model.deposit import ReleaseTag
from tests.archive.test_archive import SENT
from tests.archive.world import PID, World

TAG = ReleaseTag(PID, 1)


def store(world: World, **whims: str) -> PipelineStore:
    return PipelineStore(world.site, world.environment() | whims)


def official(world: World) -> str:
    found = hashlib.sha256()
    for path in sorted(one for one in (world.work / PID).rglob("*") if one.is_file()):
        found.update(str(path).encode() + path.read_bytes())
    return found.hexdigest()


def sent(world: World) -> list[str]:
    log = world.work / "dataverse.log"
    return sorted(line.split()[2] for line in log.read_text().splitlines()) if log.exists() else []


def area(world: World, name: str) -> Path:
    return world.work / "lmtbot" / "archive" / PID / "v1" / "sending" / name / "area"


def test_each_product_is_sent_once_and_the_official_ones_stay(world: World) -> None:
    before = official(world)
    done = world.archive(store=store(world))
    assert done.is_good and sent(world) == sorted(SENT)
    assert official(world) == before
    archive = read_folder(world.folder).archive
    assert archive is not None and archive.store == "pipeline"
    assert all(store(world).faults(one, None) == () for one in archive.deposits)
    assert world.archive(store=store(world)).sent == () and sent(world) == sorted(SENT)
    (world.work / "dataverse.log").write_text("")
    assert all(store(world).faults(one, None) for one in archive.deposits)


def test_a_call_that_says_nothing_sent_nothing_and_is_made_again(world: World) -> None:
    with pytest.raises(DoorError, match="did not send 117361"):
        world.archive(store=store(world, QUICK_UNSENT="1"))
    assert sent(world) == [] and not (world.folder / "archive.yaml").exists()
    assert world.archive(store=store(world)).is_good and sent(world) == sorted(SENT)


@pytest.mark.parametrize("word", ["doi:10.5072/FK2/X", ""])
def test_a_call_whose_end_nobody_saw_is_not_made_again_before_a_person_says(world: World, word: str) -> None:
    for _ in range(2):
        with pytest.raises(DoorError, match=r"nobody knows whether 117361 was sent: .*--send-again 117361"):
            world.archive(store=store(world, QUICK_UNLOGGED="1"))
    assert (area(world, "117361") / "far").read_text().count("\n") == 1, "it was sent once"
    store(world).settle("117361", TAG, word)
    assert world.archive(store=store(world)).is_good
    assert sent(world) == sorted(SENT - {"117361"} if word else SENT)
    archive = read_folder(world.folder).archive
    assert archive is not None
    (found,) = (one for one in archive.deposits if one.name == "117361")
    assert found.id == word if word else found.id.startswith("pipeline:")


def test_a_call_that_goes_on_after_we_were_killed_is_waited_for(world: World) -> None:
    slow = store(world, QUICK_S="1")
    parcel_area = area(world, "117361")
    facts = _begun(world, slow)
    assert facts
    assert world.archive(store=store(world)).is_good and sent(world) == sorted(SENT)
    assert not parcel_area.exists()


def _begun(world: World, slow: PipelineStore) -> bool:
    """Begin to send the first product as a process does that is killed right then."""
    from bot.stages.archive.facts import ReleaseFacts

    parcel, _ = ReleaseFacts(world.site, TAG).parcels(world.root / "files")["117361"]
    place = area(world, "117361")
    slow._prepare(parcel, place)
    call = slow.pipeline.start(parcel.archive_words, place, place.parent / "log", 0)
    return not call.has_ended()
