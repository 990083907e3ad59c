"""The README's first command: the demo's story ends well, and its page shows what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.e2e.site import REPOSITORY


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The demo, played once, with the pictures left out for speed."""
    root = tmp_path_factory.mktemp("demo") / "site with blanks"
    command = [sys.executable, "-m", "bot", "demo", "--dir", str(root)]
    environment = {**os.environ, "LMTSIM_PLOTS": "none"}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return root, done.stdout


def lmtbot(root: Path, *words: str) -> str:
    places = ["--root", str(root), "--data", str(root / "data"), "--work", str(root / "work")]
    command = [sys.executable, "-m", "bot", *words, *places]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60).stdout


def test_every_project_of_the_demo_ends_at_level_1_done(told: tuple[Path, str]) -> None:
    states = json.loads(lmtbot(told[0], "status", "--json"))["projects"]
    assert {one["pid"]: one["state"] for one in states} == {
        "2023-S1-US-17": "in QA",
        "2024-S1-MX-2": "in QA",
        "2024-S1-UM-11": "in QA",
    }


def test_the_night_brought_new_obsnums_a_new_source_and_a_new_project(told: tuple[Path, str]) -> None:
    assert "NGC6232 (new)" in told[1] and "2024-S1-UM-11 (new project)" in told[1]
    assert "120317" in (told[0] / "projects" / "2024-S1-MX-2" / "project.yaml").read_text()


def test_after_the_demo_nothing_arrives_and_nothing_is_wrong(told: tuple[Path, str]) -> None:
    assert json.loads(lmtbot(told[0], "arrivals", "--json"))["projects"] == []
    lmtbot(told[0], "check")


def test_every_link_and_picture_of_the_page_is_there(told: tuple[Path, str]) -> None:
    page = told[0] / "work" / "summary.html"
    links = set(re.findall(r'(?:href|src)="([^"#]+)"', page.read_text()))
    assert len([link for link in links if link.endswith(".png")]) > 20
    for link in links:
        assert "://" not in link, "the page must open without a network"
        assert (page.parent / unquote(link)).exists(), link


def test_the_unflagged_beams_stand_out_in_the_numbers(told: tuple[Path, str]) -> None:
    records = json.loads(lmtbot(told[0], "history", "2024-S1-MX-2", "--json"))["records"]
    ratios = {one["name"]: one["metrics"]["0"]["rms0"] for one in records if "_" not in one["name"]}
    assert ratios["120317"] > 1.5 and all(ratios[name] < 1.2 for name in ratios if name != "120317")


def test_a_flag_of_the_data_analyst_mends_the_map(told: tuple[Path, str]) -> None:
    root = told[0]
    (root / "projects" / "2024-S1-MX-2" / "qa.yaml").write_text(
        "obsnums:\n  120317: {banks: {0: {flags: {pix_list: '-10,11,13'}}}}\n"
    )
    environment = {**os.environ, "LMTSIM_PLOTS": "none", "LMTSIM_PYTHON": sys.executable}
    places = ["--root", str(root), "--data", str(root / "data"), "--work", str(root / "work")]
    command = [sys.executable, "-m", "bot", "run", "2024-S1-MX-2", "--obsnum", "120317", "--json", *places]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=120)
    ended = {one["name"]: one for one in json.loads(done.stdout)["ended"]}
    assert ended["120317"]["metrics"]["0"]["rms0"] < 1.2


def test_an_earlier_demo_is_moved_aside_and_another_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    command = [sys.executable, "-m", "bot", "demo", "--dir", str(tmp_path / "mine")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "is no demo" in done.stderr
