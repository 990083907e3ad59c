"""Computed spectra and maps: radiometer noise, a line, bad beams, birdies, baselines. numpy only.

Every beam's noise is drawn whether it is used or not, so a flag changes what is averaged and nothing else.
Temperatures in K. Must not read or write files, nor know about rc files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .settings import MapSettings, Region
from .truth import Truth

Array = NDArray[np.float64]

LIGHT_KMS = 299792.458
BEAM_ARCSEC_GHZ = 1269.0  # half-power beam width times frequency, 11" at 115 GHz
CENTRE_PIXELS = 12  # independent lines of sight in the middle of a map
RIPPLE_CHANNELS = 57.0
LINE_HALF_KMS = 40.0  # what maps of the line integrate over, each side of vlsr


@dataclass(frozen=True)
class Band:
    """The spectral axis of one bank: all raw channels, of which a window is kept."""

    restfreq_ghz: float
    vlsr: float
    nchan0: int
    width_hz: float

    @property
    def channel_hz(self) -> float:
        """Width of a channel."""
        return self.width_hz / self.nchan0

    @property
    def channel_kms(self) -> float:
        """Width of a channel in velocity."""
        return LIGHT_KMS * self.channel_hz / (self.restfreq_ghz * 1e9)

    @property
    def vmin(self) -> float:
        """Velocity of the first raw channel."""
        return self.vlsr - (self.nchan0 - 1) / 2 * self.channel_kms

    def channels(self, window: Region) -> tuple[int, int]:
        """Return first raw channel and number of channels of a velocity window, cut to the band."""
        first = round((window[0] - self.vmin) / self.channel_kms)
        count = round((window[1] - window[0]) / self.channel_kms)
        first = min(max(first, 0), self.nchan0 - 16)
        return first, max(16, min(count, self.nchan0 - first))

    def velocities(self, first: int, count: int) -> Array:
        """Return the velocities of channels."""
        return np.asarray(self.vmin + self.channel_kms * np.arange(first, first + count))


@dataclass(frozen=True)
class Stack:
    """Averaged spectra of one bank, and what each beam contributed."""

    velocity: Array
    spectra: Array  # [line of sight, channel]
    beams: Array  # [beam, channel], the mean over lines of sight, before baseline subtraction
    in_baseline: NDArray[np.bool_]
    radiometer_k: float
    first_channel: int

    @property
    def spectrum(self) -> Array:
        """The mean spectrum of the map's centre."""
        return np.asarray(self.spectra.mean(axis=0))

    @property
    def rms_k(self) -> float:
        """The noise of one line of sight."""
        return float(self.spectra[:, self.in_baseline].std())

    @property
    def rms0(self) -> float:
        """The noise over what the radiometer equation allows; 1 is perfect."""
        return self.rms_k / self.radiometer_k

    @property
    def beam_rms_k(self) -> Array:
        """The noise of each beam."""
        return np.asarray(self.beams[:, self.in_baseline].std(axis=1) * np.sqrt(len(self.spectra)))


def radiometer(tsys: float, channel_hz: float, time_s: float) -> float:
    """Return Tsys / sqrt(B t): the radiometer equation."""
    return float(tsys / np.sqrt(channel_hz * max(time_s, 1e-3)))


def map_side(tint_s: float) -> float:
    """Return the half side in arcsec that a map of this duration covers (the log does not say it)."""
    return float(np.clip(5 * round(20 * np.sqrt(tint_s) / 5), 120, 600))


def beam_time(tint_s: float, restfreq_ghz: float) -> float:
    """Return how long one beam of a map looks at one beam area."""
    beam = BEAM_ARCSEC_GHZ / restfreq_ghz
    return tint_s * 1.133 * beam**2 / map_side(tint_s) ** 2


def line_profile(truth: Truth, band: Band, velocity: Array) -> Array:
    """Return the line of a source, a gaussian near vlsr."""
    sigma = truth.line_fwhm_kms / 2.3548
    centre = band.vlsr + truth.line_offset_kms
    return np.asarray(truth.line_peak_mk / 1e3 * np.exp(-0.5 * ((velocity - centre) / sigma) ** 2))


def beam_spectra(
    truth: Truth, band: Band, *, time_s: float, first: int, count: int, sights: int = CENTRE_PIXELS
) -> Array:
    """Draw the calibrated spectra of 16 beams: [beam, line of sight, channel]."""
    rng = np.random.default_rng(truth.seed + 1)
    sigma = radiometer(truth.tsys, band.channel_hz, time_s)
    noise = rng.standard_normal((16, sights, band.nchan0), dtype=np.float32)[:, :, first : first + count]
    data = sigma * noise.astype(np.float64)
    channel = np.arange(first, first + count)
    offset = 2 * channel / band.nchan0 - 1
    for beam in range(16):
        # what every receiver has: a gentle bend, which a narrow window hides and a wide one does not
        data[beam] += sigma * (1 + 0.3 * rng.standard_normal()) * 0.9 * (offset**2 - 0.05)
        phase, excess = rng.uniform(0, 6.28), rng.uniform(4, 7)
        if beam in truth.bad_beams:
            data[beam] *= excess
            data[beam] += 1.5 * sigma * np.sin(phase + 6.2832 * channel / RIPPLE_CHANNELS)
    for birdie in truth.birdies:
        if first <= birdie < first + count:
            data[:, :, birdie - first] += 6 * sigma
    return np.asarray(data + line_profile(truth, band, band.velocities(first, count)))


