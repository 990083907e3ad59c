"""Reduce observations with other parameters, in a session of its own beside the official results.

A FILE.yaml says what is asked for: project, sources or obsnums, parameters, tiers, base, words. Without GitHub whoever
may write to WORK_LMT may have it run; the quota is told. docs/webrun.md has all of it. PID/N names session N.
"""

from __future__ import annotations

import argparse
import getpass
import signal
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cli.output import print_json
from bot.errors import LmtBotError, ProjectError
from bot.model.role import Role
from bot.settings import Site

if TYPE_CHECKING:
    from bot.model.webrun import Session
    from bot.rules.comparison import Compared
    from bot.stages.webrun.sessions import Asked

EXAMPLES = (
    "lmtbot webrun request.yaml --dry-run       what was understood, the run lines, what it costs",
    "lmtbot webrun request.yaml                 make the session, run it, compare it",
    "lmtbot webrun list 2024-S1-MX-2            the sessions of a project, or of all",
    "lmtbot webrun compare 2024-S1-MX-2/3       session 3 beside the official results; a second PID/N: beside that",
    "lmtbot webrun promote 2024-S1-MX-2/3       what project.yaml and qa.yaml would be with its parameters",
    "lmtbot webrun cancel 2024-S1-MX-2/3        (run, extend, delete alike)",
    "lmtbot webrun sweep                        warn of what expires, take away what has (a schedule does it)",
)
ACTIONS = ("list", "run", "compare", "promote", "cancel", "extend", "delete", "sweep")
SHOWN_LINES = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot webrun`."""
    parser.add_argument("what", nargs="?", metavar="FILE.yaml|ACTION", help=f"a request, or {', '.join(ACTIONS)}")
    parser.add_argument("of", nargs="*", metavar="PID/N", help="the session; for list the project")
    parser.add_argument("--as", dest="role", choices=[str(one) for one in Role], default=str(Role.PI),
                        help="whose parameters may be set (default: PI)")  # fmt: skip
    parser.add_argument("--issue", type=int, metavar="N", help="run: all that was accepted in this issue of PID")
    parser.add_argument("--write", action="store_true", help="promote: write the files instead of printing them")
    parser.add_argument("--dry-run", action="store_true", help="tell what would be done, and change nothing")


def run(args: argparse.Namespace, site: Site) -> int:
    """Do what is asked for; 1 when something of it failed."""
    if args.what is None:
        raise ProjectError("name the file with the request, or one of " + ", ".join(ACTIONS))
    if args.what in ACTIONS:
        return _DEEDS[args.what](args, site)
    return _new(args, site)


def _new(args: argparse.Namespace, site: Site) -> int:
    from bot.formats.validation import read_model
    from bot.model.webrun import WebrunRequest
    from bot.stages.webrun.sessions import accept, ask

    try:
        request, _ = read_model(Path(args.what), WebrunRequest, shown=args.what)
    except ProjectError as error:
        raise _all_mistakes(args, site, error) from error
    except OSError as error:
        raise ProjectError(f"{args.what}: cannot be read ({error.strerror}); give a file, or an action") from error
    asked = ask(site, request, getpass.getuser(), {Role(args.role)})
    if args.dry_run:
        _tell_asked(args, asked)
        return 0
    if not args.json:
        _tell_asked(args, asked)
    return _run_it(args, site, accept(site, asked, by=getpass.getuser() if asked.over else ""))


def _all_mistakes(args: argparse.Namespace, site: Site, found: ProjectError) -> ProjectError:
    """Return the mistakes of a file's form with those in what the rest of it means."""
    from bot.formats.validation import salvage
    from bot.formats.yaml_text import read_document
    from bot.model.webrun import WebrunRequest
    from bot.stages.webrun.sessions import ask

    try:
        rest = salvage(read_document(Path(args.what), shown=args.what), WebrunRequest)
        if rest is not None and (rest.sources or rest.obsnums):
            ask(site, rest, getpass.getuser(), {Role(args.role)})
    except ProjectError as meant:
        return found.with_those_of(meant)
    except LmtBotError:
        return found
    return found


def _run_it(args: argparse.Namespace, site: Site, session: Session) -> int:
    from bot.cli.run import Shown, interrupt
    from bot.model.webrun import SessionState
    from bot.stages.webrun.sessions import run_session

    signal.signal(signal.SIGTERM, interrupt)
    shown = Shown(quiet=args.quiet > 0)
    session = run_session(site, session, shown.tell)
    shown.clear()
    _tell_compared(args, site, session)
    return 0 if session.state is SessionState.DONE else 1


def _tell_asked(args: argparse.Namespace, asked: Asked) -> None:
    from bot.report.webrun import cost_words

    lines = [str(line) for unit in asked.understood.plan.units for line in unit.lines]
    if args.json:
        cost = {"seconds": asked.cost.seconds, "guessed": asked.cost.guessed}
        print_json({"lines": lines, "placed": list(asked.understood.placed), "cost": cost, "over": list(asked.over),
                    "digest": asked.digest})  # fmt: skip
        return
    left = len(lines) - SHOWN_LINES
    print("\n".join([*lines[:SHOWN_LINES], *([f"# and {left} more"] if left > 0 else [])]))
    print("\n".join(f"# {one.replace('`', '')}" for one in asked.understood.placed))
    print(f"# {len(lines)} run lines, {cost_words(asked.cost)}")
    for one in asked.over:
        print(f"# beyond the quota: {one}")


