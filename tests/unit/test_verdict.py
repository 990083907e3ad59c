"""Success is judged by what a call left behind; the cases are those of the recorded runs of the real pipeline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.rcfile import Products, RcFile, parse_rc
from bot.model.plan import Chain, Combination, Member, RunLine
from bot.rules.verdict import judge

SEQ = 'instrument="SEQ"\nobspgm="Map"\nnumbands=2\nlmtoy_version=1.2.3\n'
BANK0 = "restfreq=115.2  # special for bank=0\nrms=250.3     # rms[mK] in center\nrms0=1.1\nnchan=689\n"
BANK1 = "restfreq=110.2  # special for bank=1\nrms=249.4\nnchan=659\n"


def chain(*lines: str, mode: str = "SEQ/Map") -> Chain:
    return Chain(110011, "SYN1", mode, tuple(RunLine(tuple(line.split())) for line in lines), "d")


def products(bank0: str = SEQ + BANK0, bank1: str = SEQ + BANK0 + BANK1, **changed: object) -> Products:
    rc = {bank: parse_rc(text) for bank, text in ((0, bank0), (1, bank1)) if text}
    files = frozenset({"SYN1_110011__0.fits", "SYN1_110011__1.fits"})
    values = {"name": "110011", "files": files, "rc": parse_rc(SEQ), "banks": rc, "has_metadata": True, **changed}
    return Products(**values)  # type: ignore[arg-type]


def faults(unit: Chain | Combination, left: Products | None) -> str:
    return "; ".join(judge(unit, left).faults)


WHOLE = chain("obsnum=110011 restart=1")


def test_two_good_banks_are_good_and_keep_their_own_numbers() -> None:
    found = judge(WHOLE, products())
    assert found.is_good and found.pipeline == "1.2.3"
    assert found.metrics["0"]["rms"] == 250.3 and found.metrics["1"]["rms"] == 249.4


def test_no_directory_is_a_failure() -> None:
    assert "left no directory" in faults(WHOLE, None)


def test_a_bank_that_only_inherited_its_neighbours_numbers_failed() -> None:
    assert "__1.rc has no number behind rms=" in faults(WHOLE, products(bank1=SEQ + BANK0))


def test_a_missing_bank_is_a_failure_unless_the_line_asked_for_the_other_only() -> None:
    left = products(bank1="")
    assert "lmtoy_110011__1.rc is missing" in faults(WHOLE, left)
    assert judge(chain("obsnum=110011 bank=0"), left).is_good


def test_an_empty_rms_is_a_failure() -> None:
    empty = SEQ + BANK0.replace("rms=250.3     # rms[mK] in center", "rms=     # rms[mK] in center")
    assert "no number behind rms=" in faults(WHOLE, products(bank0=empty))


@pytest.mark.parametrize("value", ["nan", "inf", "-nan", "", "abc", "1e999"])
def test_an_rms_that_is_no_finite_number_is_a_failure(value: str) -> None:
    assert faults(WHOLE, products(bank0=SEQ + BANK0.replace("250.3", value)))


def test_a_hollow_run_without_metadata_or_cube_is_a_failure() -> None:
    assert "no metadata YAML" in faults(WHOLE, products(has_metadata=False))
    assert "*_110011__0.fits is missing" in faults(WHOLE, products(files=frozenset({"SYN1_110011__1.fits"})))


def test_rsr_without_calibration_is_a_failure() -> None:
    rc = parse_rc('instrument="RSR"\nobspgm="Bs"\nnchan=0\nrms=\n')
    left = products(rc=rc, banks={}, files=frozenset({"rsr.110011.driver.sum.txt"}))
    assert "no number behind rms=" in faults(chain("obsnum=110011", mode="RSR/Bs"), left)


def test_seq_bs_needs_its_spectra_and_nothing_else() -> None:
    rc = parse_rc('instrument="SEQ"\nobspgm="Bs"\nnumbands=2\n')
    spectra = frozenset({"SYNBS_110011__0.txt", "SYNBS_110011__1.txt"})
    unit = chain("obsnum=110011", mode="SEQ/Bs")
    assert judge(unit, products(rc=rc, banks={}, files=spectra, has_metadata=False)).is_good
    assert not judge(unit, products(rc=rc, banks={}, files=frozenset(), has_metadata=False)).is_good


def combination() -> Combination:
    members = tuple(Member(obsnum, "P-1", "d") for obsnum in (110011, 110012))
    return Combination("SYN1", "RSR/Bs", members, (RunLine(("obsnums=110011,110012",)),), "d")


RSR = 'instrument="RSR"\nobspgm="Bs"\nrms=0.0004\nnchan=1297\nobsnum_list=110011\n'
OWN = "obsnum=110011_110012\nrms=0.0003\nnchan=1297\nobsnum_list=110011,110012\n"


def combined(text: str) -> Products:
    files = frozenset({"rsr.110011_110012.driver.sum.txt"})
    return products(name="110011_110012", rc=parse_rc(text), banks={}, files=files)


def test_a_combination_must_have_numbers_of_its_own_not_its_first_members() -> None:
    assert judge(combination(), combined(RSR + OWN)).metrics["all"]["rms"] == 0.0003
    assert "no number behind rms=" in faults(combination(), combined(RSR))


def test_a_combination_that_left_a_member_out_is_a_failure() -> None:
    silent = RSR + OWN.replace("110011,110012", "110011")
    assert "it combined 110011, asked was 110011,110012" in faults(combination(), combined(silent))


@given(st.text())
def test_any_text_can_be_read_as_an_rc_file_and_nothing_of_it_runs(text: str) -> None:
    assert isinstance(parse_rc(text), RcFile)


def test_rc_files_are_read_as_the_shell_would_and_later_lines_win() -> None:
    rc = parse_rc('# x=1\nsrc="IRC+10216 # no remark"  # a remark\nrms=1\nrms=2  # mK\nbroken\nvlsr="')
    assert rc.get("src") == "IRC+10216 # no remark" and rc.number("rms") == 2.0
    assert rc.get("broken") is None and rc.get("x") is None


def test_a_later_call_that_left_no_number_failed_though_the_first_ones_is_there() -> None:
    once = products(bank1="")
    twice = products(bank0=SEQ + BANK0 + BANK0, bank1="")
    both = chain("obsnum=110011 bank=0 restart=1", "obsnum=110011 bank=0 pix_list=-3")
    assert "2 calls should have left 2 numbers behind rms=, and left 1" in faults(both, once)
    assert judge(both, twice).is_good


def test_a_bank_that_is_called_again_counts_its_own_numbers_and_not_the_copied_ones() -> None:
    tiers = chain("obsnum=110011 restart=1", "obsnum=110011 bank=0", "obsnum=110011 bank=1")
    left = {"bank0": SEQ + BANK0 + BANK0, "bank1": SEQ + BANK0 + BANK1}
    assert "3 calls should have left 4" in faults(tiers, products(**left))
    left["bank1"] += "rms=248.0\n"
    assert judge(tiers, products(**left)).metrics["1"]["rms"] == 248.0


def test_a_later_call_for_both_banks_writes_into_the_main_rc_file_and_that_counts() -> None:
    tiers = chain("obsnum=110011 restart=1", "obsnum=110011 birdies=100")
    assert not judge(tiers, products()).is_good
    assert judge(tiers, products(rc=parse_rc(SEQ + "bank=0\nrms=240.1\nbank=1\nrms=239.9\n"))).is_good


def test_banks_that_were_each_called_alone_have_no_marks_and_nothing_copied() -> None:
    tiers = chain("obsnum=110011 bank=0 restart=1", "obsnum=110011 bank=1")
    alone = products(bank0=SEQ + "rms=250\nnchan=689\n", bank1=SEQ + "rms=249\nnchan=659\n")
    assert judge(tiers, alone).metrics["1"]["rms"] == 249.0


@pytest.mark.parametrize("numbands", ["-2", "0", "1", "", "1e12"])
def test_no_number_of_bands_lets_a_run_pass_unjudged(numbands: str) -> None:
    rc = parse_rc(SEQ.replace("numbands=2", f"numbands={numbands}"))
    assert not judge(WHOLE, products(rc=rc, bank0="", bank1="", files=frozenset())).is_good


def test_data_with_the_second_band_only_are_judged_by_bank_1() -> None:
    rc = parse_rc(SEQ.replace("numbands=2", "numbands=1") + "bank=1\n")
    assert judge(WHOLE, products(rc=rc, bank0="", bank1=SEQ + "rms=249\nnchan=659\n")).metrics["1"]["rms"] == 249.0
