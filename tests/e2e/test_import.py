"""`lmtbot import` as a person calls it: all or nothing per project, all errors at once, nothing run without --trust."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from bot.cli.main import main
from bot.doors.trusted_description import run_description
from bot.errors import DoorError
from bot.formats.project_file import read_folder

PID = "2024-S1-XX-1"
GOOD = f"""\
from lmtoy import runs
import sys
project = "{PID}"
on = {{}}
on["M17"] = [ 1001, 1002, -1003 ]   # 4-may
pars1 = {{}}
pars1["M17"] = "extent=120 pix_list=-0"
pars2 = {{}}
pars2["M17"] = ""
runs.mk_runs(project, on, pars1, pars2, None, sys.argv)
"""
COMPUTED = GOOD.replace("[ 1001, 1002, -1003 ]", "[int(n) for n in open('obsnums.txt')]")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "projects").mkdir(parents=True)
    return tmp_path / "root"


def folder(root: Path, text: str, pid: str = PID, **files: str) -> Path:
    place = root.parent / f"lmtoy_{pid}"
    place.mkdir(exist_ok=True)
    (place / "mk_runs.py").write_text(text.replace(PID, pid))
    for name, content in files.items():
        (place / name.replace("_txt", ".txt")).write_text(content)
    return place


def call(root: Path, *words: object) -> int:
    return main(["import", "--root", str(root), *map(str, words)])


def project_files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root / "projects")) for path in (root / "projects").rglob("*") if path.is_file())


def test_an_import_writes_both_files_and_says_what_it_found(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(root, folder(root, GOOD, comments_txt="1001 fine # badcb=1/2\n")) == 0
    assert project_files(root) == [f"{PID}/project.yaml", f"{PID}/qa.yaml"]
    read = read_folder(root / "projects" / PID)
    assert [one.obsnum for one in read.project.sources["M17"].obsnums] == [1001, 1002, 1003]
    assert not read.qa.obsnums[1003].combine and read.qa.obsnums[1001].flags == ("badcb=1/2",)
    row = capsys.readouterr().out.splitlines()[-1].split()
    assert row == [PID, "1", "3", "1", "0", "1", "0", "1", "0", "0", "written"]


def test_a_dry_run_writes_nothing_and_twice_is_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder(root, GOOD)
    assert call(root, "--dry-run", place) == 0 and project_files(root) == []
    assert capsys.readouterr().out.rstrip().endswith("would be written")
    assert call(root, place) == 0
    before = {path: path.stat().st_mtime_ns for path in (root / "projects").rglob("*")}
    assert call(root, place) == 0 and capsys.readouterr().out.rstrip().endswith("unchanged")
    assert before == {path: path.stat().st_mtime_ns for path in (root / "projects").rglob("*")}


def test_an_existing_project_is_replaced_only_by_force(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder(root, GOOD)
    assert call(root, place) == 0
    file = root / "projects" / PID / "qa.yaml"
    file.write_text("note: mine\n")
    assert call(root, place) == 1 and file.read_text() == "note: mine\n"
    assert "--force" in capsys.readouterr().out
    assert call(root, "--force", "--dry-run", place) == 0 and file.read_text() == "note: mine\n"
    assert call(root, "--force", place) == 0 and "1003" in file.read_text()


def test_one_bad_folder_stops_only_itself_and_all_errors_come_at_once(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = folder(root, GOOD.replace('"extent=120', 'input() + "x'), "2024-S1-XX-2", comments_txt="1001 # Bad Words\n")
    worse = folder(root, "print 'hi'\n", "2024-S1-XX-3", IO="what ever\n")
    missing = root.parent / "lmtoy_none"
    assert call(root, folder(root, GOOD), bad, worse, missing) == 1
    assert project_files(root) == [f"{PID}/project.yaml", f"{PID}/qa.yaml"]
    told = capsys.readouterr().out
    for line in (f"{bad}/mk_runs.py:7:", f"{worse}/mk_runs.py:1:", f"{worse}/IO:1:", f"{missing}/mk_runs.py: "):
        assert line in told, line


def test_a_source_name_that_a_shell_could_take_for_more_is_refused(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(root, "--verify", folder(root, GOOD.replace("M17", "M17;x"))) == 1
    assert project_files(root) == [] and "M17;x" in capsys.readouterr().out


def test_two_folders_of_one_project_are_both_refused(root: Path) -> None:
    first = folder(root, GOOD)
    second = root.parent / "copy" / f"lmtoy_{PID}"
    second.mkdir(parents=True)
    (second / "mk_runs.py").write_text(GOOD)
    assert call(root, first, second) == 1 and project_files(root) == []


def test_json_holds_the_texts_that_would_be_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(root, "--json", "--dry-run", folder(root, GOOD)) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["pid"], told["action"], told["counts"]["obsnums"]) == (PID, "would be written", 3)
    assert set(told["files"]) == {"project.yaml", "qa.yaml"} and "1003" in told["files"]["qa.yaml"]


def test_verify_compares_with_the_runfiles_that_lie_there(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "SLpipeline.sh obsnum=1001  _io=TBD _s=M17 extent=120 pix_list=-0 restart=1 \n"
    place = folder(root, GOOD, **{f"{PID}.run1a": line + line.replace("1001", "1002") + line.replace("1001", "1003")})
    assert call(root, "--verify", "--dry-run", place) == 0
    (place / f"{PID}.run1a").write_text(line)
    assert call(root, "--verify", "--dry-run", place) == 1
    told = capsys.readouterr().out
    assert "new: SLpipeline.sh obsnum=1002" in told and "old: (no line)" in told


def test_trust_runs_what_cannot_be_read_and_only_then(root: Path) -> None:
    place = folder(root, COMPUTED, obsnums_txt="1001\n1002\n-1003\n")
    assert call(root, place) == 1 and project_files(root) == []
    assert call(root, "--trust", place) == 0
    read = read_folder(root / "projects" / PID)
    assert [one.obsnum for one in read.project.sources["M17"].obsnums] == [1001, 1002, 1003]
    assert not read.qa.obsnums[1003].combine


def test_a_trusted_file_cannot_change_its_folder_by_accident_and_sees_no_secrets(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    text = "import os\nopen('x.run1', 'w').write('y')\nassert 'SECRET_TOKEN' not in os.environ\nprint('noise')\n" + GOOD
    place = folder(root, text)
    assert call(root, "--trust", place) == 0
    assert sorted(path.name for path in place.iterdir()) == ["mk_runs.py"]


@pytest.mark.parametrize(
    ("text", "line"),
    [("x = 1\nraise ValueError('no')\n", 2), ("print 'hi'\n", 1), ("x = 1\n", 0), (GOOD.replace("1001", "'a'"), 5)],
)
def test_a_trusted_file_that_gives_nothing_is_told(
    root: Path, capsys: pytest.CaptureFixture[str], text: str, line: int
) -> None:
    place = folder(root, text)
    assert call(root, "--trust", place) == 1
    where = f"{place}/mk_runs.py:{line}: error" if line else f"{place}/mk_runs.py: error"
    assert where in capsys.readouterr().out


@pytest.mark.slow
def test_a_trusted_file_that_does_not_end_is_ended_with_all_its_children(root: Path) -> None:
    mark = root / "mark"
    begun = f"child = subprocess.Popen(['sleep', '60'])\nopen({str(mark)!r}, 'w').write(str(child.pid))"
    with pytest.raises(DoorError, match="stopped after 4 s"):
        run_description(folder(root, f"import subprocess, time\n{begun}\nwhile True: time.sleep(1)\n"), timeout_s=4)
    child = int(mark.read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_trusted_file_that_dies_without_a_word_is_told(root: Path) -> None:
    with pytest.raises(DoorError, match="ended with code"):
        run_description(folder(root, "import os\nos._exit(7)\n"))
