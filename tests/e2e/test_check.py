"""`lmtbot check` as people call it: files in, words and exit code out, and nothing changed on disk."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from bot.cli import main
from tests.unit.lint_case import FOLDER, case_names, places, read_case


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "projects").mkdir()
    return tmp_path


def lay_out(root: Path, name: str) -> Path:
    """Write a case's sections as files; return where its log lies."""
    _, *parts = re.split(r"^=== (\S+)\n", (FOLDER / f"{name}.txt").read_text(), flags=re.MULTILINE)
    for section, text in zip(parts[::2], parts[1::2], strict=True):
        path = root / ("data_lmt.log" if section == "log" else f"projects/{section}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root / "data_lmt.log"


def snapshot(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", case_names())
def test_the_command_tells_what_the_rules_find(name: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = lay_out(root, name)
    case, before = read_case(name), snapshot(root)
    options = ["--data", str(root)] if log.exists() else ["--no-log"]
    code = main(["check", "--root", str(root), "--json", "--severity", "info", *options])
    told = json.loads(capsys.readouterr().out)
    assert {(one["path"], one["line"], one["code"]) for one in told["findings"]} == set(places(case.found()))
    assert code == (1 if any(one["severity"] == "error" for one in told["findings"]) else 0)
    assert told["log"] == (str(log) if log.exists() else None)
    assert snapshot(root) == before


def test_people_get_where_what_why_and_how_to_mend(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay_out(root, "misspelt_keys")
    assert main(["check", "--root", str(root), "2018-S1-MU-46"]) == 1
    told = capsys.readouterr().out
    assert "projects/2018-S1-MU-46/qa.yaml:5: error: obsnum 85776: no parameter has the name birdie\n" in told
    assert "    mend: did you mean birdies?  [UNKNOWN_PARAMETER]\n" in told
    assert "[BEAM_SIGNS]" not in told
    assert "1 of them are less grave" in told
    assert "no observation log was at hand" in told


def test_quiet_is_the_summary_only(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay_out(root, "misspelt_keys")
    assert main(["check", "--root", str(root), "-q"]) == 1
    told = capsys.readouterr().out
    assert "birdie" not in told
    assert re.search(r"error +UNKNOWN_PARAMETER +3 +1\n", told)


def test_warnings_alone_are_no_failure(root: Path) -> None:
    lay_out(root, "rsr_tier_c")
    assert main(["check", "--root", str(root), "--severity", "info"]) == 0


def test_errors_fail_even_where_they_are_only_counted(root: Path) -> None:
    lay_out(root, "not_for_people")
    assert main(["check", "--root", str(root), "-q", "--github", "--severity", "error"]) == 1


def test_github_gets_errors_first(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay_out(root, "contradictions")
    main(["check", "--root", str(root), "--github", "--severity", "info"])
    lines = capsys.readouterr().out.splitlines()
    kinds = [line.split()[0] for line in lines]
    assert kinds == sorted(kinds, key=["::error", "::warning", "::notice"].index)
    assert lines[0].startswith("::error file=projects/2024-S1-UM-9/qa.yaml,line=3,title=FAILED_BUT_COMBINED::")


def test_one_bad_project_does_not_stop_the_others(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay_out(root, "rsr_tier_c")
    lay_out(root, "misspelt_keys")
    (root / "projects/2018-S1-MU-26/project.yaml").write_bytes(b"pid: 2018-S1-MU-26\n\xff\xfe\n")
    assert main(["check", "--root", str(root), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {(one["pid"], one["code"]) for one in found} >= {
        ("2018-S1-MU-26", "YAML"),
        ("2018-S1-MU-46", "UNKNOWN_PARAMETER"),
    }
    assert all(one["pid"] for one in found)


def test_a_project_that_is_not_there_is_a_finding(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay_out(root, "rsr_tier_c")
    assert main(["check", "--root", str(root), "2018-S1-MU-62", "2018-S1-MU-26"]) == 1
    told = capsys.readouterr().out
    assert "did you mean 2018-S1-MU-26" in told
    assert "[BANK_TIERS]" in told


def test_a_log_that_cannot_be_read_is_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay_out(root, "rsr_tier_c")
    assert main(["check", "--root", str(root), "--log", str(root / "no.log")]) == 1
    assert "no.log" in capsys.readouterr().err


def test_a_mosaic_of_a_project_that_is_not_checked_finds_its_parts(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(root, "lists")
    main(["check", "--root", str(root), "2018S1SEQUOIACommissioning", "--json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    lost = [one["what"] for one in found if (one["code"], one["severity"]) == ("NO_MOSAIC_PART", "error")]
    assert len(lost) == 3
    assert not any("G1.7+3.7-234 from" in what for what in lost)
    assert not any(one["code"] == "IN_TWO_PROJECTS" for one in found)


def test_rows_of_a_wrongly_spelt_project_id_count(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = root / "projects/2024S1MSIP1mmCommissioning"
    folder.mkdir()
    (folder / "project.yaml").write_text("pid: 2024S1MSIP1mmCommissioning\nsources:\n  mars: {}\n")
    row = "2024-05-01T01:00:00  115771  1MM  Science  Ps  mars  2024MSIP1mmCommissioning  230.5  0  300.0\n"
    row = row.replace("300.0\n", "300.0  0.100000  0.200000  10.0  50.0  0 0 1\n")
    (root / "log").write_text("# a remark\n" + row + "garbage \x01\n" + row)
    assert main(["check", "--root", str(root), "--log", str(root / "log"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [one["code"] for one in found] == ["SCIENCE_NOT_LISTED"]


def test_a_folder_whose_name_is_no_text_is_told_and_hinders_no_other_project(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(root, "misspelt_keys")
    folder = root / "projects" / os.fsdecode(b"2018-S1-\xff")
    folder.mkdir()
    (folder / "project.yaml").write_text("pid: 2018-S1-X\n")
    for words in (["check", "--no-log"], ["status"]):
        assert main([*words, "--root", str(root), "--work", str(root / "work")]) == 1
        both = "".join(capsys.readouterr())
        assert "2018-S1-\\xff: there is no folder" in both and "2018-S1-MU-46" in both, both
