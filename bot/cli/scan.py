"""Look for new raw data, and write what is complete into the observation log.

An obsnum is complete when all files that its instrument and number of bands need are there, whole and no longer
growing, and those of its calibration too; a file that does not come is given up after --wait, and the gap is told.
Files that were written to in the last seconds are looked at once more before the command ends.
Writes data_lmt.log and last.obsnum in the raw data (or in --out), whole and renamed, only when they change. Opens
only files that are new or have changed: what is known is kept in data_lmt.index beside the log, a cache that may be
deleted. Call it as often as you like, by as many as you like; kill it at any time.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from bot.cli.output import is_terminal, print_json, print_table
from bot.doors.logfile import LOG_FILE
from bot.errors import ProjectError
from bot.formats.rawname import folder_of
from bot.model.raw import Arrived, Readiness
from bot.settings import Site
from bot.stages.scan import ScanReport, ScanRequest, log_folder, scan

EXAMPLES: tuple[str, ...] = (
    "lmtbot scan                        what is new in $DATA_LMT",
    "lmtbot scan --dry-run              the same, and nothing is written",
    "lmtbot scan --wait 30              give a missing roach up after half an hour",
    "lmtbot scan --rebuild              read all headers again, with all processors",
    "lmtbot scan --out ~/log            where the raw data cannot be written to",
)

SHOWN = 20
BAR = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("--rebuild", action="store_true", help="forget the index and read every header again")
    parser.add_argument("--dry-run", action="store_true", help="tell what would be found, and write nothing")
    parser.add_argument(
        "--wait", metavar="MINUTES", type=_minutes, help="wait so long for what is missing (default: settings)"
    )
    parser.add_argument("--drop-missing", action="store_true", help="leave rows out whose raw files are not here")
    parser.add_argument("--no-wait", action="store_true", help="wait neither for another scan nor for files to settle")
    parser.add_argument("--out", metavar="DIR", help="keep log and index here (default: in the raw data)")


def run(args: argparse.Namespace, site: Site) -> int:
    """Scan and tell; what is incomplete or corrupt is told, and is no error of the command."""
    request = ScanRequest(
        wait_minutes=args.wait,
        rebuild=args.rebuild,
        dry_run=args.dry_run,
        drop_missing=args.drop_missing,
        wait_for_lock=not args.no_wait,
        out=Path(args.out) if args.out else None,
    )
    report = _scan(site, request, quiet=args.quiet > 0)
    if report.files_settling and not args.no_wait:
        seconds = site.settings.raw.settle_seconds
        logging.warning("%d files were written to just now; looking again in %d s", report.files_settling, seconds)
        time.sleep(seconds)
        later = _scan(site, replace(request, rebuild=False), quiet=args.quiet > 0)
        report = later.after(report)
    log_path = log_folder(site, request.out) / LOG_FILE
    print_json(_as_json(report, log_path)) if args.json else _print(report, log_path, dry_run=args.dry_run)
    return 0


def _scan(site: Site, request: ScanRequest, *, quiet: bool) -> ScanReport:
    bar = _Bar(quiet=quiet)
    try:
        return scan(site, request, bar.tell)
    finally:
        bar.clear()


class _Bar:
    """Progress on stderr, as soon as it takes longer than a blink."""

    def __init__(self, *, quiet: bool) -> None:
        self.shows = is_terminal() and not quiet
        self.began = time.monotonic()

    def tell(self, done: int, total: int) -> None:
        if not self.shows:
            return
        rate = done / max(time.monotonic() - self.began, 1e-3)
        full = BAR * done // max(total, 1)
        line = f"[{'#' * full}{'.' * (BAR - full)}] {done:,} of {total:,} files, {rate:,.0f} a second"
        print(f"\r\x1b[K{line}, {(total - done) / max(rate, 1e-3):,.0f} s left", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self.shows:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _print(report: ScanReport, log_path: Path, *, dry_run: bool) -> None:
    if report.changed:
        some = " ".join(map(str, report.changed[-SHOWN:][::-1]))
        more = f" and {len(report.changed) - SHOWN:,} more" if len(report.changed) > SHOWN else ""
        print(f"{len(report.changed):,} obsnums are new or have changed: {some}{more}")
    else:
        print("Nothing is new.")
    _print_some("Incomplete", report.incomplete)
    _print_some("Corrupt", report.corrupt)
    _print_some("Complete without a part", report.gaps)
    for part, names in report.ignored.items():
        more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        print(f"\nIgnored in {part}, no names of raw files ({len(names):,}): {' '.join(names[:SHOWN])}{more}")
    if report.absent:
        folders = ", ".join(map(folder_of, report.absent))
        print(f"\nGone or empty: {folders}; is it mounted? Its files are taken to be there still.")
    if report.kept_rows:
        print(
            f"\n{report.kept_rows:,} obsnums stand in the log whose raw files are not here (--drop-missing drops them)."
        )
    counts = ", ".join(f"{count:,} {kind}" for kind, count in report.counts.items())
    print(f"\n{counts}; {report.files_opened:,} files opened.")
    told = "was not touched (--dry-run)" if dry_run else "was written" if report.log_written else "is as it was"
    print(f"{log_path} {told}.")


def _print_some(title: str, found: Sequence[Arrived]) -> None:
    """Print the newest of a kind, and how many more there are."""
    if not found:
        return
    print(f"\n{title} ({len(found):,}):")
    newest = sorted(found, key=_age, reverse=True)[:SHOWN]
    rows = []
    for one in newest:
        seen = one.observation
        rows.append((one.obsnum, *((seen.mode, seen.source, seen.pid) if seen else ("", "", ""))))
    print_table(("obsnum", "mode", "source", "project"), rows, [one.reason for one in newest])
    if len(found) > SHOWN:
        print(f"... and {len(found) - SHOWN:,} more; --json tells all of them")


def _age(one: Arrived) -> tuple[str, int]:
    return (one.observation.date_obs if one.observation else "", one.obsnum)


def _as_json(report: ScanReport, log_path: Path) -> dict[str, object]:
    return {
        "log": str(log_path),
        "log_written": report.log_written,
        "counts": {str(kind): report.counts[kind] for kind in Readiness},
        "changed": list(report.changed),
        "incomplete": [asdict(one) for one in report.incomplete],
        "corrupt": [asdict(one) for one in report.corrupt],
        "gaps": [asdict(one) for one in report.gaps],
        "ignored": dict(report.ignored),
        "absent": list(report.absent),
        "kept_rows": report.kept_rows,
        "files_opened": report.files_opened,
        "files_settling": report.files_settling,
    }


def _minutes(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ProjectError(f"--wait {text}: this is no number of minutes; write 0 or more, e.g. --wait 240")
    return int(text)
