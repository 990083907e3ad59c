"""A site with everything that goes wrong: a failed run, a missing rc, a torn record, hostile names, unfinished work."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.doors.ledger import LedgerDoor
from bot.formats.project_file import read_folder
from bot.model.plan import Plan, Unit
from bot.model.record import LineOutcome, Record, RunState
from bot.rules.plan import plan_project
from bot.settings import Settings, Site
from bot.sim.pipeline.pictures import placeholder_png

HOSTILE = "<script>document.title='evil'</script>"
PID, OTHER, NEW, BROKEN, OPEN = "2024-S1-MX-2", "2023-S1-US-17", "2024-S2-UM-11", "2022-S1-XX-9", "2019-S1-UM-1"
PROJECT = f"""\
pid: {PID}
title: Ripples & <b>beams</b>
pi: {{name: "O'Hara <img src=x onerror=document.title='evil'>", github: [ohara]}}
public: 2099-01-01
sources:
  {HOSTILE}:
    mode: SEQ/Map
    obsnums: [110001, 110002, 110003, 110004, 110005]
    tiers:
      a: {{extent: 120}}
      b: {{bank: 0}}
      c: {{bank: 1}}
  IRC+10216:
    mode: RSR/Bs
    obsnums: [110011, 110012]
    tiers: {{a: {{}}}}
"""
QA = """\
obsnums:
  110005:
    note: "</q><script>document.title='evil'</script>"
    banks:
      0: {flags: {pix_list: "-0,5"}, grade: 2}
      1: {grade: -2}
"""
SMALL = "pid: {pid}\nsources:\n  M31:\n    mode: RSR/Bs\n    obsnums: [{first}, {second}]\n    tiers: {{a: {{}}}}\n"
LOG_ROW = (
    "{date}  {obsnum:7d}  {instrument:<4}  {goal:<11}  {pgm:<10}  {source:<24}  {pid:<24} 115.2712     0  "
    " 600.0  150.444090   2.554310  139.1  68.6      0.0     0.0  1\n"
)


def numbers(rms: float, ratio: float | None, instrument: str = "SEQ", pgm: str = "Map") -> dict[str, Any]:
    """Return a bank's metrics."""
    told = {"rms": rms, "inttime": 600.0, "tau": 0.12, "instrument": instrument, "obspgm": pgm, "nchan": 295}
    return told if ratio is None else {**told, "rms0": ratio}


def make_hard_site(root: Path) -> Site:
    """Lay everything out; return the site."""
    (root / ".github").mkdir(parents=True)
    for pid, text in {
        PID: PROJECT,
        OTHER: SMALL.format(pid=OTHER, first=107001, second=107002),
        NEW: SMALL.format(pid=NEW, first=130001, second=130002),
        OPEN: SMALL.format(pid=OPEN, first=90001, second=90002),
        BROKEN: "pid: 2022-S1-XX-9\nsources:\n  A: {obsnmus: [1]}\n",
    }.items():
        (root / "projects" / pid).mkdir(parents=True)
        (root / "projects" / pid / "project.yaml").write_text(text)
    (root / "projects" / PID / "qa.yaml").write_text(QA)
    (root / "data").mkdir()
    (root / "data" / "data_lmt.log").write_text(_log())
    site = Site(root, root / "data", root / "work", Settings())
    site.need_work().mkdir()
    _run_main(site)
    for pid in (OTHER, OPEN):
        for unit in plan_of(site, pid).units:
            done(site, pid, unit, {"all": numbers(0.002, None, "RSR", "Bs")})
    return site


def plan_of(site: Site, pid: str) -> Plan:
    """Return the plan of level 1."""
    return plan_project(read_folder(site.projects / pid))


def unit_of(site: Site, pid: str, name: str) -> Unit:
    """Return one unit of it."""
    return next(unit for unit in plan_of(site, pid).units if unit.name == name)


def done(site: Site, pid: str, unit: Unit, metrics: Mapping[str, Any], pictures: Sequence[str] = ()) -> Record:
    """Record a good run with its products."""
    folder = site.need_work() / pid / unit.name
    folder.mkdir(parents=True, exist_ok=True)
    for name in pictures or ("rsr.spectra.png",):
        (folder / name).write_bytes(placeholder_png())
    (folder / "README.html").write_text("<p>products")
    return recorded(site, pid, unit, RunState.GOOD, metrics=dict(metrics), verdict="good")


