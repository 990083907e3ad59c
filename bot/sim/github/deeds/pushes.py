"""A push before git takes it: what branch protection says to each ref."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.sim.github.deeds.protection import push_fault
from bot.sim.github.git.objects import NO_SHA
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row


@dataclass(frozen=True)
class Update:
    """One ref as the pusher wants it."""

    name: str
    old: str
    new: str
    is_forced: bool


def judge(act: Act, repo: Row, updates: Iterable[Update]) -> list[str]:
    """Return what forbids the push, a line each; nothing: it may go on."""
    faults = []
    for update in updates:
        if update.name.startswith("refs/pull/"):
            faults.append(f"{update.name}: refs of pull requests cannot be pushed to")
        elif not update.name.startswith("refs/heads/"):
            continue
        elif repo["archived"]:
            faults.append("This repository was archived so it is read-only.")
        else:
            branch = update.name.removeprefix("refs/heads/")
            fault = push_fault(
                act, repo, branch, update.new, is_forced=update.is_forced, is_deletion=update.new == NO_SHA
            )
            faults += (
                [f"error: GH006: Protected branch update failed for {update.name}.\nerror: {fault}"] if fault else []
            )
    return faults
