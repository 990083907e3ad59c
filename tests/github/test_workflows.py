"""Workflows alive: what starts them, on which hosts they run, how they wait, fail, are cancelled and tried again."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.github.client import Client
from tests.github.conftest import FILES, serve
from tests.github.hub import REPO, Hub
from tests.github.judge import Judge
from tests.github.test_clients import gh

RUNS = f"{REPO}/actions/runs"


@pytest.fixture
def lively(tmp_path: Path, judge: Judge) -> Iterator[Hub]:
    """Return a hub whose hosts run workflows by the true act."""
    with serve(tmp_path, judge, FILES) as hub:
        yield hub


def workflow(hub: Hub, text: str, name: str = "w") -> None:
    """Put a workflow on main."""
    came = hub.write(f".github/workflows/{name}.yml", text)
    assert came.status in (200, 201), came.data


def runs(hub: Hub, event: str = "") -> list[dict[str, Any]]:
    return [run for run in hub.po.get(RUNS).json["workflow_runs"] if event in ("", run["event"])]


def done(hub: Hub, event: str = "", count: int = 1) -> list[dict[str, Any]]:
    """Wait until there are so many runs of an event, all completed; return them, newest first."""

    def found() -> Any:
        rows = runs(hub, event)
        return rows if len(rows) >= count and all(row["status"] == "completed" for row in rows) else None

    return list(hub.wait_for(found, 30))


def jobs(hub: Hub, run: dict[str, Any], who: Client | None = None) -> dict[str, dict[str, Any]]:
    return {job["name"]: job for job in (who or hub.po).get(f"{RUNS}/{run['id']}/jobs").json["jobs"]}


def log(hub: Hub, job: dict[str, Any]) -> str:
    came = hub.po.get(f"{REPO}/actions/jobs/{job['id']}/logs")
    return hub.nobody.get(came.headers["location"].removeprefix(hub.address)).data.decode()


def dispatch(hub: Hub, name: str = "w", who: Client | None = None, **inputs: str) -> None:
    url = f"{REPO}/actions/workflows/{name}.yml/dispatches"
    assert (who or hub.po).post(url, {"ref": "main", "inputs": inputs}).status == 204


STORY = """
name: Story
on: workflow_dispatch
jobs:
  plan:
    runs-on: ubuntu-latest
    outputs:
      lines: ${{ steps.p.outputs.lines }}
    steps:
      - id: p
        run: echo 'lines=["a","b of ${{ github.run_id }}"]' >> "$GITHUB_OUTPUT"
  level1:
    needs: plan
    runs-on: unity
    strategy:
      matrix:
        line: ${{ fromJSON(needs.plan.outputs.lines) }}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683
      - name: Work on ${{ matrix.line }}
        run: |
          cat README.md; pwd; echo "I am $RUNNER_NAME at $HOME"
          echo "## ${{ matrix.line }}" >> "$GITHUB_STEP_SUMMARY"
  broken:
    needs: plan
    runs-on: malt
    steps:
      - run: exit 3
      - run: echo never
  only-if-well:
    needs: [level1, broken]
    runs-on: ubuntu-latest
    steps: [{run: echo never}]
  report:
    needs: [level1, broken]
    if: always()
    runs-on: [self-hosted, unity/helpdesk]
    steps:
      - run: echo "level1 ${{ needs.level1.result }}, broken ${{ needs.broken.result }}"
