"""The worksheet as GitHub shows it: whole tables, harmless words, never too long; and the answers to comments."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from bot.doors.templates import render_template
from bot.errors import ProjectError
from bot.formats.comment_command import Command, Misread, parse_commands
from bot.formats.markdown import code
from bot.formats.project_file import ProjectFolder, read_folder
from bot.model.record import Ledger, RunState
from bot.model.role import Role
from bot.model.worksheet import Worksheet
from bot.report.answers import LONGEST_ANSWER, Answer, answer_text, done, misread, not_allowed, refused
from bot.report.worksheet import LONGEST_BODY, VIEWS, worksheet_body
from bot.rules.commands import COMMANDS, apply, help_text
from bot.rules.grading import qa_faults, worksheet
from bot.rules.plan import plan_project
from bot.rules.publicity import Exposure
from bot.sim.demo import HERE
from tests.gfm import SILENT, TABLE, Shown
from tests.unit.worksheets import a_map, all_good, plan_of, project, record_of

RENDER = partial(render_template, Path(__file__).parents[2])
OURS = {"p", "h2", "h3", "strong", "ul", "li", "a"}
"""What a worksheet and an answer are made of, beside tables."""
HOSTILE = "@alice|<script>#12`*x*"
SOURCES = f"""\
  "{HOSTILE}": {{obsnums: [101, 102, 103], tiers: {{a: {{}}, b: {{}}}}}}
  T: {{mode: RSR/Bs, obsnums: [201], tiers: {{a: {{}}, b: {{}}}}}}
"""
NAMES = ("101", "102", "103", "201", "101_103", "201_201")
QA = """\
obsnums:
  101: {grade: 3, note: "see @bob | #13 <img src=x> http://evil.example"}
  102: {flags: {birdies: 5}, combine: false}
