"""Show what the observation log has that the projects do not, and put it into the project files.

Every valid Science obsnum of the log is listed in its project, or arrives, or is held back with its reason and what
to do about it. --apply adds what arrives to projects/PID/project.yaml (new sources and new projects too); everything
else in the files stays byte by byte as it was, and a second call changes nothing.
"""

from __future__ import annotations

import argparse
import difflib
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from bot.cli.output import print_json, print_table
from bot.errors import ProjectError
from bot.formats.yaml_edit import tiers_tree
from bot.rules.arrival import CURES, Arrivals, Held, Why
from bot.settings import Site
from bot.stages.arrival import FileEdit, apply_edits, default_log, edits_for, look

EXAMPLES: tuple[str, ...] = (
    "lmtbot arrivals                         what is new in $DATA_LMT/data_lmt.log",
    "lmtbot arrivals --log night.log         the same, from another log",
    "lmtbot arrivals --dry-run 2024-S1-MX-2  the change of one project's file, not made",
    "lmtbot arrivals --apply                 add everything that arrives",
)

SHOWN_OBSNUMS = 6
NOTHING_TO_DO = (Why.LEFT_OUT, Why.INVALID, Why.CAL)
"""Why an observation may stay held back for ever without anybody's work."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("pids", nargs="*", metavar="PID", help="only these projects")
    parser.add_argument("--log", metavar="FILE", help="observation log (default: data_lmt.log in the raw data)")
    parser.add_argument("--apply", action="store_true", help="edit the project files")
    parser.add_argument("--dry-run", action="store_true", help="show the edits, make none")
    parser.add_argument("--no-index", action="store_true", help="read everything again; slow, the result is the same")


def run(args: argparse.Namespace, site: Site) -> int:
    """Look, tell, and edit if asked; 1 when a broken project file holds observations back."""
    log_path = Path(args.log) if args.log else default_log(site)
    arrivals = look(site, log_path, with_index=not args.no_index)
    if args.pids:
        arrivals = _only(arrivals, args.pids, site)
    edits = edits_for(site, arrivals) if args.apply or args.dry_run else ()
    if args.apply and not args.dry_run:
        apply_edits(edits)
    if args.json:
        print_json(_as_json(arrivals, edits, site, log_path))
    else:
        _tell(arrivals)
        _tell_edits(edits, site, args)
    return 1 if any(held.why is Why.BROKEN for held in arrivals.held) else 0


def _only(arrivals: Arrivals, pids: Sequence[str], site: Site) -> Arrivals:
    """Keep what concerns these projects; raise ProjectError for one that nobody knows."""
    found = {one.pid for one in arrivals.projects} | {one.pid for one in arrivals.held} | set(arrivals.listed)
    for pid in pids:
        if pid not in found and not (site.projects / pid).is_dir():
            near = difflib.get_close_matches(pid, sorted(found), n=1)
            hint = f"did you mean {near[0]}?" if near else "a ProjectId is compared exactly"
            raise ProjectError(f"{pid}: neither the log nor projects/ knows this project; {hint}")
    return replace(
        arrivals,
        projects=tuple(one for one in arrivals.projects if one.pid in pids),
        held=tuple(one for one in arrivals.held if one.pid in pids),
        listed={pid: obsnums for pid, obsnums in arrivals.listed.items() if pid in pids},
    )


def _tell(arrivals: Arrivals) -> None:
    rows = [
        (
            project.pid + (" (new project)" if project.is_new else ""),
            source.source + (" (new)" if source.is_new else ""),
            source.mode,
            len(source.obsnums),
            _some(source.obsnums),
        )
        for project in arrivals.projects
        for source in project.sources
    ]
    count = sum(project.count for project in arrivals.projects)
    if rows:
        print_table(("project", "source", "mode", "new", "obsnums"), rows)
        print(f"\n{count} observations arrive for {len(arrivals.projects)} projects.")
    else:
        print("Nothing arrives.")
    if not (rows or arrivals.listed or arrivals.other_goals):
        logging.warning("the log holds no row that could be read: is it cut off, empty, or another file?")
    _tell_held(arrivals.held)
    listed = sum(len(obsnums) for obsnums in arrivals.listed.values())
    print(f"\n{listed} Science observations are listed in {len(arrivals.listed)} projects.")
    others = ", ".join(f"{goal} {len(obsnums)}" for goal, obsnums in arrivals.other_goals.items())
    if others:
        print(f"No Science, so not taken: {others}.")


def _tell_held(held: Sequence[Held]) -> None:
    by_reason: dict[Why, dict[tuple[str, str], list[Held]]] = defaultdict(lambda: defaultdict(list))
    for one in held:
        by_reason[one.why][one.pid, one.told].append(one)
    for why, groups in by_reason.items():
        print(f"\nHeld back, {why} ({sum(map(len, groups.values()))}); to mend: {CURES[why]}")
        for (pid, told), group in groups.items():
            known = [one.obsnum for one in group if one.obsnum is not None]
            place = f"line {group[0].line}" if group[0].line else ""
            who = " ".join(part for part in (pid, place, group[0].source, _some(known)) if part)
            print(f"  {who}: {told}")


def _tell_edits(edits: Sequence[FileEdit], site: Site, args: argparse.Namespace) -> None:
    if args.dry_run:
        for edit in edits:
            shown = _shown(edit.path, site)
            before, after = edit.before.splitlines(keepends=True), edit.after.splitlines(keepends=True)
            print("".join(difflib.unified_diff(before, after, shown if edit.before else "/dev/null", shown)), end="")
    elif args.apply:
        print()
        for edit in edits:
            print(f"{'changed' if edit.before else 'made'} {_shown(edit.path, site)}")
        print(f"{len(edits)} files written." if edits else "No file had to be changed.")


def _as_json(arrivals: Arrivals, edits: Sequence[FileEdit], site: Site, log_path: Path) -> dict[str, object]:
    projects = [
        {
            "pid": project.pid,
            "is_new": project.is_new,
            "sources": [{**asdict(one), "tiers": tiers_tree(one.tiers)} for one in project.sources],
        }
        for project in arrivals.projects
    ]
    return {
        "log": str(log_path),
        "projects": projects,
        "held": [{**asdict(one), "cure": one.cure} for one in arrivals.held],
        "listed": {pid: len(obsnums) for pid, obsnums in arrivals.listed.items()},
        "other_goals": arrivals.other_goals,
        "edits": [{"file": _shown(edit.path, site), "is_new": not edit.before} for edit in edits],
    }


def _shown(path: Path, site: Site) -> str:
    return str(path.relative_to(site.root)) if path.is_relative_to(site.root) else str(path)


def _some(obsnums: Sequence[int]) -> str:
    shown = " ".join(map(str, obsnums[:SHOWN_OBSNUMS]))
    return shown + (f" ... {obsnums[-1]}" if len(obsnums) > SHOWN_OBSNUMS else "")
