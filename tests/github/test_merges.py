"""Merges by the API against plain `git merge` in a clone, on random histories."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.github.hub import REPO, Hub

NAMES, LINES = ("a.txt", "b.txt", "d/c.txt"), 8
Step = tuple[str, int | None, str]
edit = st.tuples(st.sampled_from(NAMES), st.integers(0, LINES - 1), st.sampled_from(["x", "y"]))
step = st.one_of(edit, st.tuples(st.sampled_from(NAMES), st.just(None), st.just("")))
side = st.lists(step, min_size=1, max_size=3)


class Bench:
    """A repository in which random histories are made by the API, and a clone in which git merges them."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self.number = hub, 0
        self.files = {name: [f"line {n}" for n in range(LINES)] for name in NAMES}
        self.start = self.commit(hub.tip(), self.files)
        self.folder = hub.clone("po")

    def commit(self, parent: str, files: dict[str, list[str]], gone: str = "") -> str:
        """Store a commit with these files; return its sha."""
        entries: list[dict[str, Any]] = [
            {"path": name, "content": "\n".join(lines) + "\n"} for name, lines in files.items()
        ]
        entries += [{"path": gone, "sha": None}] if gone else []
        tree = self.hub.po.post(
            f"{REPO}/git/trees", {"base_tree": parent, "tree": [{"mode": "100644"} | entry for entry in entries]}
        )
        body = {"message": f"on {parent}", "tree": tree.json["sha"], "parents": [parent]}
        return str(self.hub.po.post(f"{REPO}/git/commits", body).json["sha"])

    def branch(self, name: str, steps: list[Step]) -> str:
        """Make a branch of steps: a line replaced, or a file deleted and, next time, made anew; return its tip."""
        files, tip = {name: list(lines) for name, lines in self.files.items()}, self.start
        for path, line, word in steps:
            gone = path if line is None and files.pop(path, None) else ""
            if not gone:
                files.setdefault(path, ["new"] * LINES)[line or 0] = f"{word}{line}"
            tip = self.commit(tip, files, gone)
        assert self.hub.po.post(f"{REPO}/git/refs", {"ref": f"refs/heads/{name}", "sha": tip}).status == 201
        return tip

    def plain_merge(self, one: str, other: str) -> str | None:
        """Return the tree of `git merge` in the clone, or None for a conflict."""
        git = self.hub.git
        git("fetch", "-q", "origin", cwd=self.folder)
        git("checkout", "-q", "--force", "--detach", one, cwd=self.folder)
        words = ["git", "-c", "user.name=A", "-c", "user.email=a@b", "merge", "-q", "-m", "m", other]
        if subprocess.run(words, cwd=self.folder, capture_output=True, check=False).returncode != 0:
            git("merge", "--abort", cwd=self.folder)
            return None
        return git("rev-parse", "HEAD^{tree}", cwd=self.folder).strip()

    def try_one(self, ours: list[Step], theirs: list[Step], method: str) -> None:
        """Merge two random sides by the API and by git; the trees must be the same, or both conflict."""
        self.number += 1
        names = [f"{side}{self.number}" for side in ("ours", "theirs")]
        tips = [self.branch(name, steps) for name, steps in zip(names, (ours, theirs), strict=True)]
        wanted = self.plain_merge(*tips)
        made = self.hub.po.post(f"{REPO}/pulls", {"title": "t", "head": names[1], "base": names[0]})
        if made.status == 422:  # nothing to merge: one side is a part of the other
            self.hub.git("merge-base", "--is-ancestor", tips[1], tips[0], cwd=self.folder)
            return
        came = self.hub.po.put(f"{REPO}/pulls/{made.json['number']}/merge", {"merge_method": method})
        assert came.status == (405 if wanted is None else 200), came.data
        if wanted is not None:
            assert self.hub.po.get(f"{REPO}/git/commits/{came.json['sha']}").json["tree"]["sha"] == wanted


@pytest.fixture
def bench(hub: Hub) -> Bench:
    hub.state.limits = type(hub.state.limits)(person=10**9)
    return Bench(hub)


@settings(max_examples=10)
@given(ours=side, theirs=side, method=st.sampled_from(["merge", "squash"]))
def test_a_merge_is_what_plain_git_gives(bench: Bench, ours: list[Step], theirs: list[Step], method: str) -> None:
    bench.try_one(ours, theirs, method)


@pytest.mark.slow
@settings(max_examples=200)
@given(ours=side, theirs=side, method=st.sampled_from(["merge", "squash"]))
def test_two_hundred_merges_are_what_plain_git_gives(
    bench: Bench, ours: list[Step], theirs: list[Step], method: str
) -> None:
    bench.try_one(ours, theirs, method)


def test_a_rebase_is_what_plain_git_gives(bench: Bench) -> None:
    hub, folder = bench.hub, bench.folder
    bench.branch("ours", [("a.txt", 0, "x")])
    bench.branch("theirs", [("b.txt", 1, "y"), ("a.txt", 7, "y"), ("d/c.txt", None, "")])
    number = hub.po.post(f"{REPO}/pulls", {"title": "t", "head": "theirs", "base": "ours"}).json["number"]
    hub.git("fetch", "-q", "origin", cwd=folder)
    sha = hub.po.put(f"{REPO}/pulls/{number}/merge", {"merge_method": "rebase"}).json["sha"]
    hub.git("checkout", "-q", "theirs", cwd=folder)
    hub.git("rebase", "-q", "origin/ours", cwd=folder)
    wanted = hub.git("rev-parse", "HEAD^{tree}", "HEAD~1^{tree}", "HEAD~2^{tree}", cwd=folder)
    hub.git("fetch", "-q", "origin", cwd=folder)
    assert hub.git("rev-parse", f"{sha}^{{tree}}", f"{sha}~1^{{tree}}", f"{sha}~2^{{tree}}", cwd=folder) == wanted