"""


def test_jobs_run_on_their_own_hosts_with_needs_outputs_matrix_and_always(lively: Hub) -> None:
    workflow(lively, STORY)
    dispatch(lively)
    run = done(lively)[0]
    found = jobs(lively, run)
    number = str(run["id"])
    assert {name: (job["conclusion"], job["runner_name"]) for name, job in found.items()} == {
        "plan": ("success", "github-hosted"),
        "level1 (a)": ("success", "unity"),
        f"level1 (b of {number})": ("success", "unity"),
        "broken": ("failure", "malt"),
        "only-if-well": ("skipped", None),
        "report": ("success", "unity-helpdesk"),
    }
    assert run["conclusion"] == "failure"
    assert "level1 success, broken failure" in log(lively, found["report"])
    told = log(lively, found["level1 (a)"])
    assert "# lmtoy_run" in told and f"I am unity at {lively.state.folder}/hosts/unity/home" in told
    steps = {step["name"]: step["conclusion"] for step in found["broken"]["steps"]}
    assert list(steps.values()) == ["success", "failure", "skipped", "success"]
    checks = lively.po.get(f"{REPO}/commits/main/check-runs").json["check_runs"]
    assert {check["name"]: check["conclusion"] for check in checks}["level1 (a)"] == "success"
    summary = next(check["output"]["summary"] for check in checks if check["name"] == "level1 (a)")
    assert summary == "## a\n"


TOKEN = """
name: Token
on: workflow_dispatch
permissions: {contents: write}
env: {TOP: top}
jobs:
  j:
    runs-on: ubuntu-latest
    permissions: {contents: write, issues: read, checks: write}
    steps:
      - uses: actions/checkout@v4
        with: {ref: main, path: work, fetch-depth: 0}
      - run: |
          git checkout -q -b made && echo a > a && git add a
          git -c user.name=x -c user.email=x@example.org commit -q -m made
          git push -q origin made
        working-directory: work
      - name: Ask
        env: {KEY: "${{ secrets.KEY }}", GH_TOKEN: "${{ github.token }}", SITE: "${{ vars.SITE }}"}
        run: |
          echo "the key is $KEY at $SITE with $TOP of ${{ github.run_number }}/$GITHUB_RUN_ID"
          echo "$KEY" | base64 | base64 -d
          gh api "repos/$GITHUB_REPOSITORY" --jq .full_name
          gh api -X POST "repos/$GITHUB_REPOSITORY/issues" -f title=t || echo "refused"
          gh api "repos/$GITHUB_REPOSITORY/check-runs" -f name=bot -f head_sha="$GITHUB_SHA" --jq .app.slug
          echo "leak=${LEAK:-none}"
          echo "::warning::look here"
"""


def seal(hub: Hub, name: str, value: str) -> None:
    from base64 import b64encode

    from nacl.encoding import Base64Encoder
    from nacl.public import PublicKey, SealedBox

    url = f"{REPO}/actions/secrets"
    key = hub.po.get(f"{url}/public-key").json
    sealed = SealedBox(PublicKey(key["key"].encode(), Base64Encoder)).encrypt(value.encode())
    body = {"encrypted_value": b64encode(sealed).decode(), "key_id": key["key_id"]}
    assert hub.po.put(f"{url}/{name}", body).status == 201


def test_a_job_clones_pushes_and_asks_with_its_token_and_secrets_stay_masked(
    lively: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAK", "from the server's own environment")
    workflow(lively, TOKEN)
    gh(lively, "po", "secret", "set", "KEY", "--body", "s3cret-of-po")
    lively.po.post(f"{REPO}/actions/variables", {"name": "SITE", "value": "unity"})
    dispatch(lively)
    run = done(lively)[0]
    job = jobs(lively, run)["j"]
    said = log(lively, job)
    assert (run["conclusion"], lively.text("a", "made")) == ("success", "a\n"), said
    assert "the key is *** at unity with top of 1/1" in said
    assert "s3cret-of-po" not in said + str(job)
    assert " github-actions\n" in said
    assert "lmtoy/lmtoy_run" in said and "refused" in said and "leak=none" in said
    assert lively.po.get(f"{REPO}/issues").json == []
    assert lively.ask(lambda: lively.state.db.value("SELECT count(*) FROM tokens WHERE kind = 'workflow'")) == 0
    zipped = lively.nobody.get(lively.po.get(f"{RUNS}/{run['id']}/logs").headers["location"][len(lively.address) :])
    assert zipped.data[:2] == b"PK"
    assert "##[warning]look here\n" in said
    (note,) = lively.po.get(f"{job['check_run_url'].removeprefix(lively.address)}/annotations").json
    assert (note["annotation_level"], note["path"], note["message"]) == ("warning", ".github", "look here")
    assert "✓ j in" in gh(lively, "po", "run", "view", str(run["id"]))


def test_a_forks_run_reads_only_and_has_no_secrets(lively: Hub) -> None:
    script = """
