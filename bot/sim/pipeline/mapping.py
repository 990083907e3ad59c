"""SEQ/Map: one directory with a cube, maps and spectra for each bank.

Must not decide about archives: the driver closes a call.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from . import clock, mapfiles, rcwriter
from .faults import TRACEBACK
from .job import Job
from .physics import Band, Stack, beam_time, map_side, reduce_bank
from .products import COMBINED_END, CUBE, MAP_HISTOGRAM, MAP_HOLLOW, MAP_QUICK, MAP_SPECTRA, MAP_WITHOUT_CUBE, names
from .rcwriter import Heading, append
from .settings import MapSettings, read_float

__all__ = ["COMBINED_END", "member_stack", "reduce_map"]

NCHAN0 = 2048
WIDTH_HZ = 0.8e9


def band_of(heading: Heading, bank: int, values: dict[str, str]) -> Band:
    """Return the spectral axis of a bank."""
    vlsr = read_float(values.get("vlsr", ""), heading.facts.vlsr)
    return Band(heading.restfreqs[bank], vlsr, NCHAN0, WIDTH_HZ)


def member_stack(job: Job, heading: Heading, bank: int, rc: Path) -> Stack:
    """Compute what one observation contributes, reduced as its rc file says."""
    values = {**rcwriter.MAP_VARIABLES, **rcwriter.read(rc)}
    values.setdefault("x_extent", f"{map_side(heading.facts.tint_s):g}")
    band = band_of(heading, bank, values)
    return reduce_bank(
        job.truth(heading, bank, NCHAN0),
        band,
        MapSettings.read(values),
        time_s=beam_time(heading.facts.tint_s, band.restfreq_ghz),
        lost_beams=job.raw(heading).lost_beams(bank),
    )


def reduce_map(job: Job) -> None:
    """Reduce the banks asked for of one observation."""
    starts = not job.main_rc.exists()
    if starts:
        _start(job)
    for bank in job.banks():
        job.note_version()
        if starts and bank == job.banks()[0]:
            mapfiles.write_header_dump(job)
        _reduce_bank(job, bank)


def _is_pair(job: Job) -> bool:
    return len(job.banks()) == 2


def _vlsr(job: Job) -> float:
    return read_float(job.call.text("vlsr"), job.facts.vlsr)


def _start(job: Job) -> None:
    text = rcwriter.map_start(job.heading, job.call, job.pdir)
    if job.heading.numbands == 1:
        text += "bank=0   # old data\n"
    elif _is_pair(job):
        text += f'date=""     # begin2\n{rcwriter.map_settings(job.heading, job.call, job.pdir, _vlsr(job))}'
    append(job.main_rc, text)


def _open_bank_rc(job: Job, bank: int) -> Path:
    """Write how a bank is going to be reduced; bank 1 of a pair continues bank 0's finished file."""
    rc = job.bank_rc(bank)
    if rc.exists():
        append(rc, rcwriter.map_again(job.call, job.pdir, rc.name, rcwriter.read(rc)))
    elif "b_regions" in rcwriter.read(job.main_rc):
        first = job.bank_rc(0)
        shutil.copyfile(first if bank == 1 and first.exists() else job.main_rc, rc)
        append(rc, rcwriter.bank_frequencies(job.heading, bank))
    else:
        shutil.copyfile(job.main_rc, rc)
        append(rc, rcwriter.map_settings(job.heading, job.call, job.pdir, _vlsr(job)))
    return rc


def _reduce_bank(job: Job, bank: int) -> None:
    rc = _open_bank_rc(job, bank)
    raw = job.raw(job.heading)
    if job.is_broken or not raw.has_calibration or not raw.has_bank(bank):
        _leave_hollow(job, bank)
    else:
        if raw.lost_beams(bank):
            job.say(f"Warning: no spectra for beams {raw.lost_beams(bank)}, beam 0 is taken instead")
        _write_bank(job, bank, rc)
    append(rc, f"sdfits_file=*.nc\n{rcwriter.ended(clock.stamp())}")


def _leave_hollow(job: Job, bank: int) -> None:
    job.say(f"bank {bank}: no calibrated spectra")
    with job.logfile.open("a") as log:
        log.write(TRACEBACK)
    job.midway()
    for name in names(MAP_HOLLOW, source=job.facts.source, oid=job.oid, bank=bank):
        (job.pdir / name).write_text("0,1,2,3,4\n" if name.startswith("pix_list") else "")


def _write_bank(job: Job, bank: int, rc: Path) -> None:
    values = {**rcwriter.MAP_VARIABLES, **rcwriter.read(rc)}
    stack = member_stack(job, job.heading, bank, rc)
    band = band_of(job.heading, bank, values)
    append(rc, _spectral_facts(band, stack, bank))
    files = mapfiles.MapFiles(job, bank, stack, band, MapSettings.read(values))
    with_cube = job.call.is_on("nemo", True)
    files.write(MAP_SPECTRA)
    job.midway()
    files.write(MAP_QUICK)
    files.write(CUBE if with_cube else MAP_WITHOUT_CUBE)
    if with_cube and "hist" in job.site.tools:
        files.write(MAP_HISTOGRAM)
    files.keep_first_looks()
    if with_cube:
        append(rc, results(files.stem, stack))
    job.say(f"bank {bank}: rms={stack.rms_k * 1e3:g} mK, ratio to the radiometer equation {stack.rms0:g}")


def _spectral_facts(band: Band, stack: Stack, bank: int) -> str:
    vmax = band.vmin + (band.nchan0 - 1) * band.channel_kms
    return (
        f"# <lmtinfo2>\n# version=11-jul-2023\nbank={bank}   # 0 or 1\nnchan0={band.nchan0} # raw data size\n"
        f"chan0={stack.first_channel}  # first channel in output cube\nvmin={band.vmin:.6g}   # (km/s) in raw data\n"
        f"vmax={vmax:.6g}   # (km/s) in raw data\n# </lmtinfo2>\n"
    )


def results(stem: str, stack: Stack) -> str:
    """The numbers that a reduced bank leaves in its rc file; rms is in mK here."""
    spectrum, n = stack.spectrum, stack.spectra.size
    inside = spectrum[stack.in_baseline]
    step = abs(stack.velocity[1] - stack.velocity[0])
    line = spectrum[~stack.in_baseline]
    return (
        f'regress="QAC_STATS: {stem}-cent {spectrum.mean():.6g} {stack.rms_k:.6g} {stack.spectra.min():.6g}'
        f' {stack.spectra.max():.6g} {spectrum.sum() * step:.6g}  {abs(inside.mean()):.6g}  {n}"\n'
        f"rms={stack.rms_k * 1e3:.6g}     # rms[mK] in center\nrms0={stack.rms0:.6g}   # RMS/radiometer ratio\n"
        f"nchan={len(stack.velocity)}\nrms_baseline_n={inside.std() * 1e1:.6g}\nrms_baseline_s={inside.std():.6g}\n"
        f"center_flux_n={line.sum() * step:.6g}    # central pixel\n"
        f"center_flux_s={line.sum() * step / 3:.6g}    # central pixel\n"
    )
