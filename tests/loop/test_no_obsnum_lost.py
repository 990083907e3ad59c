"""Promise 1: after each pass every valid Science obsnum of the log is on main, in a pull request, or told as held back.

A random history: observations arrive in any order, people merge, close, edit, and write the same lines as the bot.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.formats.project_file import parse_folder
from bot.rules.arrival import listed_obsnums
from bot.stages.arrival_pulls import Pass, propose_arrivals
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.github.judge import need_judges
from tests.loop.play import opened
from tests.loop.stories import QUIET
from tests.loop.world import NOON, Loop, rows

OTHER = "2025-S1-US-9"
PIDS = (PID, OTHER)
FIRST = 117362


class History:
    """What happens at an observatory, by chance."""

    def __init__(self, loop: Loop, seed: int) -> None:
        self.loop, self.chance = loop, random.Random(seed)
        self.observed = {PID: {117361}, OTHER: set[int]()}
        self.next = FIRST
        self.told: list[str] = []

    def live(self, steps: int) -> None:
        """Let things happen; after each the bot makes a pass, and nothing is lost."""
        deeds = (self.observe, self.observe, self.merge, self.close, self.edit_branch, self.edit_main, self.leave_out)
        for _ in range(steps):
            deed = self.chance.choice(deeds)
            self.told.append(deed.__name__)
            deed()
            self.loop.observe("".join(rows(*sorted(nums), pid=pid) for pid, nums in self.observed.items()))
            self.loop.pull()
            done = propose_arrivals(self.loop.site, self.loop.door(), self.loop.log, now=NOON)
            assert self.lost(done) == set(), f"after {self.told}"

    def lost(self, done: Pass) -> set[int]:
        """Return the obsnums of the log that are nowhere."""
        places = [self.listed("main", pid) for pid in PIDS]
        places += [self.listed(pull["head"]["ref"], pid) for pull in self.loop.pulls() for pid in PIDS]
        places += [{held.obsnum for held in done.arrivals.held if held.obsnum}]
        waiting = [one for one in done.proposals if one.became == "waiting" and one.number]
        places += [self.brought(one.number, one.pid) for one in waiting]
        return set().union(*self.observed.values()) - {one for place in places for one in place if one}

    def listed(self, branch: str, pid: str) -> set[int]:
        """Return what a branch lists or leaves out of a project."""
        came = self.loop.hub.po.get(
            f"{REPO}/contents/projects/{pid}/project.yaml?ref={branch}", Accept="application/vnd.github.raw+json"
        )
        if came.status == 404:
            return set()
        project = parse_folder(came.data.decode(), pid=pid).project
        return set(listed_obsnums(project)) | set(project.left_out)

    def brought(self, number: int, pid: str) -> set[int]:
        """Return what a closed pull request that the pass told of would bring."""
        return self.listed(str(self.loop.hub.po.get(f"{REPO}/pulls/{number}").json["head"]["sha"]), pid)

    # what happens

    def observe(self) -> None:
        new = range(self.next, self.next + self.chance.randrange(1, 4))
        self.observed[self.chance.choice(PIDS)] |= set(new)
        self.next = new.stop

    def merge(self) -> None:
        for pull in self.loop.pulls()[:1]:
            self.loop.hub.po.put(f"{REPO}/pulls/{pull['number']}/merge")
            if self.chance.random() < 0.5:
                self.loop.hub.po.delete(f"{REPO}/git/refs/heads/{pull['head']['ref']}")

    def close(self) -> None:
        for pull in self.loop.pulls()[:1]:
            assert self.loop.hub.po.patch(f"{REPO}/pulls/{pull['number']}", {"state": "closed"}).status == 200

    def edit_branch(self) -> None:
        """People change, on a branch of the bot, the line that they also change on main."""
        for pull in self.loop.pulls()[-1:]:
            self.remark(str(pull["head"]["ref"]))

    def edit_main(self) -> None:
        self.remark("main")

    def remark(self, branch: str) -> None:
        path = f"projects/{PID}/project.yaml"
        _, _, rest = self.loop.hub.text(path, branch).partition("\n")
        words = f"# {branch} says {self.chance.random()}\n{rest}"
        assert self.loop.hub.write(path, words, branch, self.loop.hub.po).status == 200

    def leave_out(self) -> None:
        """A person takes an obsnum out of the lists of a branch, and does not say that it is left out."""
        for pull in self.loop.pulls()[:1]:
            path, branch = f"projects/{PID}/project.yaml", str(pull["head"]["ref"])
            text = self.loop.hub.text(path, branch)
            gone = self.chance.choice(sorted(self.listed(branch, PID)))
            if len(self.listed(branch, PID)) > 1:
                self.loop.hub.write(path, text.replace(f"      - {gone}\n", ""), branch, self.loop.hub.po)


def check(root: Path, seed: int, steps: int) -> None:
    need_judges()
    with opened(root, QUIET) as loop:
        History(loop, seed).live(steps)


def test_a_short_history_loses_no_obsnum(tmp_path: Path) -> None:
    check(tmp_path, seed=1, steps=8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*range(2, 6), *(pytest.param(n, marks=pytest.mark.sweep) for n in range(6, 22))])
def test_many_histories_lose_no_obsnum(tmp_path: Path, seed: int) -> None:
    check(tmp_path, seed, steps=25)
