"""Names from the disk: told as they are, or with their bytes escaped where these are no text."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from bot.formats.filename import is_text, shown_name


@given(st.binary(min_size=1, max_size=20))
def test_every_name_that_a_disk_may_hold_becomes_text_and_text_stays_as_it_is(data: bytes) -> None:
    name = os.fsdecode(data)
    shown = shown_name(name)
    assert shown.encode().decode() == shown
    assert is_text(name) == (shown == name) == _is_utf8(data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
