"""Plots that people look at, logs, and what a call may not cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.sim.pipeline import driver, rcwriter

from .conftest import PID, REPO, Telescope

PACKAGE = Path(driver.__file__).parent
LOOKED_AT = {
    110002: ["SYN1_110002__0.wf0.png", "SYN1_110002__0.mom0.png", "SYN1_110002__0.rms.png", "spectrum_0.png"],
    110021: ["ps.png", "seq.spectra__1.png", "seq.tsys__0.png"],
    110022: ["bs-2__0.png", "tsys__1.png"],
    120002: ["rsr.spectra.png", "rsr.driver.png", "rsr.tsys.png", "rsr.spectra_zoom.png"],
}


def read_png(path: Path) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB"))


@pytest.mark.parametrize(
    "obsnum", [110022, *(pytest.param(one, marks=pytest.mark.slow) for one in LOOKED_AT if one != 110022)]
)
def test_the_plots_that_people_look_at_are_real(telescope: Telescope, obsnum: int) -> None:
    assert telescope.run(f"obsnum={obsnum}", "restart=1", LMTSIM_PLOTS="few") == 0
    for name in LOOKED_AT[obsnum]:
        picture = read_png(telescope.folder(obsnum) / name)
        assert min(picture.shape[:2]) > 250, name
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20, name


def test_plots_answer_to_flags(telescope: Telescope) -> None:
    telescope.truth[110002]["bad_beams"] = [6]
    plot = telescope.folder(110002) / "SYN1_110002__0.wf1.png"
    telescope.run("obsnum=110002", "restart=1", LMTSIM_PLOTS="few")
    before = read_png(plot)
    telescope.run("obsnum=110002", "pix_list=-6", LMTSIM_PLOTS="few")
    after = read_png(plot)
    alarm = np.array([0xD5, 0x5E, 0x00])
    assert (before == alarm).all(axis=2).sum() > 1000
    assert (after == alarm).all(axis=2).sum() == 0
    assert (read_png(plot.with_name(f"first_{plot.name}")) == before).all()  # the first look is kept


@pytest.mark.slow
def test_every_plot_is_drawn_when_all_are_wanted(telescope: Telescope) -> None:
    for obsnum in (110002, 120002):
        assert telescope.run(f"obsnum={obsnum}", "restart=1", LMTSIM_PLOTS="all", LMTSIM_TOOLS="hist") == 0
        small = [path.name for path in telescope.folder(obsnum).glob("*.png") if min(read_png(path).shape[:2]) < 250]
        assert small == []


def test_without_plots_no_heavy_library_is_imported(telescope: Telescope) -> None:
    telescope.run("obsnum=110021", "restart=1")  # writes the truths
    code = (
        "import os, sys; from bot.sim.pipeline import driver; driver.run(['obsnum=110011', 'restart=1'], os.environ);"
        "print([m for m in ('matplotlib', 'astropy', 'netCDF4', 'PIL', 'tarfile') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPO, env=telescope.environ, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_the_simulation_stands_alone() -> None:
    """Nothing of the bot is imported, so a mistake there cannot hide in what judges it."""
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level <= 1
                names = [node.module or ""] if node.level == 0 else []
            assert not any(name.split(".")[0] == "bot" for name in names), path


def test_one_lost_roach_is_one_warning_in_the_log(telescope: Telescope) -> None:
    telescope.raw(110043, roaches=(0, 1, 3))
    telescope.raw(110020, roaches=(0, 1, 2, 3))
    telescope.run("obsnum=110043", "restart=1")
    log = (telescope.folder(110043) / "lmtoy_110043.log").read_text()
    assert log.count("Warning") == 1
    rms0 = float(rcwriter.read(telescope.folder(110043) / "lmtoy_110043__0.rc")["rms0"])
    assert rms0 > 1.3


def test_one_bank_without_roaches_is_hollow_and_the_other_is_not(telescope: Telescope) -> None:
    telescope.raw(110011, roaches=(0, 1, 2, 3))
    telescope.raw(110010, roaches=tuple(range(8)))
    assert telescope.run("obsnum=110011", "restart=1") == 0
    banks = [(telescope.folder(110011) / f"lmtoy_110011__{bank}.rc").read_text() for bank in (0, 1)]
    assert [text.count("\nrms=") for text in banks] == [1, 1]  # bank 1 holds bank 0's, of which it is a copy
    assert "bank=1   # 0 or 1" not in banks[1]
    assert not (telescope.folder(110011) / "SYN1_110011__1.nc").exists()


def test_the_grade_and_the_public_date_reach_rc_and_metadata(telescope: Telescope) -> None:
    import yaml

    telescope.run("obsnum=110002", "restart=1", "qagrade=3", "public=2031-05-06")
    assert rcwriter.read(telescope.folder(110002) / "lmtoy_110002.rc")["qagrade"] == "3"
    found = yaml.safe_load((telescope.work / PID / "dirzip" / "110002_lmtmetadata.yaml").read_text())
    assert (found["publicDate"], found["band"][0]["qaGrade"]) == ("2031-05-06", 3)
    assert (found["galLon"], found["galLat"]) == (pytest.approx(224.9716, abs=0.01), pytest.approx(47.1327, abs=0.01))


def test_rc_files_are_shell(telescope: Telescope) -> None:
    for obsnum in (110011, 110021, 110022, 120002):
        telescope.run(f"obsnum={obsnum}", "restart=1", "pix_list=-3,4")
        for path in telescope.folder(obsnum).glob("lmtoy_1*.rc"):
            shown = subprocess.run(["sh", "-c", f". {path}; echo $src $obsnum"], capture_output=True, text=True)
            assert shown.stderr == ""
            assert shown.stdout.split()[1] == str(obsnum)
