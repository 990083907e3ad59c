"""Plots for people: axes with units, a title that says what is shown, colours that everybody can tell apart.

Must not decide what is drawn (`drawing`), nor write files.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

# the home directory of a batch job may be read-only; the font cache must survive somewhere all the same
if "MPLCONFIGDIR" not in os.environ and not os.access(Path.home(), os.W_OK):
    os.environ["MPLCONFIGDIR"] = str(Path(tempfile.gettempdir()) / f"lmtsim-matplotlib-{os.getuid()}")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .drawing import Drawing
from .physics import Band, Stack
from .redshift import BOARD_EDGES_GHZ, Spectrum

# Okabe and Ito's colours
BLUE, ORANGE, GREEN, RED, GREY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#777777"
DPI = 80
Axes = Any  # matplotlib carries no type hints that hold


def _figure(width: float = 8.0, height: float = 4.2) -> Figure:
    figure = Figure(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", pil_kwargs={"compress_level": 1})
    return buffer.getvalue()


def _labels(axes: Axes, x: str, y: str, title: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(title, fontsize=10, loc="left", y=1.0)  # left to itself it measures every label of the axes


def _stack(drawing: Drawing) -> tuple[Stack, Band]:
    if drawing.stack is None or drawing.band is None:
        raise TypeError(f"{drawing.name}: nothing to draw")
    return drawing.stack, drawing.band


def _redshift(drawing: Drawing) -> Spectrum:
    if drawing.redshift is None:
        raise TypeError(f"{drawing.name}: nothing to draw")
    return drawing.redshift


def spectrum(drawing: Drawing) -> bytes:
    """Draw the averaged spectrum; shaded is where the baseline was fitted."""
    stack, band = _stack(drawing)
    figure = _figure()
    axes = figure.add_axes((0.1, 0.14, 0.87, 0.76))
    axes.step(stack.velocity, stack.spectrum * 1e3, where="mid", color=BLUE, lw=0.9)
    low, high = axes.get_ylim()
    axes.fill_between(
        stack.velocity, low, high, where=stack.in_baseline.tolist(), color=GREY, alpha=0.12, lw=0, label="baseline"
    )
    axes.set_ylim(low, high)
    axes.axhline(0, color="k", lw=0.6)
    axes.axvline(band.vlsr, color=ORANGE, lw=1, ls="--", label=f"vlsr {band.vlsr:g} km/s")
    if drawing.kind.endswith("zoom"):
        axes.set_xlim(band.vlsr - 60, band.vlsr + 60)
    else:
        axes.set_xlim(stack.velocity[0], stack.velocity[-1])
    axes.legend(loc="upper right", fontsize=8, frameon=False)
    noise = f"   rms {stack.rms_k * 1e3:.3g} mK, {stack.rms0:.2f} x radiometer"
    _labels(axes, "velocity LSR [km/s]", "T$_A^*$ [mK]", f"{drawing.title}   {band.restfreq_ghz:.6g} GHz{noise}")
    return _png(figure)


def waterfall(drawing: Drawing) -> bytes:
    """Draw all beams' spectra as an image: bad beams are noisy rows, birdies columns."""
    stack, band = _stack(drawing)
    figure = _figure(8, 4.6)
    axes = figure.add_axes((0.1, 0.13, 0.8, 0.74))
    first, count = stack.first_channel, len(stack.velocity)
    limit = 4 * float(np.median(np.abs(stack.beams))) / 0.6745
    image = axes.imshow(
        stack.beams * 1e3, aspect="auto", origin="lower", cmap="cividis", vmin=-limit * 1e3, vmax=limit * 1e3,
        extent=(first, first + count, -0.5, 15.5), interpolation="nearest",
    )  # fmt: skip
    axes.set_yticks(range(16))
    axes.set_yticklabels([f"{b}" if b in drawing.beams else f"({b})" for b in range(16)], fontsize=8)
    bar = figure.colorbar(image, cax=figure.add_axes((0.92, 0.13, 0.02, 0.74)))
    bar.set_label("T$_A^*$ [mK]")
    title = f"{drawing.title}   {band.restfreq_ghz:.6g} GHz   beams in brackets are not used"
    _labels(axes, "raw channel", "beam", title)
    return _png(figure)


