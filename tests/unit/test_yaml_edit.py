"""Edits leave every other byte as it was: random project files in random styles, and the odd styles by name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ProjectError
from bot.formats.validation import validate
from bot.formats.yaml_edit import add_grades, add_obsnums, add_source, leave_out, set_scalar, set_verdict
from bot.formats.yaml_text import parse_document
from bot.model.project import Parameters, Project, Qa, Source

NAMES = (
    "NGC5473",
    "IRC+10216",
    "G1.7+3.7-234_01_of_04",
    "169742",
    "20007227",
    "M31*",
    "null",
    "é(1)",
    "yes",
    "'q",
    '"',
    "#x",
)
NOTES = (
    "none",
    "bad: #3, really",
    "[see] {it}",
    "é ü",
    "two\nlines",
    " - dash",
    "'",
    "true",
    "0x1F",
    "1_000",
    "@x",
    "%y",
    "end ",
)


def project_of(text: str) -> Project:
    return validate(parse_document(text, "project.yaml"), Project)


def qa_of(text: str) -> Qa:
    return validate(parse_document(text, "qa.yaml"), Qa)


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the removed and the added lines."""
    told = list(difflib.ndiff(before.split("\n"), after.split("\n")))
    return [line[2:] for line in told if line[:2] == "- "], [line[2:] for line in told if line[:2] == "+ "]


def remarks(text: str) -> list[str]:
    """Return everything that stands behind a #."""
    return [line.partition("#")[2] for line in text.replace('"#x"', "x").split("\n") if "#" in line]


def but_for_ends(project: Project) -> dict[str, Source]:
    """Return the sources; a note that was the last line of a file gains a line end when lines follow."""
    return {
        name: source.model_copy(update={"note": (source.note or "").rstrip()})
        for name, source in project.sources.items()
    }


@dataclass(frozen=True)
class Written:
    """A random project file."""

    text: str
    names: tuple[str, ...]


def quoted(word: str, style: int) -> str:
    if style == 1 or not word.isascii() or word in ("'q", '"', "#x", "null", "yes"):
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "'" + word.replace("'", "''") + "'" if style == 2 else word


@st.composite
def project_texts(draw: st.DrawFn) -> Written:
    """Write a project in a style of chance: indents, quotes, remarks, flow, blank lines, no final line end."""
    step = draw(st.sampled_from((1, 2, 3, 4)))
    dash = draw(st.integers(0, 4))
    remark = st.sampled_from(("", "", "", "  # a remark", " # - 123", "   # key: value"))
    filler = st.sampled_from(([], [], [], [""], ["# top: 1"], ["", "  # deep", ""], ["          # - 99"]))
    lines = [*draw(filler), f"pid: 2024-S1-MX-2{draw(remark)}", *draw(filler)]
    if draw(st.booleans()):
        lines += [f"mode:  SEQ/Map{draw(remark)}"]
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=4))
    lines += [f"sources:{draw(remark)}"]
    obsnum = 100_000
    for name in names:
        key = " " * step + quoted(name, draw(st.integers(0, 2)))
        kind = draw(st.sampled_from(("block", "block", "block", "flow", "empty", "null", "missing", "list", "mosaic")))
        count = draw(st.integers(1, 3))
        listed = [str(obsnum + number) for number in range(count)]
        obsnum += 10
        inner = " " * (step * 2)
        tiers = draw(st.sampled_from(([], [f"{inner}tiers: {{a: {{}}, b: dv=5}}"], [f"{inner}tiers:", f"{inner} a:"])))
        body: list[str] = []
        if kind == "block":
            pad = " " * draw(st.integers(1, 3))
            if draw(st.booleans()):
                listed[-1] = f"{{obsnum: {listed[-1]}, combine: false}}"
            body = [f"{inner}obsnums:{draw(remark)}"]
            for one in listed:
                body += [f"{inner}{' ' * dash}-{pad}{one}{draw(remark)}", *draw(filler)]
        elif kind == "list":
            body = [f"{inner}obsnums: [{', '.join(listed)}{draw(st.sampled_from(('', ',', ' ')))}]{draw(remark)}"]
        elif kind == "empty":
            body = [f"{inner}obsnums:{draw(st.sampled_from((' []', ' [ ]', '', ' ~', ' null')))}{draw(remark)}"]
        elif kind == "missing":
            body = [f"{inner}note: |{draw(st.sampled_from(('', '-', '+')))}", f"{inner}   words # no remark", "", ""]
        if kind == "flow":
            lines += [f"{key}: {{ obsnums: [{', '.join(listed)}], tiers: {{a: {{}}}} }}{draw(remark)}"]
        elif kind == "null":
            lines += [f"{key}:{draw(st.sampled_from(('', ' ~', ' {}')))}{draw(remark)}"]
        elif kind == "mosaic":
            lines += [f"{key}: {{mosaic: [M1, M2]}}"]
        else:
            parts = [body, tiers] if draw(st.booleans()) and kind != "missing" else [tiers, body]
            rows = [row for part in parts for row in part]
            lines += [f"{key}:{draw(remark)}", *(rows or [f"{inner}note: x"])]
        lines += draw(filler)
    if draw(st.booleans()):
        lines += [f"left_out:{draw(remark)}", f"{' ' * step}99: was short{draw(remark)}"]
    text = "\n".join(lines) + draw(st.sampled_from(("", "\n", "\n\n", "\n# the end\n")))
    return Written(text, tuple(names))


