"""`lmtbot arrivals` on a real slice of the observation log."""

from __future__ import annotations

import difflib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.formats.project_file import read_folder

LOG = Path(__file__).parents[1] / "data" / "log" / "data_lmt.log"
HAND_MADE = """\
# the Perseus regions
pid: 2018-S1-MU-46
mode: SEQ/Map
sources:
  Region_H:   # CO only
    obsnums:
      - 85818   # clouds

      - 85826
    tiers: {a: {}, b: dv=5}
left_out:
  85882: telescope stopped
"""


def run(root: Path, *words: str) -> int:
    return main(["arrivals", *words, "--root", str(root), "--work", str(root / "work")])


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8")
        for path in sorted((root / "projects").rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "projects" / "2018-S1-MU-46"
    folder.mkdir(parents=True)
    (folder / "project.yaml").write_text(HAND_MADE, encoding="utf-8")
    return tmp_path


def answer(root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(root, "--log", str(LOG), "--json", *words) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_table_names_projects_sources_and_reasons(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(root)
    assert run(root, "--log", str(LOG)) == 0
    told = capsys.readouterr().out
    for words in (
        *("2024-S1-MX-2 (new project)", "Region_D-E (new)", "goal Science, but the program is Cal"),
        *("2024-S1-MX-35 TYC_2597_735_1 137008 138270: the telescope marked it as not valid", "telescope stopped"),
        *("No Science, so not taken: Calibration", "2 Science observations are listed in 1 projects."),
    ):
        assert words in told, told
    assert tree(root) == before, "only --apply writes"


def test_apply_adds_lines_and_leaves_the_rest(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(root)
    assert run(root, "--log", str(LOG), "--apply") == 0
    assert "changed projects/2018-S1-MU-46/project.yaml" in capsys.readouterr().out
    after = (root / "projects/2018-S1-MU-46/project.yaml").read_text(encoding="utf-8")
    told = list(difflib.ndiff(HAND_MADE.splitlines(), after.splitlines()))
    assert [line for line in told if line[0] == "-"] == []
    assert len([line for line in told if line[0] == "+"]) > 5
    assert set(tree(root)) > set(before)
    for folder in (root / "projects").iterdir():
        assert read_folder(folder).project.sources


def test_a_second_apply_changes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "--log", str(LOG), "--apply") == 0
    first = tree(root)
    held = answer(root, capsys)["held"]
    assert run(root, "--log", str(LOG), "--apply") == 0
    assert "No file had to be changed." in capsys.readouterr().out
    assert tree(root) == first
    assert answer(root, capsys)["held"] == held and answer(root, capsys)["projects"] == []


def test_new_projects_get_their_mode_tiers_and_verdicts_file(root: Path) -> None:
    assert run(root, "--log", str(LOG), "--apply") == 0
    seq = read_folder(root / "projects" / "2024-S1-MX-2").project
    assert seq.mode == "SEQ/Map"
    assert all(source.mode is None and source.tiers.c is not None for source in seq.sources.values())
    old = read_folder(root / "projects" / "2022S1SEQUOIACommissioning").project
    assert all(source.tiers.c is None and source.tiers.b is not None for source in old.sources.values())
    assert (root / "projects" / "2024-S1-MX-2" / "qa.yaml").read_text(encoding="utf-8").startswith("# yaml-language")


def test_the_answer_is_the_same_without_the_index(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(root, capsys) == answer(root, capsys, "--no-index") == answer(root, capsys)


def test_a_dry_run_shows_the_change_and_makes_none(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(root)
    assert run(root, "--log", str(LOG), "--apply", "--dry-run", "2018-S1-MU-46") == 0
    told = capsys.readouterr().out
    assert "+  Region_D-E:" in told and "--- projects/2018-S1-MU-46/project.yaml" in told
    assert "2024-S1-MX-2" not in told
    assert tree(root) == before


def test_one_project_can_be_asked_for_and_a_slip_is_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert {one["pid"] for one in answer(root, capsys, "2024-S1-MX-2")["projects"]} == {"2024-S1-MX-2"}
    assert run(root, "--log", str(LOG), "2024-S1-MX-3") == 1
    assert "did you mean 2024-S1-MX-3" in capsys.readouterr().err
    assert run(root, "--log", str(LOG), "--apply", "2024-S1-MX-2") == 0
    assert {folder.name for folder in (root / "projects").iterdir()} == {"2018-S1-MU-46", "2024-S1-MX-2"}


def test_a_broken_project_file_holds_back_only_its_own(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "projects/2018-S1-MU-46/project.yaml").write_text("pid: [\n", encoding="utf-8")
    assert run(root, "--log", str(LOG), "--apply") == 1
    told = capsys.readouterr().out
    assert "project file broken" in told and "made projects/2024-S1-MX-2/project.yaml" in told
    assert (root / "projects/2018-S1-MU-46/project.yaml").read_text(encoding="utf-8") == "pid: [\n"


@pytest.mark.parametrize("name", ["missing.log", "projects"])
def test_a_log_that_is_none_is_told_without_traceback(
    root: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "--log", str(root / name)) == 1
    error = capsys.readouterr().err
    assert name in error and "--log" in error and "Traceback" not in error


def test_without_log_and_data_the_variable_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root) == 1
    assert "DATA_LMT" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"\x00\xff" * 4000, b"y" * 10_000_000 + b"\n", b"\r\n", b""])
def test_a_file_that_is_no_log_changes_nothing(root: Path, data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "data_lmt.log").write_bytes(data)
    before = tree(root)
    assert run(root, "--data", str(root), "--apply") == 0
    assert "Nothing arrives." in capsys.readouterr().out
    assert tree(root) == before


@pytest.mark.parametrize("steps", [range(1, 8, 3), pytest.param(range(8), marks=pytest.mark.slow)], ids=["some", "all"])
def test_killed_and_run_again_gives_the_same_files(
    root: Path, tmp_path_factory: pytest.TempPathFactory, steps: range
) -> None:
    whole = tmp_path_factory.mktemp("whole")
    (whole / "projects").mkdir()
    assert run(whole, "--log", str(LOG), "--apply") == 0
    wanted = tree(whole)
    code = "import sys; from bot.cli import main; sys.exit(main(sys.argv[1:]))"
    for number in steps:
        part = tmp_path_factory.mktemp("part")
        (part / "projects").mkdir()
        options = ["--root", str(part), "--work", str(part / "work"), "--log", str(LOG), "--apply"]
        process = subprocess.Popen([sys.executable, "-c", code, "arrivals", *options], stdout=subprocess.DEVNULL)
        started = time.monotonic()
        while len(list((part / "projects").iterdir())) <= number * 3 and process.poll() is None:
            assert time.monotonic() - started < 60
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert run(part, "--log", str(LOG), "--apply") == 0
        found = {name: text for name, text in tree(part).items() if not name.endswith(".new")}
        assert found == wanted
