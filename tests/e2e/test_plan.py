"""`lmtbot plan` as operators call it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.site import PID, PracticeSite, make_site

RUNFILES = ("run1a", "run1b", "run1c", "run2", "run1.sh", "run2.sh")


@pytest.fixture
def site(tmp_path: Path) -> PracticeSite:
    return make_site(tmp_path)


def test_six_runfiles_are_written_under_the_projects_name(site: PracticeSite, tmp_path: Path) -> None:
    out = tmp_path / "runfiles"
    out.mkdir()
    told = site.call("plan", PID, "--runfiles", str(out))
    assert {path.name for path in out.iterdir()} == {f"{PID}.{name}" for name in RUNFILES}
    assert told.splitlines() == [str(out / f"{PID}.{name}") for name in RUNFILES]
    counts = {name: len((out / f"{PID}.{name}").read_text().splitlines()) for name in RUNFILES}
    assert counts == {"run1a": 5, "run1b": 5, "run1c": 2, "run2": 2, "run1.sh": 5, "run2.sh": 2}


def test_json_tells_chains_with_digests_and_what_combinations_wait_for(site: PracticeSite) -> None:
    plan = site.json("plan", PID)
    chain, combination = plan["chains"][0], plan["combinations"][0]
    assert chain["obsnum"] == 117345 and chain["tiers"] == ["a", "b", "c"] and len(chain["digest"]) == 16
    assert [member["obsnum"] for member in combination["after"]] == [117345, 117349]
    assert combination["after"][0]["digest"] == chain["digest"]


def test_a_source_or_obsnum_can_be_picked_and_a_wrong_one_is_told(site: PracticeSite) -> None:
    assert [one["obsnum"] for one in site.json("plan", PID, "--source", "GALAXY")["chains"]] == [117361, 117362, 117363]
    assert [one["name"] for one in site.json("plan", PID, "--obsnum", "117345")["combinations"]] == ["117345_117349"]
    assert "FIELD_A, GALAXY" in site.call("plan", PID, "--source", "GALAXIE", code=1)
    assert "lmtbot check" in site.call("plan", PID, "--obsnum", "99", code=1)


def test_the_graph_has_an_edge_for_every_wait(site: PracticeSite) -> None:
    dot = site.call("plan", PID, "--dot")
    assert dot.startswith("digraph") and dot.count("->") == 2 * 2 + 3 * 1 + 5


def test_a_folder_that_is_not_there_is_told(site: PracticeSite, tmp_path: Path) -> None:
    assert "make it first" in site.call("plan", PID, "--runfiles", str(tmp_path / "nowhere"), code=1)
