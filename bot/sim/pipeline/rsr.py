"""RSR: one spectrum of the whole 3 mm window, from 4 chassis with 6 boards each.

Must not decide about archives: the driver closes a call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from . import clock, fits, pictures, rcwriter
from .drawing import Drawing
from .gallery import draw
from .job import Job
from .mapfiles import write_header_dump
from .products import RSR_HOLLOW, RSR_REDUCED, RSR_SINGLE, RSR_START, names
from .rcwriter import Heading, append
from .redshift import NCHAN, Spectrum, combine_redshift, reduce_redshift
from .settings import read_boards, read_float, read_floats


def reduce_rsr(job: Job) -> None:
    """Reduce one observation."""
    starts = not job.main_rc.exists()
    (job.pdir / "rsr.obsnum").write_text(f"{job.oid}\n")
    job.note_version()
    if starts:
        shown = rcwriter.show_variables(rcwriter.RSR_VARIABLES, job.call)
        append(job.main_rc, rcwriter.rsr_lmtinfo(job.heading) + shown)
        write_header_dump(job)
    append(job.main_rc, f'date="{clock.stamp()}"     # begin\n{rcwriter.show_arguments(job.call, job.pdir)}')
    values = rcwriter.read(job.main_rc)
    spectrum = member_spectrum(job, job.heading, values)
    job.midway()
    write_files(job, spectrum, values, RSR_START + RSR_REDUCED + RSR_SINGLE)
    append(job.main_rc, results(job.oid, spectrum, job.facts.tint_s))


def member_spectrum(job: Job, heading: Heading, values: Mapping[str, str]) -> Spectrum | None:
    """Compute the spectrum of one observation, or None where there is nothing to compute it from."""
    raw = job.raw(heading)
    if job.is_broken or not raw.has_calibration or not raw.chassis:
        return None
    return reduce_redshift(
        job.truth(heading, 0),
        heading.facts.tint_s,
        badcb=read_boards(values.get("badcb", "")),
        chassis=raw.chassis,
        xlines=read_floats(values.get("xlines", "")),
        blo=int(read_float(values.get("blo", "1"), 1)),
    )


def combined_spectrum(job: Job, members: Sequence[tuple[Heading, Mapping[str, str]]]) -> tuple[Spectrum | None, float]:
    """Compute the average of the members that have a spectrum, and their time."""
    found = [(member_spectrum(job, heading, values), heading.facts.tint_s) for heading, values in members]
    good = [(spectrum, time) for spectrum, time in found if spectrum is not None]
    if not good:
        return None, 0.0
    times = [time for _, time in good]
    return combine_redshift([spectrum for spectrum, _ in good], times), sum(times)


def results(oid: str, spectrum: Spectrum | None, time_s: float) -> str:
    """The numbers that a reduction leaves in the rc file; rms is in K here, and inttime the driver's."""
    if spectrum is None:
        return 'inttime=0.0 # sec\nnchan=0\nrms=\nregress=""\nsdfits_file=*.fits\n'
    t = spectrum.temperature[spectrum.use]
    return (
        f"inttime={float(time_s)} # sec\nnchan={NCHAN}\nrms={spectrum.rms_k:.6g}\n"
        f'regress="QAC_STATS: rsr.{oid}.driver.sum.txt {t.mean():.6g} {spectrum.rms_k:.6g} {t.min():.6g} {t.max():.6g}'
        f'  {abs(t).mean():.6g} {t.sum():.6g}  {len(t)}"\nsdfits_file=*.fits\n'
    )


def write_files(job: Job, spectrum: Spectrum | None, values: Mapping[str, str], table: tuple[str, ...]) -> None:
    """Write all files of a reduction, or what is left of it without a spectrum."""
    flagged = read_boards(values.get("badcb", ""))
    for name in names(table if spectrum is not None else RSR_HOLLOW, source=job.facts.source, oid=job.oid):
        (job.pdir / name).write_bytes(_content(job, name, spectrum, flagged))
    if spectrum is None:
        job.say("no calibration, no spectrum")
    else:
        job.say(f"rms={spectrum.rms_k:g} K")


def _content(job: Job, name: str, spectrum: Spectrum | None, flagged: Sequence[str]) -> bytes:
    if spectrum is None:
        return pictures.placeholder_png() if name.endswith(".png") else b"" if "badcb" in name else b"nothing found\n"
    title = f"{job.facts.source}  obsnum {job.oid}"
    if name.endswith(".png"):
        kind = name.removesuffix(".png").removesuffix(f".{job.oid}")
        drawing = Drawing(kind=kind, name=kind, title=title, redshift=spectrum, flagged=flagged)
        return draw(job.site.plots, drawing)
    if name.endswith(".pdf"):
        return pictures.placeholder_pdf(f"{title} waterfall")
    if name.endswith(".svg"):
        return pictures.line_svg(spectrum.frequency_ghz, spectrum.temperature, title).encode()
    if name.endswith(".fits"):
        return _fits(job, spectrum)
    return _text(job, name, spectrum, flagged).encode()


def _fits(job: Job, spectrum: Spectrum) -> bytes:
    step = float(spectrum.frequency_ghz[1] - spectrum.frequency_ghz[0]) * 1e9
    cards: dict[str, fits.Card] = {
        "BUNIT": "K", "CTYPE1": "FREQ", "CUNIT1": "Hz", "CRVAL1": 73e9, "CDELT1": step, "CRPIX1": 1.0,
        "OBJECT": job.facts.source, "TELESCOP": "LMT", "INSTRUME": "RSR", "OBSNUM": job.oid,
        "DATE-OBS": job.facts.date_obs, "ORIGIN": "simulated",
    }  # fmt: skip
    return fits.encode(spectrum.temperature, cards)


def _text(job: Job, name: str, spectrum: Spectrum, flagged: Sequence[str]) -> str:
    if name.endswith((".sum.txt", "bandspec.txt")):
        pairs = zip(spectrum.frequency_ghz.tolist(), spectrum.temperature.tolist(), strict=True)
        return "# frequency[GHz] T[K]\n" + "".join(f"{f:.5f} {t:.6g}\n" for f, t in pairs)
    if "tsys" in name or name.endswith("badlags.log"):
        return _board_table(spectrum, suspects_only="badcb" in name)
    if name.endswith((".blanking", ".rfile", ".badlags")):
        return "# chassis/board\n" + "".join(f"{board}\n" for board in flagged)
    return f"{name}: obsnum {job.oid}, rms {spectrum.rms_k:.4g} K\n"


def _board_table(spectrum: Spectrum, *, suspects_only: bool) -> str:
    """List the noise of the boards; a suspect has more than twice the median."""
    middle = float(np.median(spectrum.board_rms))
    rows = [(f"{c}/{b}", float(spectrum.board_rms[c, b])) for c in range(4) for b in range(6)]
    shown = [(name, rms) for name, rms in rows if rms > 2 * middle or not suspects_only]
    return "# chassis/board rms[K]\n" + "".join(f"{name} {rms:.5g}\n" for name, rms in shown)