@settings(max_examples=200, deadline=None)
@given(project_texts(), st.data())
def test_added_obsnums_stand_behind_the_others_and_nothing_else_changes(written: Written, data: st.DataObject) -> None:
    before = project_of(written.text)
    name = data.draw(st.sampled_from(written.names))
    after_text = add_obsnums(written.text, name, [140_001, 140_002])
    after = project_of(after_text)
    known = [one.obsnum for one in before.sources[name].obsnums]
    assert [one.obsnum for one in after.sources[name].obsnums] == [*known, 140_001, 140_002]
    assert after.model_copy(update={"sources": {}}) == before.model_copy(update={"sources": {}})
    assert list(after.sources) == list(before.sources)
    removed, added = changed_lines(written.text, after_text)
    assert len(removed) <= 1
    assert len(added) - len(removed) <= 3 and all(line.strip() for line in added)
    assert add_obsnums(after_text, name, [140_002, 140_001]) == after_text
    assert remarks(after_text) == remarks(written.text)


@settings(max_examples=200, deadline=None)
@given(project_texts(), st.sampled_from(("NEW", "777", "B+2", "~")))
def test_an_added_source_only_adds_lines(written: Written, name: str) -> None:
    source = Source.model_validate(
        {
            "obsnums": [140001, {"obsnum": 140002, "combine": False}],
            "mode": "RSR/Bs",
            "tiers": {"a": {}, "b": {"bank": "0"}},
        }
    )
    after_text = add_source(written.text, name, source)
    after = project_of(after_text)
    assert after.sources[name] == source
    before = but_for_ends(project_of(written.text))
    assert {**but_for_ends(after), name: None} == {**before, name: None}
    removed, added = changed_lines(written.text, after_text)
    assert removed == []
    assert 6 <= len([line for line in added if line.strip()]) <= 9
    assert add_source(after_text, name, source) == after_text


@settings(max_examples=200, deadline=None)
@given(project_texts(), st.sampled_from(NOTES))
def test_an_obsnum_is_left_out_with_any_reason(written: Written, reason: str) -> None:
    after_text = leave_out(written.text, 99, reason)
    after = project_of(after_text)
    assert after.left_out == {99: reason}
    assert but_for_ends(after) == but_for_ends(project_of(written.text))
    assert leave_out(after_text, 99, reason) == after_text
    assert project_of(leave_out(after_text, 100, "more")).left_out == {99: reason, 100: "more"}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from((112139, 112140, "112139_112140")),
            st.one_of(
                st.fixed_dictionaries({"grade": st.sampled_from((None, -2, 0, 3))}),
                st.fixed_dictionaries({"combine": st.sampled_from((None, False))}),
                st.fixed_dictionaries({"note": st.sampled_from((None, *NOTES))}),
                st.fixed_dictionaries(
                    {"flags": st.sampled_from((None, {"pix_list": "-0,5"}, "dv=5 dw=6", "dw=6 dv=5", "dv=1 dv=2", ""))}
                ),
                st.fixed_dictionaries(
                    {"banks": st.sampled_from(({1: {"grade": -2}}, {1: {"grade": None}}, {0: {"note": "x"}}))}
                ),
            ),
        ),
        max_size=8,
    ),
    st.sampled_from(
        ("", "# words\n", "obsnums:\n    112140: {grade: 1}\n", "obsnums: {112139: {flags: {dv: 5}, note: a}}")
    ),
)
def test_verdicts_say_what_was_set_last(steps: list[tuple[int | str, dict]], text: str) -> None:
    wanted = {
        of: qa_of(text).obsnums.get(of) if isinstance(of, int) else None for of in (112139, 112140, "112139_112140")
    }
    tree = {of: verdict.model_dump(exclude_defaults=True) if verdict else {} for of, verdict in wanted.items()}
    for of, changes in steps:
        text = set_verdict(text, of, changes)
        assert set_verdict(text, of, changes) == text
        for key, value in changes.items():
            if key == "banks":
                for bank, inner in value.items():
                    for word, one in inner.items():
                        tree[of].setdefault("banks", {}).setdefault(bank, {})[word] = one
            else:
                tree[of][key] = value
    found = qa_of(text)
    for of, said in tree.items():
        verdict = (found.obsnums if isinstance(of, int) else found.combinations).get(of)
        for key, value in said.items():
            if key == "banks":
                for bank, inner in value.items():
                    for word, one in inner.items():
                        known = verdict.banks.get(bank) if verdict else None
                        assert (getattr(known, word) if known else None) == one
                continue
            actual = getattr(verdict, key) if verdict else None
            if key == "flags":
                assert (actual or Parameters()) == (Parameters.parse(value) if value else Parameters())
            elif key == "combine":
                assert (actual is not False) == (value is not False)
            else:
                assert actual == value


