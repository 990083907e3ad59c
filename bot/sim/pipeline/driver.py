"""One call from its words to its exit code: find the observation, prepare the directory, reduce, close.

Must not know how anything is reduced. The exit code says little, on purpose: that is what the real one does.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import archive, clock, faults, pages, rawdata, rcwriter, temporary
from .arguments import Call, UsageError, parse
from .combine import combine_map, combine_rsr, member_rc
from .facts import ObservationLog, UnknownObservation
from .faults import Crash, Fault
from .job import Job, make_heading
from .mapping import reduce_map
from .points import reduce_points
from .products import LOST_WHEN_RELATIVE
from .rcwriter import Heading
from .rsr import reduce_rsr
from .site import Site, from_environment
from .truth import read_overrides


def tell(text: str) -> None:
    """Say something on standard output, as the real pipeline does."""
    sys.stdout.write(f"LMTOY>> {text}\n")


@dataclass
class Pause:
    """The middle of a call: faults strike here, and a call that must last does so here. Once."""

    fault: Fault
    deadline: float
    is_over: bool = False

    def __call__(self) -> None:
        if not self.is_over:
            self.is_over = True
            faults.midway(self.fault, self.deadline)


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do one call and return its exit code."""
    started = time.monotonic()
    try:
        call = parse(argv)
        site = from_environment(environ, call)
    except UsageError as error:
        tell(str(error))
        return 1
    if call.is_on("skip"):
        tell(f"skip={call.text('skip')}: nothing to do")
        return 0
    try:
        return _run_alone(call, site, started)
    except UnknownObservation as error:
        tell(str(error))
        return 1


def _run_alone(call: Call, site: Site, started: float) -> int:
    log = ObservationLog(site.data / "data_lmt.log")
    overrides = read_overrides(site.data / "sim_truth.yaml")
    found = [rawdata.find(site.data, log, obsnum) for obsnum in call.obsnums]
    headings = [make_heading(facts, call, site, log, overrides) for facts in found]
    facts = headings[0].facts
    if call.is_on("archive"):
        return 0 if _archive(site, facts.pid, call.oid) else 1
    with temporary.shared_file(site.work, call.oid) as is_ours:
        if not is_ours:
            tell(f"tmp/lmtoy_{call.oid}.rc: No such file or directory")
            return 0
        pdir = site.work / facts.pid / call.oid
        if pdir.is_dir() and (call.is_on("exist") or call.text("restart") == "-1"):
            tell(f"Skipping work for {pdir}, it already exists")
            return 0
        if call.is_combination:
            _check_members(site, headings)
        fault = faults.choose(site.faults, site.state, call.oid, call.line)
        pause = Pause(fault, started + site.seconds)
        job = Job(call, site, log, overrides, headings, pdir, not pdir.is_dir(), pause)
        return _run_job(job, fault)


def _archive(site: Site, pid: str, oid: str) -> bool:
    sent = archive.ingest(site.work, pid, oid)
    tell(f"{oid}: {'sent to Dataverse (simulated)' if sent else 'nothing to archive in dir4dv'}")
    return sent


def _check_members(site: Site, headings: Sequence[Heading]) -> None:
    for heading in headings:
        if heading.facts.is_map or heading.facts.instrument == "RSR":
            member_rc(site.work, heading)


def _run_job(job: Job, fault: Fault) -> int:
    _prepare(job)
    job.is_broken = fault.name == "python_error"
    try:
        if fault.name == "no_rc":
            job.midway()
            _end_log(job, clock.name_stamp())
            return 0
        _reduce(job)
    except Crash as crash:
        sys.stderr.write(faults.TRACEBACK)
        rcwriter.append(job.logfile, faults.TRACEBACK)
        return crash.code
    job.midway()
    if fault.name == "half_rc":
        _cut_rc(job)
        return 0
    _finish(job)
    return 0


def _prepare(job: Job) -> None:
    if job.call.text("restart") in ("1", "2"):
        shutil.rmtree(job.pdir, ignore_errors=True)
        job.is_first = True
    job.pdir.mkdir(parents=True, exist_ok=True)
    job.logfile.write_text("")
    if not (job.is_first and _is_point(job)):
        rcwriter.append(job.pdir / "date.log", f"{clock.stamp()}\n")
    rcwriter.append(job.pdir / "lmtoy_args.log", f"{job.call.line}\n")
    job.say(f"{job.facts.program} mode with instrument={job.facts.instrument}: {job.call.line}")
    job.say("lmtoy_error: error 1 occured")  # good runs have this too


def _is_point(job: Job) -> bool:
    return not job.facts.is_map and job.facts.instrument != "RSR"


def _reduce(job: Job) -> None:
    combined = job.call.is_combination
    how: Callable[[Job], None]
    if job.facts.is_map:
        how = combine_map if combined else reduce_map
    elif job.facts.instrument == "RSR":
        how = combine_rsr if combined else reduce_rsr
    else:
        how = reduce_points
    how(job)


def _cut_rc(job: Job) -> None:
    """End the rc file that was written last in the middle of the line before its last rms."""
    banks = [job.bank_rc(bank) for bank in job.banks()]
    last: Path = next((path for path in reversed(banks) if path.exists()), job.main_rc)
    text = last.read_text()
    end = text.rfind("\nrms=") if "\nrms=" in text else len(text) - 1
    begin = text.rfind("\n", 0, end) + 1
    last.write_text(text[: (begin + end) // 2])


def _end_log(job: Job, stamp: str) -> None:
    """Close the log and keep a copy under the time's name."""
    rcwriter.append(job.pdir / "date.log", f"{clock.stamp()}\n")
    stem = f"lmtoy_{job.oid}" if job.facts.is_map else "lmtoy"
    target, number = job.pdir / f"{stem}_{stamp}.log", 0
    while target.exists():  # two calls in one second, which the real pipeline cannot do
        number += 1
        target = job.pdir / f"{stem}_{stamp}.{number}.log"
    shutil.copyfile(job.logfile, target)


def _finish(job: Job) -> None:
    pages.write_pages(job)
    _end_log(job, clock.name_stamp())
    grade, public = job.call.text("qagrade", "0"), job.call.text("public")
    members = ",".join(str(number) for number in job.call.obsnums)
    combined = job.call.is_combination
    closing = rcwriter.finished(clock.stamp(), members, qagrade=None if combined else grade, public=public)
    rcwriter.append(job.main_rc, closing)
    if combined:  # the grade lands in the first member's directory, under the combination's name
        first = job.folder / str(job.facts.obsnum)
        if first.is_dir():
            rcwriter.append(first / job.main_rc.name, f"qagrade={grade or 0}\n")
    archive.close(job)
    if job.site.is_relative:
        pages.lose(job.pdir, LOST_WHEN_RELATIVE)
        shutil.rmtree(job.pdir / "resources", ignore_errors=True)
    job.say(f"results in {job.pdir}")
