"""Words of units and crontabs mean, to who reads them, what was meant."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.formats.service import cron_word, marker_of, systemd_command, systemd_word, with_block

MARKER = marker_of("quicklook")
BEGIN, END = f"# >>> {MARKER}", f"# <<< {MARKER}"
BLOCK = f"{BEGIN}\n@reboot x\n{END}\n"
words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" "), min_size=1)
line = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" "))


def cron_gives(text: str) -> str:
    """Return what cron hands to the shell (crontab(5)): up to the first bare %, and % for an escaped one."""
    given = ""
    letters = iter(text)
    for letter in letters:
        if letter == "%":
            break
        if letter == "\\":
            following = next(letters, "")
            given += following if following == "%" else letter + following
        else:
            given += letter
    return given


@given(words.filter(lambda word: "\\" not in word))
def test_cron_and_the_shell_read_the_word_that_was_meant(word: str) -> None:
    assert shlex.split(cron_gives(cron_word(word))) == [word]


def test_systemd_words_are_quoted_and_their_percents_and_dollars_doubled() -> None:
    assert systemd_word('A=a b"c\\d%') == '"A=a b\\"c\\\\d%%"'
    assert systemd_command(["/a b/x", "$HOME"]) == '"/a b/x" "$$HOME"'


@pytest.mark.parametrize("write", [systemd_word, cron_word])
def test_a_line_end_in_a_path_is_refused(write: object) -> None:
    with pytest.raises(SettingsError, match="another folder"):
        write("/a\nExecStart=/bin/evil")  # type: ignore[operator]


@given(st.lists(line), st.lists(line))
def test_a_block_is_replaced_and_every_other_line_stays(before: list[str], after: list[str]) -> None:
    mine = "".join(f"{one}\n" for one in before)
    rest = "".join(f"{one}\n" for one in after)
    once = with_block(mine + BLOCK.replace("@reboot x", "@reboot old") + rest, MARKER, BLOCK)
    assert once == mine + BLOCK + rest == with_block(once, MARKER, BLOCK)
    assert with_block(once, MARKER, "") == mine + rest
    assert with_block(with_block(mine, MARKER, BLOCK), MARKER, "") == mine


def test_a_last_line_without_its_end_stays_a_line_of_its_own() -> None:
    assert with_block("1 2 * * * mine", MARKER, BLOCK) == f"1 2 * * * mine\n{BLOCK}"


@pytest.mark.parametrize("broken", [f"{BEGIN}\nx\n", f"{END}\n{BEGIN}\n", f"{BLOCK}{BLOCK}"])
def test_a_crontab_with_unpaired_marks_is_left_alone(broken: str) -> None:
    with pytest.raises(SettingsError, match="crontab -e"):
        with_block(broken, MARKER, BLOCK)