def in_regions(velocity: Array, regions: Sequence[Region]) -> NDArray[np.bool_]:
    """Tell which channels lie in velocity regions."""
    inside = np.zeros(len(velocity), dtype=bool)
    for low, high in regions:
        inside |= (velocity >= low) & (velocity <= high)
    return inside


def subtract_baseline(spectra: Array, inside: NDArray[np.bool_], order: int) -> Array:
    """Subtract from each spectrum a polynomial fitted to the baseline channels."""
    x = np.linspace(-1, 1, spectra.shape[1])
    basis = np.polynomial.legendre.legvander(x, min(order, 12))
    solved, *_ = np.linalg.lstsq(basis[inside], spectra[:, inside].T, rcond=None)
    return np.asarray(spectra - (basis @ solved).T)


def reduce_bank(
    truth: Truth,
    band: Band,
    settings: MapSettings,
    *,
    time_s: float,
    lost_beams: Sequence[int] = (),
    sights: int = CENTRE_PIXELS,
) -> Stack:
    """Reduce one bank: take the beams asked for, drop birdies, average, subtract the baseline."""
    first, count = band.channels(settings.window)
    velocity = band.velocities(first, count)
    data = beam_spectra(truth, band, time_s=time_s, first=first, count=count, sights=sights)
    for beam in lost_beams:
        data[beam] = data[0]
    for birdie in settings.birdies:
        at = birdie - first
        if 0 < at < count - 1:
            data[:, :, at] = (data[:, :, at - 1] + data[:, :, at + 1]) / 2
    inside = in_regions(velocity, settings.b_regions)
    if inside.sum() < 8:
        inside[:] = True
    spectra = subtract_baseline(data[list(settings.beams)].mean(axis=0), inside, settings.b_order)
    expected = radiometer(truth.tsys, band.channel_hz, time_s * len(settings.beams))
    return Stack(velocity, spectra, data.mean(axis=1), inside, expected, first)


def combine(stacks: Sequence[Stack]) -> Stack:
    """Average stacks of equal shape, weighted by the radiometer equation; others are cut to the shortest."""
    count = min(len(stack.velocity) for stack in stacks)
    weights = np.array([stack.radiometer_k**-2 for stack in stacks])
    spectra = sum(w * s.spectra[:, :count] for w, s in zip(weights, stacks, strict=True)) / weights.sum()
    first = stacks[0]
    return Stack(
        first.velocity[:count],
        np.asarray(spectra),
        first.beams[:, :count],
        first.in_baseline[:count],
        float(weights.sum() ** -0.5),
        first.first_channel,
    )


@dataclass(frozen=True)
class Cube:
    """A small map: [channel, y, x], with noise that grows towards the edge."""

    data: Array
    velocity: Array
    cell_arcsec: float
    weight: Array
    vlsr: float

    @property
    def _in_line(self) -> NDArray[np.bool_]:
        return np.abs(self.velocity - self.vlsr) < LINE_HALF_KMS

    @property
    def mom0(self) -> Array:
        """Integrated intensity in K km/s around the line."""
        return np.asarray(self.data[self._in_line].sum(axis=0) * abs(self.velocity[1] - self.velocity[0]))

    @property
    def peak(self) -> Array:
        """Peak temperature."""
        return np.asarray(self.data.max(axis=0))

    @property
    def mom1(self) -> Array:
        """Mean velocity of the line, where there is any."""
        line = np.clip(self.data[self._in_line], 0, None)
        mean = np.einsum("v,vyx->yx", self.velocity[self._in_line], line) / np.maximum(line.sum(axis=0), 1e-9)
        return np.asarray(np.where(line.max(axis=0) > 4 * self.rms, mean, np.nan))

    @property
    def rms(self) -> Array:
        """Noise from the outer quarters of the spectrum."""
        quarter = len(self.velocity) // 4
        return np.asarray(np.concatenate([self.data[:quarter], self.data[-quarter:]]).std(axis=0))


def make_cube(stack: Stack, truth: Truth, extent_arcsec: float, *, vlsr: float, npix: int, nchan: int) -> Cube:
    """Spread a centre's spectrum over a map: source shape times line, noise by weight."""
    axis = np.linspace(-extent_arcsec, extent_arcsec, npix)
    radius2 = axis[:, None] ** 2 + axis[None, :] ** 2
    shape = np.exp(-4 * np.log(2) * radius2 / truth.source_fwhm_arcsec**2)
    edge = np.maximum(np.abs(axis)[:, None], np.abs(axis)[None, :]) / extent_arcsec
    weight = np.clip(1.35 - edge**4, 0.3, 1.0)
    step = max(1, len(stack.velocity) // nchan)
    nchan = len(stack.velocity) // step
    binned = stack.spectrum[: nchan * step].reshape(nchan, step).mean(axis=1)
    velocity = stack.velocity[: nchan * step].reshape(nchan, step).mean(axis=1)
    noise = np.random.default_rng(truth.seed + 2).standard_normal((nchan, npix, npix), dtype=np.float32)
    sigma = stack.rms_k / np.sqrt(step) / np.sqrt(weight)
    return Cube(binned[:, None, None] * shape + noise * sigma, velocity, float(axis[1] - axis[0]), weight, vlsr)