name: Check
on: pull_request
permissions: {contents: write, issues: write}
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - env: {KEY: "${{ secrets.KEY }}", GH_TOKEN: "${{ github.token }}"}
        run: |
          echo "key=<$KEY>"; cat theirs.txt
          gh api -X POST "repos/$GITHUB_REPOSITORY/issues" -f title=t || echo "refused"
"""
    workflow(lively, script)
    seal(lively, "KEY", "s3cret-of-po")
    lively.stranger.post(f"{REPO}/forks")
    lively.write("theirs.txt", "of the fork\n", who=lively.stranger, repo="/repos/stranger/lmtoy_run")
    lively.stranger.post(f"{REPO}/pulls", {"title": "t", "head": "stranger:main", "base": "main"})
    lively.po.post(f"{RUNS}/{done(lively)[0]['id']}/approve")
    lively.wait_for(lambda: runs(lively)[0]["conclusion"] == "success")
    said = log(lively, jobs(lively, runs(lively)[0])["check"])
    assert "key=<>" in said and "of the fork" in said and "refused" in said


SLOW = """
name: Slow
on: workflow_dispatch
jobs:
  quick:
    runs-on: ubuntu-latest
    steps: [{run: echo "once more" >> "$HOME/quick"}]
  slow:
    needs: quick
    runs-on: malt
    timeout-minutes: %s
    steps:
      - run: echo $$ > "$HOME/pid"; [ -e "$HOME/well" ] || sleep 300
      - run: echo after
"""


def begun(hub: Hub) -> dict[str, Any]:
    """Wait until the slow job sleeps; return it."""
    pid = hub.state.folder / "hosts/malt/home/pid"
    hub.wait_for(lambda: pid.exists() and pid.read_text().strip())
    return jobs(hub, runs(hub)[0])["slow"]


def is_alive(hub: Hub) -> bool:
    pid = (hub.state.folder / "hosts/malt/home/pid").read_text().strip()
    return Path(f"/proc/{pid}").exists()


def test_a_cancelled_run_ends_and_leaves_no_process(lively: Hub) -> None:
    workflow(lively, SLOW % 5)
    dispatch(lively)
    begun(lively)
    assert lively.po.post(f"{RUNS}/1/cancel").status == 202
    run = done(lively)[0]
    found = jobs(lively, run)
    assert (run["conclusion"], found["slow"]["conclusion"]) == ("cancelled", "cancelled")
    assert [step["conclusion"] for step in found["slow"]["steps"]][1:3] == ["cancelled", "cancelled"]
    lively.wait_for(lambda: not is_alive(lively))


def test_a_job_that_takes_too_long_is_ended(lively: Hub) -> None:
    workflow(lively, SLOW % 0.02)
    dispatch(lively)
    run = done(lively)[0]
    assert "has exceeded the maximum execution time of 0.02 minutes" in log(lively, jobs(lively, run)["slow"])
    assert run["conclusion"] == "cancelled"


def test_a_killed_runner_loses_its_job_and_running_the_failed_one_again_works(lively: Hub) -> None:
    workflow(lively, SLOW % 5)
    dispatch(lively)
    begun(lively)
    assert lively.nobody.post("/_sim/hosts/malt/kill").json == {"jobs": 1}
    run = done(lively)[0]
    assert "The runner has received a shutdown signal" in log(lively, jobs(lively, run)["slow"])
    assert (run["conclusion"], jobs(lively, run)["slow"]["conclusion"]) == ("failure", "failure")
    home = lively.state.folder / "hosts"
    (home / "malt/home/well").touch()
    assert lively.da.post(f"{RUNS}/{run['id']}/rerun-failed-jobs").status == 201
    lively.wait_for(lambda: runs(lively)[0]["conclusion"] == "success")
    again = runs(lively)[0]
    assert (again["run_attempt"], again["triggering_actor"]["login"]) == (2, "da")
    assert (home / "github-hosted/home/quick").read_text() == "once more\n"
    assert lively.po.get(f"{RUNS}/{run['id']}/attempts/1/jobs").json["jobs"][1]["conclusion"] == "failure"
    assert lively.pi.post(f"{RUNS}/{run['id']}/rerun").status == 403


def test_an_unknown_action_fails_with_its_name_and_a_job_without_a_host_waits(lively: Hub) -> None:
    text = """
