"""Older mk_runs.py write their runfiles themselves: such code is left aside where it only looks, and an error else."""

from __future__ import annotations

import pytest

from bot.errors import ProjectError, Severity
from bot.formats.legacy.description import Description, read_description
from bot.formats.legacy.trusted import describe_trusted

DATA = """import os, sys
project = '2020-S1-ZZ-9'
on = {}
on['W51'] = [501, 502,   # first night
             -503]
pars1, pars2 = {}, {}
pars1['W51'] = 'dv=7'
pars2['W51'] = ''
"""
WRITER = """
# look for words of one obsnum
def words_of(number):
    name = '%d.args' % number
    if not os.path.exists(name):
        return ''
    said = ''
    for row in open(name).readlines():
        if row[0] == '#': continue
        said = said + row.strip() + ' '
    return said

pars3 = {}
for s in on.keys():
    for o in on[s]:
        pars3[abs(o)] = words_of(abs(o))
out = open(project + '.run1a', 'w')
done = 0
for s in on:
    for o in on[s]:
        # one line each
        out.write('SLpipeline.sh obsnum=%d _s=%s %s %s\\n' % (abs(o), s, pars1[s], pars3[abs(o)]))
        done += 1
    print(s, len(on[s]), ','.join(str(o) for o in on[s] if o > 0))
print('wrote', done)
"""
IMPORT = "from lmtoy import runs\n"
CALL = "runs.mk_runs(project, on, pars1, pars2, None, sys.argv)\n"


def read(text: str) -> Description:
    return read_description(text, "mk_runs.py")


def said(found: Description) -> tuple[object, ...]:
    lists = {source.name: [one.signed for one in source.listed] for source in found.sources}
    return found.project, lists, [{name: one.text for name, one in pars.items()} for pars in found.pars]


EXPECTED = ("2020-S1-ZZ-9", {"W51": [501, 502, -503]}, [{"W51": "dv=7"}, {"W51": ""}, {}])


def test_code_that_writes_runfiles_by_itself_is_left_aside_and_told() -> None:
    found = read(DATA + WRITER)
    assert said(found) == EXPECTED and not found.is_called
    (told,) = found.findings
    assert (told.code, told.severity) == ("NO_GENERATOR", Severity.WARNING) and "line 22" in told.why
    (left,) = found.leftovers
    assert (left.first, left.last, left.text) == (11, 33, ())
    assert [one.text for one in found.remarks] == ["first night", "look for words of one obsnum"]


def test_the_same_code_before_a_call_of_the_generator_changes_nothing() -> None:
    found = read(IMPORT + DATA + WRITER + "\nif __name__ == '__main__':\n    " + CALL)
    assert said(found) == EXPECTED and found.is_called and not found.findings
    assert [(one.first, one.last) for one in found.leftovers] == [(12, 34)]


def test_code_beside_the_call_is_left_aside_too() -> None:
    inside = IMPORT + DATA + "if __name__ == '__main__':\n    log = open('log', 'w')\n    " + CALL
    behind = IMPORT + DATA + CALL + "open('log', 'w').write(project)\n"
    assert said(read(inside)) == said(read(behind)) == EXPECTED
    assert [(one.first, one.last) for one in read(inside).leftovers] == [(11, 11)]
    assert [one.text for one in read(behind).leftovers] == [("open('log', 'w').write(project)",)]


def test_a_plain_file_without_a_call_is_what_it_says_but_what_is_unused_is_told() -> None:
    found = read(DATA + "common = 'admit=0'\npars3 = {}\npars3['W51'] = 'bank=1'\n")
    assert said(found) == (*EXPECTED[:2], [{"W51": "dv=7"}, {"W51": ""}, {"W51": "bank=1"}])
    assert "today it gives no runfiles" in found.findings[0].why
    assert [one.why for one in found.leftovers] == ["common is never used"]


def test_running_a_file_without_a_call_tells_no_more_than_reading_it() -> None:
    nothing = {"calls": [], "error": "", "line": 0}
    assert said(describe_trusted(nothing, DATA + WRITER, "mk_runs.py")) == EXPECTED


CHANGES = [
    "on['W51'].append(len(open('x').read()))",
    "on['W52'] = [int(one) for one in open('x')]",
    "for row in open('x'):\n    on['W51'].append(4)",
    "same = on['W51']\nfor row in open('x'):\n    same.append(4)",
    "for s in on:\n    same = on[s]\n    same.append(len(open('x').read()))",
    "for s, same in on.items():\n    same.sort()\n    open('x')",
    "[same.append(1) for same in on.values() if open('x')]",
    "same = on['W51']\nsame += open('x').readlines()",
    "def more():\n    on['W51'].append(9)\n    return open('x')\nmore()",
    "def more(to):\n    to['W51'] = [9]\n    return open('x')\nmore(on)",
    "def more():\n    global on\n    on = {}\n    return open('x')\nmore()",
    "if os.path.exists('x'):\n    pars2['W51'] = 'dv=9'",
    "if os.path.exists('x'):\n    project = 'other'",
    "if os.path.exists('x'):\n    sys.exit(0)",
    "if os.path.exists('x'):\n    del on['W51']",
    "for row in open('x'):\n    exec(row)",
    "open('x', 'w').write(str(globals()))",
    "os.system('date')",
    "import subprocess\nsubprocess.run(['date'])",
    "with open('x') as file:\n    on.update(eval(file.read()))",
    "held = [on]\nfor row in open('x'):\n    held[0]['W51'] = []",
    "class More:\n    on = open('x')",
    "print(missing)",
]


@pytest.mark.parametrize("code", CHANGES)
@pytest.mark.parametrize("called", [False, True])
def test_code_that_could_change_what_is_said_is_an_error(code: str, called: bool) -> None:
    with pytest.raises(ProjectError) as caught:
        read(IMPORT + DATA + code + "\n" + (CALL if called else ""))
    assert all(one.severity is Severity.ERROR for one in caught.value.findings)


@pytest.mark.parametrize(
    "text",
    [
        "out = open('x', 'w')\n" + DATA,
        DATA + "open('x')\non['W52'] = [601]\n",
        "project = '2020-S1-ZZ-9'\non = {}\npars1, pars2 = {}, {}\n",
        DATA + "if project == 'other':\n    mk_runs(project, on, pars1, pars2)\n",
        DATA + "sys.exit(0)\non['W52'] = [601]\n",
    ],
)
def test_what_is_a_guess_stays_an_error(text: str) -> None:
    with pytest.raises(ProjectError):
        read(text)