def beam_noise(drawing: Drawing) -> bytes:
    """Draw each beam's noise beside the median."""
    stack, band = _stack(drawing)
    figure = _figure(8, 4)
    axes = figure.add_axes((0.1, 0.14, 0.87, 0.75))
    rms = stack.beam_rms_k * 1e3
    middle = float(np.median(rms))
    for beam in range(16):
        used = beam in drawing.beams
        color = RED if used and rms[beam] > 1.5 * middle else BLUE
        if used:
            axes.bar(beam, rms[beam], color=color)
        else:
            axes.bar(beam, rms[beam], color="white", edgecolor=GREY, hatch="//")
    axes.axhline(middle, color="k", lw=0.8)
    axes.axhline(1.5 * middle, color=ORANGE, ls="--", lw=1)
    axes.set_xticks(range(16))
    axes.text(15.6, middle, " median", va="bottom", ha="right", fontsize=8)
    axes.text(15.6, 1.5 * middle, " 1.5 x median", va="bottom", ha="right", fontsize=8)
    title = f"{drawing.title}   {band.restfreq_ghz:.6g} GHz   noise of each beam; hatched: not used"
    _labels(axes, "beam", "rms [mK]", title)
    return _png(figure)


def image(drawing: Drawing) -> bytes:
    """Draw a map."""
    if drawing.image is None:
        raise TypeError(f"{drawing.name}: nothing to draw")
    figure = _figure(5.6, 4.8)
    axes = figure.add_axes((0.14, 0.12, 0.66, 0.78))
    side = drawing.half_side
    cmap = "RdYlBu_r" if drawing.name == "mom1" else "cividis"
    shown = axes.imshow(drawing.image, origin="lower", cmap=cmap, extent=(side, -side, -side, side))
    bar = figure.colorbar(shown, cax=figure.add_axes((0.83, 0.12, 0.03, 0.78)))
    bar.set_label(f"{drawing.name} [{drawing.unit or 'relative'}]")
    _labels(axes, "RA offset [arcsec]", "Dec offset [arcsec]", f"{drawing.title}   {drawing.name}")
    return _png(figure)


def panels(drawing: Drawing) -> bytes:
    """Draw the spectra of all beams in panels of their own."""
    stack, _ = _stack(drawing)
    figure = _figure(8, 6)
    figure.suptitle(f"{drawing.title}   {drawing.name}", fontsize=10)
    top = float(np.percentile(np.abs(stack.beams), 99)) * 1e3
    for beam in range(16):
        axes = figure.add_subplot(4, 4, beam + 1)
        axes.plot(stack.velocity, stack.beams[beam] * 1e3, lw=0.5, color=BLUE if beam in drawing.beams else GREY)
        axes.set_ylim(-top, top)
        axes.tick_params(labelsize=6)
        axes.text(0.03, 0.85, f"beam {beam}", transform=axes.transAxes, fontsize=7)
    figure.supxlabel("velocity LSR [km/s]", fontsize=8)
    figure.supylabel("T$_A^*$ [mK]", fontsize=8)
    return _png(figure)


def histogram(drawing: Drawing) -> bytes:
    """Draw how the noise is distributed."""
    stack, _ = _stack(drawing)
    figure = _figure(6, 4)
    axes = figure.add_axes((0.12, 0.14, 0.85, 0.76))
    axes.hist(stack.spectra[:, stack.in_baseline].ravel() * 1e3, bins=60, color=BLUE)
    _labels(axes, "T$_A^*$ [mK]", "channels", f"{drawing.title}   baseline channels")
    return _png(figure)


def system_temperature(drawing: Drawing) -> bytes:
    """Draw the system temperature over the band."""
    stack, band = _stack(drawing)
    figure = _figure(8, 4)
    axes = figure.add_axes((0.1, 0.14, 0.87, 0.76))
    edges = np.linspace(-1, 1, len(stack.velocity)) ** 2
    for number, beam in enumerate(list(drawing.beams)[:4]):
        curve = drawing.tsys * (1 + 0.08 * edges + 0.01 * number)
        axes.plot(stack.velocity, curve, lw=1, color=(BLUE, ORANGE, GREEN, RED)[number], label=f"beam {beam}")
    axes.set_ylim(0, 1.4 * drawing.tsys)
    axes.legend(fontsize=8, frameon=False)
    _labels(axes, "velocity LSR [km/s]", "T$_{sys}$ [K]", f"{drawing.title}   {band.restfreq_ghz:.6g} GHz")
    return _png(figure)


