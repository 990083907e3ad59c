"""A stranger's text becomes Markdown that shows it and does nothing; GitHub's own parser judges."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.markdown import code, fence, inert, visible
from tests.gfm import TABLE, Shown

NASTY = (
    "<script>x</script>",
    "`",
    "```",
    "**x**",
    "[a](http://b.c)",
    "![a](b)",
    "http://evil.example.org",
    "www.a.b",
    "@lmthelpdesk",
    "#17",
    "a|b",
    "|",
    "\n\n# head",
    "::error::x",
    "<!-- lmtbot:x -->",
    "</details>",
    "~~~",
    "&lt;b&gt;",
    "\\",
    "- [ ] x",
    "$x$",
    "a@b.org",
    "\u202e",
    "line\r\n::stop-commands::x",
    "\udcff",
    "    x",
    "> q",
    "1. x",
)
texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=40), st.lists(st.sampled_from(NASTY)).map(" ".join))


def squeezed(text: str) -> list[str]:
    return visible(text).replace("\u200b", "").split()


@given(texts)
def test_running_text_is_shown_as_it_is(text: str) -> None:
    page = Shown(f"before {inert(text)} after")
    assert page.tags == {"p"}
    assert page.text.split() == ["before", *squeezed(text), "after"]


@given(texts, texts)
def test_a_cell_of_a_table_stays_one_cell(one: str, two: str) -> None:
    page = Shown(f"| a | b |\n|---|---|\n| x{inert(one)} | {code(two)} |\n\nafter")
    assert page.tags - {"wbr"} == {*TABLE, "code", "p"}
    assert page.text.split() == ["a", "b", *squeezed(f"x{one}"), *squeezed(two), "after"]


@given(st.lists(texts, min_size=1))
def test_a_block_ends_where_we_end_it(lines: list[str]) -> None:
    page = Shown(f"{fence([f'+ {line}' for line in lines], 'diff')}\n\nafter")
    assert page.tags == {"pre", "code", "p"} and page.words.strip() == "after"
    assert page.text == "".join(f"+ {visible(line)}\n" for line in lines).replace("\u200b", "") + "\nafter\n"


@pytest.mark.parametrize("text", ["@po", "see #12", "@lmtoy/da"])
def test_nobody_is_called_and_nothing_linked(text: str) -> None:
    assert not re.search(r"[@#][\w-]", html.unescape(inert(text)))


@given(st.text())
def test_what_is_visible_is_one_printable_line(text: str) -> None:
    assert visible(text).isprintable()
    assert visible(visible(text)) == visible(text)
    visible(text).encode("utf-8")
