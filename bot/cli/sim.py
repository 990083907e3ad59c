"""Practise without an observatory: `lmtbot sim telescope` writes raw files as the telescope does.

The files have the true names, folders and header variables of SEQ, RSR and 1MM, hold noise, and arrive as rsync brings
them: under a hidden name, growing, renamed when whole. What was observed comes from rows of an observation log
(--from) or is drawn from a seed (--random). Started again with the same words it goes on where it was ended.

The folder must be named with --data ($DATA_LMT is not taken) and hold no raw data of other origin.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.output import is_terminal, print_json
from bot.errors import ProjectError, SettingsError
from bot.settings import Site

if TYPE_CHECKING:
    from bot.formats.obslog import Row
    from bot.sim.telescope.arrival import Arrival, Orders
    from bot.sim.telescope.recording import Recording

EXAMPLES = (
    "lmtbot sim telescope --data /tmp/raw --random 40                        a night of 40 obsnums, at once",
    "lmtbot sim telescope --data /tmp/raw --from night.log --rate 60         rows of a log, 60 times real speed",
    "lmtbot sim telescope --data /tmp/raw --random 1000 --spacing 60 --rate 50 --delay 600",
    "lmtbot sim telescope --data /tmp/raw --random 40 --lose roach3 --corrupt 140007 --truncate 140011",
    "lmtbot sim telescope --data /tmp/raw --random 40 --dry-run              which files would come, in which order",
)
COMMANDS = ("telescope",)
TOLD = 10
"""Rows left out that are named."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot sim`."""
    parser.add_argument("command", choices=COMMANDS, help="what is simulated")
    what = parser.add_argument_group("what is observed")
    origin = what.add_mutually_exclusive_group(required=True)
    origin.add_argument("--from", dest="log", metavar="LOG", help="rows of an observation log (- for standard input)")
    origin.add_argument("--random", type=_count, metavar="N", help="a night of N obsnums, drawn from the seed")
    what.add_argument("--seed", type=int, default=1, help="what is drawn: the night, orders, delays (default: 1)")
    what.add_argument("--first", type=_count, default=140001, metavar="OBSNUM", help="--random: the first obsnum")
    what.add_argument(
        "--night", type=_date, default="2024-11-05", metavar="DATE", help="--random: its date, UT, YYYY-MM-DD"
    )
    when = parser.add_argument_group("how it arrives")
    when.add_argument("--rate", type=_positive, default=0.0, metavar="X", help="X times real speed; 0: do not wait")
    when.add_argument("--spacing", type=_positive, metavar="S", help="S seconds between obsnums, not the rows' times")
    when.add_argument("--delay", type=_positive, default=0.0, metavar="S", help="one file in ten is up to S s late")
    when.add_argument("--dry-run", action="store_true", help="tell which files would come, write none")
    faults = parser.add_argument_group("what goes wrong; may be given several times")
    faults.add_argument("--lose", action="append", default=[], metavar="PART", help="never comes: roach3, chassis2")
    faults.add_argument("--corrupt", action="append", type=_count, default=[], metavar="OBSNUM", help="garbage header")
    faults.add_argument("--truncate", action="append", type=_count, default=[], metavar="OBSNUM", help="half the files")
    form = parser.add_argument_group("the files")
    form.add_argument("--size", choices=("small", "full"), default="small", help="spectra in them (default: small)")
    form.add_argument("--format", choices=("classic", "netcdf4"), default="classic", help="kind of netCDF")


