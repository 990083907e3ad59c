"""A release as the PO makes it by lmtbot, and what the workflow makes of it; without workflows, in one process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from bot.sim.github.seed import token_of
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.github.judge import need_judges
from tests.loop import stories
from tests.loop.play import opened
from tests.loop.world import Loop

TAG = f"{PID}/v1"
PO = {"GH_TOKEN": token_of("po")}


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    need_judges()
    with opened(tmp_path) as found:
        stories._approved(found)
        yield found


def releases(loop: Loop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = loop.hub.po.get(f"{REPO}/releases").json
    return found


@pytest.mark.slow
def test_a_release_is_prepared_published_and_archived(loop: Loop, tmp_path: Path) -> None:
    told = loop.lmtbot("release", PID, "--dry-run", code=1, **PO)
    assert "level 2 of exactly this plan is not done" in json.dumps(told["refused"]) and releases(loop) == []
    stories.do(loop, stories.run)
    dry = loop.lmtbot("release", PID, "--dry-run", **PO)
    assert (dry["tag"], dry["refused"], releases(loop)) == (TAG, [], [])
    notes = tmp_path / "notes.md"
    loop.lmtbot("release", PID, "--notes", str(notes), **PO)
    assert TAG in unescape(notes.read_text()) and "117361" in notes.read_text() and releases(loop) == []
    made = loop.lmtbot("release", PID, **PO)
    (found,) = releases(loop)
    assert (found["tag_name"], found["author"]["login"], found["body"]) == (TAG, "po", made["notes"])
    assert found["html_url"] == made["url"]
    assert loop.hub.tip("main") == made["commit"]
    assert loop.lmtbot("release", PID, "--dry-run", **PO)["tag"] == f"{PID}/v2"
    loop.hub.git("fetch", "-q", "--tags", loop.hub.url("da"), cwd=loop.checkout)
    done = loop.lmtbot("archive", TAG)
    assert done["pull"]["became"] == "opened" and len(done["sent"]) == 3
    assert {one["name"] for one in releases(loop)[0]["assets"]} == {"manifest.json", "runlines.txt"}
    assert loop.lmtbot("archive", TAG)["pull"]["became"] == "unchanged"
    loop.merge(done["pull"]["number"])
    later = loop.lmtbot("release", PID, "--dry-run", **PO)
    assert (later["tag"], later["refused"]) == (f"{PID}/v2", []), "the first release's tag is none of the second's"
