"""`lmtbot log` on real rows: exact columns, rows as they stand, nights, and words for what nobody knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.main import main
from bot.formats.obslog import format_row, parse_line
from bot.model.observation import Observation
from bot.rules.selection import Selection, night_of

REAL = Path(__file__).parents[1] / "data" / "log" / "data_lmt.log"
LINES = REAL.read_text().splitlines()


def row(obsnum: int, **told: str) -> Observation:
    values = {
        "date_obs": "2025-01-21T03:00:00",
        "instrument": "SEQ",
        "goal": "Science",
        "pgm": "Map(Ra/C)",
        "source": "S",
    }
    return Observation(obsnum, **{**values, "pid": "2024-S1-MX-2", **told})


@pytest.fixture
def log(tmp_path: Path) -> Path:
    rows = [
        row(5, pid="2024-S1-MX-22"),
        row(4, pid="2024-S1-MX-2", date_obs="2025-01-21T18:00:00"),
        row(3, pid="2018-S1-MU-8", source="2024-S1-MX-2"),
        row(2, goal="Pointing", source="CitizenScience", date_obs="2025-01-20T18:00:00"),
        row(1, instrument="RSR", pgm="Bs", goal="LineCheck", date_obs="2025-01-20T17:59:59"),
    ]
    text = (
        "# head\n"
        + "".join(f"{format_row(one)}\n" for one in rows)
        + "# 2025-01-01 7  failed for slr x_000007_00_0001.nc\n"
    )
    path = tmp_path / "data_lmt.log"
    path.write_text(text)
    return path


def found(capsys: pytest.CaptureFixture[str], log: Path, *words: str) -> list[int]:
    assert main(["log", "--log", str(log), *words]) == 0
    return [int(line.split()[1]) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("--pid 2024-S1-MX-2", [4, 2, 1]),
        ("--pid 2024-S1-MX-2 --pid 2024-S1-MX-22", [5, 4, 2, 1]),
        ("--pid 2018S1-MU-8", [3]),
        ("--goal Science --pid 2024-S1-MX-2", [4]),
        ("--source CitizenScience", [2]),
        ("--mode RSR/Bs", [1]),
        ("--mode SEQ/Map --instrument SEQ", [5, 4, 3, 2]),
        ("--night 2025-01-21", [5, 3, 2]),
        ("--since 2025-01-21", [5, 4, 3]),
        ("--until 2025-01-20", [2, 1]),
        ("--since 2025-01-20T18 --until 2025-01-21T03", [5, 3, 2]),
        ("--obsnum 2-3 --obsnum 5", [5, 3, 2]),
        ("--obsnum 9", []),
    ],
)
def test_columns_are_compared_as_a_whole(
    capsys: pytest.CaptureFixture[str], log: Path, words: str, wanted: list[int]
) -> None:
    assert found(capsys, log, *words.split()) == wanted


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--pid 2024-S1-MX-1", "did you mean 2024-S1-MX-2"),
        ("--source citizenscience", "did you mean CitizenScience"),
        ("--goal Zzz", "compared as a whole"),
        ("--night yesterday", "2025-01-21"),
        ("--night 0001-01-01", "no date"),
        ("--since 21.1.2025", "no date"),
        ("--since 2024-13", "no date"),
        ("--until 2024-02-30", "no date"),
        ("--pid 2018-S9-XX-7", "compared as a whole"),
        ("--obsnum 5-4", "smaller one first"),
        ("--obsnum x", "write one obsnum"),
    ],
)
def test_what_nobody_knows_is_told_with_a_hint(
    capsys: pytest.CaptureFixture[str], log: Path, words: str, told: str
) -> None:
    assert main(["log", "--log", str(log), *words.split()]) == 1
    assert told in capsys.readouterr().err


def test_rows_stand_as_in_the_log_and_unread_lines_are_told(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    assert main(["log", "--log", str(REAL), "--source", "BP_Psc"]) == 0
    assert capsys.readouterr().out.splitlines() == [line for line in LINES if " BP_Psc " in line]
    assert main(["log", "--log", str(log), "--count"]) == 0
    told = capsys.readouterr()
    assert told.out == "5\n"
    assert "1 lines of the log could not be read" in told.err


def test_json_and_count_agree(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    assert main(["log", "--log", str(log), "--json", "--goal", "Science"]) == 0
    assert [one["obsnum"] for one in json.loads(capsys.readouterr().out)] == [5, 4, 3]
    assert main(["log", "--log", str(log), "--json", "--count", "--goal", "Science"]) == 0
    assert json.loads(capsys.readouterr().out) == {"count": 3}


@given(st.sampled_from([one for line in LINES if isinstance(one := parse_line(line.encode()), Observation)]))
def test_every_real_row_is_in_exactly_one_night(one: Observation) -> None:
    days = {one.date_obs[:10]} | {begin[:10] for begin in night_of(one.date_obs[:10])}
    nights = {night_of(day) for day in days} | {night_of(night_of(one.date_obs[:10])[1][:10])}
    assert sum(Selection(night=night).takes(one) for night in nights) == 1 or one.date_obs[11:] >= "18:00:00"
