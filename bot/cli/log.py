"""Search the observation log by its columns.

Every column is compared as a whole: 2024-S1-MX-2 never means 2024-S1-MX-20. An option that is given several times
takes any of its values. Rows are printed as they stand in the log, newest first, to read or to pipe on; remarks, and
lines that are no rows, are not searched. Dates are UT. A night is named by the UT date of its end: --night 2025-01-21
goes from noon at the telescope, 2025-01-20T18:00 UT, to the next noon.
"""

from __future__ import annotations

import argparse
import difflib
import logging
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from bot.cli.output import print_json
from bot.doors.logfile import open_log
from bot.errors import ProjectError
from bot.formats.obslog import RowFault, official_pid, parse_line
from bot.model.observation import Observation
from bot.rules.selection import Selection, night_of
from bot.settings import Site
from bot.stages.arrival import default_log

EXAMPLES: tuple[str, ...] = (
    "lmtbot log --pid 2024-S1-MX-2 --goal Science         all Science of one project",
    "lmtbot log --night 2025-01-21 --instrument RSR       what RSR did that night",
    "lmtbot log --source NGC5194 --since 2024 --count     how often since the beginning of 2024",
    "lmtbot log --obsnum 112139 --obsnum 112150-112160    by number",
)

ALIKE = 0.8
"""Names of projects look much the same: a lower limit would offer one that nobody meant."""
COLUMNS = ("pid", "source", "goal", "mode", "instrument")
FIRST_MOMENT = "2000-01-01T00:00:00"
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d)?)?)?)?)?", re.ASCII)
_RANGE = re.compile(r"(\d{1,8})(?:-(\d{1,8}))?", re.ASCII)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    for name, shown, told in (
        ("pid", "P", "ProjectId; known wrong spellings are put right"),
        ("source", "S", "source"),
        ("goal", "G", "obsgoal: Science, LineCheck, Pointing, Calibration, ..."),
        ("mode", "M", "instrument/obspgm: SEQ/Map, RSR/Bs, 1MM/Ps, ..."),
        ("instrument", "I", "SEQ, RSR or 1MM"),
    ):
        parser.add_argument(f"--{name}", metavar=shown, action="append", default=[], help=told)
    parser.add_argument("--obsnum", metavar="A[-B]", action="append", default=[], help="one obsnum, or from A to B")
    parser.add_argument("--night", metavar="DATE", help="from noon to noon at the telescope, the UT date of its end")
    parser.add_argument("--since", metavar="DATE", default="", help="UT: YYYY, YYYY-MM, YYYY-MM-DD or with THH:MM:SS")
    parser.add_argument("--until", metavar="DATE", default="", help="UT, that day (hour, ...) with it")
    parser.add_argument("--log", metavar="FILE", help="observation log (default: data_lmt.log in the raw data)")
    parser.add_argument("--count", action="store_true", help="print only how many rows there are")


def run(args: argparse.Namespace, site: Site) -> int:
    """Print the rows that are asked for; a value that stands nowhere in the log is an error with a hint."""
    selection, path = _selection(args), Path(args.log) if args.log else default_log(site)
    search = _Search(selection, path)
    if args.json:
        rows = [asdict(row) for row, _ in search.found()]
        print_json({"count": len(rows)} if args.count else rows)
    elif args.count:
        print(sum(1 for _ in search.found()))
    else:
        for _, line in search.found():
            print(line)
    return 0


class _Search:
    """One reading of the log."""

    def __init__(self, selection: Selection, path: Path) -> None:
        self.selection = selection
        self.path = path

    def found(self) -> Iterator[tuple[Observation, str]]:
        """Yield the rows asked for, and their lines; ProjectError when a value asked for stands nowhere."""
        seen: list[set[str]] = [set() for _ in self.selection.columns()]
        unread = 0
        with open_log(self.path) as file:
            for line in file:
                row = parse_line(line.rstrip(b"\r\n"))
                unread += isinstance(row, RowFault)
                if not isinstance(row, Observation):
                    continue
                for (asked, value_of), values in zip(self.selection.columns(), seen, strict=True):
                    if asked:
                        values.add(value_of(row))
                if self.selection.takes(row):
                    yield row, line.decode().rstrip("\r\n")
        if unread:
            told = "lines of the log could not be read, or tell of headers that could not"
            logging.warning("%d %s; `lmtbot arrivals` tells which", unread, told)
        for name, (asked, _), values in zip(COLUMNS, self.selection.columns(), seen, strict=True):
            self._check(name, asked - values, values)

    def _check(self, name: str, unknown: frozenset[str], known: set[str]) -> None:
        for value in sorted(unknown):
            spelt = {one.casefold(): one for one in sorted(known)}
            near = difflib.get_close_matches(value.casefold(), spelt, n=1, cutoff=ALIKE)
            hint = f"did you mean {spelt[near[0]]}?" if near else "columns are compared as a whole"
            raise ProjectError(f"--{name} {value}: no row of {self.path} has it; {hint}")


def _selection(args: argparse.Namespace) -> Selection:
    for name in ("since", "until"):
        text = getattr(args, name)
        if text and not _is_date(text):
            raise ProjectError(f"--{name} {text}: this is no date; write e.g. 2025-01-21, or 2025-01-21T18:30 (UT)")
    try:
        night = night_of(args.night) if args.night else ("", "")
    except (ValueError, OverflowError) as error:
        raise ProjectError(f"--night {args.night}: this is no date; write e.g. 2025-01-21") from error
    return Selection(
        pid=frozenset(map(official_pid, args.pid)),
        source=frozenset(args.source),
        goal=frozenset(args.goal),
        mode=frozenset(args.mode),
        instrument=frozenset(args.instrument),
        obsnums=tuple(_range(text) for text in args.obsnum),
        since=args.since,
        until=args.until,
        night=night,
    )


def _is_date(text: str) -> bool:
    """Say whether this is the beginning of a date and time that the calendar knows."""
    try:
        datetime.fromisoformat(text + FIRST_MOMENT[len(text) :])
    except ValueError:
        return False
    return _DATE.fullmatch(text) is not None


def _range(text: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(text)
    if found is None or int(found[1]) > int(found[2] or found[1]):
        raise ProjectError(f"--obsnum {text}: write one obsnum, or two as 112139-112150, the smaller one first")
    return int(found[1]), int(found[2] or found[1])
