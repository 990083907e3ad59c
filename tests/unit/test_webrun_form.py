"""The form of a webrun: what GitHub writes is read back, and what is wrong is told all at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProjectError
from bot.formats.webrun_form import EMPTY, LABELS, FormMistakes, form_text, read_form
from bot.model.project import Parameters
from bot.model.webrun import WebrunRequest
from bot.sim.github.pages.issue_forms import body_of
from bot.sim.github.pages.issue_forms import read_form as read_template

TEMPLATE = Path(__file__).parents[2] / ".github" / "ISSUE_TEMPLATE" / "webrun.yml"
KEY = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
VALUE = st.from_regex(r"[A-Za-z0-9_./+\-\[\]]{1,12}", fullmatch=True)
SOURCE = st.from_regex(r"[A-Za-z0-9+_.()*-]{1,20}", fullmatch=True).filter(lambda one: one != EMPTY)
REQUESTS = st.builds(
    WebrunRequest,
    project=st.from_regex(r"[0-9]{4}-S1-[A-Z]{2}-[0-9]{1,2}", fullmatch=True),
    sources=st.lists(SOURCE, unique=True, max_size=4).map(tuple),
    obsnums=st.lists(st.integers(1, 99_999_999), unique=True, max_size=6).map(tuple),
    parameters=st.lists(st.tuples(KEY, VALUE), max_size=5).map(lambda ps: Parameters(f"{k}={v}" for k, v in ps)),
    tiers=st.sets(st.sampled_from("abc")).map(lambda found: tuple(sorted(found))),
    base=st.one_of(st.just("official"), st.integers(1, 999).map(lambda n: f"Session-{n}")),
    words=st.one_of(st.none(), st.from_regex(r"[A-Za-z#][A-Za-z #=,]{0,30}[a-z]", fullmatch=True)),
)


@given(REQUESTS)
def test_a_request_comes_back_from_its_text(request: WebrunRequest) -> None:
    found = read_form(form_text(request))
    assert found.model_copy(update={"words": None}) == request.model_copy(update={"words": None})
    assert (found.words or "") == " ".join((request.words or "").split())


@given(st.text(max_size=300))
def test_any_text_is_a_request_or_a_refusal(text: str) -> None:
    try:
        assert read_form(text).project
    except ProjectError as error:
        assert error.findings and all(one.cure for one in error.findings)


def test_the_form_of_the_repository_has_these_labels_and_its_answers_are_read() -> None:
    form = read_template("webrun.yml", TEMPLATE.read_text())
    assert [one.label for one in form.fields if one.kind != "markdown"] == list(LABELS.values())
    told = {
        "Project": "2024-S1-MX-2",
        "Sources": "NGC1 NGC2",
        "Parameters": "extent = 200\npix_list=-0, 5",
        "Tiers": "1",
    }
    answers = {one.name: [told[one.label]] for one in form.fields if one.label in told}
    found = read_form(body_of(form, answers))
    assert (found.project, found.sources, found.tiers) == ("2024-S1-MX-2", ("NGC1", "NGC2"), ("b",))
    assert found.parameters == ("extent=200", "pix_list=-0,5")
    assert yaml.safe_load(TEMPLATE.read_text())["labels"] == ["webrun"]


def body(**answers: str) -> str:
    return "\n\n".join(f"### {label}\n\n{answers.get(name, EMPTY)}" for name, label in LABELS.items())


def test_every_mistake_is_told_at_once_with_its_cure() -> None:
    text = body(project="../etc", obsnums="1100x 12 -3", parameters="extent\nехtent=1", tiers="d", base="Session-x")
    with pytest.raises(ProjectError) as caught:
        read_form(text)
    told = [one.what for one in caught.value.findings]
    assert len(told) == 6
    assert any("U+0435 CYRILLIC SMALL LETTER IE" in one for one in told)
    assert all("write for example" in one.cure for one in caught.value.findings)


@pytest.mark.parametrize(
    "text",
    [
        body(project="2024-S1-MX-2", obsnums=" ".join(map(str, range(100_000, 104_000)))),
        "x" * 1_000_000,
        body(project="2024-S1-MX-2", parameters="a=" + "=" * 60_000),
        body(project="`" * 60_000),
        body(project="2024-S1-MX-2", sources="a\u202eb"),
    ],
    ids=["thousands of obsnums", "a megabyte", "equals", "backticks", "direction"],
)
def test_what_is_too_much_is_refused_in_no_time(text: str) -> None:
    began = time.process_time()
    with pytest.raises(ProjectError) as caught:
        read_form(text)
    assert len(caught.value.findings) == 1 and len(str(caught.value)) < 1000
    assert time.process_time() - began < 5, "linear: a quadratic reader would take minutes"


def test_labels_count_in_their_order_only_and_what_stands_behind_the_last_is_words() -> None:
    text = body(project="2024-S1-MX-2", sources="A", words="hello\n\n### Project\n\nOTHER\n\n### Parameters\n\nx=1")
    found = read_form(text)
    assert (found.project, found.parameters) == ("2024-S1-MX-2", ())
    assert "OTHER" in (found.words or "")


def test_what_can_be_read_beside_mistakes_is_kept_to_be_understood() -> None:
    text = body(project="2024-S1-MX-2", sources="A", obsnums="x", parameters="dv=$(id)\nextent=200\nnonsense")
    with pytest.raises(FormMistakes) as caught:
        read_form(text)
    assert len(caught.value.findings) == 3
    assert caught.value.rest and caught.value.rest.parameters == ("extent=200",)
    with pytest.raises(FormMistakes) as caught:
        read_form(body(project="2024-S1-MX-2", obsnums="x"))
    assert caught.value.rest is None
