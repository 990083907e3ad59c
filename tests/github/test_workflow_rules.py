"""Expressions, filters and matrices as GitHub documents them; values in, values out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sim.github.rules.expressions import ExpressionFault, Scope, evaluate, fill, is_met
from bot.sim.github.rules.matrix import combinations
from bot.sim.github.rules.reusable import read_workflow
from bot.sim.github.rules.triggers import Happened, compiled, is_in, is_wanted, skips
from bot.sim.github.rules.workflow_file import token_permissions, triggers_of
from bot.sim.github.workflows.lines import Record

EVENT = {"issue": {"labels": [{"name": "Qa"}, {"name": "arrival"}], "number": 7}, "name": "it's"}
SCOPE = Scope({"github": {"event": EVENT, "ref": "refs/heads/main", "event_name": "issues"}, "needs": {}})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.event.issue.number == 7 && 'yes' || 'no'", "yes"),
        ("contains(github.event.issue.labels.*.name, 'qa')", True),
        ("github.EVENT['issue'].labels[1].name", "arrival"),
        ("startsWith(github.ref, 'REFS/heads/') && !endsWith(github.ref, 'x')", True),
        ("format('{0}-{{{1}}}', github.event_name, 3)", "issues-{3}"),
        ("join(fromJSON('[1,2]'), '+')", "1+2"),
        ("github.event.nothing.at.all", None),
        ("github.event.nothing == ''", True),
        ("'a''b'", "a'b"),
        ("0x10 > 15 && -1.5e1 < 0", True),
        ("null == 0 || false", True),
        ("(1 == 2 || 2 == 2) && 'A' == 'a'", True),
        ("fromJSON('{\"a\":[true]}').a[0]", True),
    ],
)
def test_an_expression_has_githubs_value(text: str, value: Any) -> None:
    assert evaluate(text, SCOPE) == value


@pytest.mark.parametrize("text", ["github.", "1 +", "hashFiles('x')", "steps.a", "a b", "'open", "f(", "(1", ""])
def test_what_cannot_be_evaluated_is_a_fault_with_the_expression_in_it(text: str) -> None:
    with pytest.raises(ExpressionFault, match="\\$\\{\\{"):
        evaluate(text, SCOPE)


def test_expressions_are_filled_in_at_any_depth() -> None:
    value = {"a": ["x-${{ github.event.issue.number }}-${{ github.ref }}", "${{ github.event.issue.labels }}"], "b": 1}
    assert fill(value, SCOPE)["a"] == ["x-7-refs/heads/main", EVENT["issue"]["labels"]]  # type: ignore[index]


def test_the_condition_of_a_job_asks_for_success_unless_it_says_else() -> None:
    failed, cancelled = Scope(SCOPE.contexts, ("success", "failure")), Scope(SCOPE.contexts, is_cancelled=True)
    assert is_met(None, SCOPE) and is_met("github.ref == 'refs/heads/main'", SCOPE)
    assert not is_met("true", failed) and is_met("always()", failed) and is_met("${{ failure() }}", failed)
    assert not is_met("!cancelled() && true", cancelled) and is_met("always()", cancelled)
    assert not is_met("success()", Scope(SCOPE.contexts, ("skipped",)))


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("feature/*", "feature/a", True), ("feature/*", "feature/a/b", False), ("feature/**", "feature/a/b", True),
        ("**", "all/the/branches", True), ("*feature", "my-feature", True), ("v2*", "v2.9", True),
        ("v[12].[0-9]+.[0-9]+", "v1.10.1", True), ("v[12].[0-9]+.[0-9]+", "v3.0.0", False),
        ("*.jsx?", "page.js", True), ("*.jsx?", "page.jsx", True), ("**.js", "src/js/app.js", True),
        ("docs/**/*.md", "docs/a/b/c.md", True), ("docs/**/*.md", "docs/README.md", True),
        ("**/README.md", "README.md", True), ("*", "a/b", False), ("a.b", "axb", False),
    ],
)  # fmt: skip
def test_a_filter_pattern_fits_as_the_cheat_sheet_says(pattern: str, name: str, fits: bool) -> None:
    assert (compiled(pattern).fullmatch(name) is not None) is fits


def test_an_exclamation_mark_takes_out_and_a_later_pattern_lets_in_again() -> None:
    patterns = ["sub/**", "!sub/docs/**", "sub/docs/keep.md"]
    assert [is_in(patterns, name) for name in ("sub/a", "sub/docs/a", "sub/docs/keep.md")] == [True, False, True]


def test_usual_types_tags_and_skips() -> None:
    triggers = triggers_of("on: {pull_request: , push: {branches: [main]}, issues: {types: opened}}")
    assert is_wanted(triggers, Happened("pull_request", "synchronize", branch="x"))
    assert not is_wanted(triggers, Happened("pull_request", "labeled", branch="x"))
    assert not is_wanted(triggers, Happened("push", tag="v1"))
    assert is_wanted(triggers, Happened("issues", "opened")) and not is_wanted(triggers, Happened("issues", "closed"))
    assert skips("work\n\nskip-checks: true") and skips("a [ci skip]") and not skips("skip ci")


def test_a_matrix_excludes_extends_and_adds() -> None:
    matrix = {
        "os": ["a", "b"], "v": [1, 2], "exclude": [{"os": "b", "v": 1}],
        "include": [{"os": "a", "extra": True}, {"os": "c", "v": 9}, {"all": "x"}],
    }  # fmt: skip
    assert combinations(matrix) == [
        {"os": "a", "v": 1, "extra": True, "all": "x"},
        {"os": "a", "v": 2, "extra": True, "all": "x"},
        {"os": "b", "v": 2, "all": "x"},
        {"os": "c", "v": 9},
    ]
    with pytest.raises(ValueError, match="0 combinations"):
        combinations({"v": []})


def test_the_token_may_what_the_job_says_and_only_reads_for_forks() -> None:
    text = "on: push\npermissions: read-all\njobs: {a: {runs-on: x, steps: []}, b: {runs-on: x, steps: [], %s}}"
    workflow = read_workflow(text % "permissions: {pull-requests: write, issues: none}", "w.yml")
    assert token_permissions(workflow, "a", is_trusted=True)["issues"] == "read"
    told = token_permissions(workflow, "b", is_trusted=True)
    assert told == {"pull_requests": "write", "metadata": "read"}
    assert token_permissions(workflow, "b", is_trusted=False)["pull_requests"] == "read"


def test_a_step_leaves_ten_annotations_of_a_kind_and_secrets_are_hidden_in_them() -> None:
    record = Record("j", ("Run a", "Run b"), ("0", "1"), secrets=("s3cret",))
    said = {"jobID": "j", "command": "error", "msg": "", "arg": "a s3cret", "kvPairs": {"file": "q.yaml", "line": "3"}}
    for step in ("0", "1"):
        for _ in range(12):
            record.take(json.dumps(said | {"stepID": [step]}), "now")
        record.take(json.dumps(said | {"stepID": [step], "command": "notice", "kvPairs": {}}), "now")
    levels = [note["annotation_level"] for note in record.annotations]
    assert (levels.count("failure"), levels.count("notice")) == (20, 2)
    first, notice = record.annotations[0], record.annotations[10]
    assert (first["path"], first["start_line"], first["message"]) == ("q.yaml", 3, "a ***")
    assert (notice["path"], notice["start_line"]) == (".github", 1)
