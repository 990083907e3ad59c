"""`lmtbot quicklook --once` on raw files, struck at its steps in turn (killed, disk full) and called again."""

from __future__ import annotations

import random
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.nights import NightSite, make_night
from tests.e2e.quick import at_work
from tests.e2e.site import PID, REPOSITORY
from tests.e2e.struck import Server, Strike
from tests.e2e.test_quicklook_kill import final_state

NIGHT = "\n".join(
    f"2024-05-01T10:{number % 100}:00 {number} RSR {goal} GALAXY 2024-S1-MX-2 RSR 0 300.0 2 2 152.3 37.4 0 0 1"
    for number, goal in ((117310, "Calibration Cal"), (117320, "Science Bs"), (117330, "Science Bs"))
)


@dataclass(frozen=True)
class Bench:
    """A site to begin from, and what an undisturbed call makes of it."""

    server: Server
    start: NightSite
    wanted: tuple[Any, ...]
    steps: int

    def call(self, site: NightSite, step: int = 0, how: str = "kill") -> tuple[int, str]:
        words = ("quicklook", "--once", "--send-to", str(site.far), "--root", str(site.root))
        environment = {**site.environment(), "PATH": "/usr/bin:/bin", "QUICK_ODD_PID": PID}
        return self.server.run(Strike(words, environment, str(site.root / "told"), step, how))

    def strike(self, step: int, how: str) -> None:
        """Strike a call at a step, call again, and compare."""
        what = f"{how} at step {step}"
        site = NightSite(self.start.root.parent / what.replace(" ", "-"))
        shutil.copytree(self.start.root, site.root)
        code, told = self.call(site, step, how)
        full = how.startswith("full")
        assert code in ((0, 1) if full else (0, -signal.SIGKILL)) and "Traceback" not in told, f"{what}: {code}\n{told}"
        assert not (full and at_work(site)), f"{what}: a call was left at work"
        for _ in range(2 if full else 1):
            code, told = self.call(site)
            assert code == 0, f"{what}: {code}\n{told}"
        assert final_state(site) == self.wanted, f"{what}\n{told}"
        outcomes = Counter(one.name for found in site.looks().values() for one in found if one.outcomes)
        assert full or set(outcomes.values()) == {1}, f"{what}: a call that had ended was made again"
        for name in ("area", "old", "failed"):
            assert not list(site.store(PID).folder(name).iterdir()), f"{what}: something was left in {name}/"
        shutil.rmtree(site.root)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("every_step")
    start = make_night(folder / "start", 0)
    settings = start.root / ".github" / "lmtbot.yml"
    settings.write_text(settings.read_text() + "raw: {settle_seconds: 0}\n")
    (start.root / "night.log").write_text(NIGHT + "\n")
    shutil.rmtree(start.data)
    start.call("sim", "telescope", "--data", str(start.data), "--from", str(start.root / "night.log"))
    server = Server(REPOSITORY)
    bench = Bench(server, start, (), 0)
    calm = NightSite(folder / "calm")
    shutil.copytree(start.root, calm.root)
    code, told = bench.call(calm)
    assert code == 0 and calm.good() == {117320, 117330}, told
    yield Bench(server, start, final_state(calm), int(told.rpartition("steps: ")[2]))
    server.close()


HOWS = ("kill", "full", "after", "full for ever", "machine")


def test_a_quick_look_struck_at_some_of_its_steps_ends_as_if_never_struck(bench: Bench) -> None:
    chance = random.Random(1)
    for how in HOWS:
        bench.strike(chance.randrange(1, bench.steps), how)


@pytest.mark.slow
def test_the_command_tells_what_it_would_do_and_where_everything_stands(bench: Bench) -> None:
    site = NightSite(bench.start.root.parent / "told", whims={"QUICK_ODD_PID": PID, "QUICK_HOLLOW": "obsnum=117320"})
    shutil.copytree(bench.start.root, site.root)
    assert "none is running" in site.call("quicklook", "--status"), "before any scan, too"
    site.call("scan")
    wanted = [one["obsnum"] for one in site.json("quicklook", "--dry-run")["would_run"]]
    assert wanted == [117330, 117320] and not site.calls()
    assert "2 were observed before" in site.call("quicklook", "--dry-run", "--since", "2024-05-02")
    assert "this is no date" in site.call("quicklook", "--once", "--since", "tomorrow", code=1)
    assert "at least one" in site.call("quicklook", "--once", "-j", "0", code=1)
    site.call("quicklook", "--once", "--send-to", str(site.far))
    found = site.json("quicklook", "--status")
    assert found["service"] is None and found["waiting"] == found["unsent"] == []
    assert [one["name"] for one in found["failed"]] == ["117320"] and found["on_record"] == 2
    assert "117320  2024-S1-MX-2  GALAXY  failed: " in site.call("quicklook", "--status")
    assert site.json("quicklook", "--once", "--send-to", str(site.far))["on_record"] == 2, "--json tells how it ended"
    mistyped = site.root / "wrok"
    for words in (("quicklook", "--once"), ("quicklook", "--status"), ("taps", "--receive")):
        assert "there is no such folder" in site.call(*words, "--work", str(mistyped), code=1)
    assert not mistyped.exists()
    shutil.rmtree(site.data)
    assert "no folder of raw data" in site.call("quicklook", "--once", code=1)


@pytest.mark.sweep
def test_a_quick_look_struck_at_every_third_step_ends_as_if_never_struck(bench: Bench) -> None:
    wrong = []
    for step in range(1, bench.steps + 1, 3):
        try:
            bench.strike(step, HOWS[step % len(HOWS)])
        except AssertionError as error:
            wrong.append(str(error))
    assert not wrong, f"{len(wrong)} of {bench.steps}\n" + "\n".join(wrong)
