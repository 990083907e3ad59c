"""When is an obsnum complete: every instrument, with parts that are late, lost, cut off or corrupt."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.observation import Observation
from bot.model.raw import CHASSIS, HEADERED, IFPROC, ROACHES, Arrived, FileState, Header, RawFile, RawName, Readiness
from bot.rules.readiness import calobsnum_of, first_state, judge

OBSNUM, CALOBSNUM = 112139, 112137
STATES = st.sampled_from(FileState)


def observation(instrument: str = "SEQ", **told: object) -> Observation:
    row = Observation(
        OBSNUM, "2024-03-06T11:21:31", instrument, "Science", "Map(Ra/C)", "SYN1", "2024-S1-MX-2", tint_s=30.0
    )
    return replace(row, **told)  # type: ignore[arg-type]


def raw_file(
    part: str,
    row: Observation,
    *,
    state: FileState = FileState.WHOLE,
    scan: int = 1,
    numbands: int = 1,
    cal: int | None = None,
) -> RawFile:
    name = RawName(part, row.obsnum, 0, scan, row.date_obs[:10], f"{part}_{row.obsnum}_0_{scan}.nc")
    header = Header(row, 0, scan, numbands, cal) if part in HEADERED and state is FileState.WHOLE else None
    return RawFile(name, state, "" if state is FileState.WHOLE else state.value, header)


def files(
    row: Observation, parts: tuple[str, ...], *, scan: int = 1, numbands: int = 1, cal: int | None = None
) -> list[RawFile]:
    return [raw_file(part, row, scan=scan, numbands=numbands, cal=cal) for part in parts]


def verdict(own: list[RawFile], calibration: list[RawFile] | None = None, *, has_waited: bool = False) -> Arrived:
    return judge(own, calibration or [], has_waited=has_waited)


SEQ = observation()
RSR = observation("RSR", pgm="Bs")
CAL = observation(obsnum=CALOBSNUM, pgm="Cal", goal="Calibration")
ONE_BAND = (IFPROC, *ROACHES[:4])
CALIBRATION = files(CAL, ONE_BAND)
KINDS = [
    (SEQ, 1, ONE_BAND),
    (SEQ, 2, (IFPROC, *ROACHES)),
    (observation("1MM", pgm="Ps"), 2, (IFPROC, "roach0")),
    (RSR, 1, CHASSIS),
]


@pytest.mark.parametrize(("row", "numbands", "parts"), KINDS)
def test_an_obsnum_is_complete_with_all_its_files_and_with_none_of_them_less(
    row: Observation, numbands: int, parts: tuple[str, ...]
) -> None:
    own = files(row, parts, numbands=numbands, cal=CALOBSNUM)
    calibration = files(replace(row, obsnum=CALOBSNUM, pgm="Cal", goal="Calibration"), parts, numbands=numbands)
    whole = verdict(own, calibration)
    assert (whole.readiness, whole.missing, whole.gap, whole.observation) == (Readiness.COMPLETE, (), (), row)
    for index, lost in enumerate(parts):
        rest = own[:index] + own[index + 1 :]
        assert verdict(rest, calibration).readiness is Readiness.INCOMPLETE
        assert verdict(rest, calibration).missing == (lost,)
        rest = calibration[:index] + calibration[index + 1 :]
        assert verdict(own, rest).readiness is Readiness.INCOMPLETE
        assert str(CALOBSNUM) in verdict(own, rest).missing[0]


@pytest.mark.parametrize(("row", "numbands", "parts"), KINDS[:2] + KINDS[3:])
@pytest.mark.parametrize("state", [None, FileState.CUT, FileState.CORRUPT])
def test_a_spectrometer_that_does_not_come_is_a_gap_after_the_wait(
    row: Observation, numbands: int, parts: tuple[str, ...], state: FileState | None
) -> None:
    for lost in parts[1:]:
        own = files(row, tuple(part for part in parts if part != lost), numbands=numbands, cal=CALOBSNUM)
        own += [raw_file(lost, row, state=state)] if state else []
        calibration = files(replace(row, obsnum=CALOBSNUM, pgm="Cal", goal="Calibration"), parts, numbands=numbands)
        given_up = verdict(own, calibration, has_waited=True)
        assert (given_up.readiness, given_up.gap, given_up.missing) == (Readiness.COMPLETE, (lost,), ())
        assert lost in given_up.reason


def test_another_chassis_tells_what_a_corrupt_one_cannot() -> None:
    own = [raw_file("chassis0", RSR, state=FileState.CORRUPT), *files(RSR, CHASSIS[1:], cal=None)]
    found = verdict(own, has_waited=True)
    assert found.observation == RSR
    assert found.gap == ("chassis0", "calibration")


def test_without_any_spectra_an_obsnum_is_never_complete() -> None:
    found = verdict(files(SEQ, (IFPROC,), cal=CALOBSNUM), CALIBRATION, has_waited=True)
    assert found.readiness is Readiness.INCOMPLETE
    assert found.missing == ROACHES[:4]
    assert "no spectra" in found.reason


def test_roaches_without_an_ifproc_file_wait_for_ever_and_have_no_row() -> None:
    found = verdict(files(SEQ, ROACHES[:4]), has_waited=True)
    assert (found.readiness, found.missing, found.observation) == (Readiness.INCOMPLETE, (IFPROC,), None)
    assert not found.can_be_reduced


@pytest.mark.parametrize("parts", [(IFPROC,), CHASSIS])
def test_headers_that_cannot_be_read_are_corrupt_at_once_and_cut_ones_after_the_wait(parts: tuple[str, ...]) -> None:
    corrupt = [raw_file(part, SEQ, state=FileState.CORRUPT) for part in parts]
    cut = [raw_file(part, SEQ, state=FileState.CUT) for part in parts]
    assert verdict(corrupt).readiness is Readiness.CORRUPT
    assert verdict(cut).readiness is Readiness.INCOMPLETE
    assert verdict(cut, has_waited=True).readiness is Readiness.CORRUPT
    assert cut[0].name.name in verdict(cut, has_waited=True).reason


def test_a_corrupt_chassis_waits_for_the_others_before_the_obsnum_is_corrupt() -> None:
    own = [raw_file("chassis0", RSR, state=FileState.CORRUPT)]
    assert verdict(own).readiness is Readiness.INCOMPLETE
    assert verdict(own, has_waited=True).readiness is Readiness.CORRUPT


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        (SEQ, ("calibration",)),
        (observation("RSR", goal="LineCheck", pgm="Bs"), ("calibration",)),
        (observation(goal="Pointing"), ()),
        (CAL, ()),
    ],
)
def test_a_calibration_that_nobody_names_is_not_waited_for_and_said_where_it_is_needed(
    row: Observation, wanted: tuple[str, ...]
) -> None:
    found = verdict(files(row, CHASSIS if row.instrument == "RSR" else ONE_BAND))
    assert (found.readiness, found.gap) == (Readiness.COMPLETE, wanted)


def test_an_obsnum_that_names_itself_as_calibration_waits_for_nothing_else() -> None:
    own = files(CAL, ONE_BAND, cal=CALOBSNUM)
    assert calobsnum_of(own) is None
    assert verdict(own).readiness is Readiness.COMPLETE


def test_scans_of_one_obsnum_need_their_files_each_and_give_one_row() -> None:
    later = replace(SEQ, date_obs="2024-03-06T12:00:00", tint_s=9.0, az_deg=12.0)
    own = files(SEQ, ONE_BAND, cal=CALOBSNUM) + files(later, ONE_BAND, scan=2, cal=CALOBSNUM)
    assert verdict(own, CALIBRATION) == Arrived(OBSNUM, Readiness.COMPLETE, SEQ)
    late = verdict(own[:-1], CALIBRATION)
    assert late.missing == ("roach3 of scan 0_2",)


def test_scans_that_disagree_give_a_row_each() -> None:
    other = replace(SEQ, source="SYN2")
    own = files(other, ONE_BAND, scan=2) + files(SEQ, ONE_BAND)
    found = verdict(own)
    assert (found.observation, found.others) == (SEQ, (other,))


@given(st.permutations(ONE_BAND), st.lists(STATES, min_size=5, max_size=5), st.booleans())
def test_the_order_of_the_files_means_nothing(order: list[str], states: list[FileState], has_waited: bool) -> None:
    known = dict(zip(ONE_BAND, states, strict=True))
    own = {part: raw_file(part, SEQ, state=known[part], cal=CALOBSNUM) for part in ONE_BAND}
    found = [judge([own[part] for part in parts], CALIBRATION, has_waited=has_waited) for parts in (order, ONE_BAND)]
    assert found[0] == found[1]


@given(st.lists(STATES, min_size=5, max_size=5), st.booleans())
def test_what_is_complete_lacks_nothing_or_says_so(states: list[FileState], has_waited: bool) -> None:
    own = [raw_file(part, SEQ, state=state, cal=CALOBSNUM) for part, state in zip(ONE_BAND, states, strict=True)]
    found = judge(own, CALIBRATION, has_waited=has_waited)
    lost = {file.name.part for file in own if file.state is not FileState.WHOLE}
    if found.readiness is Readiness.COMPLETE:
        assert lost == set(found.gap)
        assert has_waited or not lost
    else:
        assert lost
        assert found.reason


def test_every_subset_of_the_roaches_is_judged_and_named() -> None:
    for count in range(1, 4):
        for here in combinations(ROACHES[:4], count):
            found = verdict(files(SEQ, (IFPROC, *here), cal=CALOBSNUM), CALIBRATION, has_waited=True)
            assert set(found.gap) == set(ROACHES[:4]) - set(here)


def test_only_an_old_spectrometer_file_is_taken_by_its_name() -> None:
    assert first_state("roach3", 10, 90_000, 86_400) is FileState.WHOLE
    assert first_state("roach3", 0, 90_000, 86_400) is FileState.NEW
    assert first_state("roach3", 10, 80_000, 86_400) is FileState.NEW
    assert first_state("ifproc", 10, 90_000, 86_400) is FileState.NEW