def _strongest(found: Spectrum) -> float:
    """Return the frequency of what stands out most from its own board's noise."""
    ratio = np.full(len(found.frequency_ghz), -np.inf)
    for low, high in pairwise(BOARD_EDGES_GHZ):
        inside = (found.frequency_ghz >= low) & (found.frequency_ghz < high) & found.use
        if inside.any():
            ratio[inside] = found.temperature[inside] / found.temperature[inside].std()
    return float(found.frequency_ghz[int(ratio.argmax())])


def redshift_spectrum(drawing: Drawing) -> bytes:
    """Draw the spectrum of the whole 3 mm window, one colour a board."""
    found = _redshift(drawing)
    figure = _figure(9, 4.2)
    axes = figure.add_axes((0.09, 0.14, 0.88, 0.76))
    for board in range(6):
        inside = (found.frequency_ghz >= BOARD_EDGES_GHZ[board]) & (found.frequency_ghz < BOARD_EDGES_GHZ[board + 1])
        color = BLUE if board % 2 == 0 else ORANGE
        axes.step(found.frequency_ghz[inside], found.temperature[inside] * 1e3, where="mid", lw=0.7, color=color)
    axes.axhline(0, color="k", lw=0.6)
    if drawing.kind.endswith("zoom"):
        peak = _strongest(found)
        axes.set_xlim(peak - 1.5, peak + 1.5)
    else:
        axes.set_xlim(73, 111.4)
    flagged = f"   boards not used: {', '.join(drawing.flagged)}" if drawing.flagged else ""
    title = f"{drawing.title}   rms {found.rms_k * 1e3:.3g} mK{flagged}"
    _labels(axes, "frequency [GHz]", "T$_A^*$ [mK]", title)
    return _png(figure)


def board_noise(drawing: Drawing) -> bytes:
    """Draw the noise of all 24 boards: a bad one stands out."""
    found = _redshift(drawing)
    figure = _figure(8, 4)
    axes = figure.add_axes((0.1, 0.14, 0.87, 0.76))
    width = 0.2
    for chassis, color in enumerate((BLUE, ORANGE, GREEN, RED)):
        places = np.arange(6) + (chassis - 1.5) * width
        axes.bar(places, found.board_rms[chassis] * 1e3, width * 0.9, color=color, label=f"chassis {chassis}")
    axes.set_xticks(range(6))
    axes.set_ylim(0, 1.2e3 * float(found.board_rms.max()))
    axes.legend(loc="upper left", fontsize=8, frameon=False, ncol=4)
    axes.axhline(float(np.median(found.board_rms)) * 1e3, color="k", lw=0.8)
    _labels(axes, "board", "rms [mK]", f"{drawing.title}   noise of each board; line: median")
    return _png(figure)


RENDERERS: dict[str, Callable[[Drawing], bytes]] = {
    "spectrum": spectrum, "spectrum_zoom": spectrum, "ps": spectrum, "seq.spectra": spectrum, "bs-1": spectrum,
    "bs-2": spectrum, "wf0": waterfall, "wf1": beam_noise, "image": image, "hist": histogram,
    "seq.tsys": system_temperature, "tsys": system_temperature, "rsr.tsys": board_noise, "rsr.tsys0": board_noise,
    "badlags": board_noise, "specpoint.1": spectrum, "specpoint.2": spectrum,
    "rsr.spectra_zoom": redshift_spectrum,
}  # fmt: skip


def render(drawing: Drawing) -> bytes:
    """Return a plot as PNG."""
    if drawing.kind in RENDERERS:
        return RENDERERS[drawing.kind](drawing)
    return redshift_spectrum(drawing) if drawing.redshift is not None else panels(drawing)
