"""Read today's lmtoy_PID folders into projects/PID: mk_runs.py, comments.txt, PID, IO, lmtinfo.txt.

mk_runs.py is read, not run. Every number, parameter, flag, note and comment is carried over to project.yaml and
qa.yaml, and every import proves itself: the old run lines must follow from the new files word for word. What cannot be
carried over is an error with file and line, and nothing of that project is written. A project that exists already and
says something else is left as it is, unless --force is given.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from bot.cli.output import print_json, print_table
from bot.doors.trusted_description import run_description
from bot.errors import Severity
from bot.settings import Site
from bot.stages.importing import Options, Outcome, import_folders

EXAMPLES = (
    "lmtbot import ~/lmtoy_run/lmtoy_2024-S1-MX-2               one project",
    "lmtbot import --dry-run ~/lmtoy_run/lmtoy_*                what would be written, and everything found on the way",
    "lmtbot import --verify ~/lmtoy_run/lmtoy_2024-S1-MX-2      compare with the runfiles that lie in the folder too",
    "lmtbot import --trust ~/lmtoy_run/lmtoy_2022S1RSRCommissioning   let its mk_runs.py run, where reading cannot do",
)

COLUMNS = ("project", "sources", "obsnums", "left out", "mosaics", "flags", "grades", "notes", "errors", "warnings")
COUNTS = ("sources", "obsnums", "left_out", "mosaics", "flags", "grades", "notes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot import`."""
    parser.add_argument("folders", nargs="+", metavar="DIR", help="lmtoy_PID folders")
    parser.add_argument(
        "--trust", action="store_true", help="run mk_runs.py, in a process of its own, with a stub generator"
    )
    parser.add_argument("--verify", action="store_true", help="compare with the runfiles that lie in the folder too")
    parser.add_argument("--dry-run", action="store_true", help="show what would be written, write nothing")
    parser.add_argument("--force", action="store_true", help="replace project.yaml and qa.yaml where they differ")


def run(args: argparse.Namespace, site: Site) -> int:
    """Import the folders; return 1 when something is to be mended."""
    options = Options(args.verify, args.dry_run, args.force)
    paths = [Path(folder) for folder in args.folders]
    outcomes = import_folders(paths, site.projects, options, run_description if args.trust else None)
    if args.json:
        print_json([_as_json(outcome) for outcome in outcomes])
    else:
        _print_findings(outcomes, everything=args.verbose > 0)
        print_table((*COLUMNS, "action"), [_row(outcome) for outcome in outcomes])
    differ = any(one.code == "RUNFILES_DIFFER" for outcome in outcomes for one in outcome.findings)
    return 0 if all(outcome.is_good for outcome in outcomes) and not differ else 1


def _number(outcome: Outcome, severity: Severity) -> int:
    return sum(one.severity is severity for one in outcome.findings)


def _row(outcome: Outcome) -> tuple[object, ...]:
    counts = [outcome.counts.get(name, 0) for name in COUNTS]
    faults = (_number(outcome, Severity.ERROR), _number(outcome, Severity.WARNING))
    return (outcome.pid or outcome.path.name, *counts, *faults, outcome.action)


def _print_findings(outcomes: list[Outcome], *, everything: bool) -> None:
    """Print errors and warnings; of the rest only how many there are, unless everything is asked for."""
    silent: Counter[str] = Counter()
    for outcome in outcomes:
        for one in outcome.findings:
            if everything or one.severity is not Severity.INFO:
                print(one)
            else:
                silent[one.code] += 1
    if silent:
        told = ", ".join(f"{count} {code}" for code, count in sorted(silent.items()))
        print(f"remarks, shown with -v: {told}")
    if silent or any(outcome.findings for outcome in outcomes):
        print()


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "folder": str(outcome.path),
        "pid": outcome.pid,
        "action": outcome.action,
        "counts": outcome.counts,
        "findings": [one.as_json() for one in outcome.findings],
        "files": outcome.texts,
    }
