"""What stands in the end: branches, pull requests, comments, checks, results; without what differs from day to day.

Commits are known by their trees, for their names follow from the time; a host's port counts for nothing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pygit2

from bot.doors.sessions import FILE
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.loop.world import Loop

COMMIT = re.compile(r"\b(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b|\b[0-9]{12,40}\b")
HOST = re.compile(r"http://127\.0\.0\.1(:\d+)?")
PASSING = {"started", "ended", "outcomes", "job", "log", "host", "commit", "created"}


def timeless(text: str) -> str:
    """Take names of commits and ports out of a text."""
    return HOST.sub("HOST", COMMIT.sub("COMMIT", text))


def seen(loop: Loop) -> dict[str, Any]:
    """Return everything that people can see, in a form that two runs of the same story share."""
    return {
        "branches": branches(loop),
        "pulls": [pull_seen(loop, pull) for pull in sorted(loop.pulls("all"), key=lambda one: int(one["number"]))],
        "checks": {branch: checks_seen(loop, loop.hub.tip(branch)) for branch in branches(loop)},
        "records": records_seen(loop.root / "work"),
        "products": products_seen(loop.root / "work"),
        "webruns": [topic_seen(loop, issue) for issue in issues(loop)],
        "sessions": sessions_seen(loop.root / "work"),
        "releases": {one["tag_name"]: sorted(two["name"] for two in one["assets"]) for one in releases(loop)},
    }


def releases(loop: Loop) -> list[Mapping[str, Any]]:
    """Return the releases with their files."""
    found: list[Mapping[str, Any]] = loop.hub.po.get(f"{REPO}/releases?per_page=100").json
    return found


def branches(loop: Loop) -> dict[str, dict[str, str]]:
    """Return {branch: {path: text}}."""
    bare = pygit2.Repository(str(next((loop.hub.state.folder / "repos").glob("*"))))
    heads = {name: bare.references[name].peel(pygit2.Commit).tree for name in bare.references}
    return {
        name.removeprefix("refs/heads/"): dict(_files(tree))
        for name, tree in heads.items()
        if name.startswith("refs/heads/")
    }


def _files(tree: pygit2.Tree, above: str = "") -> Iterator[tuple[str, str]]:
    for entry in tree:
        if isinstance(entry, pygit2.Tree):
            yield from _files(entry, f"{above}{entry.name}/")
        elif isinstance(entry, pygit2.Blob):
            yield f"{above}{entry.name}", timeless(entry.data.decode())


def issues(loop: Loop) -> list[Mapping[str, Any]]:
    """Return the issues, oldest first."""
    found = loop.hub.po.get(f"{REPO}/issues?state=all&direction=asc&per_page=100").json
    return [one for one in found if "pull_request" not in one]


def pull_seen(loop: Loop, pull: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pull request with its comments."""
    return topic_seen(loop, pull) | {
        "branch": pull["head"]["ref"],
        "reviewers": sorted(one["login"] for one in pull["requested_reviewers"])
        + sorted(one["slug"] for one in pull["requested_teams"]),
    }


def topic_seen(loop: Loop, topic: Mapping[str, Any]) -> dict[str, Any]:
    """Return what issues and pull requests share."""
    comments = loop.hub.po.get(f"{REPO}/issues/{topic['number']}/comments?per_page=100").json
    return {
        "state": topic["state"],
        "title": topic["title"],
        "body": timeless(topic["body"] or ""),
        "labels": sorted(label["name"] for label in topic["labels"]),
        "comments": [comment_seen(one) for one in comments],
    }


def comment_seen(comment: Mapping[str, Any]) -> tuple[str, str, dict[str, int]]:
    """Return who said what, and the reactions."""
    reactions = {kind: count for kind, count in comment["reactions"].items() if isinstance(count, int) and count}
    body = re.sub(r"lmtbot:answer to=\d+", "lmtbot:answer", timeless(comment["body"]))
    return comment["user"]["login"], body, reactions


def checks_seen(loop: Loop, commit: str) -> list[tuple[str, str | None, str]]:
    """Return the newest check of each name, and every commit status."""
    runs = loop.hub.po.get(f"{REPO}/commits/{commit}/check-runs?filter=latest").json["check_runs"]
    statuses = loop.hub.po.get(f"{REPO}/commits/{commit}/status").json["statuses"]
    told = [(run["name"], run["conclusion"], timeless(run["output"]["summary"] or "")) for run in runs]
    return sorted(told + [(one["context"], one["state"], "a status") for one in statuses], key=str)


def check_names(loop: Loop) -> Counter[tuple[str, str]]:
    """Return how many check runs of each name every commit at the tip of a branch has."""
    tips = {branch: loop.hub.tip(branch) for branch in branches(loop)}
    runs = {
        branch: loop.hub.po.get(f"{REPO}/commits/{tip}/check-runs?filter=all").json["check_runs"]
        for branch, tip in tips.items()
    }
    return Counter((branch, run["name"]) for branch, found in runs.items() for run in found)


def records(work: Path) -> list[dict[str, Any]]:
    """Return all records of runs, as files hold them."""
    return [json.loads(path.read_text()) for path in sorted((work / "lmtbot" / PID / "ledger").glob("*.json"))]


def records_seen(work: Path) -> list[str]:
    """Return what good records say, one unit once."""
    good = [one for one in records(work) if one["state"] == "good"]
    return sorted(timeless(json.dumps(_lasting(one), sort_keys=True)) for one in good)


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lasting(one) for key, one in value.items() if key not in PASSING | {"attempt", "date"}}
    return value


def sessions_seen(work: Path) -> list[Any]:
    """Return what is on record of every session of a webrun."""
    return [_lasting(json.loads(path.read_text())) for path in sorted((work / PID).glob("Session-*/session.json"))]


def products_seen(work: Path) -> dict[str, str]:
    """Return the results, official ones and those of sessions, {path: text}; names of logs carry their time."""
    official = work / PID
    files = [path.relative_to(official) for path in official.rglob("*") if path.is_file()]
    shown = (path for path in files if path.suffix != ".log" and "lmtbot" not in path.parts and path.name != FILE)
    return {str(path): (official / path).read_text() for path in sorted(shown)}
