"""`lmtbot check --base` on real checkouts: what differs is checked, told, and a stranger's files stay data."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from bot.settings import find_site
from bot.stages.pull_check import check_pull, summary_page
from tests.e2e.pulls import LENT, PID, RSR, Pull, git, pull
from tests.gfm import SILENT, Shown

__all__ = ["pull"]
PROJECT, QA, LEVEL2 = (f"projects/{PID}/{name}.yaml" for name in ("project", "qa", "level2"))
TABLE_TAGS = {"table", "thead", "tbody", "tr", "th", "td"}
OUR_TAGS = {*TABLE_TAGS, "h2", "h3", "p", "ul", "li", "code", "pre", "details", "summary"}
ARCHIVED = f"{{tag: {PID}/v1, date: 2026-01-01, commit: abc, digest: abc, store: bag}}\n"
MORE = ("      - 117345\n", "      - 117345\n      - 117346\n")


def in_actions(pull: Pull, monkeypatch: pytest.MonkeyPatch, *, code: int = 0) -> tuple[list[str], str]:
    """Return the lines that a workflow run prints, and the summary that it leaves."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pull.summary))
    lines = pull.check(code=code).splitlines()
    return lines, pull.summary.read_text()


def test_a_pull_request_that_changes_no_project_is_quick_and_green(pull: Pull) -> None:
    pull.write("docs/words.md", "words\n")
    told = pull.check()
    assert (
        told == "1 file outside projects/ differs; it is not looked at here\n0 projects differ, 0 errors, 0 warnings\n"
    )


def test_a_new_obsnum_is_told_with_all_that_follows_in_other_projects_too(pull: Pull) -> None:
    pull.change(PROJECT, *MORE)
    projects = {one["pid"]: one for one in pull.told()["projects"]}
    assert {pid: (one["became"], one["levels"][0]["words"]) for pid, one in projects.items()} == {
        PID: ("changed", "3 run lines are new, 2 combinations follow"),
        "2024-S1-UM-9": ("follows", "1 combination follows"),
    }
    (line,) = projects["2024-S1-UM-9"]["levels"][0]["lines"]
    assert (line["before"].split()[1], line["after"].split()[1]) == ("obsnums=117345", "obsnums=117345,117346")


def test_projects_that_do_not_differ_are_not_looked_at(pull: Pull) -> None:
    for side in (pull.base, pull.head):
        (side / f"projects/{RSR}/project.yaml").write_text("pid: [\n")
    pull.change(PROJECT, *MORE)
    assert RSR not in pull.check()


def test_old_faults_of_a_project_that_only_follows_are_not_this_pull_requests(pull: Pull) -> None:
    wrong = LENT.replace("{skip: 1}", "{skip: 1, extend: 5}")
    for side in (pull.base, pull.head):
        (side / "projects/2024-S1-UM-9/project.yaml").write_text(wrong)
    pull.change(PROJECT, *MORE)
    assert pull.codes() == []
    pull.change(PROJECT, "G1.7+3.7-234_01_of_04:\n", "renamed:\n")
    pull.change(PROJECT, "      - G1.7+3.7-234_01_of_04\n", "      - renamed\n")
    assert pull.codes(code=1) == [("error", "NO_MOSAIC_PART", "projects/2024-S1-UM-9/project.yaml")]


