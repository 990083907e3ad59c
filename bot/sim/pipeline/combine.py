"""Combinations: the obsnums of a source reduced together, from what their own directories hold.

Must not reduce a member that is not there: the call then fails and leaves nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from . import clock, mapfiles, rcwriter
from .facts import UnknownObservation
from .job import Job
from .mapping import COMBINED_END, band_of, member_stack, results
from .physics import combine
from .products import COMBINED_START, CUBE, RSR_REDUCED, RSR_START, names
from .rcwriter import Heading, append
from .rsr import combined_spectrum, write_files
from .rsr import results as rsr_results
from .settings import MapSettings

__all__ = ["combine_map", "combine_rsr", "member_rc"]

COMBINED_RSR = tuple(n for n in RSR_START if n in ("{o}.badlags", "{o}.blanking", "{o}.rfile")) + RSR_REDUCED


def member_rc(work: Path, heading: Heading, suffix: str = "") -> Path:
    """Return a member's rc file; raises UnknownObservation for one that was not reduced in this WORK_LMT."""
    obsnum = heading.facts.obsnum
    main = work / heading.facts.pid / str(obsnum) / f"lmtoy_{obsnum}.rc"
    if not main.exists():
        raise UnknownObservation(f"{main.parent} was not reduced")
    return main.with_name(f"lmtoy_{obsnum}{suffix}.rc")


def _start(job: Job) -> None:
    """Begin the rc file as a copy of the first member's."""
    if not job.main_rc.exists():
        shutil.copyfile(member_rc(job.site.work, job.heading), job.main_rc)
    (job.pdir / f"lmtoy_{job.oid}.ifproc").write_text(f"# ifproc dumps are with the members of {job.oid}\n")


def _copy_or_empty(source: Path, target: Path) -> None:
    if target.exists():
        return
    if source.exists():
        shutil.copyfile(source, target)
    else:
        target.touch()


def combine_map(job: Job) -> None:
    """Combine the maps of the members, bank by bank."""
    _start(job)
    append(job.main_rc, f"obsnum={job.oid}   # new for combo\n")
    for number, bank in enumerate(job.banks()):
        job.note_version()
        _combine_bank(job, bank, is_first=number == 0)


def _has_rms(rc: Path) -> bool:
    return bool(rcwriter.read(rc).get("rms"))


def _combine_bank(job: Job, bank: int, *, is_first: bool) -> None:
    rc = job.bank_rc(bank)
    listed = [(heading, member_rc(job.site.work, heading, f"__{bank}")) for heading in job.headings]
    _copy_or_empty(listed[0][1], rc)
    members = [(heading, path) for heading, path in listed if _has_rms(path)]
    for heading, path in listed:
        if not _has_rms(path):
            job.say(f"Warning: {heading.facts.obsnum} has no spectra in bank {bank}")
    time = sum(heading.facts.tint_s for heading, _ in members)
    numbers = ",".join(str(n) for n in job.call.obsnums)
    append(
        rc,
        f"obsnum={job.oid}   # new for combo\nobsnums={numbers}\nobsnum={job.oid}\nbank={bank}\n"
        f"inttime={time:g}   # summed all obsnums\n",
    )
    if is_first:
        job.midway()
    if members and not job.is_broken:
        _write_bank(job, bank, members, rc)
    append(rc, f"sdfits_file=*.nc\n{rcwriter.ended(clock.stamp())}")


def _write_bank(job: Job, bank: int, members: list[tuple[Heading, Path]], rc: Path) -> None:
    stack = combine([member_stack(job, heading, bank, path) for heading, path in members])
    values: Mapping[str, str] = {**rcwriter.MAP_VARIABLES, **rcwriter.read(rc)}
    band = band_of(members[0][0], bank, dict(values))
    files = mapfiles.MapFiles(job, bank, stack, band, MapSettings.read(values))
    files.write(COMBINED_START + CUBE)
    if job.call.is_on("maskmoment", True):
        for kind in ("nf", "nfs"):
            files.write_mask_moments(kind)
        for name in names(COMBINED_END, source=job.facts.source, oid=job.oid, bank=bank):
            (job.pdir / name).write_text(f"maskmoment of {files.stem}\n")
    for kind in ("mom0", "peak", "rms", "wt"):
        name = f"{files.stem}.{kind}.png"
        job.copy_once(job.pdir / name, job.pdir / f"first_{name}")
    append(rc, results(files.stem, stack))


def combine_rsr(job: Job) -> None:
    """Combine the spectra of the members."""
    _start(job)
    (job.pdir / "rsr.obsnum").write_text("".join(f"{n}\n" for n in job.call.obsnums))
    job.note_version()
    members = []
    for heading in job.headings:
        members.append((heading, rcwriter.read(member_rc(job.site.work, heading))))
    spectrum, time = combined_spectrum(job, members)
    job.midway()
    write_files(job, spectrum, members[0][1], COMBINED_RSR)
    append(job.main_rc, f"obsnum={job.oid}\n{rsr_results(job.oid, spectrum, time)}")
