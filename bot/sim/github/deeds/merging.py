"""A pull request is merged: what forbids it, the commit that git makes of it, and the base that moves."""

from __future__ import annotations

from bot.sim.github.deeds import protection
from bot.sim.github.deeds.pulls import COMMITTER, mark_merged
from bot.sim.github.deeds.refs import move, signature
from bot.sim.github.git import program
from bot.sim.github.git.objects import RefMoved, Repository, Signature
from bot.sim.github.refusals import Refusal, conflict
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row


def merge(act: Act, repo: Row, pull: Row, method: str, words: tuple[str | None, str | None]) -> str:
    """Merge an open pull request by merge, squash or rebase; return the new tip of the base branch."""
    faults = protection.merge_faults(act, repo, pull, method)
    if faults:
        raise Refusal(405, "\n".join(faults))
    tip = _merged_commit(act, repo, pull, method, words)
    if tip is None:
        raise Refusal(405, "Pull Request is not mergeable")
    # marked before the base moves, so that following the branch does not take it for a merge by push
    act.db.update("issues", pull["id"], state="merging")
    try:
        move(act, repo, f"refs/heads/{pull['base_ref']}", tip, pull["base_sha"], f"merge of #{pull['number']}")
    except RefMoved as error:
        raise conflict("Base branch was modified. Review and try the merge again.") from error
    act.db.update("pulls", pull["id"], base_sha=pull["base_sha"])
    mark_merged(act, repo, pull["id"], tip)
    return tip


def _merged_commit(act: Act, repo: Row, pull: Row, method: str, words: tuple[str | None, str | None]) -> str | None:
    git, base, head = act.git(repo), pull["base_sha"], pull["head_sha"]
    author, by = signature(act), Signature(*COMMITTER, int(act.state.clock().timestamp()))
    ahead = [str(c.id) for c in git.history(head, without=[base], oldest_first=True) if len(c.parent_ids) < 2]
    if method == "rebase":
        return program.rebased(git, base, ahead, author)
    tree = program.merged_tree(git, base, head)
    if tree is None:
        return None
    if method == "squash":
        first = git.commit(ahead[0]).message.strip().split("\n")[0] if len(ahead) == 1 else pull["title"]
        title = words[0] or f"{first} (#{pull['number']})"
        body = words[1] if words[1] is not None else _squash_body(git, ahead)
        opener = signature(act, act.account(pull["user_id"]))
        return git.write_commit(tree, [base], _message(title, body), author=opener, committer=by)
    owner = act.db.one(
        "SELECT a.login FROM accounts a JOIN repos r ON r.owner_id = a.id WHERE r.id = ?", pull["head_repo_id"]
    )
    title = (
        words[0]
        or f"Merge pull request #{pull['number']} from {owner['login'] if owner else 'unknown'}/{pull['head_ref']}"
    )
    body = words[1] if words[1] is not None else pull["title"]
    return git.write_commit(tree, [base, head], _message(title, body), author=author, committer=by)


def _squash_body(git: Repository, commits: list[str]) -> str:
    messages = [git.commit(sha).message.strip() for sha in commits]
    return (
        messages[0].partition("\n")[2].strip() if len(messages) == 1 else "\n\n".join(f"* {text}" for text in messages)
    )


def _message(title: str, body: str) -> str:
    return f"{title}\n\n{body}".rstrip("\n") + "\n" if body else f"{title}\n"
