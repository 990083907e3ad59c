"""The quick look at the telescope: reduce every new complete Science observation (and RSR LineCheck), send the TAP.

It runs until it is stopped, or with --once until nothing is left to do. Stop it with ^C, kill it, lose the machine or
the link: started again, it goes on where it was; no obsnum is lost, and none is reduced twice. The newest come first.
Standing parameters stand in $WORK_LMT/SLpipeline.d/SLpipeline.in and in the settings, all else in the settings
(quicklook: in .github/lmtbot.yml). What was done stands in $WORK_LMT/lmtbot/quicklook/service.log.
"""

from __future__ import annotations

import argparse
import logging
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

from bot.cli.output import is_terminal, print_json, print_table, print_words
from bot.errors import DoorError, ProjectError
from bot.settings import Site

if TYPE_CHECKING:
    from bot.model.raw import Arrived
    from bot.model.record import Record
    from bot.stages.quicklook.survey import Survey

EXAMPLES = (
    "lmtbot quicklook --dry-run                     what would be reduced, in which order",
    "lmtbot quicklook --send-to unity:/nese/work_lmt  elsewhere than the settings say",
    "lmtbot quicklook --once --since 2024-03-01     catch up, then end",
    "lmtbot quicklook --status                      is it running, what waits, what failed",
    "lmtbot quicklook --retry 112139                once more; without a number, all that failed",
)
ALL_FAILED = -1
SHOWN = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot quicklook`."""
    parser.add_argument("--since", metavar="DATE", help="only what was observed on this day (UT) or later")
    parser.add_argument("-j", "--jobs", type=int, metavar="N", help="pipelines side by side (default: settings)")
    parser.add_argument("--send-to", metavar="TARGET", help="user@host:DIR or a folder (default: settings, else here)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--once", action="store_true", help="end when nothing is left to do")
    what.add_argument("--dry-run", action="store_true", help="tell what of the last scan would be reduced")
    what.add_argument("--status", action="store_true", help="tell where everything stands")
    what.add_argument(
        "--retry", metavar="OBSNUM", type=int, nargs="?", const=ALL_FAILED, help="make a failed one wanted again"
    )


def run(args: argparse.Namespace, site: Site) -> int:
    """Serve, or tell; 0 also when a quick look failed, because that stands in the records."""
    from bot.stages.quicklook.survey import retry, survey

    site.need_work_there()
    since = _day(args.since) or str(site.settings.quicklook.since or "")
    if args.retry is not None:
        return _tell_retry(args, retry(site, None if args.retry == ALL_FAILED else args.retry))
    if not (args.status or args.dry_run):
        return _serve(args, site, since)
    found = survey(site, _found_so_far(site), since)
    if args.status:
        return _status(args, site, found)
    return _dry_run(args, found)


def _serve(args: argparse.Namespace, site: Site, since: str) -> int:
    from bot.stages.lookout import Lookout
    from bot.stages.quicklook.raw import ScannedRaw
    from bot.stages.quicklook.service import Request, run_quicklook
    from bot.stages.quicklook.survey import survey
    from bot.stages.quicklook.taps import tapbox

    site.need_data()
    jobs = args.jobs if args.jobs is not None else site.settings.quicklook.jobs
    if jobs < 1:
        raise ProjectError(f"-j {jobs}: at least one pipeline has to run")
    request = Request(jobs, since, once=args.once, is_watched=is_terminal() and not args.quiet)
    box = tapbox(site, args.send_to if args.send_to is not None else site.settings.quicklook.send_to)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        run_quicklook(site, request, Lookout(site, since), ScannedRaw(site), box)
    return _status(args, site, survey(site, _found_so_far(site), since)) if args.json else 0


def _found_so_far(site: Site) -> list[Arrived]:
    """Return what the last scan found, of any date; without one there is still something to tell."""
    from bot.rules.quicklook import GOALS
    from bot.stages.scan import complete_observations

    try:
        return list(complete_observations(site, goals=GOALS))
    except DoorError as error:
        logging.warning("%s", error)
        return []


def _tell_retry(args: argparse.Namespace, obsnums: list[int]) -> int:
    if args.json:
        print_json({"wanted_again": obsnums})
    else:
        print(f"wanted again: {', '.join(map(str, obsnums)) or 'none; no quick look has failed'}")
    return 0


def _dry_run(args: argparse.Namespace, found: Survey) -> int:
    from bot.rules.quicklook import chain_of

    lines = {task: str(chain_of(task, found.standing).lines[0]) for task in found.sorting.wanted}
    if args.json:
        wanted = [{"obsnum": int(one.name), "pid": one.pid, "line": line} for one, line in lines.items()]
        print_json({"would_run": wanted, "held": found.sorting.held, "refused": found.standing.refused})
        return 0
    for line in lines.values():
        print(line)
    for told in _remarks(found):
        print_words(f"# {told}")
    print(f"# {len(lines)} would be reduced, {len(found.sorting.ended)} are on record")
    return 0


def _status(args: argparse.Namespace, site: Site, found: Survey) -> int:
    from bot.doors.quicklook_store import QuickLookStore

    store = QuickLookStore(site.need_work())
    sorting, holder = found.sorting, store.holder()
    running = [one.left_open for one in sorting.wanted if one.left_open and holder is not None]
    waiting = [int(one.name) for one in sorting.wanted if one.left_open not in running or one.left_open is None]
    failed = [one for _, one in sorted(sorting.ended.items(), reverse=True) if one.verdict != "good"]
    last = max(sorting.ended.values(), key=lambda one: one.ended, default=None)
    if args.json:
        print_json(
            {
                "service": holder,
                "waiting": waiting,
                "running": [_brief(one) for one in running],
                "unsent": [int(one.name) for one in found.unsent],
                "failed": [_brief(one) for one in failed],
                "held": sorting.held,
                "on_record": len(sorting.ended),
                "reduced_at_level_1": sorting.reduced,
                "before_since": sorting.before_since,
                "last_done": _brief(last) if last else None,
                "parameters": found.standing.words,
                "refused": found.standing.refused,
                "torn": found.torn,
                "free_gb": round(store.free_gb(), 1),
                "log": str(store.log),
            }
        )
        return 0
    rows = [
        ("service", _who(holder)),
        ("waiting", _numbers(waiting)),
        ("running", _numbers([int(one.name) for one in running])),
        ("unsent", _numbers([int(one.name) for one in found.unsent])),
        ("failed", _numbers([int(one.name) for one in failed])),
        ("on record", f"{len(sorting.ended)}"),
        ("last done", f"{last.ended[:19]} {last.name} {last.pid} {last.source}: {last.state}" if last else "none"),
        ("parameters", " ".join(found.standing.words) or "none"),
        ("disk", f"{store.free_gb():.1f} GB free in {store.work}"),
        ("log", str(store.log)),
    ]
    print_table(("what", "stands"), rows)
    remarks = list(_remarks(found))
    if failed or remarks:
        print()
    for one in failed[:SHOWN]:
        print_words(f"{one.name}  {one.pid}  {one.source}  failed: {one.verdict}")
        print(f"    log: {store.work / one.log}")
    if len(failed) > SHOWN:
        print(f"... and {len(failed) - SHOWN} more failed; --json tells all of them")
    if failed:
        print("`lmtbot quicklook --retry` makes all that failed wanted again, with a number that one.")
    for told in remarks:
        print_words(told)
    return 0


def _remarks(found: Survey) -> Iterator[str]:
    """Yield what a person has to know besides."""
    held = sorted(found.sorting.held.items(), reverse=True)
    for obsnum, why in held[:SHOWN]:
        yield f"{obsnum} is held back: {why}"
    if len(held) > SHOWN:
        yield f"... and {len(held) - SHOWN} more are held back; --json tells all of them"
    for word in found.standing.refused:
        yield f"standing parameter left out: {word}"
    for torn in found.torn:
        yield f"ignored: {torn}"
    if found.sorting.reduced:
        yield f"no quick look, because level 1 has reduced them: {_numbers(found.sorting.reduced[::-1])}"
    if found.sorting.before_since:
        yield f"{found.sorting.before_since} were observed before the day that is asked for"


def _brief(record: Record) -> dict[str, object]:
    keys = {"pid", "name", "source", "state", "verdict", "started", "ended", "lines", "log"}
    return record.model_dump(mode="json", include=keys)


def _who(holder: object) -> str:
    if not isinstance(holder, dict):
        return "none is running; `lmtbot install quicklook` tells how to keep one"
    return "process {process} of {user} on {host}, since {since}".format_map({**dict.fromkeys(_CLAIM, "?"), **holder})


_CLAIM = ("process", "user", "host", "since")


def _numbers(obsnums: list[int] | tuple[int, ...]) -> str:
    more = f", ... {len(obsnums) - SHOWN} more" if len(obsnums) > SHOWN else ""
    return f"{len(obsnums)}" + (f": {', '.join(map(str, obsnums[:SHOWN]))}{more}" if obsnums else "")


def _day(text: str | None) -> str:
    try:
        return str(date.fromisoformat(text)) if text else ""
    except ValueError as error:
        raise ProjectError(f"--since {text}: this is no date; write YYYY-MM-DD (UT)") from error