def test_a_fault_is_red_with_its_line(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    pull.change(PROJECT, "otf_cal: 1", "otc_cal: 1")
    lines, summary = in_actions(pull, monkeypatch, code=1)
    assert lines[0].startswith(f"::error file={PROJECT},line=11,title=UNKNOWN_PARAMETER::")
    assert lines[-1] == "2 projects differ, 2 errors, 0 warnings"
    assert "it will not run" in summary


def test_a_new_project_a_deleted_one_and_a_renamed_one_each_get_a_word(pull: Pull) -> None:
    shutil.move(pull.head / f"projects/{RSR}", pull.head / "projects/2023-S1-US-18")
    pull.change("projects/2023-S1-US-18/project.yaml", RSR, "2023-S1-US-18")
    told = pull.told()
    assert [one["code"] for one in told["findings"]] == ["PROJECT_GONE"]
    assert "2023-S1-US-18 is new with the same obsnums: it seems to be renamed" in told["findings"][0]["what"]
    became = {one["pid"]: (one["became"], one["levels"][0]["words"].split()[1:]) for one in told["projects"]}
    assert became[RSR] == ("deleted", ["go", "away"])
    assert became["2023-S1-US-18"] == ("new", ["run", "lines", "are", "new"])
    shutil.rmtree(pull.head / "projects/2023-S1-US-18")
    assert "renamed" not in pull.told()["findings"][0]["what"]


def test_a_folder_that_is_renamed_without_its_pid_is_an_error(pull: Pull) -> None:
    shutil.move(pull.head / f"projects/{RSR}", pull.head / "projects/2023-S1-US-18")
    assert ("error", "SCHEMA", "projects/2023-S1-US-18/project.yaml") in pull.codes(code=1)


def test_a_deleted_project_from_which_another_takes_is_an_error(pull: Pull) -> None:
    shutil.rmtree(pull.head / f"projects/{PID}")
    assert ("error", "NO_MOSAIC_PART", "projects/2024-S1-UM-9/project.yaml") in pull.codes(code=1)


@pytest.mark.parametrize("text", [b"pid: \xff\xfe\n", b"pid: [\n", b"x: 1\n", b"a: &a [*a]\n", b"#" * 5_000_000, b""])
def test_a_file_that_cannot_be_read_is_an_error_and_no_plan(pull: Pull, text: bytes) -> None:
    pull.write(PROJECT, text)
    told = pull.told(code=1)
    assert {one["path"] for one in told["findings"] if one["severity"] == "error"} >= {PROJECT}
    assert {one["pid"]: one["levels"] for one in told["projects"]}[PID] == []


def test_a_base_that_cannot_be_read_is_no_fault_of_who_mends_it(pull: Pull) -> None:
    (pull.base / PROJECT).write_text("pid: [\n")
    told = pull.told()
    assert {one["code"] for one in told["findings"]} == {"BASE_UNREADABLE"}
    assert "run lines are new" in told["projects"][0]["levels"][0]["words"]


def test_a_lender_that_cannot_be_read_leaves_no_plan_unsaid(pull: Pull) -> None:
    for side in (pull.base, pull.head):
        (side / PROJECT).write_text("pid: [\n")
    pull.change("projects/2024-S1-UM-9/project.yaml", "{skip: 1}", "{skip: 0}")
    assert ("error", "2024-S1-UM-9") in {(one["severity"], one["pid"]) for one in pull.told(code=1)["findings"]}


@pytest.mark.parametrize("place", ["projects", f"projects/{PID}", QA, "projects/new", f"projects/{PID}/more/deep"])
def test_a_link_is_refused_and_never_followed(pull: Pull, place: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    shutil.copytree(pull.base / "projects", outside)
    (outside / "secret").write_text("pid: hidden-word\n")
    link = pull.head / place
    if link.is_dir():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside / "secret" if place.endswith(".yaml") else outside)
    os.chmod(outside, 0)  # noqa: PTH101
    told = pull.told(code=1)
    outside.chmod(0o700)
    assert {(one["severity"], one["code"]) for one in told["findings"]} == {("error", "NO_FILE")}
    assert place in {one["path"] for one in told["findings"]}
    assert "hidden-word" not in json.dumps(told) and told["projects"] == []


def test_a_pipe_does_not_hold_the_check_up(pull: Pull) -> None:
    os.mkfifo(pull.head / f"projects/{PID}/README.md")
    assert pull.codes(code=1) == [("error", "NO_FILE", f"projects/{PID}/README.md")]


def test_level2_yaml_as_the_bot_writes_it_passes(pull: Pull) -> None:
    pull.change(PROJECT, *MORE)
    pull.write(LEVEL2, pull.level2())
    assert pull.codes("--branch", f"qa/{PID}") == []


def test_a_line_of_level2_yaml_by_hand_is_refused(pull: Pull) -> None:
    pull.write(LEVEL2, pull.level2().replace("extent=500", "extent=400", 1))
    assert pull.codes(code=1) == [("error", "LEVEL2_BY_HAND", LEVEL2)]


def test_level2_yaml_follows_from_the_files_of_the_pull_request_not_of_the_base(pull: Pull) -> None:
    pull.write(LEVEL2, pull.level2())
    pull.change(PROJECT, *MORE)
    assert pull.codes(code=1) == [("error", "LEVEL2_BY_HAND", LEVEL2)]


def test_a_stale_level2_yaml_is_a_warning_and_in_the_qa_pull_request_an_error(
    pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pull.base / LEVEL2).write_text(pull.level2())
    pull.write(LEVEL2, pull.level2())
    pull.change(QA, "obsnums:", "note: looks fine\nobsnums:")
    assert pull.codes() == []
    pull.change(PROJECT, *MORE)
    assert pull.codes() == [("warning", "LEVEL2_STALE", LEVEL2)]
    monkeypatch.setenv("GITHUB_HEAD_REF", f"qa/{PID}")
    assert pull.codes(code=1) == [("error", "LEVEL2_STALE", LEVEL2)]


def test_archive_yaml_by_hand_is_refused(pull: Pull) -> None:
    pull.write(f"projects/{PID}/archive.yaml", ARCHIVED)
    assert pull.codes(code=1) == [("error", "ARCHIVE_BY_HAND", f"projects/{PID}/archive.yaml")]


def test_templates_and_settings_of_the_pull_request_are_not_used(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    pull.change(PROJECT, *MORE)
    pull.write("templates/github/pull_check.md.j2", "{{ 6 * 7 }} taken over {{ cycler.__init__.__globals__ }}")
    pull.write(".github/lmtbot.yml", "jobs: 9\n")
    lines, summary = in_actions(pull, monkeypatch)
    assert "taken over" not in summary and summary.startswith("## lmtbot check: 2 projects differ")
    assert lines[0].startswith("::notice file=.github/lmtbot.yml,title=CODE_TOO::")


def test_settings_that_could_not_be_read_after_the_merge_are_an_error(pull: Pull) -> None:
    pull.write(".github/lmtbot.yml", "jobs: many\npipelin: {}\n")
    assert pull.codes(code=1) == [("error", "SCHEMA", ".github/lmtbot.yml")] * 2


def test_words_of_files_do_nothing_in_annotations_and_summary(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    nasty = "<script>`|@lmthelpdesk::error::x</details>"
    sources = f"sources:\n  '{nasty}':\n    mode: SEQ/Map\n    obsnums: [117345]\n    tiers: {{a: {{}}}}\n"
    pull.write(PROJECT, f"pid: {PID}\ntitle: '<h1>::warning::'\n{sources}")
    pull.write(f"projects/{PID}/a\n::error::b\r`<i>|", "")
    pull.write("projects/<b>/x", "")
    pull.write(f"projects/{RSR}/project.yaml", f"pid: {RSR}\nsources: {{'<img src=x>': 1, '::error::': {{}}}}\n")
    (pull.head / f"projects/{PID}").joinpath(os.fsdecode(b"\xff")).write_text("")
    lines, summary = in_actions(pull, monkeypatch, code=1)
    assert all(line.startswith(("::error file=", "::warning file=", "::notice file=")) for line in lines[:-1])
    assert all("::" not in line.split("::", 2)[1] for line in lines[:-1])
    page = Shown(summary)
    assert page.tags <= OUR_TAGS | SILENT and summary.count("\n<details>") == summary.count("\n</details>")
    assert f"_s={nasty} restart=1" in page.text and "<script>" not in summary.replace(f"_s={nasty}", "")
    assert (
        "'<b>' is no ProjectId" in page.text
        and "a\\n::error::b\\r`<i>|" in page.text
        and "sources.<img src=x>" in page.text
    )


def test_the_summary_stays_below_githubs_limit_and_is_added_to_what_is_there(
    pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "\n".join(f"      - {obsnum}" for obsnum in range(200_000, 204_000))
    tiers = f"{{a: {{birdies: '{','.join(map(str, range(60)))}'}}}}"
    pull.write(PROJECT, f"pid: {PID}\nsources:\n  A:\n    mode: SEQ/Map\n    obsnums:\n{rows}\n    tiers: {tiers}\n")
    pull.summary.write_text("from a step before\n")
    _, summary = in_actions(pull, monkeypatch, code=1)
    assert summary.startswith("from a step before\n## lmtbot check: ")
    assert "4001 run lines are new" in summary
    assert 1000 < len(summary.encode()) < 1_000_000 and "<details>" not in summary


@pytest.mark.parametrize(
    ("most", "has_lines", "has_project"), [(10**6, True, True), (3000, False, True), (600, False, False)]
)
def test_a_summary_that_is_too_long_loses_its_lines_first_and_never_its_head(
    pull: Pull, most: int, has_lines: bool, has_project: bool
) -> None:
    pull.change(PROJECT, "dv: 50", "dv: 51")
    site = find_site(str(pull.head), None, None, {}, trusted=str(pull.base))
    page = summary_page(site, check_pull(site, pull.base), (), most=most)
    assert page.startswith("## lmtbot check: 2 projects differ, 0 errors") and len(page.encode()) <= most
    assert ("the lines in full" in page, "combinations follow" in page) == (has_lines, has_project)


def test_a_base_that_moved_is_told(pull: Pull) -> None:
    pull.change(PROJECT, *MORE)
    pull.commit()
    assert "BASE_MOVED" not in pull.check()
    git(pull.base, "commit", "-q", "--allow-empty", "-m", "somebody else merged")
    assert "BASE_MOVED" in pull.check()


def test_one_checkout_may_lie_in_the_other_as_in_the_workflow(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    pull.change(PROJECT, *MORE)
    shutil.move(pull.head, pull.base / "head")
    pull.head = pull.base / "head"
    assert pull.told()["projects"][0]["levels"][0]["words"] == "3 run lines are new, 2 combinations follow"
    assert "outside" not in pull.check()


def test_names_of_projects_do_not_go_with_a_base(pull: Pull) -> None:
    pull.check(PID, code=1)


def test_a_base_that_is_not_there_is_told(pull: Pull) -> None:
    pull.base = pull.base / "nowhere"
    pull.check(code=1)


def test_the_check_changes_nothing(pull: Pull) -> None:
    pull.change(PROJECT, *MORE)
    pull.commit()
    pull.check()
    assert git(pull.head, "status", "--porcelain") == git(pull.base, "status", "--porcelain") == ""


def test_no_name_of_a_folder_hides_a_project(pull: Pull) -> None:
    for name in ("node_modules", "__pycache__", ".hidden"):
        pull.write(f"projects/{name}/project.yaml", f"pid: {name}\nsources: {{A: {{tiers: {{a: {{extend: 1}}}}}}}}\n")
    codes = {(code, path.split("/")[1]) for severity, code, path in pull.codes(code=1) if severity == "error"}
    assert codes == {
        ("UNKNOWN_PARAMETER", "node_modules"),
        ("NO_PROJECT_ID", "__pycache__"),
        ("NO_PROJECT_ID", ".hidden"),
    }


def test_a_plain_folder_within_a_repository_is_held_against_it_all_the_same(pull: Pull) -> None:
    git(pull.base, "checkout", "-q", "-b", "side")
    git(pull.base, "commit", "-q", "--allow-empty", "-m", "side")
    git(pull.base, "checkout", "-q", "main")
    git(pull.base, "merge", "-q", "--no-ff", "-m", "merge", "side")
    shutil.copytree(pull.base / "projects", pull.base / "copy/projects")
    pull.head = pull.base / "copy"
    assert pull.check().strip() == "0 projects differ, 0 errors, 0 warnings"
