"""SEQ/Ps, SEQ/Bs and 1MM/Ps: a spectrum for each bank from the beams that looked at the source.

Must not decide about archives: the driver closes a call. Beam switching leaves no rms anywhere, as the real one.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from . import clock, pictures, rcwriter
from .drawing import Drawing
from .faults import TRACEBACK
from .gallery import draw
from .job import Job
from .mapfiles import write_header_dump
from .physics import Band, Stack, combine, reduce_bank
from .products import BEAM_SWITCH, POSITION_SWITCH, names
from .rcwriter import append
from .settings import MapSettings, expand_beams, read_float

NCHAN0 = 8192
NCHAN = 1920
WIDTH_HZ = 0.8e9
DEFAULT_BEAMS = {"Ps": "10", "Bs": "10,8"}


def reduce_points(job: Job) -> None:
    """Reduce the banks asked for, of one observation or of several together."""
    if not job.main_rc.exists():
        _start(job)
    elif job.call.text("pix_list"):
        append(job.main_rc, f"pix_list={_beams_text(job)}\n")
    for number, bank in enumerate(job.banks()):
        job.note_version()
        if number == 0 and not (job.pdir / f"lmtoy_{job.oid}.ifproc").exists():
            write_header_dump(job)
        _reduce_bank(job, bank, is_first=number == 0)


def _beams_text(job: Job) -> str:
    text = job.call.text("pix_list")
    default = DEFAULT_BEAMS[job.facts.program]
    return ",".join(str(beam) for beam in expand_beams(text)) if text else default


def _start(job: Job) -> None:
    call, facts = job.call, job.facts
    name = {"Ps": "seqps_pipeline: 3-oct-2024", "Bs": "seqbs_pipeline: 30-sep-2024"}[facts.program]
    ifproc = job.heading.rawnc if facts.program == "Bs" else ""
    vlsr = read_float(call.text("vlsr"), facts.vlsr)
    based, _, regions = rcwriter.regions(call, vlsr).partition("\n")
    append(
        job.main_rc,
        f"# {name}\n# DATE: {clock.stamp()}.000000000\n# obsnum={facts.obsnum}\n# Using ifproc={ifproc}\n"
        f"# path={job.site.data}\n{rcwriter.lmtinfo(job.heading)}{based}\nb_order={call.text('b_order')}\n{regions}"
        f"pix_list={_beams_text(job)}\nstype={call.text('stype', '2')}\n",
    )


def _band(job: Job, bank: int, values: Mapping[str, str]) -> Band:
    return Band(job.heading.restfreqs[bank], read_float(values.get("vlsr", ""), job.facts.vlsr), NCHAN0, WIDTH_HZ)


def _settings(values: Mapping[str, str], band: Band) -> MapSettings:
    half = NCHAN / 2 * band.channel_kms
    window = f"[{band.vlsr - half:.3f},{band.vlsr + half:.3f}]"
    return MapSettings.read({**values, "slice": window, "birdies": values.get("birdies", "0")})


def _stack(job: Job, bank: int, band: Band, settings: MapSettings) -> Stack | None:
    stacks = []
    for heading in job.headings:
        raw = job.raw(heading)
        if job.is_broken or not raw.has_calibration or not raw.has_bank(bank):
            continue
        truth = job.truth(heading, bank, NCHAN0)
        stacks.append(reduce_bank(truth, band, settings, time_s=heading.facts.tint_s, sights=1))
    return combine(stacks) if stacks else None


def _reduce_bank(job: Job, bank: int, *, is_first: bool) -> None:
    switched = job.facts.program == "Bs"
    rc = job.main_rc if switched else _open_bank_rc(job, bank)
    if not switched and job.heading.numbands > 1:
        append(rc, rcwriter.bank_frequencies(job.heading, bank))
    values = rcwriter.read(rc)
    band = _band(job, bank, values)
    stack = _stack(job, bank, band, _settings(values, band))
    if is_first:
        job.midway()
    if stack is None:
        job.say(f"bank {bank}: no calibrated spectra")
        append(job.logfile, TRACEBACK)
    else:
        _write_files(job, bank, stack, band)
    if not switched:
        rms = "" if stack is None else f"nchan={NCHAN}\nrms={stack.rms_k:.6g}\nnchan0={NCHAN0}\n"
        append(rc, f"{rms}bank={bank}\n{rcwriter.ended(clock.stamp())}")


def _open_bank_rc(job: Job, bank: int) -> Path:
    rc, other = job.bank_rc(bank), job.bank_rc(0)
    if not rc.exists():
        shutil.copyfile(other if bank == 1 and other.exists() else job.main_rc, rc)
    elif job.call.text("pix_list"):
        append(rc, f"pix_list={_beams_text(job)}\n")
    return rc


def _write_files(job: Job, bank: int, stack: Stack, band: Band) -> None:
    table = BEAM_SWITCH if job.facts.program == "Bs" else POSITION_SWITCH
    beams = expand_beams(_beams_text(job))
    tsys = job.truth(job.heading, bank, NCHAN0).tsys
    for name in names(table, source=job.facts.source, oid=job.oid, bank=bank):
        kind = name.rsplit(".", 1)[0].removesuffix(f"__{bank}")
        title = f"{job.facts.source}  obsnum {job.oid}  bank {bank}"
        drawing = Drawing(kind=kind, name=kind, title=title, stack=stack, band=band, beams=beams, tsys=tsys)
        (job.pdir / name).write_bytes(_content(job.site.plots, name, drawing, stack))
    job.say(f"bank {bank}: rms={stack.rms_k:g} K")


def _content(plots: str, name: str, drawing: Drawing, stack: Stack) -> bytes:
    if name.endswith(".png"):
        return draw(plots, drawing)
    if name.endswith(".jpg"):
        return pictures.placeholder_jpeg()
    if name.endswith(".svg"):
        return pictures.line_svg(stack.velocity, stack.spectrum, drawing.title).encode()
    pairs = zip(stack.velocity.tolist(), stack.spectrum.tolist(), strict=True)
    return ("# velocity[km/s] T[K]\n" + "".join(f"{v:.4f} {t:.6g}\n" for v, t in pairs)).encode()
