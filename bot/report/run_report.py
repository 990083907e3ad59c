"""The report of a level on GitHub: one comment and one check, made from plan and ledger, not from what happened since.

So it can be made again at any time, says the same when nothing changed, and is right after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bot.formats.markdown import code, fence, prose, table
from bot.model.github import Check, Conclusion
from bot.model.plan import Plan, Unit
from bot.model.record import Ledger, Record, RunState
from bot.rules import work

BAR = 20
MOST_FAILED, MOST_BLOCKED = 12, 20
KIND = "run"
NEXT = {1: "QA by the data analyst.", 2: "a release by the PO sends it to the archive."}


@dataclass(frozen=True)
class RunShown:
    """Where a level of a project stands."""

    plan: Plan
    ledger: Ledger
    parted: work.Work
    running: Collection[str] = ()
    """Names of the units that are worked on now; nothing is over before this is empty."""
    is_over: bool = False
    seconds_left: float | None = None
    commit: str = ""
    run_url: str = ""
    refused: Sequence[str] = ()
    """Why nothing was run."""
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What the archive needs and is not there: {unit: endings of files}."""

    @property
    def failed(self) -> list[tuple[Unit, Record]]:
        """Return the units that failed or were stopped, with their last attempt."""
        undone = [unit for unit in self.plan.units if unit not in self.parted.done]
        last = [(unit, work.last_attempt(self.ledger, unit, self.plan.level)) for unit in undone]
        return [(unit, one) for unit, one in last if one and one.state in (RunState.FAILED, RunState.STOPPED)]

    @property
    def blocked(self) -> Mapping[str, str]:
        """Return what cannot run and did not fail itself, with the reason."""
        failed = {unit.name for unit, _ in self.failed}
        return {name: why for name, why in self.parted.blocked.items() if name not in failed}


def check_of(shown: RunShown) -> Check:
    """Return the check on the merge commit."""
    name, total = f"level {shown.plan.level} / {shown.plan.pid}", len(shown.plan.units)
    done = len(shown.parted.done)
    if shown.refused:
        return Check(
            name, "refused: nothing was run", "\n".join(f"- {prose(one)}" for one in shown.refused), Conclusion.FAILURE
        )
    if not shown.is_over:
        return Check(name, f"running: {done} of {total} done", _numbers(shown))
    if shown.failed or shown.blocked:
        told = f"{len(shown.failed)} failed, {len(shown.blocked)} blocked, {done} of {total} done"
        return Check(name, told, f"{_numbers(shown)}\n\n{_failures(shown, lambda _: ())}", Conclusion.FAILURE)
    if shown.missing:
        told = f"done, but {len(shown.missing)} units lack what the archive needs"
        return Check(name, told, _failures(shown, lambda _: ()), Conclusion.FAILURE)
    return Check(name, f"done: {done} of {total}", _numbers(shown), Conclusion.SUCCESS)


def values(shown: RunShown, excerpts: Callable[[Record], Sequence[str]], products: str) -> dict[str, str]:
    """Return what templates/github/run.md.j2 is filled in with. `products`: address of the project's results, or ""."""
    link = f" [Results]({products}/{shown.plan.pid}/)." if products and shown.parted.done else ""
    return {
        "title": f"Level {shown.plan.level} of {prose(shown.plan.pid)}: {_state(shown)}",
        "numbers": _numbers(shown) + link,
        "failures": _failures(shown, excerpts),
        "next": _next(shown),
    }


def _state(shown: RunShown) -> str:
    total, done = len(shown.plan.units), len(shown.parted.done)
    if shown.refused:
        return "refused"
    if not shown.is_over:
        return f"running, {done} of {total}" if shown.running or done else "queued"
    if shown.failed:
        return f"{len(shown.failed)} of {total} failed"
    if shown.blocked:
        return f"{len(shown.blocked)} of {total} cannot run"
    return "done, not ready for the archive" if shown.missing else "done"


def _numbers(shown: RunShown) -> str:
    total, done = len(shown.plan.units), len(shown.parted.done)
    filled = round(BAR * done / total) if total else BAR
    told = f"`{'#' * filled}{'.' * (BAR - filled)}` {done} of {total} units"
    told += f" ({len(shown.plan.chains)} obsnums, {len(shown.plan.combinations)} combinations)"
    if shown.running and not shown.is_over:
        told += f"; running: {', '.join(map(code, list(shown.running)[:6]))}"
    if shown.seconds_left is not None and not shown.is_over:
        told += f"; about {max(round(shown.seconds_left / 60), 1)} min left"
    at = f" Commit {shown.commit.rstrip('+')[:12]}." if shown.commit else ""
    run = f" [Run]({shown.run_url})." if shown.run_url else ""
    return f"{told}.{at}{run}"


def _failures(shown: RunShown, excerpts: Callable[[Record], Sequence[str]]) -> str:
    if shown.refused:
        return "Nothing was run, because:\n\n" + "\n".join(f"- {prose(one)}" for one in shown.refused)
    parts = []
    for unit, record in shown.failed[:MOST_FAILED]:
        lines = excerpts(record)
        log = f"\n\n{fence(lines)}" if lines else ""
        parts.append(f"**{prose(unit.name)}** {code(unit.source)} {record.state}: {prose(record.verdict)}{log}")
    if len(shown.failed) > MOST_FAILED:
        parts.append(f"... and {len(shown.failed) - MOST_FAILED} more; `lmtbot history {shown.plan.pid}` tells all.")
    blocked = list(shown.blocked.items())
    if blocked:
        rows = [[prose(name), prose(why)] for name, why in blocked[:MOST_BLOCKED]]
        more = f"\n\n... and {len(blocked) - MOST_BLOCKED} more." if len(blocked) > MOST_BLOCKED else ""
        parts.append(table(["does not run", "because of"], rows) + more)
    if shown.missing:
        lost = [[prose(name), ", ".join(map(code, endings))] for name, endings in shown.missing.items()]
        parts.append(table(["not ready for the archive", "lacks"], lost[:MOST_BLOCKED]))
    return "\n\n".join(parts)


def _next(shown: RunShown) -> str:
    if shown.refused:
        return "A QA pull request with these lines is open again: a DA approves its last commit, then the PO merges."
    if not shown.is_over:
        return ""
    if shown.failed:
        return "The products that were there before stay. `/retry` runs what failed once more."
    if shown.blocked:
        return f"`lmtbot check {shown.plan.pid}` says what is to be mended."
    if shown.missing:
        return "The pipeline did not make what the archive needs, and said nothing: see the logs, then `/retry`."
    return (
        "Next: QA by the data analyst."
        if shown.plan.level == 1
        else "Next: a release by the PO sends it to the archive."
    )
