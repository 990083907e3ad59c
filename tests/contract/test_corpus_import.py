"""Fifty real projects, their descriptions written in every style: imported by reading alone, word for word."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bot.doors.trusted_description import run_description
from bot.errors import Severity
from bot.formats.project_file import read_folder
from bot.rules.lines import legacy_runfiles
from bot.stages.importing import Options, Outcome, import_folders
from tests.contract.legacy_texts import STYLES, Style, render
from tests.sampling import one_in

DATA = Path(__file__).parents[1] / "data" / "corpus"
FACTS: dict[str, Any] = json.loads((DATA / "facts.json").read_text(encoding="utf-8"))
RUNFILES: dict[str, dict[str, str]] = json.loads(gzip.decompress((DATA / "runfiles.json.gz").read_bytes()))


def write_folder(place: Path, pid: str, style: Style) -> tuple[Path, int]:
    facts = FACTS[pid]
    folder = place / f"lmtoy_{pid}"
    folder.mkdir(parents=True)
    text, remarks = render(facts, style)
    (folder / "mk_runs.py").write_text(text, encoding="utf-8")
    for name, content in (("comments.txt", facts["comments"]), ("PID", facts["PID"]), ("IO", facts["IO"])):
        if content is not None:
            (folder / name).write_text(content, encoding="utf-8")
    return folder, remarks


def without_empty_combinations(text: str) -> list[list[str]]:
    return [words for words in map(str.split, text.splitlines()) if "obsnums=" not in words]


def free_words(text: str) -> Counter[str]:
    """Count words of letters; qagrade is not free, it becomes `grade`."""
    return Counter(word for word in re.findall(r"\b[A-Z]?[a-z]{4,}\b", text) if word != "qagrade")


def errors_of(outcome: Outcome) -> str:
    return "\n".join(str(one) for one in outcome.findings if one.severity is Severity.ERROR)


@pytest.fixture(scope="module", params=one_in(4, STYLES), ids=lambda style: style.name)
def imported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """All fifty in one style, imported without being run."""
    place = tmp_path_factory.mktemp("corpus")
    made = {pid: write_folder(place / "old", pid, request.param) for pid in FACTS}
    folders = [folder for folder, _ in made.values()]
    outcomes = import_folders(folders, place / "projects", Options())
    told = [errors_of(outcome) for outcome in outcomes if outcome.action != "written"]
    assert not told, "\n".join(told)
    return place / "projects", {pid: remarks for pid, (_, remarks) in made.items()}


def test_every_project_gives_its_six_runfiles_word_for_word(imported: tuple[Path, dict[str, int]]) -> None:
    projects, _ = imported
    assert len(FACTS) == 50
    for pid, expected in RUNFILES.items():
        found = legacy_runfiles(read_folder(projects / pid))
        assert set(found) == set(expected)
        for name, text in expected.items():
            assert [line.split() for line in found[name]] == without_empty_combinations(text), f"{pid}.{name}"


def test_every_remark_of_a_description_stands_once_in_the_project_file(imported: tuple[Path, dict[str, int]]) -> None:
    projects, remarks = imported
    for pid, count in remarks.items():
        text = (projects / pid / "project.yaml").read_text(encoding="utf-8")
        found = [int(number) for number in re.findall(r"remark(\d+)x", text)]
        assert sorted(found) == list(range(1, count + 1)), pid


def test_every_free_word_of_comments_txt_stands_in_the_qa_file(imported: tuple[Path, dict[str, int]]) -> None:
    projects, _ = imported
    for pid, facts in FACTS.items():
        said = free_words(facts["comments"] or "")
        kept = free_words((projects / pid / "qa.yaml").read_text(encoding="utf-8"))
        assert not {word: count for word, count in said.items() if count > kept[word]}, pid


@pytest.mark.parametrize("style", [STYLES[0], STYLES[7], STYLES[9]], ids=lambda style: style.name)
def test_running_a_description_gives_what_reading_it_gives(tmp_path: Path, style: Style) -> None:
    pids = ("2024-S1-MX-2", "2018S1SEQUOIACommissioning", "2022S1RSRCommissioning")
    folders = [write_folder(tmp_path / "old", pid, style)[0] for pid in pids]
    read = import_folders(folders, tmp_path / "read", Options())
    run = import_folders(folders, tmp_path / "run", Options(), run_description)
    assert [one.action for one in run] == ["written"] * 3, "\n".join(map(errors_of, run))
    assert [one.texts for one in run] == [one.texts for one in read]


def test_a_changed_line_in_the_old_runfiles_is_told(tmp_path: Path) -> None:
    pid = "2024-S1-MX-2"
    folder, _ = write_folder(tmp_path, pid, STYLES[0])
    for name, text in RUNFILES[pid].items():
        (folder / f"{pid}.{name}").write_text(text)
    same = import_folders([folder], tmp_path / "projects", Options(verify=True, dry_run=True))[0]
    assert not [one for one in same.findings if one.code == "RUNFILES_DIFFER"]
    changed = RUNFILES[pid]["run1b"].replace("pix_list=-13", "pix_list=-12", 1)
    (folder / f"{pid}.run1b").write_text(changed)
    told = import_folders([folder], tmp_path / "projects", Options(verify=True, dry_run=True))[0]
    differing = [one for one in told.findings if one.code == "RUNFILES_DIFFER"]
    assert len(differing) == 1
    assert differing[0].path.endswith(f"{pid}.run1b") and differing[0].line == 1
