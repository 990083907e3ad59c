"""`lmtbot doctor` on sites that lack something: what is missing is told with the way to get it."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.main import main
from bot.settings import QuickLooks, Settings, Site, Taps
from bot.stages.doctor import Checkup, examine


@pytest.fixture
def site(tmp_path: Path) -> Site:
    for name in ("projects", "work", "data/ifproc", "data/spectrometer/roach0", "data/RedshiftChassis2"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "data" / "data_lmt.log").write_text("# head\n")
    return Site(tmp_path, tmp_path / "data", tmp_path / "work", Settings())


def look(site: Site) -> dict[str, Checkup]:
    return {one.name: one for one in examine(site)}


def send_to(site: Site, target: str, ssh: tuple[str, ...] = ("ssh",)) -> Site:
    return replace(site, settings=Settings(quicklook=QuickLooks(send_to=target), taps=Taps(ssh=ssh)))


def test_a_site_that_has_all_is_told_so_and_nothing_is_left_in_it(site: Site) -> None:
    before = sorted(site.root.rglob("*"))
    found = look(site)
    for name in ("projects", "DATA_LMT", "raw files", "log and index", "WORK_LMT", "SLpipeline.in"):
        assert found[name].is_good, found[name]
    assert found["raw files"].found.startswith("3 of 13 folders; without roach1, ")
    assert "locks" in found["WORK_LMT"].found and "rsync" not in found
    assert sorted(site.root.rglob("*")) == before


def test_a_folder_without_raw_data_or_with_unreadable_ones_is_missing(site: Site) -> None:
    empty = look(replace(site, data=site.work))
    assert "no folder of raw data" in empty["raw files"].found and "mounted" in empty["raw files"].cure
    assert "lmtbot scan" in empty["DATA_LMT"].cure
    (site.root / "data" / "RedshiftChassis2").rmdir()
    (site.root / "data" / "RedshiftChassis2").write_text("")
    found = look(site)["raw files"]
    assert not found.is_good and found.is_needed and "RedshiftChassis2: the folder of raw data cannot" in found.found


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_raw_data_are_no_fault_and_out_is_named(site: Site) -> None:
    (site.root / "data").chmod(0o555)
    found = look(site)["log and index"]
    (site.root / "data").chmod(0o755)
    assert not found.is_good and not found.is_needed and "--out DIR" in found.cure


def test_words_that_would_not_reach_the_pipeline_are_told(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    folder = site.root / "work" / "SLpipeline.d"
    folder.mkdir()
    (folder / "SLpipeline.in").write_text("extent=60\n")
    assert look(site)["SLpipeline.in"].found == "extent=60"
    (folder / "SLpipeline.in").write_text("extent=60 extnt=60 restart=0\n")
    found = look(site)["SLpipeline.in"]
    assert not found.is_good and "did you mean extent?" in found.found and "restart" in found.found
    words = ["doctor", "--root", str(site.root), "--data", str(site.data), "--work", str(site.work)]
    main(words)
    told = capsys.readouterr().out
    assert "SLpipeline.in  see below" in told and f"change the words in {folder / 'SLpipeline.in'}" in told


def test_what_sending_needs_is_asked_for_only_where_something_is_sent(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(site.root))
    found = look(send_to(site, "lmtslr@unity:/nese/work_lmt", ("ssh-of-site", "-J", "gate")))
    assert "apt-get install rsync" in found["rsync"].cure and not found["ssh-of-site"].is_good
    assert not look(send_to(site, "/nowhere/at all"))["send_to"].is_good
    assert "is no host" in look(send_to(site, "uni ty:/x"))["send_to"].found
    assert not {"rsync", "send_to"} & set(look(send_to(site, str(site.root))))


def test_a_missing_h5py_is_told_and_is_no_hindrance(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    found = look(site)["h5py"]
    assert not found.is_good and not found.is_needed and "HDF5" in found.found and "[raw]" in found.cure
