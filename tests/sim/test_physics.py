"""What flags do to the numbers: the simulation must answer a data analyst as a telescope would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sim.pipeline import physics, rcwriter, redshift
from bot.sim.pipeline.physics import Band, Stack, beam_time, reduce_bank
from bot.sim.pipeline.settings import MapSettings, expand_beams, regions_around
from bot.sim.pipeline.truth import Truth, draw, truth_of

from .conftest import Telescope

BAND = Band(115.271204, 20.0, 2048, 0.8e9)
CLEAN = Truth(seed=77)
BAD = replace(CLEAN, bad_beams=(3, 7), birdies=(1210,))


def reduced(truth: Truth, dv: float = 100, dw: float = 250, **values: Any) -> Stack:
    read = MapSettings.read({**regions_around(20, dv, dw), **values})
    return reduce_bank(truth, BAND, read, time_s=beam_time(32, BAND.restfreq_ghz))


def test_a_clean_observation_reaches_the_radiometer_equation() -> None:
    assert reduced(CLEAN).rms0 == pytest.approx(1.0, abs=0.05)


def test_each_flag_brings_rms0_nearer_to_one() -> None:
    steps: list[dict[str, Any]] = [
        {},
        {"pix_list": "-3"},
        {"pix_list": "-3,7"},
        {"pix_list": "-3,7", "birdies": "1210"},
    ]
    ratios = [reduced(BAD, **flags).rms0 for flags in steps]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 2
    assert ratios[-1] == pytest.approx(1.0, abs=0.05)


def test_flagging_a_good_beam_costs_sensitivity_and_no_more() -> None:
    whole, less = reduced(CLEAN), reduced(CLEAN, pix_list="-5")
    assert less.rms_k / whole.rms_k == pytest.approx(np.sqrt(16 / 15), rel=0.03)
    assert less.rms0 == pytest.approx(whole.rms0, rel=0.03)


@given(st.sets(st.integers(0, 15), min_size=1, max_size=16))
@settings(max_examples=25, deadline=None)
def test_any_choice_of_good_beams_stays_at_the_radiometer_equation(beams: set[int]) -> None:
    stack = reduced(CLEAN, pix_list=",".join(str(b) for b in sorted(beams)))
    assert 0.9 < stack.rms0 < 1.35  # a single beam keeps its own bend of the baseline


def test_a_flag_in_the_wrong_place_changes_nothing_for_the_better() -> None:
    assert reduced(BAD, birdies="1300").rms0 == pytest.approx(reduced(BAD).rms0, rel=0.01)


def test_a_narrow_dv_leaves_the_line_in_the_baseline() -> None:
    strong = replace(CLEAN, line_peak_mk=5000)
    assert reduced(strong, dv=4).rms0 > 1.3 * reduced(strong).rms0


def test_a_wide_window_needs_a_baseline_of_higher_order() -> None:
    assert reduced(CLEAN, dw=800).rms0 > 1.1
    assert reduced(CLEAN, dw=800, b_order="2").rms0 == pytest.approx(1.0, abs=0.05)


def test_copies_of_beam_0_in_place_of_lost_beams_cost_more_than_the_beams() -> None:
    read = MapSettings.read(regions_around(20, 100, 250))
    stack = reduce_bank(CLEAN, BAND, read, time_s=1.0, lost_beams=(8, 9, 10, 11))
    assert stack.rms0 > 1.3


def test_noise_falls_with_the_square_root_of_time() -> None:
    read = MapSettings.read(regions_around(20, 100, 250))
    short, long = (reduce_bank(CLEAN, BAND, read, time_s=t).rms_k for t in (1, 4))
    assert short / long == pytest.approx(2, rel=0.05)


def test_a_combination_of_two_gains_a_factor_of_root_two() -> None:
    one, other = reduced(CLEAN), reduced(replace(CLEAN, seed=78))
    assert one.rms_k / physics.combine([one, other]).rms_k == pytest.approx(np.sqrt(2), rel=0.05)


def test_flagging_bad_boards_brings_the_redshift_receiver_to_its_radiometer_equation() -> None:
    truth = Truth(seed=5, tsys=200, bad_boards=("3/0", "1/4"), line_peak_mk=3)
    perfect = 100 / np.sqrt(31.25e6 * 300)
    ratios = []
    for badcb in ((), ("3/0",), ("3/0", "1/4")):
        spectrum = redshift.reduce_redshift(truth, 300, badcb=badcb, chassis=(0, 1, 2, 3), xlines=(), blo=1)
        ratios.append(spectrum.rms_k / perfect)
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 1.5
    assert ratios[-1] == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize(
    ("text", "beams"),
    [
        ("-0,5", tuple(b for b in range(16) if b not in (0, 5))),
        ("-0,-5", tuple(b for b in range(16) if b not in (0, 5))),
        ("10,8", (10, 8)),
        ("", tuple(range(16))),
        ("3,99", (3,)),
    ],
)
def test_beam_lists_are_read_as_the_pipeline_writes_them(text: str, beams: tuple[int, ...]) -> None:
    assert expand_beams(text) == beams


@given(st.integers(1, 200000), st.integers(0, 1))
def test_the_hidden_truth_is_the_same_in_every_call(obsnum: int, bank: int) -> None:
    assert draw(obsnum, bank, "SEQ", 2048) == draw(obsnum, bank, "SEQ", 2048)


def test_a_site_fixes_the_truth_of_one_bank() -> None:
    table = {9: {"bad_beams": [1], "bank": {1: {"bad_beams": [4, 5], "tsys": 99}}}}
    assert truth_of(9, 0, "SEQ", table).bad_beams == (1,)
    assert truth_of(9, 1, "SEQ", table).bad_beams == (4, 5)
    assert truth_of(9, 1, "SEQ", table).tsys == 99


def metrics(telescope: Telescope, oid: int | str, bank: int | None = 0) -> dict[str, str]:
    suffix = "" if bank is None else f"__{bank}"
    return rcwriter.read(telescope.folder(oid) / f"lmtoy_{oid}{suffix}.rc")


def test_an_analyst_flags_and_calls_again(telescope: Telescope) -> None:
    telescope.truth[110011] |= {"bank": {0: {"bad_beams": [2]}, 1: {"birdies": [1250]}}}
    telescope.run("obsnum=110011", "restart=1")
    before = [float(metrics(telescope, 110011, bank)["rms0"]) for bank in (0, 1)]
    telescope.run("obsnum=110011", "bank=0", "pix_list=-2")
    telescope.run("obsnum=110011", "bank=1", "birdies=1250")
    after = [float(metrics(telescope, 110011, bank)["rms0"]) for bank in (0, 1)]
    assert min(before) > 1.2
    assert after == pytest.approx([1, 1], abs=0.06)
    telescope.run("obsnum=110011", "bank=0")  # flags stay in the rc file
    assert float(metrics(telescope, 110011, 0)["rms0"]) == after[0]


def test_dv_and_dw_act_in_the_first_call_of_a_directory_only(telescope: Telescope) -> None:
    telescope.run("obsnum=110002", "restart=1")
    wide = metrics(telescope, 110002)
    telescope.run("obsnum=110002", "dv=30", "dw=60")
    again = metrics(telescope, 110002)
    telescope.run("obsnum=110002", "dv=30", "dw=60", "restart=1")
    fresh = metrics(telescope, 110002)
    assert (again["b_regions"], again["rms"], again["nchan"]) == (wide["b_regions"], wide["rms"], wide["nchan"])
    assert (again["dv"], again["dw"]) == ("30", "60")
    assert fresh["b_regions"] == "[[-70,-10],[50,110]]"
    assert fresh["rms"] != wide["rms"] and int(fresh["nchan"]) < int(wide["nchan"])


def test_extent_changes_the_size_of_the_map(telescope: Telescope) -> None:
    from astropy.io import fits

    sizes = {}
    for extent in ("0", "300"):
        telescope.run("obsnum=110002", "restart=1", f"extent={extent}")
        header = fits.getheader(telescope.folder(110002) / "SYN1_110002__0.fits")
        sizes[extent] = header["CDELT2"] * (header["NAXIS2"] - 1) * 3600
    assert sizes["0"] == pytest.approx(240)
    assert sizes["300"] == pytest.approx(600)


@pytest.mark.parametrize(
    ("oid", "bank", "unit"),
    [(110011, 0, 1e3), (110021, 0, 1), (110031, 1, 1), (120002, None, 1)],
)
def test_rms_is_in_mk_for_maps_and_in_k_elsewhere(
    telescope: Telescope, oid: int, bank: int | None, unit: float
) -> None:
    telescope.run(f"obsnum={oid}", "restart=1")
    pid = "2024S1MSIP1mmCommissioning" if oid == 110031 else "2024-S1-MX-2"
    name = f"lmtoy_{oid}" + ("" if bank is None else f"__{bank}")
    rms = float(rcwriter.read(telescope.folder(oid, pid) / f"{name}.rc")["rms"]) / unit
    assert 1e-4 < rms < 0.5


def test_a_combination_takes_its_members_as_they_were_flagged(telescope: Telescope) -> None:
    telescope.truth[110002]["bad_beams"] = [4]
    for obsnum in (110002, 110003):
        telescope.run(f"obsnum={obsnum}", "restart=1")
    telescope.run("obsnums=110002,110003", "restart=1")
    dirty = float(metrics(telescope, "110002_110003")["rms0"])
    telescope.run("obsnum=110002", "pix_list=-4")
    telescope.run("obsnums=110002,110003", "restart=1")
    clean = metrics(telescope, "110002_110003")
    assert float(clean["rms0"]) < dirty - 0.1
    assert float(clean["rms"]) == pytest.approx(float(metrics(telescope, 110003)["rms"]) / np.sqrt(2), rel=0.15)
    assert clean["inttime"] == "64"


def test_badcb_acts_in_a_second_call(telescope: Telescope) -> None:
    telescope.truth[120002]["bad_boards"] = ["2/3"]
    telescope.run("obsnum=120002", "restart=1")
    before = float(metrics(telescope, 120002, None)["rms"])
    suspects = (telescope.folder(120002) / "rsr_tsys_badcb.log").read_text()
    telescope.run("obsnum=120002", "badcb=2/3")
    assert "2/3" in suspects
    assert float(metrics(telescope, 120002, None)["rms"]) < 0.8 * before


def test_files_of_formats_can_be_read_by_the_usual_libraries(telescope: Telescope) -> None:
    import netCDF4
    from astropy.io import fits
    from astropy.wcs import WCS

    telescope.run("obsnum=110002", "restart=1")
    telescope.run("obsnum=120002", "restart=1")
    folder = telescope.folder(110002)
    for path in [*folder.glob("*.fits"), telescope.folder(120002) / "rsr.120002.driver.sum.fits"]:
        with fits.open(path) as opened:
            opened.verify("exception")
            assert np.isfinite(opened[0].data).any()
    cube = fits.getheader(folder / "SYN1_110002__0.fits")
    assert WCS(cube).pixel_to_world(15.5, 15.5, 0)[0].ra.deg == pytest.approx(150.0, abs=1e-3)
    with netCDF4.Dataset(folder / "SYN1_110002__0.nc") as spectra:
        assert spectra["Data.Spectra"].shape == (16, 689)


def test_the_truth_of_real_looking_obsnums_is_mixed(tmp_path: Path) -> None:
    drawn = [draw(n, 0, "SEQ", 2048) for n in range(110000, 110200)]
    clean = sum(not t.bad_beams and not t.birdies for t in drawn)
    assert 30 < clean < 120
