"""The README's first command: the demo's story ends well, and what it leaves shows what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.e2e.site import REPOSITORY

PID = "2024-S1-MX-2"


@dataclass(frozen=True)
class Played:
    """The demo, played once."""

    root: Path
    out: str

    @property
    def site(self) -> Path:
        return self.root / "site"

    def lmtbot(self, *words: str) -> Any:
        places = ["--root", str(self.root / "checkout"), "--data", str(self.site / "data")]
        command = [sys.executable, "-m", "bot", *words, *places, "--work", str(self.site / "work"), "--json"]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60)
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Play the demo, or look at the one that was played already (LMTBOT_DEMO: its folder; beside it DEMO.out)."""
    if known := os.environ.get("LMTBOT_DEMO"):
        return Played(Path(known), Path(f"{known}.out").read_text())
    root = tmp_path_factory.mktemp("demo") / "site"
    command = [sys.executable, "-m", "bot", "demo", "--dir", str(root)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return Played(root, done.stdout)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_story_ends_in_the_archive(played: Played) -> None:
    states = {one["pid"]: one["state"] for one in played.lmtbot("status")["projects"]}
    assert states[PID] == "archived"


@pytest.mark.slow
def test_the_night_brought_a_pull_request_for_each_project(played: Played) -> None:
    for title in (
        "2023-S1-US-17: 2 new observations",
        f"{PID}: 2 new observations",
        "2024-S1-UM-11: 2 new observations of a new project",
    ):
        assert title in played.out


@pytest.mark.slow
def test_every_level_2_record_says_who_merged_and_who_approved(played: Played) -> None:
    records = [one for one in played.lmtbot("history", PID)["records"] if one["level"] == 2]
    assert len(records) == 7
    assert all(re.fullmatch(r"po merged #\d+, approved by da", one["who"]) for one in records)


@pytest.mark.slow
def test_the_flags_of_the_data_analyst_mended_the_map(played: Played) -> None:
    records = [one for one in played.lmtbot("history", PID)["records"] if one["name"] == "120317"]
    ratios = {one["level"]: [one["metrics"][bank]["rms0"] for bank in ("0", "1")] for one in records}
    assert min(ratios[1]) > 1.5
    assert max(ratios[2]) < 1.2


@pytest.mark.slow
def test_the_pi_has_a_session_beside_the_official_results(played: Played) -> None:
    (session,) = played.lmtbot("webrun", "list", PID)
    assert (session["state"], session["who"], session["accepted_by"]) == ("done", "pi", "")
    rows = played.lmtbot("webrun", "compare", f"{PID}/1")["compared"]
    changes = {(row["name"], row["bank"]): row["change"] for row in rows}
    assert changes["117349", "0"] is not None and changes["117349", "1"] is not None
    assert "Understood:" in played.out and "the parameters of Session-1" in played.out


@pytest.mark.slow
def test_the_transcript_holds_every_text_in_full(played: Played) -> None:
    text, page = ((played.root / name).read_text() for name in ("transcript.md", "transcript.html"))
    for words in ("Quality assurance of", "SLpipeline.sh obsnum=120317", "Totals that must agree", "Level 2 of"):
        assert words in text
    assert "<table>" in page
    assert "<!-- lmtbot" not in page


@pytest.mark.slow
def test_the_project_page_needs_no_network_and_every_link_of_it_leads_somewhere(played: Played) -> None:
    page = played.site / "work" / "site" / "p" / PID / "index.html"
    needed, links = _leads(page.read_text())
    assert len([link for link in links if link.endswith(".png")]) > 10
    away = {link for link in links if "://" in link}
    assert not [link for link in needed if "://" in link], "the page must open without a network"
    assert not [link for link in needed | (links - away) if not (page.parent / unquote(link)).exists()]
    assert any("/pull/" in link for link in away), "what happened has a link to its pull request"
    assert not [
        link for link in away if not re.fullmatch(r"http://127\.0\.0\.1:\d+/lmtoy/lmtoy_run/(?:pull|issues)/\d+", link)
    ]


def _leads(html: str) -> tuple[set[str], set[str]]:
    """Return what a browser fetches to show a page, and where its reader may go."""
    leads: tuple[set[str], set[str]] = set(), set()
    for tag, words in re.findall(r"<(\w+)\b([^>]*)>", html):
        leads[tag == "a"].update(re.findall(r'\b(?:href|src)="(?!data:)([^"#]+)"', words))
    return leads


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    command = [sys.executable, "-m", "bot", "demo", "--dir", str(tmp_path / "mine")]
    done = subprocess.run(command, cwd=REPOSITORY, env=os.environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "is no demo" in done.stderr
