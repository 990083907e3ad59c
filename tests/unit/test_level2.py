"""level2.yaml says a plan's run lines, and reads back as the same values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.project_file import read_folder
from bot.formats.validation import validate
from bot.formats.yaml_text import parse_document
from bot.model.project import Level2
from bot.rules.level2 import level2_of, level2_text
from bot.rules.plan import plan_project
from bot.sim.demo import HERE

PROJECTS = sorted(path.name for path in (HERE / "projects").iterdir())


def read_back(text: str) -> Level2:
    return validate(parse_document(text, "level2.yaml"), Level2)


@pytest.mark.parametrize("pid", PROJECTS)
def test_the_lines_of_a_real_plan_come_back_as_they_were(pid: str) -> None:
    plan = plan_project(read_folder(HERE / "projects" / pid), 2)
    level2 = level2_of(plan)
    assert level2.lines == tuple(str(line) for unit in plan.units for line in unit.lines)
    assert level2.lines
    assert read_back(level2_text(level2)) == level2


@given(st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1), max_size=5))
def test_any_words_come_back_as_they_were(lines: list[str]) -> None:
    level2 = Level2(digest="0123456789abcdef", lines=tuple(lines))
    assert read_back(level2_text(level2)) == level2
