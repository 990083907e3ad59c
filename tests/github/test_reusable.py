"""Reusable workflows: the jobs of a called file run as CALLER / JOB, with its inputs, secrets and outputs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sim.github.rules.expressions import Scope, evaluate, with_values
from bot.sim.github.rules.reusable import called_by, read_workflow, typed_inputs
from bot.sim.github.rules.workflow_file import WorkflowFault, token_permissions
from tests.github.hub import Hub
from tests.github.test_workflows import dispatch, done, jobs, lively, log, seal, workflow

__all__ = ["lively"]

STEPS = "runs-on: ubuntu-latest, steps: [{run: 'true'}]"
JOBS = f"jobs: {{a: {{{STEPS}}}}}\n"
CALLED = """
on:
  workflow_call:
    inputs: {pid: {type: string, required: true}, level: {type: number, default: 1}, dry: {type: boolean}}
    secrets: {KEY: {required: true}}
    outputs: {told: {value: "${{ jobs.inner.outputs.told }}/${{ inputs.level }}"}}
permissions: {contents: read}
env: {OF_FILE: "${{ inputs.pid }}"}
jobs:
  first:
    runs-on: ubuntu-latest
    outputs: {word: "${{ steps.s.outputs.word }}"}
    steps: [{id: s, run: 'echo "word=inside" >> "$GITHUB_OUTPUT"'}]
  inner:
    needs: first
    if: ${{ !inputs.dry }}
    runs-on: unity
    outputs: {told: "${{ steps.s.outputs.told }}"}
    steps:
      - id: s
        if: inputs.level == 2
        env: {PID: "${{ inputs.pid }}", KEY: "${{ secrets.KEY }}", ALL: "${{ toJSON(inputs) }}"}
        run: |
          echo "told=$PID ${{ needs.first.outputs.word }} of $OF_FILE" >> "$GITHUB_OUTPUT"
          echo "key ${#KEY} other <${{ secrets.OTHER }}> ours <$OURS>"; echo $ALL
"""
CALLER = """
name: Caller
on: {workflow_dispatch: {inputs: {pid: {default: "it's"}}}}
env: {OURS: ours}
jobs:
  plan: {runs-on: ubuntu-latest, steps: [{run: "true"}]}
  call:
    name: Level two
    needs: plan
    uses: ./.github/workflows/called.yml
    with: {pid: "${{ inputs.pid }}", level: 2}
    secrets: {KEY: "${{ secrets.KEY }}"}
  never: {if: false, uses: ./.github/workflows/called.yml, with: {pid: x}, secrets: inherit}
  after:
    needs: [call]
    runs-on: ubuntu-latest
    steps: [{run: 'echo "<${{ needs.call.result }}: ${{ needs.call.outputs.told }}>"'}]
"""


def test_a_called_workflow_runs_with_its_inputs_secrets_and_outputs(lively: Hub) -> None:
    workflow(lively, CALLED, "called")
    workflow(lively, CALLER)
    for name in ("KEY", "OTHER"):
        seal(lively, name, "s3cret-of-po")
    dispatch(lively)
    run = done(lively)[0]
    found = jobs(lively, run)
    assert {name: job["conclusion"] for name, job in found.items()} == {
        "plan": "success",
        "Level two / first": "success",
        "Level two / inner": "success",
        "first": "skipped",
        "inner": "skipped",
        "after": "success",
    }
    assert "<success: it's inside of it's/2>" in log(lively, found["after"])
    said = log(lively, found["Level two / inner"])
    assert "key 12 other <> ours <>" in said and '{ "dry": false, "level": 2, "pid": "it\'s" }' in said


def read(more: str = "", uses: str = "./.github/workflows/c.yml", called: str = "") -> Any:
    text = f"on: push\njobs: {{call: {{uses: {uses}{more}}}, k: {{needs: call, {STEPS}}}}}\n"
    file = called or f"on: {{workflow_call: {{inputs: {{n: {{type: number}}}}}}}}\n{JOBS}"
    return read_workflow(text, "w.yml", json.dumps(dict.fromkeys(called_by(text), file)))


def test_the_jobs_of_a_called_file_stand_between_what_the_call_needs_and_who_needs_it() -> None:
    assert read().waits_for("k") == ["call/a"]


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"uses": "someone/else/.github/workflows/c.yml@v1"}, "only ./.github/workflows/NAME.yml of the same commit"),
        ({"called": f"on: push\n{JOBS}"}, "has no `workflow_call` trigger"),
        ({"called": "on: workflow_call\njobs: {a: {uses: ./.github/workflows/d.yml}}\n"}, "calls another workflow"),
        ({"more": ", with: {m: 1}"}, "invalid input, m is not defined in the referenced workflow"),
        ({"more": ", strategy: {matrix: {a: [1]}}"}, "`strategy` of a job that calls a workflow is not simulated"),
        (
            {"called": f"on: workflow_call\npermissions: {{contents: write}}\n{JOBS}"},
            "requesting 'contents: write', but is only allowed 'contents: read'",
        ),
        (
            {"called": f"on: {{workflow_call: {{inputs: {{n: {{type: number, required: true}}}}}}}}\n{JOBS}"},
            "input n is required, but not provided while calling",
        ),
        (
            {"called": f"on: {{workflow_call: {{secrets: {{K: {{required: true}}}}}}}}\n{JOBS}"},
            "secret K is required, but not provided while calling",
        ),
    ],
)
def test_a_call_that_cannot_be_made_says_why(asked: dict[str, str], fault: str) -> None:
    with pytest.raises(WorkflowFault) as caught:
        read(**asked)
    assert "jobs.call" in str(caught.value) and fault in str(caught.value)


def test_a_file_that_is_not_there_cannot_be_called() -> None:
    with pytest.raises(WorkflowFault, match="is not in this commit"):
        read_workflow("on: push\njobs: {a: {uses: ./.github/workflows/none.yml}}\n", "w.yml")


def test_a_called_file_without_permissions_has_those_of_its_caller() -> None:
    workflow = read(", permissions: {issues: write}")
    assert token_permissions(workflow, "call/a", is_trusted=True) == {"issues": "write", "metadata": "read"}


def test_inputs_of_a_call_have_the_kinds_that_the_file_tells() -> None:
    inputs = {"a": {"type": "string"}, "b": {"type": "boolean", "default": True}, "n": {"type": "number"}}
    file = {"on": {"workflow_call": {"inputs": inputs}}}
    assert typed_inputs(file, {"n": "3"}) == {"a": "", "b": True, "n": 3.0}
    assert typed_inputs(file, {"a": 1, "b": "false"}) == {"a": "1", "b": False, "n": 0.0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inputs.pid", "it's"),
        ("inputs['pid'] == 'inputs.pid'", False),
        ("github.inputs.pid", "theirs"),
        ("format('{0} inputs', inputs.n)", "2 inputs"),
    ],
)
def test_inputs_are_put_in_where_they_are_a_context_and_nowhere_else(text: str, value: Any) -> None:
    put = with_values({"if": text, "run": "inputs ${{ " + text + " }}"}, "inputs", {"pid": "it's", "n": 2})
    scope = Scope({"github": {"inputs": {"pid": "theirs"}}})
    assert evaluate(put["if"], scope) == value
    assert put["run"].startswith("inputs ${{ ")
