"""mk_runs.py is read, not run: what it says comes out, and whatever would do something is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ProjectError
from bot.formats.legacy.description import Description, read_description
from tests.sampling import one_in

HEAD = "from lmtoy import runs\nproject = '2024-S1-XX-1'\non = {}\npars1, pars2, pars3 = {}, {}, {}\n"
CALL = "\nruns.mk_runs(project, on, pars1, pars2, pars3)\n"


def read(body: str) -> Description:
    return read_description(HEAD + body + CALL, "mk_runs.py")


def lists(body: str) -> dict[str, list[int]]:
    return {source.name: [one.signed for one in source.listed] for source in read(body).sources}


def refusals(text: str) -> list[tuple[int, str]]:
    with pytest.raises(ProjectError) as caught:
        read_description(text, "mk_runs.py")
    assert all(one.path == "mk_runs.py" and one.cure for one in caught.value.findings)
    return [(one.line, one.what) for one in caught.value.findings]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("on['a'] = [1, -2,]", [1, -2]),
        ("on['a'] = \\\n [1,\n  -2]", [1, -2]),
        ("on['a'] = [1] + [2]*2", [1, 2, 2]),
        ("on['a'] = list(range(5, 8))", [5, 6, 7]),
        ("x = [3, 1]\nx.sort()\non['a'] = x", [1, 3]),
        ("on['a'] = [1, 2, 3]\non['a'].remove(2)\ndel on['a'][0]", [3]),
        ("on['a'] = []\nfor i in range(3):\n    if i == 1: continue\n    on['a'] += [10 + i]", [10, 12]),
        ("on['a'] = [-n for n in (1, 2, 3) if n != 2]", [-1, -3]),
        ("on['a'] = [*[1, 2], 3][::-1]", [3, 2, 1]),
        ("on['a'] = [int(w) for w in '5 6'.split()]", [5, 6]),
        ("n = 0\non['a'] = []\nwhile n < 3:\n    n += 1\n    on['a'].append(n)", [1, 2, 3]),
        ("def both(a, b=2):\n    return [a, b]\non['a'] = both(1)", [1, 2]),
        ("on.update({'a': [1]})\non.setdefault('a', [2])", [1]),
        ("on['a'] = sorted({'x': 2, 'y': 1}.values())", [1, 2]),
        ("on['a'] = [1] if len('ab') == 2 and not None else [2]", [1]),
        ("on['a'] = [1]\nb = on\nb['a'] = [7]", [7]),
        ("on['a'] = [1, 2]\non['b'] = [3]\ndel on['b']", [1, 2]),
        ("(lo, hi) = 4, 6\non['a'] = [lo, hi]", [4, 6]),
        ("on |= {'a': [1]}", [1]),
    ],
)
def test_lists_are_what_python_would_make_of_them(body: str, expected: list[int]) -> None:
    assert lists(body) == {"a": expected}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'dv=%d dw=%s' % (5, 'x')", "dv=5 dw=x"),
        ("'dv=%(v)d' % {'v': 5}", "dv=5"),
        ("'dv={} dw={w:>3}'.format(5, w=6)", "dv=5 dw=  6"),
        ("f'dv={5 + 1:03d} {\"x\"!r}'", "dv=006 'x'"),
        ("' '.join(['a=1', 'b=2'])", "a=1 b=2"),
        ("'a=1' ' b=2' + ' c=' + str(3)", "a=1 b=2 c=3"),
        (
            "'pix_list=' + ','.join(str(i) for i in range(16) if i not in (0, 5))",
            "pix_list=1,2,3,4,6,7,8,9,10,11,12,13,14,15",
        ),
        ("' x '.strip().upper().replace('X', 'y')", "y"),
    ],
)
def test_texts_are_what_python_would_make_of_them(expression: str, expected: str) -> None:
    assert read(f"pars1['a'] = {expression}").pars[0]["a"].text == expected


def test_the_call_is_found_in_all_its_forms() -> None:
    forms = [
        "from lmtoy.runs import mk_runs\nmk_runs(p, o, {}, {})",
        "import lmtoy.runs as r\nr.mk_runs(p, o, {}, {}, None, [])",
        "import lmtoy\nlmtoy.runs.mk_runs(p, o, {}, {})",
        "from runs import *\nmk_runs(p, o, pars1={}, pars2={}, argv=None)",
        "import runs, sys\ndef main(argv):\n    runs.mk_runs(p, o, {}, {}, argv)\n"
        "if __name__ == '__main__':\n    main(sys.argv)",
        "try:\n    import os, sys\n    sys.path.insert(0, os.environ['LMTOY'])\n    import runs\n"
        "except:\n    sys.exit(0)\n"
        "runs.mk_runs(*[p, o], **{'pars1': {}, 'pars2': {}})",
    ]
    for form in forms:
        told = read_description(f"p = 'X'\no = {{'a': [1]}}\n{form}\n", "mk_runs.py")
        assert (told.project, told.sources[0].listed[0].signed, dict(told.pars[2])) == ("X", 1, {})


def test_a_sum_of_whole_sources_is_a_mosaic_and_keeps_its_own_numbers_apart() -> None:
    body = "on['a'] = [1, -2]\non['b'] = [3]\non['m'] = on['a'] + on['b'] + [4]"
    source = read(body).sources[2]
    assert (source.mosaic, source.inherited, [one.signed for one in source.listed]) == (("a", "b"), 3, [1, -2, 3, 4])


@pytest.mark.parametrize(
    "later",
    [
        "on['a'] = [9]",
        "on['a'].append(9)",
        "on['m'] = [7] + on['a'] + on['b']",
        "on['m'] = on['a'][1:] + on['b']",
        "on['m'].reverse()",
        "del on['a'], on['b']",
    ],
)
def test_what_is_no_sum_of_sources_at_the_end_is_written_out(later: str) -> None:
    body = f"on['a'] = [1, 2]\non['b'] = [3]\non['m'] = on['a'] + on['b']\n{later}"
    mosaic = {source.name: source.mosaic for source in read(body).sources}["m"]
    assert mosaic == ()


def test_mosaics_of_mosaics_name_the_sources_themselves() -> None:
    body = (
        "on['a'] = [1]\non['b'] = [2]\non['m'] = on['a'] + on['b']\non['n'] = on['m'] + on['a']\non['twin'] = on['b']"
    )
    found = {source.name: source.mosaic for source in read(body).sources}
    assert (found["n"], found["twin"]) == (("a", "b", "a"), ("b",))


def test_numbers_know_their_line_and_comments_theirs() -> None:
    told = read("on['a'] = [1, # first\n  2,\n  # 3 is bad\n  4]")
    assert [one.line for one in told.sources[0].listed] == [5, 6, 8]
    assert [(one.line, one.text, one.alone) for one in told.remarks] == [(5, "first", False), (7, "3 is bad", True)]


def test_what_reaches_no_call_is_kept_with_its_reason() -> None:
    text = (
        HEAD + "spare = 'x'\non['a'] = [1]\non['a'] = [2]\nif 0:\n    on['b'] = [5]\nlost = {}\nlost['q'] = 'z'\n"
        "on['c'] = [3]\ndel on['c']" + CALL + "# behind\npars1['a'] = 'dead=1'\n"
    )
    told = read_description(text, "mk_runs.py")
    kept = {line: one.why for one in told.leftovers for line in one.text}
    assert kept["spare = 'x'"] == "spare is never used"
    assert kept["on['a'] = [1]"] == "replaced in line 7"
    assert kept["    on['b'] = [5]"] == "its condition does not hold"
    assert kept["lost['q'] = 'z'"] == "lost is not given to the generator"
    assert kept["on['c'] = [3]"] == "deleted in line 13"
    assert kept["# behind"] == kept["pars1['a'] = 'dead=1'"] == "it stands behind the call of the generator"
    assert not told.pars[0] and not told.remarks


def test_every_fault_is_told_at_once_and_its_consequences_are_not() -> None:
    text = HEAD + "x = open('f')\ny = x + 1\non['a'] = [y]\nz = eval('1')\nfor i in z: pass" + CALL
    assert [line for line, _ in refusals(text)] == [5, 8]


@pytest.mark.parametrize(
    ("body", "line", "word"),
    [
        ("on['a'] = ['12']", 5, "no obsnum"),
        ("on['a'] = [1,\n 0]", 6, "no obsnum"),
        ("on['a'] = [True]", 5, "no obsnum"),
        ("on['a'] = [12345678901234567890]", 5, "number of"),
        ("on['a'] = '12'", 5, "a text"),
        ("on['a b'] = [1]", 5, "not one word"),
        ("on[1] = [1]", 5, "not one word"),
        ("pars1['a'] = None", 5, "pars1['a']"),
        ("pars2['a'] = 5", 5, "a number"),
        ("on = []", 6, "on is a list"),
        ("pars1 = None", 6, "pars1 is"),
        ("project = ''", 6, "project is"),
        ("runs.mk_runs(project, on, pars1, pars2)", 6, "called 2 times"),
        ("runs.mk_runs(project, on)", 5, "without pars1, pars2"),
        ("runs.mk_runs(project, on, {}, {}, speed=1)", 5, "does not have"),
    ],
)
def test_values_that_the_generator_could_not_use_are_told(body: str, line: int, word: str) -> None:
    told = refusals(HEAD + body + CALL)
    assert told[0][0] == line and word in told[0][1], told


def test_a_file_that_is_no_python_is_told_with_a_cure_for_python_2() -> None:
    with pytest.raises(ProjectError) as caught:
        read_description("x = 1\nprint 'hello'\n", "mk_runs.py")
    (found,) = caught.value.findings
    assert (found.line, found.code) == (2, "SYNTAX") and "Python 2" in found.cure
    assert refusals("x = (1,\n") and refusals("if 1:\n\tx = 1\n        y = 2\n") and refusals("x = \x00")


def test_a_file_without_the_call_is_told() -> None:
    assert "never called" in refusals("project = 'x'\non = {}\n")[0][1]
    assert "never called" in refusals("import sys\nsys.exit(0)\n" + HEAD + CALL)[0][1]


HOSTILE = sorted((Path(__file__).parents[1] / "data" / "hostile").glob("*.txt"))
CASES = [case for file in HOSTILE for case in file.read_text().split("\n----\n") if case.strip()]


@pytest.mark.parametrize("case", one_in(3, CASES), ids=lambda case: case.strip().splitlines()[-1][:50])
@pytest.mark.timeout(60)
def test_what_would_do_something_is_refused_quickly_and_never_done(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = refusals(case.rstrip("\n") + "\n" + HEAD + "on['a'] = [1]" + CALL)
    assert 1 <= told[0][0] <= case.count("\n") + 1
    assert not list(tmp_path.iterdir())


def test_the_hostile_cases_are_there() -> None:
    assert len(CASES) > 60
