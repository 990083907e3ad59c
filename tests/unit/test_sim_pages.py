"""Texts of the practice pages: Markdown that can do no harm, lines of a patch, issue forms."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sim.github.pages.differences import Line, lines_of
from bot.sim.github.pages.issue_forms import body_of, missing, read_form
from bot.sim.github.pages.markdown import render

TAGS = re.compile(r"<\s*/?\s*([a-zA-Z!?][^\s>/]*)([^>]*)>")
KNOWN = re.compile(
    "a|b|blockquote|br|code|dd|del|details|div|em|h[1-6]|hr|img|input|kbd|li|ol|p|pre|s|strong|sub|summary|sup|"
    "table|tbody|td|th|thead|tr|ul"
)
PIECES = st.sampled_from(
    ["<", ">", "<!--", "-->", "<script>", "</div>", "<img src=x onerror=y>", "<details open>", "</details>", "<br/>",
     "|", "\n", "\n\n", "- [x] ", "`", "```\n", "[a](javascript:b)", "![a](data:text/html,x)", "&lt;", '"', "'", "x",
     " ", "<input type=text>", "<sub onclick=y>", "https://example.org/<b>", "<https://x.y>", "<javascript:z>"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join))
def test_no_text_becomes_a_tag_or_an_address_that_can_run(text: str) -> None:
    for name, attributes in TAGS.findall(str(render(text))):
        assert KNOWN.fullmatch(name.lower()), text
        assert not re.search(r"\bon\w+\s*=|javascript:|data:text", re.sub(r'"[^"]*"', _harmless, attributes)), text


def _harmless(quoted: re.Match[str]) -> str:
    """Return what a quoted value may do: nothing, unless it is an address of its own kind."""
    return quoted[0] if re.match(r'"\s*(javascript|data:text)', quoted[0], re.IGNORECASE) else '""'


def test_hidden_markers_are_hidden_and_shown_where_they_are_quoted() -> None:
    assert "marker" not in render("<!-- lmtbot: marker -->\nwords <!-- marker --> more\n\n<!-- marker\n\nof lines -->")
    assert "marker" not in render("<!-- marker that never ends\n\nwords")
    assert "&lt;!-- marker --&gt;" in render("`<!-- marker -->`")


def test_details_hold_a_table_and_ticks_are_boxes() -> None:
    text = render("<details><summary>More</summary>\n\n| a |\n|---|\n| 1 |\n\n</details>\n\n- [x] done\n- [ ] open\n")
    assert "<details><summary>More</summary>" in text and "<td>1</td>" in text
    assert text.count('type="checkbox"') == 2 and text.count('checked="checked"') == 1


def test_relative_addresses_lead_into_the_repository() -> None:
    text = render("[a](docs/a.md) [b](/b) [c](#c) [d](https://d.org) ![e](e.png)", "/o/r/blob/main", "/o/r/raw/main")
    assert re.findall(r'(?:href|src)="([^"]*)"', text) == [
        "/o/r/blob/main/docs/a.md", "/b", "#c", "https://d.org", "/o/r/raw/main/e.png"]  # fmt: skip


def test_lines_of_a_patch_know_their_numbers_on_both_sides() -> None:
    found = list(lines_of("@@ -3,3 +3,3 @@ def x\n a\n-b\n+c\r\n d\n\\ No newline at end of file"))
    assert found == [
        Line("hunk", "@@ -3,3 +3,3 @@ def x"),
        Line("same", "a", 3, 3),
        Line("removed", "b", 4, None),
        Line("added", "c\r", None, 4),
        Line("same", "d", 5, 5),
        Line("note", "No newline at end of file"),
    ]
    assert [(line.side, line.number) for line in found[2:4]] == [("LEFT", 4), ("RIGHT", 4)]
    assert list(lines_of(None)) == []


@pytest.mark.parametrize("text", ["- a\n", "name: x\n", "name: x\nbody: [{type: radio}]", "a: [", "name: x\nbody: [1]",
                                  "name: x\nbody: [{type: input}]"])  # fmt: skip
def test_a_form_that_github_would_not_show_is_told_with_its_file(text: str) -> None:
    with pytest.raises(ValueError, match=r"data\.yml"):
        read_form("data.yml", text)


def test_several_choices_and_nothing_are_written_as_github_does() -> None:
    choice = "{type: dropdown, attributes: {label: D, multiple: true, options: [a, b, c]}}"
    word = "{type: input, attributes: {label: I}, validations: {required: true}}"
    form = read_form("f.yml", f"name: n\nbody: [{choice}, {word}]")
    assert body_of(form, {"field0": ["0", "2"], "field1": [" x "]}) == "### D\n\na, c\n\n### I\n\nx"
    assert body_of(form, {}) == "### D\n\n_No response_\n\n### I\n\n_No response_"
    assert missing(form, {"field1": [" "]}) == ["I"] and missing(form, {"field1": ["1"]}) == []
