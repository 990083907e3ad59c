"""A build killed at any instant: every page is whole, old or new, every link leads somewhere, the next ends it."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest

from bot.model.record import RunState
from bot.settings import Site
from tests.e2e.site import REPOSITORY
from tests.e2e.struck import Server, Strike
from tests.site.hard import NEW, OPEN, PID, done, make_hard_site, numbers, recorded, unit_of

Pages = dict[str, str]
LINK = re.compile(r'(?:href|src|data-link)="([^"#]+)[^"]*"')
MADE = re.compile(r"Made [\d :-]+ UT")


@dataclass(frozen=True)
class Bench:
    """A site as it was, the same after much has happened, and the steps on the disk from one to the other."""

    server: Server
    site: Site
    old: Pages
    new: Pages
    steps: int

    @property
    def out(self) -> Path:
        return self.site.need_work() / "site"

    @property
    def kept(self) -> Path:
        return self.out.with_name("site-before")

    def strike(self, step: int = 0, how: str = "kill") -> Strike:
        site = self.site
        places = ("--root", site.root, "--data", site.need_data(), "--work", site.need_work())
        words = ("site", "build", "--no-github", *map(str, places))
        return Strike(words, {"HOME": str(site.root), "PATH": os.environ["PATH"]}, str(site.root / "told"), step, how)

    def begin(self) -> None:
        """Have the old site stand there."""
        shutil.rmtree(self.out)
        shutil.copytree(self.kept, self.out)

    def check(self, what: str) -> None:
        """Look at what a visitor finds now; then build again, and look what stands there in the end."""
        pages = pages_of(self.out)
        odd = [name for name, text in pages.items() if text not in (self.old.get(name), self.new.get(name))]
        assert not odd and dead_links(self.out) == [], f"{what}: {odd} {dead_links(self.out)}"
        code, told = self.server.run(self.strike())
        assert code == 0, f"{what}: {told}"
        assert pages_of(self.out) == self.new, what
        left = [path.name for path in self.out.rglob("*.new")]
        assert not left, f"{what}: {left}"


def pages_of(out: Path) -> Pages:
    """Return what people see, but for the time on the index."""
    pages = (path for path in out.rglob("*") if path.suffix in (".html", ".xml", ".css", ".js"))
    return {str(path.relative_to(out)): MADE.sub("", path.read_text()) for path in pages}


def dead_links(out: Path) -> list[str]:
    """Return links that lead to nothing, of all pages that somebody can come to from the index."""
    found, todo, known = [], [out / "index.html"], set[Path]()
    while todo:
        page = todo.pop()
        for link in LINK.findall(page.read_text()):
            goal = Path(os.path.normpath(page.parent / unquote(link)))
            if link.startswith(("data:", "http")) or goal in known:
                continue
            known.add(goal)
            if not goal.exists():
                found.append(f"{page.name}: {link}")
            elif goal.suffix == ".html" and goal.is_relative_to(out):
                todo.append(goal)
    return found


def let_much_happen(site: Site) -> None:
    """Change everything that a build can meet: a run more, one failed, an obsnum, a night and a project fewer."""
    done(site, PID, unit_of(site, PID, "110004"), {"0": numbers(70, 1.0), "1": numbers(70, 1.0)}, ["x__0.mom0.png"])
    recorded(site, OPEN, unit_of(site, OPEN, "90001"), RunState.FAILED, attempt=2, verdict="the pipeline stopped")
    project = site.projects / PID / "project.yaml"
    project.write_text(project.read_text().replace("110004, 110005]", "110004]"))
    qa = site.projects / PID / "qa.yaml"
    qa.write_text("obsnums: {110001: {grade: 3}}\n")
    shutil.rmtree(site.projects / NEW)
    log = site.need_data() / "data_lmt.log"
    rows = [row for row in log.read_text().splitlines() if "2018-04-02" not in row and " 110005 " not in row]
    log.write_text("\n".join(rows) + "\n")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    server = Server(REPOSITORY)
    site = make_hard_site(tmp_path_factory.mktemp("kill") / "lmt")
    first = Bench(server, site, {}, {}, 0)
    assert server.run(first.strike())[0] == 0
    shutil.copytree(first.out, first.kept)
    old = pages_of(first.out)
    let_much_happen(site)
    told = server.run(first.strike())[1]
    yield Bench(server, site, old, pages_of(first.out), int(told.rpartition("steps: ")[2]))
    server.close()


def test_the_two_sites_differ_and_both_are_whole(bench: Bench) -> None:
    assert bench.steps > 30 and dead_links(bench.out) == dead_links(bench.kept) == []
    assert {
        f"p/{NEW}/index.html",
        f"p/{PID}/110005.html",
        "nights/2018-04-02.html",
    } <= bench.old.keys() - bench.new.keys()
    assert bench.old["index.html"] != bench.new["index.html"]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill", "after"])
def test_a_build_struck_at_some_steps_leaves_a_whole_site_and_is_ended_by_the_next(bench: Bench, how: str) -> None:
    strike_each(bench, how, range(1 + len(how) % 3, bench.steps + 1, 12))


@pytest.mark.sweep
@pytest.mark.parametrize("how", ["kill", "after", "full", "full for ever"])
def test_a_build_struck_at_every_step_leaves_a_whole_site_and_is_ended_by_the_next(bench: Bench, how: str) -> None:
    strike_each(bench, how, range(1, bench.steps + 1))


def strike_each(bench: Bench, how: str, steps: range) -> None:
    for step in steps:
        bench.begin()
        code, told = bench.server.run(bench.strike(step, how))
        assert "Traceback" not in told, told
        assert code in ((0, 1) if how.startswith("full") else (-signal.SIGKILL,)), f"{how} {step}: {code}\n{told}"
        bench.check(f"{how} {step}")


@pytest.mark.slow
def test_a_build_killed_at_random_instants_leaves_a_whole_site_and_is_ended_by_the_next(bench: Bench) -> None:
    chance, killed = random.Random(8), 0
    while killed < 6:
        bench.begin()
        timers: list[threading.Timer] = []

        def send(process_id: int, timers: list[threading.Timer] = timers) -> None:
            timers.append(threading.Timer(chance.uniform(0.05, 0.6), die, (process_id,)))
            timers[0].start()

        code, told = bench.server.run(bench.strike(), send)
        timers[0].cancel()
        assert code in (0, -signal.SIGKILL), told
        killed += code != 0
        bench.check(f"random {killed}")


def die(process_id: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGKILL)