def run(args: argparse.Namespace, _site: Site) -> int:
    """Let the files arrive; 0 when all are there."""
    if not args.data:
        raise SettingsError("the folder for the simulated raw data is not known: name it with --data DIR")
    if find_spec("numpy") is None:
        raise SettingsError("numpy is not installed; the simulations need it: pip install 'lmtoy-run[sim]'")
    from bot.sim.telescope.arrival import observe, schedule
    from bot.sim.telescope.recording import record

    orders = _orders(args)
    recordings, skipped = record(_rows(args))
    for reason in skipped[:TOLD]:
        print(f"lmtbot: left out: {reason}", file=sys.stderr)
    if len(skipped) > TOLD:
        print(f"lmtbot: left out: {len(skipped) - TOLD} more rows", file=sys.stderr)
    if not recordings:
        raise ProjectError(f"{args.log}: no row that can be observed; give a log with rows of SEQ, RSR or 1MM")
    arrivals = schedule(recordings, orders)
    if args.dry_run:
        _tell_plan(arrivals, as_json=args.json)
        return 0
    written: list[tuple[Arrival, int]] = []
    for number, (arrival, size) in enumerate(observe(Path(args.data), arrivals, orders), start=1):
        written += [(arrival, size)] if size else []
        _tell_progress(number, len(arrivals), arrival)
    _tell_end(recordings, written, len(arrivals), as_json=args.json)
    return 0


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= 99_999_999:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 99999999")
    return int(text)


def _date(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 2000 <= day.year < 2100:
        raise argparse.ArgumentTypeError(f"{text!r} is no date of this century, YYYY-MM-DD")
    return day.isoformat()


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return number


def _orders(args: argparse.Namespace) -> Orders:
    from bot.model.raw import PARTS
    from bot.sim.telescope.arrival import Orders

    unknown = [part for part in args.lose if part not in PARTS]
    if unknown:
        raise ProjectError(f"--lose {unknown[0]}: no part that writes files; the parts are {', '.join(PARTS)}")
    return Orders(
        seed=args.seed,
        rate=args.rate,
        spacing_s=args.spacing,
        delay_s=args.delay,
        lost=frozenset(args.lose),
        corrupt=frozenset(args.corrupt),
        truncated=frozenset(args.truncate),
        size=args.size,
        form=args.format,
    )


def _rows(args: argparse.Namespace) -> Sequence[Row]:
    from bot.formats.obslog import parse_log
    from bot.sim.telescope.night import draw_night

    if args.random:
        return draw_night(args.random, seed=args.seed, first=args.first, date=args.night)
    try:
        data = sys.stdin.buffer.read() if args.log == "-" else Path(args.log).read_bytes()
    except OSError as error:
        raise ProjectError(f"{args.log}: cannot be read ({error.strerror}); give an observation log") from error
    return list(parse_log(data))


def _as_json(arrival: Arrival) -> dict[str, object]:
    row = arrival.recording.observation
    return {
        "obsnum": row.obsnum,
        "mode": row.mode,
        "goal": row.goal,
        "source": row.source,
        "pid": row.pid,
        "calobsnum": arrival.recording.calobsnum,
        "part": arrival.part,
        "file": str(arrival.path),
    }


def _tell_plan(arrivals: Sequence[Arrival], *, as_json: bool) -> None:
    if as_json:
        print_json([_as_json(arrival) | {"telescope_s": round(arrival.begin_s, 3)} for arrival in arrivals])
        return
    for arrival in arrivals:
        print(f"{arrival.begin_s:10.1f} s  {arrival.path}")


def _tell_progress(number: int, total: int, arrival: Arrival) -> None:
    if is_terminal():
        end = "\n" if number == total else ""
        print(f"\r{number}/{total} files, obsnum {arrival.recording.observation.obsnum} ", end=end, file=sys.stderr)


def _tell_end(
    recordings: Sequence[Recording], written: Sequence[tuple[Arrival, int]], total: int, *, as_json: bool
) -> None:
    if as_json:
        print_json([_as_json(arrival) | {"bytes": size} for arrival, size in written])
        return
    bare = sum(r.calobsnum < 0 and r.program != "Cal" for r in recordings)
    print(f"{len(recordings)} obsnums, {len(written)} files written, {total - len(written)} were there already")
    if bare:
        print(f"{bare} obsnums name no calibration: there is no earlier Cal of their instrument and project")
