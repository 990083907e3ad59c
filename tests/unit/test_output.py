"""What is long is printed for eyes: on lines of their own, no wider than the terminal."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cli.output import INDENT, MOST_LINES, NARROWEST, print_table, print_words

LONG = "; ".join(f"lmtoy_14000{one}__0.rc is missing or empty" for one in range(9))


@pytest.mark.parametrize("columns", [20, 64, 100])
def test_long_words_fill_few_lines_that_fit_and_end_in_dots(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    print_words(f"140000  failed: {LONG}")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == MOST_LINES and max(map(len, lines)) <= max(columns, NARROWEST)
    assert lines[0].startswith("140000  failed: ") and lines[1].startswith(INDENT) and lines[-1].endswith(" ...")


def test_what_is_told_of_a_row_stands_below_it_and_widens_no_column(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    print_table(("obsnum", "mode"), [(1, "SEQ/Map"), (2, "RSR/Bs")], ["short", LONG])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == ["obsnum  mode", "------  -------", "     1  SEQ/Map", "    short", "     2  RSR/Bs"]
    assert max(map(len, lines)) <= 100


@settings(max_examples=50)
@given(st.text(alphabet="ab -;\\x", max_size=400))
def test_no_text_makes_a_line_that_is_too_wide(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "50")
        with redirect_stdout(StringIO()) as printed:
            print_words(text, indent="  ")
    lines = printed.getvalue().splitlines()
    assert len(lines) <= MOST_LINES and all(len(line) <= 50 for line in lines)