"""


def body_of(folder: ProjectFolder, sheet: Worksheet, **more) -> str:  # type: ignore[no-untyped-def]
    plan = plan_of(folder, 2)
    given = {"full_list": "`lmtbot status`", "faults": qa_faults(folder, plan, sheet), **more}
    return worksheet_body(sheet, plan, render=RENDER, **given)


def small() -> tuple[ProjectFolder, Worksheet]:
    """Return a project with hostile texts, of which one obsnum failed."""
    folder, main = project(SOURCES, QA), plan_of(project(SOURCES))
    failed = record_of(main.chains[2], main, state=RunState.FAILED, verdict=f"no calibration {HOSTILE}")
    good = [record_of(chain, main, {"0": a_map(rms0=2.0)}) for chain in main.chains[:2]]
    return folder, worksheet(folder, plan_of(folder, 2), Ledger((*good, failed)), main=main)


def large(obsnums: int, graded: int = 0) -> tuple[ProjectFolder, Worksheet]:
    """Return a project of two banks, 40 obsnums a source, the first of them graded; each tenth is noisy."""
    numbers = range(100_000, 100_000 + obsnums)
    tiers = "{a: {}, b: {bank: 0}, c: {bank: 1}}"
    sources = "".join(
        f"  S{first}: {{obsnums: {list(numbers[first : first + 40])}, tiers: {tiers}}}\n"
        for first in range(0, obsnums, 40)
    )
    grades = "banks: {0: {grade: 2}, 1: {grade: 2}}, note: words on this one"
    qa = "".join(f"  {number}: {{{grades}}}\n" for number in numbers[:graded])
    folder = project(sources, f"obsnums:\n{qa}" if qa else "")
    main = plan_of(project(sources))
    records = [
        record_of(unit, main, dict.fromkeys("01", a_map(ratio=4.0 if n % 10 == 9 else 1.1)))
        for n, unit in enumerate(main.units)
    ]
    return folder, worksheet(folder, plan_of(folder, 2), Ledger(tuple(records)), main=main)


def cells(body: str) -> list[list[str]]:
    """Return the rows of all tables as a reader sees them, heads left out."""
    return [row for row in Shown(body).rows if row]


def test_every_obsnum_stands_in_a_table_with_its_numbers() -> None:
    folder, sheet = small()
    body = body_of(folder, sheet)
    rows = {row[1]: row for row in cells(body)}
    assert list(rows) == list(NAMES)
    assert rows["101"][:8] == ["2024-03-06 11:21", "101", "10.0", "0.10", "60\u00a0mK", "2.00", "3", "good"]
    assert rows["102"][6:9] == ["", "good; not combined", "birdies=5 (acts at level 2) "[:-1]]
    assert rows["103"][7] == f"failed no calibration {HOSTILE}" and rows["103"][9].startswith("-2: ")
    assert rows["101"][9].startswith("2: rms 60 mK is 2.00 × ")
    assert all(len(row) == 10 for row in cells(body))


def test_texts_of_others_do_nothing() -> None:
    folder, sheet = small()
    body = body_of(
        folder, sheet, unprocessed={301: f"held back {HOSTILE}\n# x"}, links=lambda name: f"http://taps/{name}/"
    )
    page = Shown(body)
    assert page.tags <= {*TABLE, *SILENT, *OURS}
    assert set(page.links) == {f"http://taps/{name}/" for name in NAMES}
    for word in ("@alice", "@bob", "#12", "#13"):
        assert word not in body.replace("&#124;", "")
    assert "held back" in body and "\n# x" not in body


def test_a_link_cannot_leave_its_brackets() -> None:
    folder, sheet = small()
    body = body_of(folder, sheet, links=lambda name: f"http://taps/) [x](http://evil.example/{name} ")
    hrefs = set(Shown(body).links)
    assert len(hrefs) == len(NAMES) and all(href.startswith("http://taps/%29") for href in hrefs)


def test_the_head_says_what_to_do_what_is_missing_and_what_level_2_runs() -> None:
    folder, sheet = small()
    body = body_of(folder, sheet)
    for rule in COMMANDS:
        assert (f"`{rule.example}`" in body) == (Role.DA in rule.roles)
    assert "1 of 4 graded, **2 to look at**" in body and "- never run: 201\\_201" in body
    assert "10 run lines: 4 obsnums, 2 combinations" in body
    assert "2 of them run other lines" in body and "Shortened" not in body


def test_a_project_of_two_thousand_rows_is_not_too_long_and_says_what_is_left_out() -> None:
    folder, sheet = large(1000)
    body = body_of(folder, sheet, links=lambda name: f"http://taps.lmtgtm.org/lmtslr/P-1/{name}/")
    assert 20_000 < len(body) <= LONGEST_BODY < 65_536
    assert "**Shortened**" in body and "Everything: `lmtbot status`" in body
    in_tables = {row[0] for row in cells(body)}
    noisy = {row.label for row in sheet.rows if row.suggestion and row.suggestion.grade != 3}
    assert len(noisy) == 200 and noisy <= in_tables
    assert all(row.name in body for row in sheet.rows)


def test_graded_obsnums_make_room_first() -> None:
    folder, sheet = large(240, graded=200)
    body = body_of(folder, sheet)
    assert VIEWS[1].cut in body and len(body) <= LONGEST_BODY
    assert "graded 2: 100000, 100001, " in body
    assert {row[1] for row in cells(body)} >= {row.label for row in sheet.rows if not row.is_graded}
    assert all(len(row) == 10 for row in cells(body))


def test_each_view_is_shorter_than_the_one_before_and_says_so() -> None:
    folder, sheet = large(80, graded=20)
    body = body_of(folder, sheet)
    reached = [""]
    for view in VIEWS[1:]:
        shorter = body_of(folder, sheet, longest=len(body) - 1)
        assert len(shorter) < len(body)
        body = shorter
        reached += [view.cut] if f": {view.cut}." in body else []
    assert reached == [view.cut for view in VIEWS]
    assert len(body_of(folder, sheet, longest=500)) == 500


@pytest.mark.parametrize("pid", sorted(path.name for path in (HERE / "projects").iterdir()))
def test_a_real_project_has_a_worksheet(pid: str) -> None:
    folder = read_folder(HERE / "projects" / pid)
    plan = plan_project(folder, 2)
    sheet = worksheet(folder, plan, all_good(plan_project(folder), {"all": a_map()}))
    body = worksheet_body(sheet, plan, render=RENDER, full_list="")
    assert {row[1] for row in cells(body)} == {row.label for row in (*sheet.rows, *sheet.combinations)}
    assert f"{sum(len(unit.lines) for unit in plan.units)} run lines" in body


def test_a_project_without_observations_has_a_worksheet_too() -> None:
    folder = project("  S: {obsnums: [], tiers: {a: {}}}\n")
    body = body_of(folder, worksheet(folder, plan_of(folder, 2), Ledger(())))
    assert "0 of 0 graded" in body and not cells(body)


# ---- answers


def answers(text: str, roles: tuple[Role, ...] = (Role.DA,)) -> list[Answer]:
    """Answer as the stage does."""
    folder = project(SOURCES)
    found = []
    for one in parse_commands(text):
        if isinstance(one, Misread):
            found.append(misread(one))
            continue
        try:
            found.append(done(one, apply(one, "", folder).told))
        except ProjectError as error:
            found.append(refused(one, error))
    return found


def test_each_command_is_answered_with_reason_and_cure() -> None:
    text = answer_text(answers("/grade 101 3 fine\n/grade 999 2\n/grde 101 2\n/flag 101 pixlist=1"), commit="abc1234")
    rows = text.splitlines()
    assert rows[0] == f"- ✔ {code('/grade 101 3 fine')}: 101: grade 3"
    assert rows[1].startswith(f"- ✘ {code('/grade 999 2')}: no source of P-1 lists obsnum 999. **Cure:** ")
    assert f"did you mean {code(COMMANDS[0].example)}?" in rows[2]
    assert "pixlist" in rows[3] and "**Cure:** did you mean pix\\_list?" in rows[3]
    assert text.endswith("\n\nIn commit abc1234.\n")


def test_an_answer_without_a_commit_says_that_nothing_changed() -> None:
    assert "No file was changed." in answer_text(answers("/grade 999 2"))
    assert "No file was changed." not in answer_text([done(Command("status", text="/status"), "in QA")])


@pytest.mark.parametrize("rule", COMMANDS, ids=lambda rule: rule.name)
def test_who_may_not_gets_a_polite_answer(rule) -> None:  # type: ignore[no-untyped-def]
    (one,) = parse_commands(rule.example)
    assert isinstance(one, Command)
    told = answer_text([not_allowed(one)])
    assert all(role in told for role in rule.roles) and "nothing was done" in told and "✘" in told


def test_help_is_told_once_in_full() -> None:
    told = answer_text([done(Command("help", text="/help"), "")], help_words=help_text([Role.PI]))
    assert told.startswith("As PI") and "`/status`" in told and "/grade" not in told


def test_an_answer_does_nothing_by_itself() -> None:
    told = answer_text(answers("/flag 101 x=@alice\n/grade 101 2 @bob <script> #12\n/grade @alice|x 2\n/help `@carol"))
    page = Shown(told)
    assert page.tags <= {*TABLE, *SILENT, *OURS} and not page.links
    assert not [name for name in ("@alice", "@bob", "@carol", "#12") if name in page.words]


def test_an_answer_to_many_commands_is_not_too_long() -> None:
    many = [Answer(Misread(1, "|" * 100, "", ""), False, "|" * 300, "|" * 300)] * 101
    told = answer_text(many, help_words=help_text(list(Role)))
    assert len(told) <= LONGEST_ANSWER and "more, for which there is no room here" in told
    assert all(rule.example in told for rule in COMMANDS)


def test_where_only_states_may_be_told_nothing_measured_is() -> None:
    folder, sheet = small()
    numbers, states = body_of(folder, sheet), body_of(folder, sheet, exposure=Exposure.STATES)
    for measured in ("60 mK", "60\N{NO-BREAK SPACE}mK", "2.00", "× the radiometer", "0.10", "10.0"):
        assert measured not in states
    assert "rms / radiometer" in numbers and "60\N{NO-BREAK SPACE}mK" in numbers
    table = next(line for line in states.splitlines() if "| obsnum |" in line)
    assert table == "| observed [UT] | obsnum | grade | state | flags, note | suggestion |"
    assert "**3**" in states and "birdies" in states and "**failed**" in states
