"""Hostile requests as the rules take them: refused with reasons, or harmless; the answer is inert."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.doors.templates import render_template
from bot.errors import ProjectError
from bot.formats.project_file import parse_folder
from bot.formats.webrun_form import read_form
from bot.model.role import Role
from bot.report.webrun import asked_values, mistake_rows
from bot.rules.parameters import catalogue
from bot.rules.webrun import BEHIND, Estimate, Understood, understand
from tests.gfm import SILENT, TABLE, Shown
from tests.loop.world import PROJECT
from tests.webrun.hostile import requests

ROOT = Path(__file__).parents[2]
FOLDER = parse_folder(PROJECT.replace("- 117361", "- 117361\n      - 117362"), pid="2024-S1-MX-2")
OURS = {"obsnum", "obsnums", "_io", "_s", "restart", "admit", *(word.partition("=")[0] for word in BEHIND)}
PLAIN = re.compile(r"[A-Za-z0-9_.,+\-/:%@\[\]=]+")
CALLS = re.compile(r"(?i)@\w|#\d|\bGH-\d|https?://|\bwww\.")
TAGS = {"p", "strong", "ul", "li", "pre", "details", "summary"}
"""What an answer is made of, beside tables."""
CASES = dict(requests())


def taken(text: str) -> Understood | ProjectError:
    try:
        request = read_form(text)
        if request.project != FOLDER.pid:  # who has another project is judged by that one's PIs
            return ProjectError(f"no folder projects/{request.project}")
        return understand(request, FOLDER, roles={Role.PI})
    except ProjectError as error:
        return error


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_request_is_refused_or_harmless(name: str) -> None:
    found = taken(CASES[name])
    if isinstance(found, ProjectError):
        assert str(found)
        text = render_template(ROOT, "github/webrun.md.j2", marker="", refused=mistake_rows(found))
    else:
        assert name.startswith("words-") or name in HARMLESS, f"{name} was taken: {found.placed}"
        assert_harmless(found)
        values = asked_values(found, Estimate(None), ())
        text = render_template(ROOT, "github/webrun.md.j2", marker="", refused=(), state="", **values)
    assert_inert(text)


HARMLESS = {"tiers-fence", "base-fence", "obsnums-fence", "parameters-fence"}
"""Fences are GitHub's own around answers; nothing is left of these."""


def assert_harmless(found: Understood) -> None:
    """Every word of every run line is a parameter that a PI may set, or the planner's own."""
    for unit in found.plan.units:
        for line in unit.lines:
            assert line.words[-len(BEHIND) :] == BEHIND and not line.blocked
            for word in line.words:
                key = word.partition("=")[0]
                assert PLAIN.fullmatch(word)
                assert key in OURS or catalogue("RSR/Bs")[key].who == "pi", word
            named = re.findall(r"\d{6}", line.words[0])
            assert named and set(named) <= {"117361", "117362"}


def assert_inert(text: str) -> None:
    """Nothing in the answer acts: no link, no picture, no mention, no markup of others."""
    assert len(text) < 60_000
    page = Shown(text)
    assert page.tags <= {*TAGS, *TABLE, *SILENT} and not page.links, text
    assert not CALLS.search(page.words), page.words


def test_there_are_more_than_a_hundred() -> None:
    assert len(CASES) > 100
