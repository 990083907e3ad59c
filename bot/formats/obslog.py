"""Rows of the observation log <-> Observation values. Recognises, never guesses: what it cannot read is a RowFault.

The log has come in five layouts (13 to 18 words): with and without the receiver, with and without the frequency of
RSR, cut off at the end, with and without the valid column, and with goals of several words. White space separates
the columns, so an empty column moves all that follow; the words themselves tell which layout a row has.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.model.observation import Observation
from bot.model.scalars import OBSNUM_MAX

PID_ALIASES = {
    "2018S1-MU-8": "2018-S1-MU-8",
    "2022MSIP1mmCommissioning": "2022S1MSIP1mmCommissioning",
    "2024MSIP1mmCommissioning": "2024S1MSIP1mmCommissioning",
}
"""Wrong spelling -> ProjectId (domain.md section 4). Everything else is compared exactly."""

SCIENCE = "Science"
"""The goal of what goes through the projects."""
INSTRUMENTS = ("SEQ", "RSR", "1MM", "OMAYA")
PROGRAMS = ("Map", "Bs", "Ps", "Cal", "On", "Lissajous", "Stay", "Off", "Fs", "Beamswitch", "Bsm")
COLUMNS = "# date_obs obsnum receiver goal pgm source ProjectId restfreq vlsr tint ra dec az el azoff eloff valid"
MAX_ROW = 4_000
"""Bytes; a longer line is no row. Real rows have about 190."""

_DATE = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?nan", re.ASCII | re.IGNORECASE)
_PROGRAM = re.compile(rf"(?:{'|'.join(PROGRAMS)})(?:\([A-Za-z/]+\))?")
_GOAL = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_FAILED = re.compile(r"failed for (\S+) +(\S.*)")
_FILE_OBSNUM = re.compile(r"_(\d{5,8})_\d+_\d+\.nc|_(\d{5,8})(?=_)")
_WITH_FREQUENCY = ("restfreq", "vlsr", "tint", "ra", "dec", "az", "el", "azoff", "eloff", "valid")
_WITHOUT_FREQUENCY = _WITH_FREQUENCY[1:]
_FEWEST = 6
_RANGES = {
    "restfreq": (0.0, 1100.0),
    "vlsr": (-3e5, 1e7),
    "tint": (0.0, 1e6),
    "ra": (0.0, 360.0),
    "dec": (-90.0, 90.0),
    "az": (-360.0, 720.0),
    "el": (-10.0, 100.0),
    "azoff": (-1.3e6, 1.3e6),
    "eloff": (-1.3e6, 1.3e6),
    "valid": (0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class RowFault:
    """A line of the log that says an obsnum was there and cannot be read."""

    line: int
    """1 is the first line of the file; 0 where the file is not known."""
    text: str
    """The line, shortened, made printable."""
    reason: str
    obsnum: int | None = None
    """Where the line at least tells this."""


Row = Observation | RowFault


def parse_log(data: bytes) -> Iterator[Row]:
    """Read a whole log; blank lines and remarks give nothing, everything else an Observation or a RowFault."""
    *lines, last = data.split(b"\n")
    yield from parse_lines(lines)
    if (unfinished := unfinished_row(last, len(lines) + 1)) is not None:
        yield unfinished


def unfinished_row(line: bytes, number: int) -> RowFault | None:
    """Return the fault of a last line without line end: the log may still be being written, a digit may be missing."""
    row = parse_line(line, number)
    if row is None:
        return None
    return _fault(number, line, "the last line has no line end, it may not be whole; end it with a line feed")


def parse_lines(lines: Iterable[bytes], *, first: int = 1) -> Iterator[Row]:
    """Read lines without their line ends; `first` is the number of the first of them."""
    for number, line in enumerate(lines, start=first):
        row = parse_line(line, number)
        if row is not None:
            yield row


def parse_line(line: bytes, number: int = 0) -> Row | None:
    """Read one line; None for blank lines and remarks.

    A remark `# ... failed for slr FILE` is the log's own word that a raw header could not be read: a fault.
    """
    if len(line) > MAX_ROW:
        return _fault(number, line[:200], f"the line has more than {MAX_ROW:,} bytes, a row has about 190")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return _fault(number, line, f"byte 0x{line[error.start]:02x} is not UTF-8 text")
    body = text.strip()
    if body.startswith("#"):
        failed = _FAILED.search(body)
        return _unreadable_header(number, line, failed) if failed else None
    if not body:
        return None
    if not body.isprintable() and any(not (char.isprintable() or char == "\t") for char in body):
        return _fault(number, line, "control characters stand in the row")
    found = _parse_words(body.partition(" #")[0].split())
    if not isinstance(found, str):
        return found
    failed = _FAILED.search(body)
    return _unreadable_header(number, line, failed) if failed else _fault(number, line, found)


def format_row(row: Observation) -> str:
    """Print a row in the layout of all 17 columns, letter by letter as the existing tool does (lmtinfo, late 2025).

    What the row does not say is nan, except valid, which is left out; a receiver that nothing tells is `-`.
    """
    head = f"{row.date_obs:<20} {row.obsnum:7d}  {row.instrument or '-':<10} {row.goal:<12} {row.pgm:<11}"
    head += f" {row.source:<25} {row.pid:<30}"
    is_rsr = row.instrument == "RSR" and not row.restfreq_ghz
    sky = f"{_shown(row.restfreq_ghz, '.1f' if is_rsr else '.4f', 8)} {_shown(row.vlsr_kms, '.10g', 5)}"
    sky += f"    {_shown(row.tint_s, '.1f', 6)}  {_shown(row.ra_deg, '.6f', 10)} {_shown(row.dec_deg, '.6f', 10)}"
    sky += f"  {_shown(row.az_deg, '.1f', 5)} {_shown(row.el_deg, '.1f', 5)}"
    sky += f"  {_shown_offset(row.azoff_arcsec)} {_shown_offset(row.eloff_arcsec)}"
    return f"{head} {sky}" + ("" if row.valid is None else f"  {int(row.valid)}")


def group_rows(rows: Iterable[Row]) -> tuple[dict[int, list[Observation]], list[RowFault]]:
    """Return the distinct rows of each obsnum, in an order that does not depend on the log's, and the faults."""
    groups: dict[int, list[Observation]] = defaultdict(list)
    faults: list[RowFault] = []
    for row in rows:
        if isinstance(row, RowFault):
            faults.append(row)
        elif row not in groups[row.obsnum]:
            groups[row.obsnum].append(row)
    for group in groups.values():
        if len(group) > 1:
            group.sort(key=repr)
    return groups, faults


