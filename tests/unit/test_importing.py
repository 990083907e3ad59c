"""Old values become new ones: nothing lost, the old run lines word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Severity
from bot.formats.legacy.comments import read_comments
from bot.formats.legacy.description import read_description
from bot.formats.legacy.folder import LegacyFolder
from bot.formats.legacy.generator import expected_runfiles
from bot.formats.project_file import parse_folder
from bot.formats.project_text import project_text, qa_text
from bot.model.observation import Observation
from bot.model.project import Verdict
from bot.rules.importing import Imported, import_project
from bot.rules.lines import legacy_runfiles
from tests.contract.legacy_texts import STYLES, render

PID = "2024-S1-XX-1"
HEAD = f"from lmtoy import runs\nproject = '{PID}'\non = {{}}\npars1, pars2, pars3 = {{}}, {{}}, {{}}\n"
CALL = "\nruns.mk_runs(project, on, pars1, pars2, pars3)\n"


def legacy(
    body: str = "on['a'] = [1, 2]\n", comments: str = "", name: str = f"lmtoy_{PID}", **more: Any
) -> LegacyFolder:
    text = body if "mk_runs" in body else HEAD + body + CALL
    entries, findings = read_comments(comments, f"{name}/comments.txt")
    description = read_description(text, f"{name}/mk_runs.py")
    return LegacyFolder(Path(name), description, entries, comments, findings=tuple(findings), **more)


def imported(*args: Any, **more: Any) -> Imported:
    found = import_project(legacy(*args, **more))
    assert found.project is not None, [str(one) for one in found.findings]
    return found


def verdict(comments: str, key: int | str = 1) -> Verdict:
    qa = imported("on['a'] = [1, 2]", comments).qa
    return qa.obsnums[key] if isinstance(key, int) else qa.combinations[key]


def plain(value: Verdict) -> dict[str, Any]:
    """Return only what is said."""
    return value.model_dump(exclude_defaults=True)


def codes(found: Imported, severity: Severity) -> list[tuple[str, int]]:
    return [(one.code, one.line) for one in found.findings if one.severity is severity]


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        ("1 QAFAIL", {"grade": -2}),
        ("1 QAFAIL: bad wave # a=1", {"grade": -2, "flags": ["a=1"], "note": "bad wave"}),
        ("1 fine # qagrade=3", {"grade": 3, "note": "fine"}),
        ("1 # a=1 qagrade=-1", {"grade": -1, "flags": ["a=1"]}),
        ("1 # qagrade=2 a=1", {"flags": ["qagrade=2", "a=1"]}),
        ("1 QAFAIL # qagrade=-1", {"grade": -2, "flags": ["qagrade=-1"]}),
        ("1 # qagrade=4", {"flags": ["qagrade=4"]}),
        ("1 # qagrade = 2", {"flags": ["qagrade", "=", "2"]}),
        (
            "1__0 x # pix_list=-0,5\n1__1 QAFAIL",
            {"banks": {0: {"flags": ["pix_list=-0,5"], "note": "x"}, 1: {"grade": -2}}},
        ),
        ("1 all\n1__1 # b=2", {"note": "all", "banks": {1: {"flags": ["b=2"]}}}),
        ("-1 x", {"note": "x"}),
        ("1 .", {"note": "."}),
        ("1", {}),
    ],
)
def test_a_verdict_says_what_its_line_said(comments: str, expected: dict[str, Any]) -> None:
    assert plain(verdict(comments)) == expected


def test_a_combination_has_a_verdict_of_its_own() -> None:
    assert plain(verdict("1_2 detection # qagrade=3", "1_2")) == {"grade": 3, "note": "detection"}
    assert plain(verdict("1_2__1 QAFAIL", "1_2")) == {"banks": {1: {"grade": -2}}}


def test_a_replaced_line_is_kept_in_the_note_and_told() -> None:
    found = imported("on['a'] = [1]", "1 first # a=1\n1__0 second # b=2\n")
    assert plain(found.qa.obsnums[1]) == {
        "note": "replaced line 1: 1 first # a=1",
        "banks": {0: {"flags": ["b=2"], "note": "second"}},
    }
    assert codes(found, Severity.WARNING) == [("REPLACED", 1)]


def test_a_line_that_is_only_repeated_is_no_loss() -> None:
    found = imported("on['a'] = [1]", "1 . # a=1\n1 . # a=1\n")
    assert plain(found.qa.obsnums[1]) == {"note": ".", "flags": ["a=1"]} and not codes(found, Severity.WARNING)


def test_a_bank_that_does_not_exist_is_carried_as_bank_0_and_told() -> None:
    found = imported("on['a'] = [1]", "1__3 # a=1\n")
    assert plain(found.qa.obsnums[1]) == {"banks": {0: {"flags": ["a=1"]}}}
    assert codes(found, Severity.WARNING) == [("BANK", 1)]


def test_negative_everywhere_is_the_analysts_word_and_else_the_lists() -> None:
    found = imported("on['a'] = [1, -2, -3, 4, -4, 4]\non['b'] = [3, -2]\non['m'] = on['a'] + on['b']\npars1['a'] = ''")
    project = found.project
    assert project is not None
    listed = {name: [(one.obsnum, one.combine) for one in source.obsnums] for name, source in project.sources.items()}
    assert listed == {
        "a": [(1, True), (2, True), (3, False), (4, True), (4, False), (4, True)],
        "b": [(3, True), (2, True)],
        "m": [],
    }
    assert {obsnum: one.combine for obsnum, one in found.qa.obsnums.items()} == {2: False}
    assert [part.source for part in project.sources["m"].mosaic] == ["a", "b"]


def test_parameters_of_a_source_without_obsnums_are_kept() -> None:
    found = imported("on['a'] = [1]\npars1['b'] = 'x=1'\npars2['a'] = ''")
    assert found.project is not None
    assert list(found.project.sources) == ["a", "b"] and not found.project.sources["b"].obsnums
    assert found.project.sources["b"].tiers.a == ("x=1",) and found.project.sources["a"].tiers.b == ()
    assert ("NO_OBSNUMS", 6) in codes(found, Severity.INFO)


@pytest.mark.parametrize(
    ("body", "comments", "place", "line"),
    [
        ("on['a'] = [1]\npars1['a'] = 'x=$HOME'", "", "mk_runs.py", 6),
        ("on['a'] = [1]\npars3['a'] = 'x=1;rm'", "", "mk_runs.py", 6),
        ("on['a'] = [1]", "\n1 # can't=1", "comments.txt", 2),
        ("on['a'] = [1]", "1 # x=1&", "comments.txt", 1),
    ],
)
def test_a_word_that_is_no_parameter_is_an_error_with_its_line(body: str, comments: str, place: str, line: int) -> None:
    found = import_project(legacy(body, comments))
    assert found.project is None
    errors = [one for one in found.findings if one.severity is Severity.ERROR]
    assert [(Path(one.path).name, one.line) for one in errors] == [(place, line)]


def test_prose_behind_the_sign_is_carried_as_the_words_that_it_is_today() -> None:
    found = import_project(legacy("on['a'] = [1]\npars2['a'] = ''", "1 # See #12, Bad weather?"))
    assert found.qa is not None and found.qa.obsnums[1].flags == ("See", "#12,", "Bad", "weather?")


@pytest.mark.parametrize(
    ("name", "said", "named", "expected", "error"),
    [
        (f"lmtoy_{PID}", PID, PID, PID, False),
        (f"lmtoy_{PID}", "", PID, PID, False),
        (PID, "", "linecheck", PID, False),
        ("work", "", PID, PID, False),
        ("work", PID, "linecheck", PID, False),
        (f"lmtoy_{PID}", "2024-S1-XX-2", PID, "2024-S1-XX-2", True),
        ("lmtoy_2022S1RSRCommissioning", "2022S1RSRCommissioning", "linecheck", "2022S1RSRCommissioning", False),
    ],
)
def test_three_witnesses_say_whose_project_it_is(name: str, said: str, named: str, expected: str, error: bool) -> None:
    body = f"from lmtoy import runs\nruns.mk_runs('{named}', {{'a': [1]}}, {{}}, {{}})\n"
    found = import_project(legacy(body, name=name, pid=said))
    assert found.pid == expected and (found.project is None) == error
    if found.project is not None:
        assert found.project.legacy.project == (None if named == expected else named)


def test_mode_and_dates_of_the_small_files_are_kept() -> None:
    project = imported(io="SEQ/Map", done="2025-01-01", archived="2025-08-20").project
    assert project is not None
    assert (project.mode, project.legacy.done, project.legacy.archived) == ("SEQ/Map", "2025-01-01", "2025-08-20")
    without = imported().project
    assert without is not None and without.mode is None


def test_the_log_tells_what_no_source_lists_and_nothing_of_other_projects() -> None:
    rows = [
        (1, PID, "Science", "Map"),
        (5, PID, "Science", "Map"),
        (6, PID, "Pointing", "Map"),
        (7, PID, "Science", "Cal"),
    ]
    rows += [(8, f"{PID}2", "Science", "Map")]
    log = tuple(Observation(one, "", "SEQ", goal, pgm, "a", pid) for one, pid, goal, pgm in rows)
    told = {one.code: one.what for one in imported(log=log).findings}
    assert told["NOT_LISTED"] == f"1 Science obsnums of {PID} are in no source: 5"
    assert told["LOG_OTHERS"].startswith("1 of 5 rows")


def test_comments_stand_where_they_belong() -> None:
    body = (
        "# on the source\non['a'] = [1, 2,  # 4-may\n  3, 4,\n  # 5 is bad\n  6]\n\n"
        "# of tier a\npars1['a'] = 'x=1'  # why\n"
        "on['b'] = [7] # all of b\n"
    )
    comments = "# head\n\n# of one\n1 x\nprose without number\n100,101 QAFAIL\n# behind\n2_3 y\n# end\n"
    found = imported(body, comments)
    assert found.project is not None
    assert project_text(found.project, found.project_margin).split("\n", 1)[1] == (
        f"pid: {PID}\n\nsources:\n  # on the source\n  a:\n    obsnums:\n      # 4-may\n      - 1\n      - 2\n\n"
        "      - 3\n      - 4\n      # 5 is bad\n      - 6\n    tiers:\n      # of tier a\n      a: {x: 1}  # why\n\n"
        "  b:  # all of b\n    obsnums:\n      - 7\n"
    )
    assert qa_text(found.qa, found.qa_margin).split("\n", 1)[1] == (
        "# head\nobsnums:\n  # of one\n  1:\n    note: x\n\ncombinations:\n  # prose without number\n"
        "  # comments.txt line 6, which nothing matches: 100,101 QAFAIL\n  # behind\n"
        '  "2_3":\n    note: y\n\n# end\n'
    )


# -- random descriptions in random styles ---------------------------------------------------------------------------

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9+_.-]{0,8}", fullmatch=True)
numbers = st.integers(1, 40).flatmap(lambda one: st.sampled_from([one, one, -one]))
words = st.sampled_from(
    [
        "dv=50",
        "extent=120",
        "pix_list=-0,5",
        "pix_list=1,2",
        "bank=0",
        "x=",
        "restart",
        "=",
        "2",
        "birdies=10,20",
        "dv=60",
    ]
)
texts = st.lists(words, max_size=4).map(" ".join)
keys = st.builds(lambda sign, one, bank: f"{sign}{one}{bank}", st.sampled_from(["", "", "-"]), st.integers(1, 40),
                 st.sampled_from(["", "", "__0", "__1", "__2"]))  # fmt: skip
free = st.sampled_from(["", "fine", "QAFAIL", "was QAFAIL", "QAFAIL: wave", "a, b; c", "."])
behind = st.lists(
    st.sampled_from(["pix_list=-0,-5", "badcb=1/2", "qagrade=2", "qagrade=-1", "dv=5", "qagrade"]), max_size=3
)
comment_lines = st.one_of(
    st.builds(lambda key, said, args: f"{key}  {said}" + (f" # {' '.join(args)}" if args else ""), keys, free, behind),
    st.sampled_from(
        ["", "# remark", "100,101 QAFAIL", "prose # with=args", "1_3 combination # qagrade=3", "  # indented"]
    ),
)


@st.composite
def descriptions(draw: st.DrawFn) -> dict[str, Any]:
    sources = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    on = [[name, draw(st.lists(numbers, max_size=6))] for name in sources]
    mosaics = []
    if len(sources) > 2 and draw(st.booleans()):
        members = sources[:2]
        mosaics = [["mosaic~", members]]
        on.append(["mosaic~", [*on[0][1], *on[1][1], *draw(st.lists(st.integers(1, 40), max_size=2))]])
    pars = [[[name, draw(texts)] for name, _ in on if draw(st.booleans())] for _ in range(3)]
    args = ["project", "on", "pars1", "pars2", "pars3", "sys.argv"]
    return {"project": PID, "on": on, "mosaics": mosaics, "pars": pars, "call": {"args": args}}


modes = st.sampled_from(["TBD", "SEQ/Map", "RSR/Bs"])


@given(descriptions(), st.lists(comment_lines, max_size=12).map("\n".join), st.sampled_from(STYLES), modes)
def test_any_description_in_any_style_gives_the_generators_lines(
    facts: dict[str, Any], comments: str, style: Any, io: str
) -> None:
    text, _ = render(facts, style)
    found = imported(text, comments, io=io)
    assert found.project is not None
    read = parse_folder(project_text(found.project, found.project_margin), qa_text(found.qa, found.qa_margin), pid=PID)
    tables = [dict(map(tuple, pairs)) for pairs in facts["pars"]]
    if style.call == "argv for pars3" and not facts["pars"][2]:
        tables[2] = {}
    expected = expected_runfiles([(name, listed) for name, listed in facts["on"]], tables, comments, io)
    assert legacy_runfiles(read) == expected


def test_prose_that_a_run_line_may_not_hold_is_in_the_note_and_neither_way_to_the_lines_has_it() -> None:
    comments = "1 x # isn't it\n2 # dv=4 isn't it\n"
    folder = legacy("on['a'] = [1, 2]\npars1['a'] = pars2['a'] = ''", comments)
    found = import_project(folder)
    assert found.project is not None and codes(found, Severity.WARNING) == [("PROSE", 1), ("PROSE", 2)]
    assert plain(found.qa.obsnums[1]) == {"note": "x # isn't it"}
    read = parse_folder(project_text(found.project), qa_text(found.qa), pid=PID)
    lines = expected_runfiles([("a", [1, 2])], [{"a": ""}, {"a": ""}, {}], comments, "TBD")
    assert legacy_runfiles(read) == lines
    assert lines["run1b"] == [
        "SLpipeline.sh obsnum=1 _io=TBD _s=a",
        "SLpipeline.sh obsnum=2 _io=TBD _s=a dv=4",
    ]
