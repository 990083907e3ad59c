"""What a repository to practise on begins with: only what it lacks, and all of it valid."""

from __future__ import annotations

from pathlib import Path

from bot.sim.github.house_rules import FORM, FORMS, add_files, protect_main
from bot.sim.github.pages.issue_forms import read_form
from bot.sim.github.rules.owners import PLACES, owners_of, read_owners
from bot.sim.github.seed import World
from tests.github.hub import REPO, Hub


def test_files_are_added_only_where_there_are_none(tmp_path: Path) -> None:
    add_files(tmp_path, World())
    lines = read_owners((tmp_path / PLACES[0]).read_text())
    assert owners_of(lines, "projects/2024-S1-MX-2/qa.yaml") == ("@lmtoy/da",)
    assert (tmp_path / FORMS / "question.yml").exists()
    (tmp_path / "docs").mkdir()
    (tmp_path / PLACES[0]).rename(tmp_path / "docs" / "CODEOWNERS")
    (tmp_path / FORMS / "question.yml").rename(tmp_path / FORMS / "webrun.yml")
    add_files(tmp_path, World())
    assert not (tmp_path / PLACES[0]).exists()
    assert [path.name for path in (tmp_path / FORMS).iterdir()] == ["webrun.yml"]


def test_the_form_is_one() -> None:
    assert [field.kind for field in read_form("question.yml", FORM).fields] == ["input", "textarea"]


def test_main_wants_an_approval_of_everybody_and_the_check_where_there_is_one(hub: Hub) -> None:
    hub.ask(lambda: protect_main(hub.state, World()))
    url = f"{REPO}/branches/main/protection"
    assert "required_status_checks" not in hub.po.get(url).json
    number = hub.pull("feature")
    assert hub.po.put(f"{REPO}/pulls/{number}/merge").status == 405
    hub.po.post(f"{REPO}/pulls/{number}/reviews", {"event": "APPROVE"})
    assert hub.po.put(f"{REPO}/pulls/{number}/merge").status == 200
    hub.po.delete(url)
    hub.write(".github/workflows/check.yml", "on: pull_request\njobs: {}\n")
    hub.ask(lambda: protect_main(hub.state, World()))
    assert hub.po.get(url).json["required_status_checks"]["contexts"] == ["check"]