def official_pid(pid: str) -> str:
    """Return the ProjectId with known wrong spellings put right."""
    return PID_ALIASES.get(pid, pid)


def _shown(value: float | None, form: str, width: int) -> str:
    return ("nan" if value is None else format(value, form)).rjust(width)


def _shown_offset(value: float | None) -> str:
    return _shown(value, ".1f" if value is None or value == round(value, 1) else ".7g", 7)


def _parse_words(words: list[str]) -> Observation | str:
    """Return the row, or the reason why it is none."""
    if len(words) < 2 or not _DATE.fullmatch(words[0]):
        return "a row begins with date and time, YYYY-MM-DDTHH:MM:SS"
    if not (words[1].isascii() and words[1].isdecimal() and 0 < int(words[1]) <= OBSNUM_MAX):
        return f"the second word is no obsnum (1 to {OBSNUM_MAX})"
    cut = len(words)
    while cut > 2 and _NUMBER.fullmatch(words[cut - 1]):
        cut -= 1
    head, numbers = words[2:cut], words[cut:]
    marked = bool(head) and head[-1] == "RSR" and len(head) > 1
    parted = _parse_head(head[:-1] if marked else head)
    if isinstance(parted, str):
        return parted
    instrument, goal, pgm, source, pid = parted
    if marked and instrument not in ("", "RSR"):
        return f"RSR stands in the frequency's place of a {instrument} row"
    columns = _columns(numbers, "RSR" if marked else instrument, marked)
    if isinstance(columns, str):
        return columns
    instrument = instrument or ("RSR" if marked else _receiver_of(columns.get("restfreq")))
    return _observation(words, (instrument, goal, pgm, source, official_pid(pid)), columns)