name: Odd
on: workflow_dispatch
jobs:
  odd: {runs-on: ubuntu-latest, steps: [{uses: someone/thing@v1}]}
  waits: {runs-on: [self-hosted, gpu], steps: [{run: echo never}]}
  crooked: {runs-on: malt, steps: [no step at all]}
"""
    workflow(lively, text)
    dispatch(lively)
    lively.wait_for(lambda: runs(lively) and len(jobs(lively, runs(lively)[0])) == 3)
    found = jobs(lively, runs(lively)[0])
    assert "Unable to resolve action `someone/thing@v1`" in log(lively, found["odd"])
    assert (found["odd"]["conclusion"], found["waits"]["status"]) == ("failure", "queued")
    lively.wait_for(lambda: jobs(lively, runs(lively)[0])["crooked"]["conclusion"] == "failure")
    assert lively.po.post(f"{RUNS}/1/cancel").status == 202
    assert done(lively)[0]["conclusion"] == "cancelled"


@pytest.mark.slow
def test_a_server_that_is_killed_loses_no_run(tmp_path: Path) -> None:
    from tests.github.test_crash import Server

    server = Server(tmp_path / "state")
    body = {"message": "w", "content": b64(SLOW % 5)}
    assert server.po.put(f"{REPO}/contents/.github/workflows/w.yml", body).status == 201
    url = f"{REPO}/actions/workflows/w.yml/dispatches"
    pid = tmp_path / "state/hosts/malt/home/pid"
    try:
        assert [server.po.post(url, {"ref": "main"}).status for _ in range(2)] == [204, 204]
        wait_until(lambda: pid.exists() and pid.read_text().strip())
        server.kill()
        pid.with_name("well").touch()
        server = Server(tmp_path / "state")
        wait_until(lambda: {run["status"] for run in server.po.get(RUNS).json["workflow_runs"]} == {"completed"})
        found = {run["run_number"]: run["conclusion"] for run in server.po.get(RUNS).json["workflow_runs"]}
        assert sorted(found.values()) == ["failure", "success"]
    finally:
        server.kill()


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def wait_until(is_so: Any) -> None:
    for _ in range(3000):
        if is_so():
            return
        time.sleep(0.02)
    raise AssertionError("it never became so")


APP = """
name: App
on: {workflow_dispatch: {inputs: {dry: {type: boolean, default: true}, level: {type: choice, options: ['1', '2']}}}}
concurrency: one
jobs:
  j:
    runs-on: [self-hosted, unity]
    if: inputs.dry
    steps:
      - uses: actions/setup-python@v5
        with: {python-version: "3"}
      - id: app
        uses: actions/create-github-app-token@v2
        with: {app-id: "1", private-key: "${{ secrets.APP_KEY }}"}
      - run: gh api -X POST "repos/$GITHUB_REPOSITORY/issues" -f title="level $LEVEL" --jq .user.login
        env: {GH_TOKEN: "${{ steps.app.outputs.token }}", LEVEL: "${{ inputs.level }}"}
"""


def test_a_job_acts_as_the_bot_with_the_apps_key_and_inputs_are_checked(lively: Hub) -> None:
    workflow(lively, APP)
    workflow(lively, "name: Echo\non: issues\njobs: {j: {runs-on: malt, steps: [{run: 'true'}]}}\n", "echo")
    seal(lively, "APP_KEY", (lively.state.folder / "lmtbot.pem").read_text())
    url = f"{REPO}/actions/workflows/w.yml/dispatches"
    for inputs in ({"level": "3"}, {"other": "1"}):
        assert lively.po.post(url, {"ref": "main", "inputs": inputs}).status == 422
    dispatch(lively, level="2")
    echo, run = done(lively, count=2)
    said = log(lively, jobs(lively, run)["j"])
    assert (run["conclusion"], echo["event"], echo["actor"]["login"]) == ("success", "issues", "lmtbot[bot]"), said
    assert "lmtbot[bot]" in said and "PRIVATE KEY" not in said
    assert [issue["title"] for issue in lively.po.get(f"{REPO}/issues").json] == ["level 2"]
