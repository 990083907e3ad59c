"""Header variables -> observation: the row is that of the existing tool, and nothing is guessed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RawDataError
from bot.formats.netcdf_classic import Value
from bot.formats.obslog import PROGRAMS, format_row, parse_line
from bot.formats.rawheader import RECEIVERS, header_of, wanted
from bot.formats.rawname import file_name, parse_name
from bot.model.raw import Header, RawName
from tests.rawfiles import AT, chassis_header, ifproc_header, utdate_of

FIRST, SECOND = "2024-S1-MX-2", "2024S1MSIP1mmCommissioning"
ROWS = """\
2024-03-05T05:00:59   110001  SEQ        Science      Cal         SYN1                      2024-S1-MX-2                   115.2712    20       8.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:01:59   110002  SEQ        Science      Map(Ra/C)   SYN1                      2024-S1-MX-2                   115.2712    20      32.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:02:59   110003  SEQ        Science      Map(Ra/C)   SYN1                      2024-S1-MX-2                   115.2712    20      32.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:10:00   110010  SEQ        Science      Cal         SYN1                      2024-S1-MX-2                   115.2712    20       8.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:11:00   110011  SEQ        Science      Map(Ra/C)   SYN1                      2024-S1-MX-2                   115.2712    20      32.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:12:00   110012  SEQ        Science      Map(Ra/C)   SYN1                      2024-S1-MX-2                   115.2712    20      32.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:20:00   110020  SEQ        Science      Cal         SYN1                      2024-S1-MX-2                   115.2712    20       8.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:21:00   110021  SEQ        Science      Ps          SYNPS                     2024-S1-MX-2                   115.2712    20      24.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:22:00   110022  SEQ        Science      Bs          SYNBS                     2024-S1-MX-2                   115.2712    20      24.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:29:59   110030  1MM        Science      Cal         SYN1                      2024S1MSIP1mmCommissioning     230.5380    20       8.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:31:00   110031  1MM        Science      Ps          SYN1MM                    2024S1MSIP1mmCommissioning     230.5380    20      24.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:39:59   110040  SEQ        Science      Map(Ra/C)   SYN1                      2024-S1-MX-2                   115.2712    20      32.0  150.000000  12.000000  120.0  60.0      0.0     0.0  0
2024-03-05T05:40:59   110041  SEQ        Science      Map(Ra/C)   SYN1                      2024-S1-MX-2                   115.2712    20      32.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:41:59   110042  SEQ        Science      Map(Ra/C)   SYN1                      2024-S1-MX-2                   115.2712    20      32.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:43:00   110043  SEQ        Science      Map(Ra/C)   SYN1                      2024-S1-MX-2                   115.2712    20      32.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
2024-03-05T05:44:00   110044  SEQ        Science      Map(Ra/C)   SYN1                      2024-S1-MX-2                   115.2712    20      32.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1
"""  # noqa: E501 - what lmtinfo.py of 17-oct-2025 printed of 16 files whose dates are whole minutes


def as_values(header: Mapping[str, Any]) -> dict[str, Value]:
    """Return a header as the reader of files hands it over: padded bytes, tuples of numbers."""
    values: dict[str, Value] = {}
    for name, value in header.items():
        if isinstance(value, str | bytes):
            values[name] = (value.encode() if isinstance(value, str) else value).ljust(32)
        else:
            values[name] = tuple(np.atleast_1d(value).tolist())
    return values


def name_of(part: str = "ifproc", obsnum: int = 112139, at: str = AT) -> RawName:
    name = parse_name(file_name(part, obsnum, (0, 1), at[:10]))
    assert name is not None
    return name


def seq(drop: tuple[str, ...] = (), **changes: Any) -> Header:
    """Return the header of a SEQ map with some variables changed; `Source_SourceName` is Header.Source.SourceName."""
    values = as_values(
        ifproc_header(112139) | {f"Header.{key.replace('_', '.', 1)}": value for key, value in changes.items()}
    )
    return header_of({name: value for name, value in values.items() if name not in drop}, name_of())


def rsr(chassis: int = 1, drop: tuple[str, ...] = (), header: Mapping[str, Any] | None = None, **told: Any) -> Header:
    values = as_values(chassis_header(112139, chassis, **told) | dict(header or {}))
    return header_of({key: value for key, value in values.items() if key not in drop}, name_of(f"chassis{chassis}"))


def refused(reason: str, **changes: Any) -> None:
    with pytest.raises(RawDataError, match=reason) as caught:
        seq(**changes)
    assert str(caught.value).startswith("ifproc_2024-03-06_112139_00_0001.nc: ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("row", ROWS.splitlines())
def test_the_row_is_letter_by_letter_that_of_the_existing_tool(row: str) -> None:
    date, obsnum, instrument, goal, pgm, source, pid, *numbers = row.split()
    values = ifproc_header(
        int(obsnum),
        **{"receiver": {"SEQ": "Sequoia", "1MM": "Msip1mm"}[instrument], "goal": goal, "pgm": pgm.partition("(")[0]},
        **{"source": source, "pid": pid, "tint_s": float(numbers[2]), "valid": int(numbers[-1])},
    )
    minutes = int(date[14:16]) + (date[17:] == "59")
    values["Header.TimePlace.UTDate"] = 2024 + (64 * 1440 + 5 * 60 + minutes) * 60 / (366 * 86400)
    header = header_of(as_values(values), name_of(obsnum=int(obsnum), at=date))
    assert format_row(header.observation) == row


def test_the_row_of_an_rsr_map_has_the_layout_of_2025() -> None:
    row = (
        "2025-07-16T07:29:17   138434  RSR        Pointing     Map(Az)     1638+573                  2024-S1-MX-26  "
        "                     0.0     0      78.1  249.556068  57.339994  326.6  32.1      0.0     0.0  1"
    )
    values = as_values(
        chassis_header(
            *(138434, 1),
            **{"at": row[:19], "pgm": "Map", "goal": "Pointing", "source": "1638+573", "pid": "2024-S1-MX-26"},
            **{"tint_s": 78.1},
        )
        | {
            "Header.Map.MapCoord": "Az",
            "Header.Source.Ra": math.radians(249.556068),
            "Header.Source.Dec": math.radians(57.339994),
            "Header.Sky.AzReq": math.radians(326.6),
            "Header.Sky.ElReq": math.radians(32.1),
        }
    )
    assert format_row(header_of(values, name_of("chassis1", 138434, row)).observation) == row


@pytest.mark.parametrize("at", ["1999-12-31T23:59:59", "2019-01-01T00:00:00", "2020-02-29T12:34:56", AT])
def test_the_date_is_the_fractional_year_cut_to_the_second(at: str) -> None:
    assert seq(TimePlace_UTDate=utdate_of(at)).observation.date_obs == at


def test_the_second_of_a_pair_of_offsets_counts() -> None:
    observation = seq(Sky_AzOff=(9.0, 237.6 / 206264.81), Sky_ElOff=(9.0, -0.00001)).observation
    assert (observation.azoff_arcsec, observation.eloff_arcsec) == (237.6, -2.1)


def test_old_files_name_neither_goal_nor_project_nor_calibration() -> None:
    absent = ("Header.Dcs.ObsGoal", "Header.Dcs.ProjectId", "Header.IfProc.CalObsNum", "Header.SpecBackend.Bandwidth")
    header = seq(drop=absent)
    assert (header.observation.goal, header.observation.pid, header.calobsnum) == ("Unknown", "Unknown", None)
    assert seq(Dcs_ProjectId=" " * 32).observation.pid == "Unknown"
    assert rsr(drop=("Header.Dcs.IntegrationTime",)).observation.tint_s == 300.1
    assert rsr(drop=("Header.RedshiftChassis_1_.CalObsNum",)).calobsnum is None


@pytest.mark.parametrize(("calobsnum", "told"), [(112137, 112137), (0, None), (-1, None)])
def test_a_calibration_is_named_or_not(calobsnum: int, told: int | None) -> None:
    assert seq(IfProc_CalObsNum=calobsnum).calobsnum == told
    assert rsr(3, calobsnum=calobsnum).calobsnum == told


@pytest.mark.parametrize(
    ("numbands", "frequencies", "bands"), [(1, (115.3, 0.0), 1), (2, (115.3, 110.2), 2), (2, (115.3, 0.0), 1)]
)
def test_a_second_band_without_frequency_is_none(numbands: int, frequencies: tuple[float, ...], bands: int) -> None:
    header = seq(Sequoia_NumBands=numbands, Sequoia_LineFreq=frequencies)
    assert (header.numbands, header.observation.restfreq_ghz) == (bands, 115.3)


@pytest.mark.parametrize("padding", [b"", b" " * 12, b"\0" * 12, b" \0 \0"])
def test_texts_are_padded_with_blanks_or_nuls(padding: bytes) -> None:
    observation = seq(Dcs_Receiver=b"Sequoia" + padding, Source_SourceName=b"IRC+10216" + padding).observation
    assert (observation.instrument, observation.source) == ("SEQ", "IRC+10216")


def test_names_that_the_log_has_always_changed_are_changed() -> None:
    observation = seq(Source_SourceName="NGC6946_(CO)", Dcs_ProjectId="2018S1-MU-8").observation
    assert (observation.source, observation.pid) == ("NGC6946", "2018-S1-MU-8")


def test_a_source_stays_one_word() -> None:
    assert seq(Source_SourceName="NGC 1068  (CO)").observation.source == "NGC_1068_(CO)"
    assert seq(Dcs_ObsGoal="Wide Mode Test").observation.goal == "Wide Mode Test"


def test_a_number_that_is_none_is_not_told() -> None:
    observation = seq(Sky_AzReq=(math.nan, 0.0), Source_Velocity=math.nan, Sky_ElOff=(0.0, math.nan)).observation
    assert (observation.az_deg, observation.vlsr_kms, observation.eloff_arcsec) == (None, None, None)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        (r"receiver is 'TolTEC', Sequoia or Msip1mm is wanted", {"Dcs_Receiver": "TolTEC"}),
        (r"Header.Dcs.Receiver is no text: '\\x80\\x01\\xffq'", {"Dcs_Receiver": b"\x80\x01\xffq"}),
        ("Header.Dcs.Receiver is empty", {"Dcs_Receiver": b"\0" * 20}),
        ("receiver is 'RedshiftReceiver'", {"Dcs_Receiver": "RedshiftReceiver"}),
        ("Receiver is no text", {"Dcs_Receiver": 5}),
        ("says obsnum 112140, subobsnum 0, scannum 1", {"Dcs_ObsNum": 112140}),
        ("says obsnum 112139, subobsnum 0, scannum 2", {"Dcs_ScanNum": 2}),
        ("ObsNum is nan, no whole number", {"Dcs_ObsNum": math.nan}),
        ("ObsNum has no number", {"Dcs_ObsNum": "112139"}),
        ("AzOff has no number at place 2", {"Sky_AzOff": 0.0}),
        ("ElReq is inf", {"Sky_ElReq": (math.inf, 0.0)}),
        (r"az 5\.3\S+ is not between", {"Sky_AzReq": 9.4e36}),
        ("vlsr 1e.20 is not between", {"Source_Velocity": 1e20}),
        ("azoff .* is not between", {"Sky_AzOff": (0.0, 1e300)}),
        ("tint -1 is not between", {"Dcs_IntegrationTime": -1.0}),
        ("NumBands is 3, 1 or 2", {"Sequoia_NumBands": 3}),
        ("Valid is 7, 0 or 1", {"ScanFile_Valid": 7}),
        ("CalObsNum is -2147483647, no obsnum", {"IfProc_CalObsNum": -2147483647}),
        ("UTDate is 9.97e.36, a year", {"TimePlace_UTDate": 9.97e36}),
        ("UTDate is nan, a year", {"TimePlace_UTDate": math.nan}),
        ("SourceName is empty", {"Source_SourceName": ""}),
        ("SourceName is no text", {"Source_SourceName": "M\t31"}),
        ("SourceName is no text", {"Source_SourceName": b"M\00031"}),
        ("ProjectId has a blank inside: '2024-S1 MX-2'", {"Dcs_ProjectId": "2024-S1 MX-2"}),
        ("ProjectId is no text", {"Dcs_ProjectId": b"2024\xff"}),
        ("ObsPgm is empty", {"Dcs_ObsPgm": ""}),
        ("MapMotion is empty", {"Map_MapMotion": ""}),
        ("could not be read", {"Source_SourceName": "#31"}),
        ("could not be read", {"Map_MapCoord": "A z"}),
        ("could not be read", {"Dcs_ObsPgm": "1.5"}),
        ("would be misread", {"Dcs_ObsPgm": "Wide Bs"}),
    ],
)
def test_what_cannot_be_right_is_refused_with_the_reason(reason: str, changes: dict[str, Any]) -> None:
    refused(reason, **changes)


def test_all_faults_are_told_at_once() -> None:
    refused("SourceName is empty; .*Sky.ElReq is missing", Source_SourceName="", drop=("Header.Sky.ElReq",))


def test_every_variable_but_the_optional_ones_is_needed() -> None:
    optional = {"Header.Dcs.ObsGoal", "Header.Dcs.ProjectId", "Header.IfProc.CalObsNum"}
    for name in set(wanted("ifproc")) - optional:
        if "Msip1mm" not in name:
            refused(f"{name} is missing", drop=(name,))


def test_a_chassis_that_contradicts_its_name_is_refused() -> None:
    with pytest.raises(RawDataError, match="its header says chassis 2"):
        rsr(1, header={"Header.RedshiftChassis_1_.ChassisNumber": 2})
    with pytest.raises(RawDataError, match="receiver is 'Sequoia', RedshiftReceiver is wanted"):
        rsr(receiver="Sequoia")


numbers = st.floats(width=64) | st.floats(-7, 7)


@given(
    goal=st.sampled_from(("Science", "Pointing", "Wide Mode Test")) | st.text(max_size=12),
    pgm=st.sampled_from(PROGRAMS) | st.text(max_size=12),
    receiver=st.sampled_from(tuple(RECEIVERS)[:2]),
    source=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=32) | st.text(max_size=8),
    pid=st.sampled_from((FIRST, SECOND, "2022MSIP1mmCommissioning")) | st.text(max_size=12),
    tint_s=st.floats(0, 99999) | numbers,
    changed=st.dictionaries(st.sampled_from(wanted("ifproc")), st.tuples(numbers, numbers)),
)
def test_whatever_a_header_says_its_row_reads_back_or_it_is_refused(changed: dict[str, Any], **told: Any) -> None:
    names = [name for name in changed if "LineFreq" in name or "Sky" in name or "Ra" in name or "Velocity" in name]
    values = as_values(ifproc_header(112139, **told) | {name: changed[name] for name in names})
    try:
        observation = header_of(values, name_of()).observation
    except RawDataError as error:
        assert str(error).isprintable()
        return
    assert parse_line(format_row(observation).encode()) == observation


def test_ordinary_headers_are_not_refused() -> None:
    for pgm in PROGRAMS:
        for receiver in tuple(RECEIVERS)[:2]:
            values = as_values(ifproc_header(112139, pgm=pgm, receiver=receiver, numbands=2))
            assert header_of(values, name_of()).observation.pgm.startswith(pgm)
