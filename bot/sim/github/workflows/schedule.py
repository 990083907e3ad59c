"""`on: schedule`: what is due by the clock of the state. Times that passed while nobody looked are not made up for.

A schedule that is seen for the first time begins now; of several missed times the last one makes one run.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from croniter import croniter

from bot.sim.github.deeds import runs
from bot.sim.github.rules.access import Kind, Who
from bot.sim.github.rules.triggers import Happened
from bot.sim.github.rules.workflow_file import triggers_of
from bot.sim.github.shown import accounts, repos
from bot.sim.github.store.act import Act, Places
from bot.sim.github.store.database import Row
from bot.sim.github.store.state import State
from bot.sim.github.workflows.dispatcher import HEADS, Occasion, start_all


def take_ticks(state: State, looked: dict[int, tuple[str | None, str]]) -> None:
    """Start the runs that are due; only files on default branches count.

    `looked` remembers, repository -> tip and minute, where nothing can have changed since the last time.
    """
    for repo in state.db.all("SELECT * FROM repos WHERE archived = 0 AND parent_id IS NULL"):
        ref = HEADS + repo["default_branch"]
        tip = state.repository(repo["id"]).ref(ref)
        now = (tip, state.now()[:16])
        if looked.get(repo["id"]) == now:
            continue
        looked[repo["id"]] = now
        who = Who(Kind.USER, state.db.row("accounts", _last_mover(state, repo)))
        act = Act(state, who, Places(*[state.address] * 3))
        for path, text in runs.files_at(act, repo, tip).items() if tip else ():
            for cron in _crons(text):
                if _is_due(state, repo, path, cron):
                    with state.db.transaction():
                        occasion = Occasion(
                            Happened("schedule"), str(tip), ref, "", head_branch=repo["default_branch"], only_path=path
                        )
                        start_all(act, repo, occasion, _payload(act, repo, path, cron), None)


def _payload(act: Act, repo: Row, path: str, cron: str) -> dict[str, Any]:
    """Return what `github.event` holds of a schedule; no hook hears of it."""
    told = {"schedule": cron, "workflow": path, "repository": repos.repository(act, repo)}
    owner = repos.organization_of(act, repo)
    return told | ({"organization": accounts.organization(act, owner)} if owner else {})


def _last_mover(state: State, repo: Row) -> int:
    """Return whose run it is: the last one who pushed to the default branch, as on GitHub."""
    sql = "SELECT pusher_id FROM refs WHERE repo_id = ? AND name = ?"
    return int(state.db.value(sql, repo["id"], HEADS + repo["default_branch"]) or repo["owner_id"])


@lru_cache(maxsize=512)
def _crons(text: str) -> tuple[str, ...]:
    entries = triggers_of(text).get("schedule") or []
    found = [str(entry.get("cron", "")) for entry in entries if isinstance(entry, dict)]
    return tuple(cron for cron in found if len(cron.split()) == 5 and croniter.is_valid(cron))


@lru_cache(maxsize=512)
def _last_tick(cron: str, minute: datetime) -> str:
    tick: datetime = minute if croniter.match(cron, minute) else croniter(cron, minute).get_prev(datetime)
    return tick.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00Z")


def _is_due(state: State, repo: Row, path: str, cron: str) -> bool:
    key = (repo["id"], path, cron)
    sql = "SELECT last_tick FROM schedules WHERE repo_id = ? AND path = ? AND cron = ?"
    last = state.db.value(sql, *key)
    if last is None:
        state.db.insert("schedules", repo_id=key[0], path=path, cron=cron, last_tick=state.now())
        return False
    told = _last_tick(cron, state.clock().replace(second=0, microsecond=0))
    if told <= last:
        return False
    state.db.run("UPDATE schedules SET last_tick = ? WHERE repo_id = ? AND path = ? AND cron = ?", told, *key)
    return True
