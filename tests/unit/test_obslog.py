"""Rows of the observation log in every layout that it has come in."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.obslog import (
    INSTRUMENTS,
    PID_ALIASES,
    PROGRAMS,
    RowFault,
    format_row,
    group_rows,
    parse_line,
    parse_log,
)
from bot.model.observation import Observation

REAL = (Path(__file__).parents[1] / "data" / "log" / "data_lmt.log").read_bytes()
ROW = (
    "2024-03-12T09:30:27   112866  SEQ        Science      Map(Ra/C)   TYC_2597_735_1          "
    "  2024-S1-MX-35          "
    "        115.3000     9    1313.3  252.155833  35.202611   55.8  53.9      0.0     0.0  1"
)


def row_of(text: str) -> Observation:
    found = parse_line(text.encode())
    assert isinstance(found, Observation), found
    return found


def fault_of(line: str | bytes) -> RowFault:
    found = parse_line(line.encode() if isinstance(line, str) else line, 7)
    assert isinstance(found, RowFault), found
    assert found.line == 7
    return found


def test_a_row_of_17_words_says_everything() -> None:
    assert row_of(ROW) == Observation(
        *(112866, "2024-03-12T09:30:27", "SEQ", "Science", "Map(Ra/C)", "TYC_2597_735_1", "2024-S1-MX-35"),
        *(115.3, 9.0, 1313.3, 252.155833, 35.202611, 55.8, 53.9, 0.0, 0.0, True),
    )


LAYOUTS = (
    (
        "2019-10-30T06:08:15    85746  SEQ  Calibration  Cal  SV-And  2018-S1-MU-46  86.2434 -90 5."
        "0 1.083633 40.109953 "
        "315.2 55.9 237.6 0",
        {"instrument": "SEQ", "restfreq_ghz": 86.2434, "el_deg": 55.9, "azoff_arcsec": 237.6, "valid": None},
    ),
    (
        "2022-04-19T00:41:21  98188  Science  Bs  J113833.13+004950.2  2021-S1-UM-11  RSR  0  362.8"
        "  174.648208 0.841389 "
        "229.8  63.0",
        {"instrument": "RSR", "restfreq_ghz": None, "vlsr_kms": 0.0, "tint_s": 362.8, "el_deg": 63.0, "valid": None},
    ),
    (
        "2023-05-02T11:17:37  109210  RSR  Science  Bs  J211443.08-042847.2  2023-S1-UM-10      0  300.0  318.679500  "
        "-4.479778  128.8  54.7",
        {"instrument": "RSR", "restfreq_ghz": None, "tint_s": 300.0, "ra_deg": 318.6795, "el_deg": 54.7},
    ),
    (
        "2022-06-02T11:02:07  100629  SEQ  Calibration  Cal  IRAS20549+5245  2021-S1-MX-5  86.2434 -1 5.1 314.101059  "
        "52.950279  355.0",
        {"instrument": "SEQ", "restfreq_ghz": 86.2434, "az_deg": 355.0, "el_deg": None},
    ),
    (
        "2022-06-15T04:16:51  101014  Science  Map(El)  NGC6173  2021-S1-MX-3  115.2712 8804 252.4 "
        "247.436958  40.811639  "
        "307.2  36.4  299.999 0",
        {"instrument": "SEQ", "goal": "Science", "pgm": "Map(El)", "vlsr_kms": 8804.0, "azoff_arcsec": 299.999},
    ),
    (
        "2023-05-08T03:53:00  109931  SEQ  Narrow Mode Test Bs  R-Leo  2023S1SEQUOIACommissioning  86.2434 -1 90.5 "
        "146.889500  11.428833  264.4  51.2  -720 0",
        {"goal": "Narrow Mode Test", "pgm": "Bs", "source": "R-Leo", "mode": "SEQ/Bs"},
    ),
    (
        "2024-12-11T10:14:34  124957  RSR  Science  Bs  20007227  2024-S1-US-5  0.0 0 300.3 150.444090 2.554310 139.1 "
        "68.6  0 0",
        {"source": "20007227", "restfreq_ghz": 0.0, "tint_s": 300.3, "azoff_arcsec": 0.0},
    ),
)


@pytest.mark.parametrize(("text", "told"), LAYOUTS)
def test_every_layout_is_known_by_its_words(text: str, told: dict[str, object]) -> None:
    row = row_of(text)
    assert {name: getattr(row, name) for name in told} == told


def test_every_row_of_the_real_slice_is_sensible() -> None:
    rows = list(parse_log(REAL))
    assert len(rows) > 600
    for row in rows:
        assert isinstance(row, Observation), row
        assert row.instrument in ("SEQ", "RSR", "1MM")
        assert row.pgm.partition("(")[0] in PROGRAMS
        assert row.restfreq_ghz is None or row.restfreq_ghz == 0 or 80 < row.restfreq_ghz < 300
        assert row.tint_s is not None and 0 <= row.tint_s < 4000
        assert row.ra_deg is not None and 0 <= row.ra_deg < 360
        assert row.dec_deg is not None and -60 < row.dec_deg < 90
        assert row.el_deg is None or 5 < row.el_deg < 90
    assert Counter(row.instrument for row in rows)["1MM"] > 20


def test_the_rows_of_2019_have_offsets_and_miss_only_valid() -> None:
    rows = [row for row in parse_log(REAL) if isinstance(row, Observation) and row.date_obs < "2020"]
    assert len(rows) > 50
    assert all(None not in (row.restfreq_ghz, row.el_deg, row.azoff_arcsec, row.eloff_arcsec) for row in rows)
    assert {row.valid for row in rows} == {None}


def test_every_real_row_prints_back() -> None:
    for row in parse_log(REAL):
        assert isinstance(row, Observation)
        assert row_of(format_row(row)) == row


def test_a_row_of_the_newest_layout_prints_back_letter_by_letter() -> None:
    lines = [line.decode() for line in REAL.split(b"\n") if len(line.split()) == 17 and not line.startswith(b"#")]
    assert len(lines) > 100
    assert [format_row(row_of(line)) for line in lines] == lines


def test_values_wider_than_their_column_move_the_rest_as_the_existing_tool_does() -> None:
    line = (
        "2024-03-12T09:30:27   112866  SEQ        Science      Map(Ra/C)   G358.7+3.7+179_01_of_04_longer "
        "2024-S1-MX-35                  115.3000 -12345    123456.7  252.155833  35.202611   55.9  53.8  "
        "-123456.7     0.0  1"
    )
    assert format_row(row_of(line)) == line


numbers = st.floats(-800, 800).map(lambda value: round(value, 1))


@given(
    st.builds(
        Observation,
        obsnum=st.integers(1, 99_999_999),
        date_obs=st.just("2031-01-02T03:04:05"),
        instrument=st.sampled_from((*INSTRUMENTS, "")),
        goal=st.sampled_from(("Science", "Pointing", "Wide Mode Test", "OOF")),
        pgm=st.sampled_from([*PROGRAMS, "Map(Az/D)"]),
        source=st.text("ABab09+-_.()*", min_size=1).filter(lambda word: word != "RSR"),
        pid=st.sampled_from(("2024-S1-MX-2", "2024-S1-MX-22", "2014ARSRCommissioning")),
        restfreq_ghz=st.one_of(st.none(), st.just(0.0), st.integers(1, 11_000_000).map(lambda n: n / 10_000)),
        vlsr_kms=st.integers(-300, 9000).map(float),
        tint_s=st.integers(0, 99_999).map(lambda n: n / 10),
        ra_deg=st.integers(0, 359_999_999).map(lambda n: n / 1e6),
        dec_deg=st.integers(-89_000_000, 89_000_000).map(lambda n: n / 1e6),
        az_deg=st.integers(0, 3600).map(lambda n: n / 10),
        el_deg=st.integers(0, 900).map(lambda n: n / 10),
        azoff_arcsec=numbers,
        eloff_arcsec=st.one_of(st.none(), numbers),
        valid=st.sampled_from((None, True, False)),
    )
)
def test_what_is_printed_is_read_back(row: Observation) -> None:
    if row.instrument == "" and row.goal == "Wide Mode Test":
        return
    found = row_of(format_row(row))
    if not row.instrument:
        found = row_of(format_row(row).replace(" -  ", f" {found.instrument or '-'}  ", 1))
        assert (found.obsnum, found.source, found.pid) == (row.obsnum, row.source, row.pid)
    else:
        assert found == row


@given(st.binary(max_size=300))
def test_garbage_is_a_fault_or_nothing_and_never_an_exception(data: bytes) -> None:
    for row in parse_log(data + b"\n"):
        assert isinstance(row, RowFault)
        assert row.text.isprintable() and len(row.text) <= 100


@given(st.integers(0, len(ROW)), st.binary(min_size=1, max_size=3))
def test_a_row_with_foreign_bytes_gives_one_answer(place: int, foreign: bytes) -> None:
    line = (ROW[:place].encode() + foreign + ROW[place:].encode()).replace(b"\n", b"")
    assert parse_line(line) is None or isinstance(parse_line(line), Observation | RowFault)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (ROW.replace("2024-03-12T09", "2024-03-12 09"), "date and time"),
        (ROW.replace("112866", "11286x"), "obsnum"),
        (ROW.replace("112866", "12345678901234567890"), "obsnum"),
        (ROW.replace("112866", "0"), "obsnum"),
        (ROW.replace("TYC_2597_735_1 ", "TYC 2597 "), "observing program"),
        (ROW.replace("2024-S1-MX-35", ""), "observing program"),
        (ROW.replace("35.202611", "135.202611"), "dec"),
        (ROW[: ROW.index("252.15")], "numbers"),
        (ROW + "  1 1", "numbers"),
        (ROW[:60], "do not all stand|observing program|numbers"),
        (ROW.replace("TYC", "T\x00C"), "control"),
        (ROW.replace("SEQ", "TOLTEC"), "receiver"),
        (ROW.replace("TYC", "T\udcffC").encode("utf-8", "surrogateescape"), "UTF-8"),
        (b"x" * 10_000_000, "bytes"),
        (b"\x00" * 200, "control"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(line: str | bytes, reason: str) -> None:
    fault = fault_of(line)
    assert re.search(reason, fault.reason), fault
    assert len(fault.text) <= 100 and fault.text.isprintable()


def test_a_fault_keeps_the_obsnum_where_the_row_still_tells() -> None:
    assert fault_of(ROW.replace("Map(Ra/C)", "")).obsnum == 112866


@pytest.mark.parametrize("mark", ["# ", ""])
def test_a_header_that_could_not_be_read_is_a_fault_with_its_obsnum(mark: str) -> None:
    fault = fault_of(f"{mark}2024-03-05            110002  failed for slr /data/ifproc_2024-03-05_110002_00_0001.nc")
    assert fault.obsnum == 110002
    assert "could not be read" in fault.reason


def test_blank_lines_remarks_and_line_ends_of_other_systems_do_no_harm() -> None:
    data = f"# date obsnum\r\n\r\n   \n{ROW}\r\n#\n# {ROW}\n{ROW} # seen\n".encode()
    assert list(parse_log(data)) == [row_of(ROW), row_of(ROW)]


def test_a_last_line_without_line_end_is_not_trusted() -> None:
    first, last = list(parse_log(f"{ROW}\n{ROW[:-3]}".encode()))
    assert first == row_of(ROW)
    assert isinstance(last, RowFault) and last.obsnum == 112866 and "line end" in last.reason


@pytest.mark.parametrize(("wrong", "right"), PID_ALIASES.items())
def test_known_wrong_project_ids_are_put_right(wrong: str, right: str) -> None:
    assert row_of(ROW.replace("2024-S1-MX-35", wrong)).pid == right


def test_rows_of_one_obsnum_are_all_kept_but_repetitions() -> None:
    groups, faults = group_rows([*parse_log(REAL), *parse_log(REAL)])
    assert faults == []
    assert [len(groups[93675]), len(groups[112866])] == [4, 1]
