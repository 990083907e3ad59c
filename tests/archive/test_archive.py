"""A release becomes bags, archive.yaml, and a state; and what speaks against it is told at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import bagit
import pytest

from bot.doors.stores.opening import open_store
from bot.errors import DoorError
from bot.formats.project_file import read_folder
from bot.model.deposit import Metadata
from bot.rules.archive import archive_text
from bot.stages.archive.deposit import known_manifest
from bot.stages.archive.trace import trace, verify_project
from bot.stages.overview import standings
from tests.archive.world import NAMES, PID, QA, World

SENT = NAMES - {"117362"}


def state(world: World) -> str:
    (found,) = standings(world.site, [PID])
    return str(getattr(found, "state", found))


def test_a_release_becomes_bags_and_the_project_is_archived(world: World) -> None:
    assert state(world) == "done"
    done = world.archive()
    assert done.is_good and set(done.sent) == SENT, world.told(done)
    for name in SENT:
        bag = bagit.Bag(str(world.bags / name / "v1"))
        bag.validate()
        assert bag.info["Internal-Sender-Identifier"] == f"{PID}/v1"
        told = json.loads((world.bags / name / "v1" / "data" / f"{name}_metadata.json").read_text())
        Metadata.model_validate(told)
        assert told["decided"] == "po merged #2, approved by da" and told["level"] == 2
    assert not list(world.bags.rglob("*.new"))
    archive = read_folder(world.folder).archive
    assert archive is not None and archive.left_out == {"117362": "graded as failed"}
    assert (world.folder / "archive.yaml").read_text() == archive_text(archive)
    assert state(world) == "archived"
    manifest = known_manifest(world.site, f"{PID}/v1")
    assert manifest and {one.name for one in manifest.parcels} == SENT
    combined = next(one.metadata for one in manifest.parcels if one.name == "117361_117363")
    assert [one.obsnum for one in combined.members] == [117361, 117363]
    assert not any(one.name.endswith("lmtmetadata.yaml") for p in manifest.parcels if "_" in p.name for one in p.files)


def test_archived_again_it_sends_nothing(world: World) -> None:
    world.archive()
    before = {path: path.stat().st_mtime_ns for path in world.bags.rglob("*")}
    again = world.archive()
    assert again.is_good and again.sent == ()
    assert {path: path.stat().st_mtime_ns for path in world.bags.rglob("*")} == before


def test_what_lies_there_is_verified_and_traced(world: World) -> None:
    world.archive()
    open_ = lambda name, pid: open_store(world.site, {}, name=name, pid=pid)  # noqa: E731
    assert [one.faults for one in verify_project(world.site, PID, open_)] == [()] * len(SENT)
    (found,) = trace(world.site, f"bag:{PID}/117361/v1")
    assert found.record is not None and found.parcel is not None
    assert found.parcel.metadata.lines == found.record.lines
    (zipped,) = (world.bags / "117361" / "v1" / "data").glob("*_SRDP.zip")
    zipped.write_bytes(b"x" + zipped.read_bytes()[1:])
    bad = {one.deposit.name: one.faults for one in verify_project(world.site, PID, open_) if one.faults}
    assert list(bad) == ["117361"] and "validate" in bad["117361"][0]


def test_the_next_release_sends_only_what_changed(world: World) -> None:
    world.archive()
    world.git("add", "-A")
    world.git("commit", "-q", "-m", "archived")
    world.write("qa.yaml", QA.replace("{grade: 2}", "{grade: 1}"))
    assert state(world) == "stale"
    world.approve()
    world.reduce()
    assert state(world) == "done"
    world.tag(2)
    done = world.archive(2)
    assert done.is_good and set(done.sent) == {"117363", "117361_117363"}, done
    archive = read_folder(world.folder).archive
    assert archive is not None
    assert {one.name: one.tag[-2:] for one in archive.deposits} == {
        "117361": "v1", "117363": "v2", "117361_117363": "v2",
    }  # fmt: skip
    assert state(world) == "archived"
    old = world.archive(1)
    assert old.is_good and read_folder(world.folder).archive == archive, "an older release does not come back"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("no tag", "there is no tag"),
        ("other branch", "is not on main"),
        ("no project", "no project"),
        ("changed after", "plan of level 2 at the tag is not main's"),
        ("not approved", "level2.yaml is not what"),
        ("not done", "level 2 of exactly this plan is not done"),
        ("ungraded", "combined and not graded"),
        ("hollow", "no number behind rms="),
        ("no zip", "SRDP.zip is missing"),
        ("link", "SRDP.zip is missing"),
    ],
)
def test_a_release_that_is_not_ready_is_refused_with_the_cure(world: World, spoil: str, told: str) -> None:
    _spoil(world, spoil)
    done = world.archive()
    assert not done.is_good and told in world.told(done), world.told(done)
    assert all(one.cure for one in done.refused)
    assert not world.bags.exists() and not (world.folder / "archive.yaml").exists()


def _spoil(world: World, how: str) -> None:
    if how == "no tag":
        world.git("tag", "-d", f"{PID}/v1")
    elif how == "other branch":
        world.git("checkout", "-q", "-b", "side")
        world.write("README.md", "words")
        world.tag(1, force=True)
        world.git("checkout", "-q", "main")
    elif how == "no project":
        world.tag(1, world.git("rev-list", "--max-parents=0", "HEAD"), force=True)
    elif how == "changed after":
        world.write("qa.yaml", QA.replace("grade: 2", "grade: 1"))
        world.approve()
        world.reduce()
    elif how == "not approved":
        world.write("qa.yaml", QA.replace("grade: 2", "grade: 1"))
    elif how == "not done":
        shutil.rmtree(world.work / PID / "117363")
    elif how == "ungraded":
        world.write("qa.yaml", QA.replace("  117363: {grade: 2}\n", ""))
    else:
        _spoil_products(world.work / PID, how)


def _spoil_products(project: Path, how: str) -> None:
    rc = project / "117361" / "lmtoy_117361.rc"
    zips = [*project.glob("dir4dv/117361/*/*/*_SRDP.zip"), project / "dirzip" / "117361_SRDP.zip"]
    if how == "hollow":
        rc.write_text("\n".join(line for line in rc.read_text().splitlines() if not line.startswith("rms=")))
    elif how == "no zip":
        for one in zips:
            one.unlink()
    elif how == "link":
        for one in zips:
            one.unlink()
            one.symlink_to("/etc/passwd")


def test_a_tag_that_was_moved_is_refused_also_after_all_was_sent(world: World) -> None:
    first = world.git("rev-parse", f"{PID}/v1")
    world.archive()
    world.write("README.md", "words")
    world.tag(1, force=True)
    done = world.archive()
    assert "was moved" in world.told(done) and first[:12] in world.told(done)
    world.tag(1, first, force=True)
    assert world.archive().is_good


def test_all_that_nobody_knows_is_told_at_once(world: World) -> None:
    for name in ("117361", "117363"):
        rc = world.work / PID / name / f"lmtoy_{name}.rc"
        lost = ("PIName", "projectTitle", "tau")
        rc.write_text("\n".join(line for line in rc.read_text().splitlines() if not line.startswith(lost)))
    told = world.told(world.archive())
    assert "the name of the PI of 117361, 117363" in told and "the title" in told and "(tau)" in told
    assert "write `title: ...` into project.yaml" in told


def test_failed_observations_are_archived_where_the_site_says_so(world: World) -> None:
    settings = world.repository / ".github" / "lmtbot.yml"
    settings.write_text(settings.read_text() + "archive: {failed: archive}\n")
    assert set(world.archive().sent) == NAMES


def test_a_bag_of_somebody_else_in_the_place_is_left_alone(world: World) -> None:
    place = world.bags / "117361" / "v1"
    place.mkdir(parents=True)
    (place / "precious").write_text("mine")
    with pytest.raises(DoorError, match="does not validate"):
        world.archive()
    assert (place / "precious").read_text() == "mine"


def test_dry_run_changes_nothing(world: World) -> None:
    from bot.doors.stores import DryStore
    from bot.doors.stores.bag import BagStore

    done = world.archive(store=DryStore(BagStore(world.work / "archive", "")), dry_run=True)
    assert done.is_good and set(done.sent) == SENT
    assert not world.bags.exists() and not (world.folder / "archive.yaml").exists()
    assert not (world.work / "lmtbot" / "archive" / PID).exists()