def _tell_compared(args: argparse.Namespace, site: Site, session: Session, other: Session | None = None) -> None:
    from bot.stages.webrun.result import compared, write_page

    rows = compared(site, session, other)
    page = write_page(site, session, other)
    if args.json:
        print_json(
            {"session": session.model_dump(mode="json"), "page": str(page), "compared": [_plain(r) for r in rows]}
        )
        return
    from bot.report.webrun import number, percent

    print(f"{session.pid} {session.name}: {session.state}" + (f": {session.told}" if session.told else ""))
    print(f"{'unit':>15} {'bank':>4} {'rms':>10} {'was':>10} {'change':>9} {'ratio':>7} {'was':>7}")
    for one in rows:
        cells = (number(one.own.rms), number(one.other.rms), percent(one.change))
        ratios = (number(one.own.ratio), number(one.other.ratio))
        told = "" if one.state == "good" else f"  {one.state}"
        print("{:>15} {:>4} {:>10} {:>10} {:>9} {:>7} {:>7}".format(one.name, one.bank, *cells, *ratios) + told)
    print(f"page: {page}")


def _plain(one: Compared) -> dict[str, Any]:
    return {**asdict(one), "change": one.change}


def _session(site: Site, name: str) -> Session:
    from bot.stages.planning import read_project
    from bot.stages.webrun.sessions import store_of

    pid, _, number = name.rpartition("/")
    number = number.removeprefix("Session-")
    if not pid or not number.isdecimal():
        raise ProjectError(f"{name!r} is no session; write PID/N, e.g. 2024-S1-MX-2/3")
    return store_of(site, read_project(site, pid).pid).get(int(number))


def _one(args: argparse.Namespace, site: Site) -> Session:
    if not args.of:
        raise ProjectError(f"lmtbot webrun {args.what}: name the session, e.g. 2024-S1-MX-2/3")
    return _session(site, args.of[0])


def _list(args: argparse.Namespace, site: Site) -> int:
    from bot.stages.planning import project_ids, read_project
    from bot.stages.webrun.sessions import store_of

    pids = [read_project(site, pid).pid for pid in args.of] or project_ids(site)
    sessions = [one for pid in pids for one in store_of(site, pid).all()]
    if args.json:
        print_json([one.model_dump(mode="json") for one in sessions])
        return 0
    for one in sessions:
        words = " ".join(word for step in one.steps for word in step.parameters)
        issue = f" #{one.issue}" if one.issue else ""
        print(f"{one.pid}/{one.number}  {one.state}  until {one.expires}  {one.who}{issue}  {words}")
    print(f"{len(sessions)} sessions.")
    return 0


