"""Computed spectra of the Redshift Search Receiver: 4 chassis, 6 boards, 73 to 111 GHz. numpy only.

Temperatures in K. Must not read or write files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .truth import Truth

Array = NDArray[np.float64]

NCHAN = 1297
CHANNEL_HZ = 31.25e6
BOARD_EDGES_GHZ = (73.0, 79.6, 86.0, 92.4, 98.8, 105.2, 111.4)
BAD_BOARD_EXCESS = 8.0


@dataclass(frozen=True)
class Spectrum:
    """The averaged spectrum, and how noisy each board was."""

    frequency_ghz: Array
    temperature: Array
    board_rms: Array  # [chassis, board]
    use: NDArray[np.bool_]

    @property
    def rms_k(self) -> float:
        """The noise outside the regions that are kept out of the baseline fit."""
        return float(self.temperature[self.use].std())


def frequencies() -> Array:
    """Return the frequency axis in GHz."""
    return np.asarray(73.0 + (111.4 - 73.0) * np.arange(NCHAN) / (NCHAN - 1))


def _lines(truth: Truth, frequency: Array) -> Array:
    rng = np.random.default_rng(truth.seed + 3)
    lines = np.zeros_like(frequency)
    for strength in (1.0, 0.5):
        centre = rng.uniform(76, 109)
        lines += strength * truth.line_peak_mk / 1e3 * np.exp(-0.5 * ((frequency - centre) / 0.06) ** 2)
    return lines


def chassis_spectra(truth: Truth, tint_s: float) -> tuple[Array, NDArray[np.int_]]:
    """Draw the spectra of 4 chassis, and which board each channel belongs to."""
    rng = np.random.default_rng(truth.seed + 4)
    frequency = frequencies()
    board = np.asarray(np.clip(np.digitize(frequency, BOARD_EDGES_GHZ) - 1, 0, 5))
    sigma = truth.tsys / np.sqrt(CHANNEL_HZ * max(tint_s, 1e-3))
    data = sigma * rng.standard_normal((4, NCHAN)) + _lines(truth, frequency)
    for name in truth.bad_boards:
        chassis, number = (int(part) for part in name.split("/"))
        bad = board == number
        ripple = np.sin(np.arange(bad.sum()) / 4.0 + chassis)
        data[chassis, bad] = BAD_BOARD_EXCESS * (data[chassis, bad] + 0.7 * sigma * ripple)
    return np.asarray(data), board


def reduce_redshift(
    truth: Truth, tint_s: float, *, badcb: Sequence[str], chassis: Sequence[int], xlines: Sequence[float], blo: int
) -> Spectrum:
    """Average the boards that are there and not flagged, and subtract a baseline per board."""
    frequency = frequencies()
    data, board = chassis_spectra(truth, tint_s)
    use = np.ones(NCHAN, dtype=bool)
    for centre, width in zip(xlines[::2], xlines[1::2], strict=False):
        use &= np.abs(frequency - centre) > width
    good = np.zeros((4, NCHAN))
    for number in chassis:
        good[number] = 1
        for name in badcb:
            if name.split("/")[0] == str(number):
                good[number, board == int(name.split("/")[1])] = 0
    total = good.sum(axis=0)
    mean = np.where(total > 0, (data * good).sum(axis=0) / np.maximum(total, 1), np.nan)
    for number in range(6):
        fit = (board == number) & use & np.isfinite(mean)
        if fit.sum() > 10:
            x = frequency - BOARD_EDGES_GHZ[number]
            here = board == number
            mean[here] -= np.polyval(np.polyfit(x[fit], mean[fit], min(blo, 5)), x[here])
    rms = np.array([[data[c, board == b].std() for b in range(6)] for c in range(4)])
    return Spectrum(frequency, mean, rms, use & np.isfinite(mean))


def combine_redshift(spectra: Sequence[Spectrum], weights: Sequence[float]) -> Spectrum:
    """Average spectra of several observations."""
    weight = np.array(weights)[:, None]
    stacked = np.array([s.temperature for s in spectra])
    have = np.isfinite(stacked)
    mean = np.nansum(stacked * weight, axis=0) / np.maximum((have * weight).sum(axis=0), 1e-9)
    use = np.logical_or.reduce([s.use for s in spectra])
    return Spectrum(spectra[0].frequency_ghz, mean, spectra[0].board_rms, use)
