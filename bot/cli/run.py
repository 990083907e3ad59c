"""Run what has no good record yet: chains side by side, a combination after its members.

Products that people see are replaced only by validated ones. Stop it with ^C, kill it, lose the machine: the same
command goes on where it was. One runner at a time works on a project.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from types import FrameType

from bot.cli.output import is_terminal, print_json
from bot.errors import ProjectError
from bot.model.record import RunState
from bot.settings import Site
from bot.stages.level1 import Outcome, Request, run_project, survey
from bot.stages.local_crew import Progress

EXAMPLES = (
    "lmtbot run 2024-S1-MX-2 --level 1 --dry-run    what would run, and why",
    "lmtbot run 2024-S1-MX-2 --level 1 -j 4         four pipelines side by side",
    "lmtbot run 2024-S1-MX-2 --executor slurm       by Slurm; ^C leaves the jobs, the same command comes back",
    "lmtbot run 2024-S1-MX-2 --only-failed          what failed last time, once more",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot run`."""
    parser.add_argument("pid", metavar="PID", help="the project")
    parser.add_argument("--level", type=int, choices=(1,), default=1, help="level 1 (level 2: `lmtbot reconcile`)")
    parser.add_argument("-j", "--jobs", type=_positive, metavar="N", help="pipelines side by side (default: settings)")
    parser.add_argument("--source", metavar="S", help="only this source")
    parser.add_argument("--obsnum", metavar="N", type=int, help="only this obsnum and its combinations")
    parser.add_argument("--only-failed", action="store_true", help="only what failed or was stopped last time")
    parser.add_argument("--take-over", action="store_true", help="go on with what a host that is gone has left open")
    parser.add_argument("--executor", choices=("local", "slurm"), default="local", help="who runs the lines")
    parser.add_argument(
        "--wait", action=argparse.BooleanOptionalAction, default=True, help="with Slurm: watch until all has ended"
    )
    parser.add_argument("--dry-run", action="store_true", help="tell what would run, and change nothing")


def run(args: argparse.Namespace, site: Site) -> int:
    """Run, or tell what would run; 1 when something failed or could not run."""
    request = Request(
        pid=args.pid,
        jobs=args.jobs or site.settings.jobs,
        source=args.source,
        obsnum=args.obsnum,
        only_failed=args.only_failed,
        take_over=args.take_over,
        executor=args.executor,
        wait=args.wait,
    )
    return dry_run(args, site, request) if args.dry_run else execute(args, site, request)


def execute(args: argparse.Namespace, site: Site, request: Request) -> int:
    """Run it and tell how it ended; 1 when something failed or could not run."""
    signal.signal(signal.SIGTERM, interrupt)
    shown = Shown(quiet=args.quiet > 0)
    try:
        outcome = run_project(site, request, shown.tell)
    except KeyboardInterrupt:
        shown.clear()
        print(f"lmtbot: {_how_to_go_on(request)}", file=sys.stderr)
        raise
    shown.clear()
    print_json(_as_json(outcome)) if args.json else _print(outcome)
    return 1 if outcome.failed or outcome.blocked else 0


def dry_run(args: argparse.Namespace, site: Site, request: Request) -> int:
    """Tell what would run, and change nothing."""
    plan, parted, _, _ = survey(site, request)
    if args.json:
        units = [{"name": one.name, "digest": one.digest, "lines": [str(x) for x in one.lines]} for one in parted.todo]
        print_json({"pid": plan.pid, "done": len(parted.done), "would_run": units, "blocked": dict(parted.blocked)})
        return 0
    for unit in parted.todo:
        for line in unit.lines:
            print(line)
    for name, why in parted.blocked.items():
        print(f"# {name} cannot run: {why}")
    lines = sum(len(unit.lines) for unit in parted.todo)
    print(
        f"# {plan.pid}: {lines} run lines would run, {len(parted.done)} units are done, {len(parted.blocked)} blocked"
    )
    return 0


class Shown:
    """Progress on stderr: one line redrawn for a person, one line an event for a log."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.redraws = is_terminal()
        self.began = time.monotonic()

    def tell(self, progress: Progress) -> None:
        """Show where the run stands."""
        if self.quiet:
            return
        record = progress.event
        if record is not None:
            self.clear()
            told = "done" if record.state is RunState.GOOD else f"{record.state}: {record.verdict}"
            print(f"{record.name:>15} {record.source}  {told}", file=sys.stderr)
        if self.redraws:
            print(f"\r\x1b[K{self.line(progress)}", end="", file=sys.stderr, flush=True)
        elif record is not None:
            print(f"    {self.line(progress)}", file=sys.stderr, flush=True)

    def line(self, progress: Progress) -> str:
        """Return what runs, how much is done and failed, and the time left."""
        left = "" if progress.seconds_left is None else f", about {_span(progress.seconds_left)} left"
        failed = f", {progress.failed} failed" if progress.failed else ""
        waiting = progress.total - progress.done - len(progress.running)
        names = ", ".join(progress.running[:4]) + (", ..." if len(progress.running) > 4 else "")
        running = f"; {len(progress.running)} running: {names}" if progress.running else ""
        return f"{progress.done}/{progress.total} done{failed}, {waiting} waiting{left}{running}"

    def clear(self) -> None:
        """Take the redrawn line away."""
        if self.redraws and not self.quiet:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _print(outcome: Outcome) -> None:
    for record in outcome.failed:
        print(f"{record.name}  {record.source}  {record.state}: {record.verdict}\n    log: {record.log}")
    for name, why in outcome.blocked.items():
        print(f"{name}  cannot run: {why}")
    for name, why in outcome.later.items():
        print(f"{name}  left for later: {why}")
    for torn in outcome.torn:
        print(f"ignored: {torn}")
    told = f"{outcome.plan.pid} level {outcome.plan.level}: {outcome.good} done now, {outcome.done_before} before"
    told += f", {len(outcome.failed)} failed, {len(outcome.blocked)} blocked"
    if outcome.left or outcome.unsent:
        again = f"lmtbot run {outcome.plan.pid} --level {outcome.plan.level} --executor slurm"
        told += f", {len(outcome.left)} with Slurm"
        if outcome.unsent:
            told += f", {len(outcome.unsent)} wait, whole or in part, for room in its queue"
            print(f"{told}; `{again}` hands over the rest and watches")
        else:
            print(f"{told}; `{again}` watches them")
    else:
        print(told + ("" if outcome.ended or outcome.blocked else "; nothing was left to do"))


def _how_to_go_on(request: Request) -> str:
    if request.executor == "local":
        return f"stopped; `lmtbot run {request.pid} --level {request.level}` goes on where this ended"
    again = f"`lmtbot run {request.pid} --level {request.level} --executor slurm` comes back to them"
    return f"the jobs stay with Slurm; {again}, `lmtbot queue` shows them, `lmtbot cancel {request.pid}` ends them"


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "pid": outcome.plan.pid,
        "level": outcome.plan.level,
        "digest": outcome.plan.digest,
        "done_before": outcome.done_before,
        "ended": [record.model_dump(mode="json") for record in outcome.ended],
        "blocked": dict(outcome.blocked),
        "later": dict(outcome.later),
        "torn": list(outcome.torn),
        "left": list(outcome.left),
        "unsent": list(outcome.unsent),
    }


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """End as by ^C: a runner that is shut down sends SIGTERM."""
    raise KeyboardInterrupt


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ProjectError(f"-j {text}: at least one pipeline has to run")
    return number


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{round(seconds)} s" if seconds < 90 else f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
