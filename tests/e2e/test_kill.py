"""Promise 3: killed at any instant and run again, the same final state as never killed; nothing good runs twice."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.site import PID, PracticeSite, kill_tree, make_site

CHANGES = {"started", "ended", "outcomes", "attempt", "job", "log", "host", "commit", "who"}


def final_state(site: PracticeSite) -> tuple[set[str], dict[str, Any]]:
    """Return the names of all official files (logs carry their time) and what the good records say."""
    official = site.work / PID
    files = {str(path.relative_to(official)) for path in official.rglob("*") if "20" not in path.suffix}
    files = {name for name in files if not name.endswith(".log") or "T" not in name}
    good = [one for one in site.records() if one["state"] == "good"]
    told = {one["name"]: {k: _timeless(v) for k, v in one.items() if k not in CHANGES} for one in good}
    assert len(told) == len(good), "two good records of one unit"
    return files, told


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(inner) for key, inner in value.items() if key != "date"}
    return value


def kill_until_done(site: PracticeSite, chance: random.Random, most: int) -> int:
    """Start, kill at a random instant, start again ... until a run comes to its end; return the number of kills."""
    for kills in range(most):
        process = site.start("run", PID, "-j", "2")
        deadline = time.monotonic() + chance.uniform(0.05, 2.2)
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.005)
        if process.poll() is not None:
            out, err = process.communicate()
            assert process.returncode == 0, f"{out}\n{err}"
            return kills
        kill_tree(process, also_children=chance.random() < 0.5)
    site.call("run", PID, "-j", "2")
    return most


def good_runs_twice(site: PracticeSite) -> list[str]:
    """Return the calls that began after their unit had a good record."""
    ended = {one["name"]: one["ended"] for one in site.records() if one["state"] == "good"}
    late = []
    for row in site.calls():
        seconds, _, _, first = row.split()[:4]
        name = first.partition("=")[2].replace(",", "_")
        unit = name if name in ended else next(one for one in ended if one.startswith(name.split("_")[0] + "_"))
        began = (
            time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(float(seconds))) + f".{int(float(seconds) % 1 * 1000):03}Z"
        )
        if began > ended[unit]:
            late.append(row)
    return late


def check_kills(tmp_path: Path, kills: int, seed: int) -> None:
    calm = make_site(tmp_path / "calm")
    calm.call("run", PID, "-j", "2")
    wanted = final_state(calm)
    chance = random.Random(seed)
    done = round_ = 0
    while done < kills:
        site = make_site(tmp_path / f"killed{round_}")
        done += kill_until_done(site, chance, kills - done)
        files, told = final_state(site)
        assert files == wanted[0]
        assert told == wanted[1]
        assert not good_runs_twice(site)
        assert not list((site.work / "lmtbot" / PID / "area").iterdir()), "a work area was left behind"
        assert not list((site.work / "lmtbot" / PID / "old").iterdir()), "replaced products were left behind"
        round_ += 1


@pytest.mark.slow
def test_a_run_killed_at_random_instants_ends_as_if_never_killed(tmp_path: Path) -> None:
    check_kills(tmp_path, kills=3, seed=1)


@pytest.mark.sweep
def test_a_run_killed_at_fifty_random_instants_ends_as_if_never_killed(tmp_path: Path) -> None:
    check_kills(tmp_path, kills=50, seed=2)