QA_PARTS = (
    "  {0}: {{grade: 2}}\n",
    "  {0}:\n",
    "  {0}: {{}}\n",
    "  # one of many\n  {0}:   # looked at\n    note: >\n      long\n      words\n\n",
    "  {0}:\n    banks:\n      0: {{flags: {{pix_list: '-0,5'}}}}   # ripples\n    # end of {0}\n",
    "  {0}:\n    flags: dv=5 dw=6\n    banks:\n",
    "  {0}:\n    banks:\n      1:\n        grade: -2\n      0: {{}}\n",
)
PLACES = st.lists(st.tuples(st.integers(1, 6), st.sampled_from((None, 0, 1))), max_size=8, unique=True)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(QA_PARTS), max_size=4), st.sampled_from(("", "# end", "\nnote: all\n")), PLACES)
def test_grades_are_added_where_there_are_none_in_one_go(
    parts: list[str], end: str, places: list[tuple[int, int | None]]
) -> None:
    listed = "".join(part.format(number) for number, part in enumerate(parts, start=1))
    text = f"# the DA's\n{'obsnums:' if parts else ''}\n{listed}{end}"
    after = add_grades(text, places, 0)
    assert add_grades(after, places, 0) == after
    one_by_one = text
    for obsnum, bank in places:
        verdict = qa_of(one_by_one).obsnums.get(obsnum)
        part = verdict if bank is None else verdict and verdict.banks.get(bank)
        if part is None or part.grade is None:
            change = {"grade": 0} if bank is None else {"banks": {bank: {"grade": 0}}}
            one_by_one = set_verdict(one_by_one, obsnum, change)
    assert qa_of(after) == qa_of(one_by_one)
    taken, added = changed_lines(text, after)
    assert all(any(old.split("{")[0].rstrip(" }") in new for new in added) for old in taken)


BLOCK = """\
pid: 2024-S1-MX-2
sources:
  NGC5473:   # the first
    obsnums:
      - 101014   # good
      # - 101015 was bad
      - 101020
    # tiers from the proposal
    tiers: {a: {}, b: {bank: 0}}
"""


def test_an_obsnum_goes_into_a_block_list_on_a_line_of_its_own() -> None:
    assert add_obsnums(BLOCK, "NGC5473", [101021]) == BLOCK.replace("- 101020\n", "- 101020\n      - 101021\n")


def test_a_remark_behind_an_empty_list_survives() -> None:
    text = "pid: P\nsources:\n  A:\n    obsnums: []  # none yet\n"
    assert add_obsnums(text, "A", [5]) == "pid: P\nsources:\n  A:\n    obsnums:  # none yet\n      - 5\n"


def test_a_text_without_final_line_end_stays_without() -> None:
    edited = add_obsnums(BLOCK.partition("    # tiers")[0].rstrip(), "NGC5473", [7])
    assert edited.endswith("      - 101020\n      - 7")
    assert add_source("pid: P\nsources:\n  A: {}", "B", Source()).endswith("B:\n    obsnums: []")


def test_an_unknown_source_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ProjectError, match=r"NGC5474.*NGC5473"):
        add_obsnums(BLOCK, "NGC5474", [1])


def test_another_source_of_the_same_name_is_refused() -> None:
    with pytest.raises(ProjectError, match="there already"):
        add_source(BLOCK, "NGC5473", Source())


def test_a_file_with_faults_is_not_edited() -> None:
    with pytest.raises(ProjectError, match="obsnum"):
        add_obsnums(BLOCK.replace("101020", "-101020"), "NGC5473", [1])
    with pytest.raises(ProjectError):
        add_obsnums("pid: [", "A", [1])


def test_an_edit_that_would_break_the_file_is_refused() -> None:
    with pytest.raises(ProjectError, match="mode"):
        set_scalar(BLOCK, ("mode",), "no mode")
    with pytest.raises(ProjectError, match="whole number"):
        leave_out(BLOCK, -5, "x")


def test_a_part_that_a_verdict_does_not_have_is_refused() -> None:
    with pytest.raises(ProjectError, match="grade"):
        set_verdict("", 112139, {"grades": 3})


def test_a_scalar_is_set_changed_and_taken_out() -> None:
    text = set_scalar(BLOCK, ("pi", "name"), "A. Person: the first")
    assert project_of(text).pi.name == "A. Person: the first"
    assert set_scalar(text, ("pi", "name"), None) in (BLOCK + "pi: {}\n", BLOCK)
    assert project_of(set_scalar(text, ("pi", "name"), "B")).pi.name == "B"


def test_the_spot_that_defeats_the_editor_is_told_and_nothing_is_returned() -> None:
    text = "pid: P\nsources:\n  ? A\n  : obsnums:\n    - 1\n"
    try:
        edited = add_obsnums(text, "A", [2])
    except ProjectError as error:
        assert "sources.A.obsnums" in str(error)
    else:
        assert [one.obsnum for one in project_of(edited).sources["A"].obsnums] == [1, 2]
