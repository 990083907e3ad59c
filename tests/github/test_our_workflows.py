"""The workflow files of this repository: what actionlint and zizmor say of them, and what we hold them to ourselves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sim.github.rules.workflow_file import load, triggers_of
from bot.sim.github.workflows.hosts import HOSTS
from tests.e2e.site import REPOSITORY

FOLDER = REPOSITORY / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.y*ml"))
ACTIONS = sorted((FOLDER / "actions").glob("*/action.y*ml"))
HOSTED = next(host.labels for host in HOSTS if "self-hosted" not in host.labels)
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
USES = re.compile(r"^\s*(?:-\s*)?uses:\s*(.*?)\s*$", re.MULTILINE)
FOR_STRANGERS = ("pull_request", "pull_request_review", "pull_request_review_comment")
"""Events whose workflow runs with files of a pull request."""


def faults_of(text: str) -> Iterator[str]:
    """Yield what is wrong with a workflow file by our own rules."""
    whole, triggers = load(text), triggers_of(text)
    yield from unpinned(text)
    if whole.get("permissions") != {}:
        yield "`permissions: {}` is not said for the whole file"
    if "pull_request_target" in triggers:
        yield "pull_request_target"
    for name, job in whole["jobs"].items():
        yield from (f"{name}: {fault}" for fault in faults_of_job(job))
    if set(FOR_STRANGERS) & set(triggers):
        yield from faults_for_strangers(text, whole["jobs"])


def faults_of_job(job: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with one job; one that calls another file has no steps of its own."""
    if "steps" in job and "timeout-minutes" not in job:
        yield "no time limit"
    for step in job.get("steps", ()):
        if "${{" in str(step.get("run", "")):
            yield "a value stands in `run`"
        if keeps_token(step):
            yield "credentials are left in the checkout"


def unpinned(text: str) -> Iterator[str]:
    """Yield actions that are not named by a commit with its version behind it."""
    for used in USES.findall(text):
        if not used.startswith("./") and not PINNED.fullmatch(used):
            yield f"{used} is not pinned"


def keeps_token(step: dict[str, Any]) -> bool:
    """Say whether a checkout leaves its token in the folder."""
    is_checkout = str(step.get("uses", "")).startswith("actions/checkout@")
    return is_checkout and step.get("with", {}).get("persist-credentials") is not False


def faults_for_strangers(text: str, jobs: Any) -> Iterator[str]:
    """Yield what a workflow must not do that runs for pull requests."""
    if re.search(r"\bsecrets\b", text):
        yield "it names secrets"
    for name, job in jobs.items():
        wanted = job.get("runs-on", f"what {job.get('uses')} says")
        labels = wanted if isinstance(wanted, list) else [wanted]
        if not set(map(str, labels)) <= HOSTED:
            yield f"{name}: runs on {labels}"
        if "write" in str(job.get("permissions")):
            yield f"{name}: may write"


def judged_by(*command: str) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    return done.returncode, done.stdout + done.stderr


def needed(name: str) -> str:
    """Return a program of the lint extra; without it skip, and fail under CI."""
    program, cure = Path(sys.executable).with_name(name), f"{name} is not there: it comes with the lint extra"
    if not program.exists():
        pytest.fail(cure) if os.environ.get("CI") else pytest.skip(cure)
    return str(program)


def test_there_are_workflows() -> None:
    assert "check.yml" in [path.name for path in WORKFLOWS]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_keeps_our_rules(path: Path) -> None:
    assert list(faults_of(path.read_text())) == []


def test_actions_of_ours_should_there_be_any_use_pinned_ones() -> None:
    assert [fault for path in ACTIONS for fault in unpinned(path.read_text())] == []


def test_zizmor_finds_nothing() -> None:
    words = ("--offline", "-qq", "--no-config", "--strict-collection")
    code, told = judged_by(needed("zizmor"), *words, str(FOLDER))
    assert code == 0, told


def test_actionlint_finds_nothing_and_knows_no_labels_but_ours(tmp_path: Path) -> None:
    other = tmp_path / "w.yml"
    other.write_text("on: push\njobs: {j: {runs-on: [self-hosted, malt, gpu], steps: [{run: 'true'}]}}\n")
    words = ("-oneline", "-shellcheck=", "-pyflakes=", "-config-file", str(FOLDER / "actionlint.yaml"))
    code, told = judged_by(needed("actionlint"), *words, *map(str, [*WORKFLOWS, other]))
    assert code == 1 and re.fullmatch(r'\S+w.yml:2:\d+: label "gpu" is unknown.*\n', told), told


GOOD = """\
on: pull_request
permissions: {}
jobs:
  j:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    permissions: {contents: read}
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
        with: {persist-credentials: false}
      - run: 'true'
"""


def test_the_rules_let_a_good_workflow_pass() -> None:
    assert list(faults_of(GOOD)) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("permissions: {}\n", "", "permissions"),
        ("permissions: {}\n", "permissions: read-all\n", "permissions"),
        (" # v6.0.2", "", "not pinned"),
        ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6", "not pinned"),
        ("on: pull_request\n", "on: pull_request_target\n", "pull_request_target"),
        ("'true'", "echo ${{ github.head_ref }}", "a value stands in `run`"),
        ("{persist-credentials: false}", "{fetch-depth: 0}", "credentials"),
        ("        with: {persist-credentials: false}\n", "", "credentials"),
        ("ubuntu-latest", "[self-hosted, unity]", "runs on"),
        ("ubuntu-latest", "${{ vars.RUNNER }}", "runs on"),
        ("contents: read", "contents: write", "may write"),
        ("'true'", "'true'\n        env: {KEY: '${{ secrets.KEY }}'}", "secrets"),
        ("    timeout-minutes: 5\n", "", "time limit"),
        (GOOD[GOOD.index("    runs-on") :], "    uses: ./.github/workflows/other.yml\n", "runs on"),
    ],
)
def test_the_rules_find_what_is_wrong(old: str, new: str, fault: str) -> None:
    assert old in GOOD
    assert fault in " ".join(faults_of(GOOD.replace(old, new)))


def test_the_check_always_runs_and_bears_the_name_that_main_requires() -> None:
    whole = load((FOLDER / "workflows/check.yml").read_text())
    assert set(whole["on"]["pull_request"]) == {"types"}
    (job,) = whole["jobs"].values()
    assert job["name"] == "check" and "if" not in job
