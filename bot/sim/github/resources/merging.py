"""Merging one branch into another, without a pull request."""

from __future__ import annotations

from bot.sim.github.deeds.protection import push_fault
from bot.sim.github.deeds.refs import HEADS, move, signature
from bot.sim.github.git import program
from bot.sim.github.git.objects import RefMoved
from bot.sim.github.refusals import Refusal, conflict
from bot.sim.github.rules.access import Right
from bot.sim.github.shown.commits import commit
from bot.sim.github.wire.call import Call, Reply, created, nothing
from bot.sim.github.wire.routing import Route


def merge_branch(call: Call) -> Reply:
    """Merge `head` (a branch or a sha) into the branch `base`: 201 with the merge, 204 when nothing is to be merged."""
    git, base, head = call.git(call.repo), call.need("base", str), call.need("head", str)
    tip = git.ref(HEADS + base)
    if tip is None:
        raise Refusal(404, "Base does not exist")
    other = git.ref(HEADS + head) or git.resolve(head)
    if other is None:
        raise Refusal(404, "Head does not exist")
    if git.is_ancestor(other, tip):
        return nothing()
    tree = program.merged_tree(git, tip, other)
    if tree is None:
        raise conflict("Merge conflict")
    message, by = call.get("commit_message", str) or f"Merge {head} into {base}", signature(call)
    sha = git.write_commit(tree, [tip, other], message, author=by, committer=by)
    if forbidden_by := push_fault(call, call.repo, base, sha, is_forced=False, is_deletion=False):
        raise conflict(forbidden_by)
    try:
        move(call, call.repo, HEADS + base, sha, tip, f"merge of {head}")
    except RefMoved as error:
        raise conflict(f"{base} is not at {tip}") from error
    return created(commit(call, call.repo, sha))


ROUTES = (Route("POST", "/repos/{owner}/{repo}/merges", merge_branch, Right("contents", "write")),)
