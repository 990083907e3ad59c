"""The quick look killed at any instant and started again ends as never killed; what had ended is not done again."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.nights import NightSite, make_night
from tests.e2e.site import kill_tree


def final_state(site: NightSite) -> tuple[Any, ...]:
    """Return what must not depend on kills: products, verdicts, what the far side shows, what is left to do."""
    products = {
        str(path.relative_to(site.work)): path.read_text()
        for path in site.work.rglob("*")
        if path.is_file() and "lmtbot" not in path.relative_to(site.work).parts and path.suffix != ".tar"
    }
    verdicts = {
        number: [(one.pid, one.source, one.lines, one.verdict, one.metrics) for one in found if one.state == "good"]
        for number, found in site.looks().items()
    }
    sent = {path.name for path in (site.work / "lmtbot" / "quicklook" / "sent").iterdir()}
    return products, verdicts, sorted(site.received()), site.unpacked(), sent


def begun(site: NightSite) -> Counter[int]:
    """Return how often a call was begun, by obsnum."""
    return Counter(int(row.split()[3].partition("=")[2]) for row in site.calls())


def ended(site: NightSite) -> dict[int, int]:
    """Return the calls that came to their end and are not judged yet: {obsnum: how often they were begun}."""
    codes = site.work.glob("lmtbot/*/area/*/exit.0")
    counts = begun(site)
    names = [path.parent.name.partition(".")[0] for path in codes if path.read_text().strip() == "0"]
    return {int(name): counts[int(name)] for name in names if name.isdecimal()}  # the others are being deleted


def kill_until_done(site: NightSite, chance: random.Random, most: int, longest_s: float) -> int:
    """Start, kill at a random instant, start again, until all is done; return the number of kills.

    What had ended at a kill must not be begun again.
    """
    promised: dict[int, int] = {}
    kills = 0
    while kills < most:
        process = site.serve("once")
        deadline = time.monotonic() + chance.uniform(0.2, longest_s)
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.003)
        if process.poll() is not None:
            out, err = process.communicate()
            assert process.returncode == 0, f"{out}\n{err}"
            break
        kill_tree(process, also_children=chance.random() < 0.5)
        promised |= ended(site)
        promised |= {number: begun(site)[number] for number in site.good()}
        kills += 1
    else:
        site.catch_up()
    assert promised == {number: begun(site)[number] for number in promised}, "a call that had ended was made again"
    return kills


def check_kills(tmp_path: Path, kills: int, seed: int) -> None:
    calm = make_night(tmp_path / "calm", 12, QUICK_S="0.1")
    calm.catch_up()
    wanted = final_state(calm)
    assert len(wanted[2]) == 12
    chance = random.Random(seed)
    done = round_ = 0
    while done < kills:
        site = make_night(tmp_path / f"killed{round_}", 12, QUICK_S="0.1")
        done += kill_until_done(site, chance, kills - done, 1.2)
        assert final_state(site) == wanted
        for pid in ("2024-S1-MX-2", "2024-S1-UM-11"):
            assert not list(site.store(pid).folder("area").iterdir()), "a work area was left behind"
        round_ += 1


@pytest.mark.slow
def test_a_quick_look_killed_at_random_instants_ends_as_if_never_killed(tmp_path: Path) -> None:
    check_kills(tmp_path, kills=3, seed=1)


@pytest.mark.sweep
def test_a_quick_look_killed_at_fifty_random_instants_ends_as_if_never_killed(tmp_path: Path) -> None:
    check_kills(tmp_path, kills=50, seed=2)