def _again(args: argparse.Namespace, site: Site) -> int:
    if args.issue is not None:
        return _run_accepted(args, site)
    return _run_it(args, site, _one(args, site))


def _run_accepted(args: argparse.Namespace, site: Site) -> int:
    from bot.cli.github import opened
    from bot.cli.run import Shown, interrupt
    from bot.model.webrun import SessionState
    from bot.stages.webrun.run import run_accepted

    signal.signal(signal.SIGTERM, interrupt)
    shown = Shown(quiet=args.quiet > 0)
    with opened(site) as github:
        ended = run_accepted(site, github, args.issue, args.of[0] if args.of else "", shown.tell)
    shown.clear()
    if args.json:
        print_json([one.model_dump(mode="json") for one in ended])
    else:
        print("; ".join(f"{one.name} is {one.state}" for one in ended) or "nothing was left to run")
    return 1 if any(one.state is SessionState.FAILED for one in ended) else 0


def _sweep(args: argparse.Namespace, site: Site) -> int:
    from bot.cli.github import opened
    from bot.stages.webrun.sweep import sweep

    with opened(site) as github:
        swept = sweep(site, github)
    if args.json:
        print_json(asdict(swept))
    else:
        hindered = [f"could not be looked at: {one}" for one in swept.hindered]
        print("\n".join([*swept.news, *hindered, f"{len(swept.news)} sessions have news."]))
    return 1 if swept.hindered else 0


def _compare(args: argparse.Namespace, site: Site) -> int:
    _tell_compared(args, site, _one(args, site), _session(site, args.of[1]) if len(args.of) > 1 else None)
    return 0


def _cancel(args: argparse.Namespace, site: Site) -> int:
    from bot.stages.webrun.sessions import cancel

    return _changed(args, site, "cancelled", cancel)


def _extend(args: argparse.Namespace, site: Site) -> int:
    from bot.stages.webrun.sessions import extend

    return _changed(args, site, "kept longer", extend)


def _changed(args: argparse.Namespace, site: Site, would: str, change: Any) -> int:
    session = _one(args, site)
    if args.dry_run:
        print(f"{session.pid} {session.name} would be {would}")
        return 0
    session = change(site, session)
    told = f"{session.pid} {session.name}: {session.state}, until {session.expires}"
    print_json(session.model_dump(mode="json")) if args.json else print(told)
    return 0


def _delete(args: argparse.Namespace, site: Site) -> int:
    from bot.report.webrun import taken_words
    from bot.stages.webrun.sessions import store_of, take_away

    session = _one(args, site)
    if args.dry_run:
        kept = store_of(site, session.pid).measure(session)
        print(f"{session.pid} {session.name}: {kept.files} files with {kept.bytes:,} bytes would be deleted")
        return 0
    session = take_away(site, session)
    told = f"{session.pid} {session.name}: {session.state}; {taken_words(session)}"
    print_json(session.model_dump(mode="json")) if args.json else print(told)
    return 0


def _promote(args: argparse.Namespace, site: Site) -> int:
    from bot.doors.files import write_whole
    from bot.stages.webrun.promote import promoted

    session = _one(args, site)
    made = promoted(site, session)
    if args.json:
        print_json({"files": dict(made.texts), "told": list(made.told)})
    for name, text in made.texts.items():
        if args.write and not args.dry_run:
            write_whole(site.projects / session.pid / name, text)
            print(f"wrote projects/{session.pid}/{name}")
        elif not args.json:
            print(f"--- projects/{session.pid}/{name}\n{text}", end="")
    if not args.json:
        print("\n".join(f"# {one}" for one in made.told) or "# nothing would change")
    return 0


_DEEDS = {
    "list": _list, "run": _again, "compare": _compare, "promote": _promote, "cancel": _cancel, "extend": _extend,
    "delete": _delete, "sweep": _sweep,
}  # fmt: skip
