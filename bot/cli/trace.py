"""Go from a deposit in the archive back to its observations, run lines, commit, and who decided.

What is told comes from archive.yaml on main, the release's manifest, and the ledger of runs.
"""

from __future__ import annotations

import argparse
from typing import Any

from bot.cli.output import print_json
from bot.settings import Site
from bot.stages.archive.trace import Traced, trace

EXAMPLES = (
    "lmtbot trace bag:2024-S1-MX-2/117345/v1    by identifier (a DOI, or the bag's)",
    "lmtbot trace 2024-S1-MX-2/117345           by project and name",
    "lmtbot trace 117345                        by name, in all projects",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot trace`."""
    parser.add_argument("id", metavar="ID", help="identifier, PID/NAME, or name of a product")


def run(args: argparse.Namespace, site: Site) -> int:
    """Tell where it comes from."""
    found = [_values(one) for one in trace(site, args.id)]
    if args.json:
        print_json(found)
        return 0
    for told in found:
        for key, value in told.items():
            _print(key, value)
        print()
    return 0


def _print(key: str, value: Any) -> None:
    if isinstance(value, list):
        for number, line in enumerate(value):
            print(f"{'' if number else key:<14}{line}")
    elif value:
        print(f"{key:<14}{value}")


def _values(one: Traced) -> dict[str, Any]:
    told = one.parcel.metadata if one.parcel else None
    record = one.record
    return {
        "deposit": one.deposit.id,
        "project": one.pid,
        "product": one.deposit.name,
        "checksum": one.deposit.checksum,
        "release": f"{one.deposit.tag} (archive.yaml tells of {one.archive.tag}, {one.archive.date})",
        "source": told.source if told else "",
        "observations": [f"{m.obsnum} of {m.project}, {m.observed} UT" for m in told.members] if told else [],
        "files": [f"{f.name} {f.bytes} {f.sha256}" for f in one.parcel.files] if one.parcel else [],
        "run lines": list(told.lines) if told else [],
        "made": told.made if told else "",
        "pipeline": told.pipeline if told else "",
        "commit": told.commit if told else "",
        "decided": told.decided if told else "",
        "record": f"attempt {record.attempt}, {record.state}, on {record.host}, log {record.log}" if record else "",
    }
