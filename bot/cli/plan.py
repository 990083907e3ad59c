"""The run lines that follow from a project, chain by chain, and the combinations that wait for them.

A chain is an obsnum's tiers a, b, c in order; nothing else waits, but a combination for its members. Every chain and
combination has a digest: what has a good record with that digest is not run again.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from bot.cli.output import print_json
from bot.doors.files import write_whole
from bot.errors import ProjectError
from bot.formats.project_file import ProjectFolder
from bot.report import plan_text
from bot.rules.lines import legacy_runfiles
from bot.settings import Site
from bot.stages.planning import pick, read_plan

EXAMPLES = (
    "lmtbot plan 2024-S1-MX-2                     everything that level 1 would run",
    "lmtbot plan 2024-S1-MX-2 --obsnum 112139     one obsnum, and the combinations that hold it",
    "lmtbot plan 2024-S1-MX-2 --runfiles /tmp     the six runfiles of old, PID.run1a ... PID.run2.sh",
    "lmtbot plan 2024-S1-MX-2 --dot | dot -Tsvg   the graph as a picture",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot plan`."""
    parser.add_argument("pid", metavar="PID", help="the project")
    parser.add_argument("--level", type=int, choices=(1, 2), default=1, help="default: 1")
    parser.add_argument("--source", metavar="S", help="only this source")
    parser.add_argument("--obsnum", metavar="N", type=int, help="only this obsnum and its combinations")
    parser.add_argument("--runfiles", metavar="DIR", help="write the six legacy runfiles there")
    parser.add_argument("--dot", action="store_true", help="print the graph for Graphviz")


def run(args: argparse.Namespace, site: Site) -> int:
    """Print the plan, or write the runfiles."""
    folder, plan = read_plan(site, args.pid, args.level)
    plan = pick(folder, plan, source=args.source, obsnum=args.obsnum)
    if args.runfiles and (args.source is not None or args.obsnum is not None):
        raise ProjectError("--runfiles writes the whole project; leave --source and --obsnum out")
    if args.runfiles:
        written = write_runfiles(folder, Path(args.runfiles))
        print_json([str(path) for path in written]) if args.json else print("\n".join(map(str, written)))
        if folder.project.legacy.project:
            logging.warning("mk_runs.py named its runfiles %s.run1a ...", folder.project.legacy.project)
    elif args.json:
        print_json(plan_text.plan_as_json(plan))
    else:
        print(plan_text.plan_as_dot(plan) if args.dot else plan_text.plan_as_text(plan))
    return 0


def write_runfiles(folder: ProjectFolder, directory: Path) -> list[Path]:
    """Write the whole project's six runfiles, empty ones too, as the generator does; return their paths."""
    if not directory.is_dir():
        raise ProjectError(f"{directory}: there is no such folder; make it first")
    written = []
    for runfile, rows in legacy_runfiles(folder).items():
        path = directory / f"{folder.pid}.{runfile}"
        write_whole(path, "".join(f"{row}\n" for row in rows))
        written.append(path)
    return written