def _parse_head(head: list[str]) -> tuple[str, str, str, str, str] | str:
    """Part the words between obsnum and numbers into instrument, goal, pgm, source and ProjectId."""
    if len(head) < 4:
        return "goal, pgm, source and ProjectId do not all stand in the row"
    *front, pgm, source, pid = head
    instrument = front[0] if front[0] in INSTRUMENTS or front[0] == "-" else ""
    goal = front[1:] if instrument else front
    plain = bool(instrument) and len(head) == 5
    if not _PROGRAM.fullmatch(pgm) and not (plain and _GOAL.fullmatch(pgm.partition("(")[0])):
        return f"{pgm!r} stands in the place of the observing program (Map, Bs, Ps, ...)"
    if not goal or not all(_GOAL.fullmatch(word) for word in goal):
        return f"{' '.join(front)!r} is no receiver and goal"
    if not instrument and goal[0].upper() == goal[0] and len(goal) > 1:
        return f"{goal[0]!r} is not a known receiver"
    return instrument.strip("-"), " ".join(goal), pgm, source, pid


def _columns(numbers: list[str], instrument: str, marked: bool) -> dict[str, float] | str:
    """Name the numbers. A row without frequency is told from one that is cut off by what the values can be."""
    layouts: list[tuple[str, ...]] = [_WITHOUT_FREQUENCY] if marked else [_WITH_FREQUENCY]
    if instrument == "RSR" and not marked:
        layouts.append(_WITHOUT_FREQUENCY)
    if len(numbers) >= len(_WITH_FREQUENCY) - 1 and not marked:
        layouts = layouts[:1]
    fitting = [layout for layout in layouts if _FEWEST <= len(numbers) <= len(layout)]
    if not fitting:
        return f"{len(numbers)} numbers stand behind the ProjectId; a row has 6 (cut off) to 10"
    if len(fitting) > 1:
        fitting = [layout for layout in fitting if _is_sky(layout, numbers)]
    if len(fitting) != 1:
        return f"the {len(numbers)} numbers fit no layout, or more than one"
    named = dict(zip(fitting[0], map(float, numbers), strict=False))
    for name, (low, high) in _RANGES.items():
        if name in named and not (low <= named[name] <= high or named[name] != named[name]):
            return f"{name} {named[name]:g} is not between {low:g} and {high:g}"
    return named


def _is_sky(layout: tuple[str, ...], numbers: list[str]) -> bool:
    """Say whether ra and dec stand where the layout has them: they alone are printed with six decimals."""
    decimals = [len(number.partition(".")[2]) for number in numbers]
    return [name for name, count in zip(layout, decimals, strict=False) if count == 6] == ["ra", "dec"]


def _receiver_of(restfreq: float | None) -> str:
    """Return the receiver of a row of 2022 that leaves it out: each has a band of its own (85-116, 210-280 GHz)."""
    if restfreq is None or restfreq != restfreq:
        return ""
    return "SEQ" if 80 <= restfreq <= 120 else "1MM" if 200 <= restfreq <= 300 else ""


def _observation(words: list[str], named: tuple[str, str, str, str, str], columns: dict[str, float]) -> Observation:
    instrument, goal, pgm, source, pid = named
    told = {name: value for name, value in columns.items() if value == value}
    valid = told.get("valid")
    return Observation(
        obsnum=int(words[1]),
        date_obs=words[0],
        instrument=instrument,
        goal=goal,
        pgm=pgm,
        source=source,
        pid=pid,
        restfreq_ghz=told.get("restfreq"),
        vlsr_kms=told.get("vlsr"),
        tint_s=told.get("tint"),
        ra_deg=told.get("ra"),
        dec_deg=told.get("dec"),
        az_deg=told.get("az"),
        el_deg=told.get("el"),
        azoff_arcsec=told.get("azoff"),
        eloff_arcsec=told.get("eloff"),
        valid=None if valid is None else valid != 0,
    )


def _unreadable_header(number: int, line: bytes, failed: re.Match[str]) -> RowFault:
    file = failed[2].strip()
    found = _FILE_OBSNUM.search(file)
    obsnum = int(found[1] or found[2]) if found else None
    return RowFault(number, _printable(line), f"the header of {_printable(file.encode())} could not be read", obsnum)


def _fault(number: int, line: bytes, reason: str) -> RowFault:
    words = line[:200].split()
    second = words[1] if len(words) > 1 else b""
    obsnum = int(second) if second.isdigit() and len(second) <= 8 and int(second) else None
    return RowFault(number, _printable(line), reason, obsnum)


def _printable(line: bytes, longest: int = 100) -> str:
    text = "".join(char if char.isprintable() else "?" for char in line[: longest * 2].decode("utf-8", "replace"))
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 3] + "..."