def recorded(site: Site, pid: str, unit: Unit, state: RunState, attempt: int = 1, **more: Any) -> Record:
    """Write one record."""
    at = f"2026-11-20T10:{int(unit.name[-2:]) % 60:02d}:00.000Z"
    outcomes = [LineOutcome(line=str(one), exit=0, started=at, ended=at, seconds=62.5) for one in unit.lines]
    record = Record(
        pid=pid, name=unit.name, source=unit.source, level=1, digest=unit.digest, attempt=attempt, state=state,
        lines=tuple(str(one) for one in unit.lines), commit="a1b2c3d4e5", who="Peter O <po@example.org>", host="unity7",
        started=at, ended=at, outcomes=tuple(outcomes), **more,
    )  # fmt: skip
    LedgerDoor(site.need_work(), pid).write(record)
    return record


def _run_main(site: Site) -> None:
    """Give the first project: two good, one failed, one never run, a torn record, one still running."""
    maps = [f"SRC_{{}}__{bank}.{kind}.png" for bank in (0, 1) for kind in ("mom0", "rms")]
    for name, rms in (("110001", 70.0), ("110005", 81.0)):
        unit = unit_of(site, PID, name)
        both = {"0": numbers(rms, rms / 68), "1": numbers(rms + 5, rms / 60)}
        done(site, PID, unit, both, [one.format(name) for one in maps] + [f"first_SRC_{name}__0.mom0.png"])
    work = site.need_work()
    (work / "lmtbot" / PID / "log").mkdir(parents=True)
    (work / "lmtbot" / PID / "log" / "110002.log").write_text("start\nOSError: no space left <b>\nend\n")
    recorded(
        site, PID, unit_of(site, PID, "110002"), RunState.FAILED, log=f"lmtbot/{PID}/log/110002.log",
        verdict="lmtoy_110002__0.rc is missing or empty",
    )  # fmt: skip
    torn = recorded(site, PID, unit_of(site, PID, "110003"), RunState.GOOD, metrics={"0": numbers(1.0, 1.0)})
    path = next((work / "lmtbot" / PID / "ledger").glob(f"{torn.name}.*.json"))
    path.write_text(path.read_text()[:100])
    session = work / PID / "Session-1" / PID / "110001"
    tap = work / PID / "TAP" / "110001"
    for folder in (session, tap):
        folder.mkdir(parents=True)
        (folder / "SRC_110001__0.mom0.png").write_bytes(placeholder_png())
    done(site, PID, unit_of(site, PID, "110011"), {"all": numbers(0.0021, None, "RSR", "Bs")})
    look = {
        "obsnum": 110001, "pid": PID, "source": HOSTILE, "mode": "SEQ/Map", "date_obs": "2024-03-06T03:00:00",
        "verdict": "good", "reduced": "2024-03-06T04:00:00", "metrics": {"0": {"rms": 99.5}},
    }  # fmt: skip
    taps = work / "lmtbot" / "taps"
    taps.mkdir(parents=True)
    (taps / "110001.json").write_text(json.dumps(look))
    (taps / "recent.log").write_text(f"2024-03-06T05:00:00 110001 {PID}\n")


def _log() -> str:
    rows = []
    for number, obsnum in enumerate((110001, 110002, 110003, 110004, 110005, 110006)):
        day = "2024-03-06" if number < 3 else "2024-03-09"
        source = HOSTILE if number < 5 else "NEW_ONE"
        rows.append((f"{day}T0{number + 2}:00:00", obsnum, "SEQ", "Science", "Map(Az/C)", source, PID))
    rows += [(f"2024-03-11T0{n}:00:00", 110010 + n, "RSR", "Science", "Bs", "IRC+10216", PID) for n in (1, 2)]
    rows += [(f"2018-04-0{n}T01:00:00", 90000 + n, "RSR", "Science", "Bs", "M31", OPEN) for n in (1, 2)]
    rows += [("2024-03-06T01:50:00", 109999, "SEQ", "Calibration", "Cal", "x", PID)]
    names = ("date", "obsnum", "instrument", "goal", "pgm", "source", "pid")
    return "".join(LOG_ROW.format(**dict(zip(names, row, strict=True))) for row in sorted(rows, reverse=True))
