"""Events -> runs: reads the outbox, finds the workflows that want each event, starts their runs.

GitHub's rules of which file counts: of pull_request the merge commit's, of push the pushed commit's, of all others the
default branch's (workflow_dispatch and release: the ref's). What a workflow's token did starts nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from bot.sim.github.deeds import pulls, runs
from bot.sim.github.deeds.runs import Wanted
from bot.sim.github.events.outbox import take_over, unread
from bot.sim.github.git.objects import NO_SHA
from bot.sim.github.rules.access import Kind, Who, is_at_least
from bot.sim.github.rules.reusable import read_workflow
from bot.sim.github.rules.triggers import BY_BASE, Happened, asks_for_paths, is_wanted, skips
from bot.sim.github.rules.workflow_file import WorkflowFault, triggers_of
from bot.sim.github.store.act import Act, Places
from bot.sim.github.store.database import Row
from bot.sim.github.store.roles import role_of
from bot.sim.github.store.state import State
from bot.sim.github.workflows import progress

log = logging.getLogger(__name__)
READER = "dispatcher"
HEADS, TAGS = "refs/heads/", "refs/tags/"
DISPATCHES = ("workflow_dispatch", "repository_dispatch")
ON_DEFAULT = (
    "check_run", "check_suite", "create", "delete", "issue_comment", "issues", "label", "milestone",
    "release", "repository_dispatch", "status", "workflow_run",
)  # fmt: skip
"""Events of which the file on the default branch (or on the event's own ref, see `_on_default`) counts."""
REVIEWS = ("pull_request_review", "pull_request_review_comment")


@dataclass(frozen=True)
class Occasion:
    """One event at one commit whose workflow files count."""

    happened: Happened
    sha: str
    ref: str
    title: str
    head_sha: str = ""
    head_branch: str | None = None
    head_repo_id: int | None = None
    only_path: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    difference: tuple[str, str] | None = None
    """Between which commits paths count, when a workflow asks for paths; None: they do not count."""


def take_events(state: State) -> None:
    """Start the runs that new events ask for; each event's runs and the cursor move in one transaction."""
    for event in unread(state.db, READER):
        try:
            with state.db.transaction():
                take_over(state.db, READER, event["id"])
                if event["repo_id"] and (event["token_kind"] != Kind.WORKFLOW or event["name"] in DISPATCHES):
                    _dispatch(state, event)
        except Exception:  # an event that cannot be judged must not hold up the others
            log.exception("event %d (%s) started nothing", event["id"], event["name"])
            take_over(state.db, READER, event["id"])


def _dispatch(state: State, event: Row) -> None:
    repo = state.db.one("SELECT * FROM repos WHERE id = ?", event["repo_id"])
    if repo is None:
        return
    who = Who(Kind.USER, state.db.row("accounts", event["actor_id"]))
    act = Act(state, who, Places(*[state.address] * 3))
    payload = json.loads(event["payload"])
    for occasion in _occasions(act, repo, event, payload):
        start_all(act, repo, occasion, payload | occasion.more, event["id"])


def start_all(act: Act, repo: Row, occasion: Occasion, payload: dict[str, Any], event_id: int | None) -> None:
    """Start a run of every workflow at the occasion's commit that wants it."""
    texts = runs.files_at(act, repo, occasion.sha)
    happened = occasion.happened
    if occasion.difference and any(asks_for_paths(triggers_of(text), happened.name) for text in texts.values()):
        happened = replace(happened, paths=_paths(act, repo, *occasion.difference))
    for path, text in texts.items():
        if occasion.only_path in ("", path) and is_wanted(triggers_of(text), happened):
            workflow = runs.workflow_row(act, repo, path, text)
            if workflow["state"] == "active":
                _start(act, repo, workflow, text, replace(occasion, more=payload), event_id)


def _start(act: Act, repo: Row, workflow: Row, text: str, occasion: Occasion, event_id: int | None) -> None:
    name = occasion.happened.name
    is_fork = name in ("pull_request", *REVIEWS) and occasion.head_repo_id not in (None, repo["id"])
    called = runs.called_at(act, repo, occasion.sha, text)
    wanted = Wanted(
        event=name,
        sha=occasion.sha,
        ref=occasion.ref,
        title=occasion.title or workflow["name"],
        definition=text,
        called=called,
        payload=json.dumps(occasion.more),
        event_id=event_id,
        head_sha=occasion.head_sha,
        head_branch=occasion.head_branch,
        head_repo_id=occasion.head_repo_id,
        is_trusted=not is_fork,
    )
    run_id = runs.start(act, repo, workflow, wanted)
    try:
        read_workflow(text, workflow["path"], called)
    except WorkflowFault as fault:
        log.warning("%s of %s: %s", workflow["path"], repo["name"], fault)
        progress.refuse(act, repo, run_id, str(fault))
        return
    if is_fork and _is_first_time(act, repo):
        runs.change(act, repo, run_id, "completed", "action_required")


def _is_first_time(act: Act, repo: Row) -> bool:
    """Tell whether a fork's run needs approval: its actor may not write, and nothing of theirs was merged yet."""
    sql = "SELECT 1 FROM pulls p JOIN issues i ON i.id = p.id WHERE p.repo_id = ? AND i.user_id = ?"
    may_write = is_at_least(role_of(act.db, act.user["id"], repo), "write")
    return not may_write and act.db.one(f"{sql} AND p.merged_at IS NOT NULL", repo["id"], act.user["id"]) is None


def _occasions(act: Act, repo: Row, event: Row, payload: dict[str, Any]) -> Iterator[Occasion]:
    name = event["name"]
    if name == "push":
        yield from _pushed(act, repo, payload)
    elif name == "pull_request":
        yield from _pulled(act, repo, event["action"], payload)
    elif name == "workflow_dispatch":
        yield from _dispatched(act, repo, payload)
    elif name in REVIEWS:
        yield from _reviewed(act, repo, event, payload)
    elif name in ON_DEFAULT:
        yield from _on_default(act, repo, event, payload)


def _pushed(act: Act, repo: Row, payload: dict[str, Any]) -> Iterator[Occasion]:
    ref, old, git = payload["ref"], payload["before"], act.git(repo)
    commit = git.peel(payload["after"]) if payload["after"] != NO_SHA else None
    if commit is None or not ref.startswith((HEADS, TAGS)):
        return
    message = git.commit(commit).message
    if skips(message):
        return
    is_branch = ref.startswith(HEADS)
    word = ref.removeprefix(HEADS).removeprefix(TAGS)
    before = git.peel(old) if old != NO_SHA else None
    happened = Happened("push", branch=word if is_branch else None, tag=None if is_branch else word)
    difference = (before, commit) if is_branch and before else None
    yield Occasion(happened, commit, ref, message.partition("\n")[0], head_branch=word, difference=difference)


def _paths(act: Act, repo: Row, old: str, new: str) -> tuple[str, ...]:
    changes = act.git(repo).changes(old, new)
    return tuple(path for change in changes for path in (change.path, change.previous) if path)


def _pulled(act: Act, repo: Row, action: str, payload: dict[str, Any]) -> Iterator[Occasion]:
    """pull_request runs on the merge commit (none: no run, as GitHub has it), pull_request_target on the base."""
    pull_id = act.db.value("SELECT id FROM issues WHERE repo_id = ? AND number = ?", repo["id"], payload["number"])
    head, base = payload["pull_request"]["head"], payload["pull_request"]["base"]
    row, git = act.db.row("pulls", pull_id), act.git(repo)
    ancestor = git.merge_base(base["sha"], head["sha"])
    shared = _head_of(row, payload) | {"difference": (ancestor, head["sha"]) if ancestor else None}
    merge = _merge_commit(act, repo, row, payload)
    if merge and not skips(git.commit(head["sha"]).message):
        happened = Happened("pull_request", action, branch=base["ref"])
        ref = f"refs/pull/{payload['number']}/merge"
        yield Occasion(happened, merge, ref, **shared)
    tip = git.ref(HEADS + base["ref"])
    if tip:
        happened = Happened(BY_BASE[1], action, branch=base["ref"])
        yield Occasion(happened, tip, HEADS + base["ref"], **shared)


def _reviewed(act: Act, repo: Row, event: Row, payload: dict[str, Any]) -> Iterator[Occasion]:
    """Reviews and their comments run on the merge commit too, whatever the base."""
    number, git = payload["pull_request"]["number"], act.git(repo)
    sql = "SELECT p.* FROM pulls p JOIN issues i USING (id) WHERE i.repo_id = ? AND number = ?"
    row = act.db.one(sql, repo["id"], number)
    ref = f"refs/pull/{number}/merge"
    commit = git.ref(ref)
    if row and commit:
        yield Occasion(Happened(event["name"], event["action"]), commit, ref, **_head_of(row, payload))


def _head_of(pull: Row, payload: dict[str, Any]) -> dict[str, Any]:
    """Return what a run tells of the head of its pull request."""
    told = payload["pull_request"]
    names = {"title": told["title"], "head_sha": told["head"]["sha"], "head_branch": told["head"]["ref"]}
    return names | {"head_repo_id": pull["head_repo_id"]}


def _merge_commit(act: Act, repo: Row, pull: Row, payload: dict[str, Any]) -> str | None:
    """Return the commit that merging would make; of a merged one the merge itself; None when it conflicts."""
    if pull["merged_at"]:
        return str(pull["merge_commit_sha"])
    pulls.compute_mergeable(act, repo, pull["id"])
    is_open = payload["pull_request"]["state"] == "open" and pull["head_sha"] == payload["pull_request"]["head"]["sha"]
    if is_open and act.state.mergeable.get((pull["id"], pull["base_sha"], pull["head_sha"])) is False:
        return None
    return act.git(repo).ref(f"refs/pull/{payload['number']}/merge")


def _dispatched(act: Act, repo: Row, payload: dict[str, Any]) -> Iterator[Occasion]:
    ref = payload["ref"]
    if commit := act.git(repo).resolve(ref):
        branch, path = ref.split("/", 2)[-1], payload["workflow"]
        yield Occasion(Happened("workflow_dispatch"), commit, ref, "", head_branch=branch, only_path=path)


def _on_default(act: Act, repo: Row, event: Row, payload: dict[str, Any]) -> Iterator[Occasion]:
    """The default branch's tip; a release's tag; a created branch or tag."""
    name, git = event["name"], act.git(repo)
    ref = HEADS + repo["default_branch"]
    if name == "release":
        ref = TAGS + payload["release"]["tag_name"]
    elif name == "create":
        ref = (HEADS if payload["ref_type"] == "branch" else TAGS) + payload["ref"]
    commit = git.peel(git.ref(ref) or "")
    if commit is None:
        return
    run = payload.get("workflow_run") or {}
    happened = Happened(
        name, event["action"], branch=run.get("head_branch"), workflow=(payload.get("workflow") or {}).get("name", "")
    )
    title = (payload.get("issue") or payload.get("release") or {}).get("title", "")
    title = event["action"] if name == "repository_dispatch" else title or ""
    yield Occasion(happened, commit, ref, title, head_branch=ref.split("/", 2)[-1])
