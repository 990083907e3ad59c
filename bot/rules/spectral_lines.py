"""Names of spectral lines by their rest frequency, for people who look for them in the archive. Pure."""

from __future__ import annotations

from collections.abc import Mapping

NEAR_GHZ = 0.002
LINES: Mapping[float, str] = {
    115.2712: "CO 1-0", 110.2014: "13CO 1-0", 109.7822: "C18O 1-0", 112.3593: "C17O 1-0", 230.538: "CO 2-1",
    220.3987: "13CO 2-1", 219.5604: "C18O 2-1", 88.6316: "HCN 1-0", 86.3399: "H13CN 1-0", 89.1885: "HCO+ 1-0",
    86.7543: "H13CO+ 1-0", 90.6636: "HNC 1-0", 97.981: "CS 2-1", 86.2434: "SiO 2-1 v=1", 86.847: "SiO 2-1",
    93.1737: "N2H+ 1-0", 87.3169: "C2H 1-0", 113.491: "CN 1-0", 85.3389: "c-C3H2 2-1", 109.9058: "HNCO 5-4",
    96.7414: "CH3OH 2-1", 100.0764: "HC3N 11-10", 90.979: "HC3N 10-9",
}  # fmt: skip
"""Rest frequency in GHz -> molecule and transition, of the lines that are often observed at the LMT."""


def line_at(frequency_ghz: float) -> str:
    """Return the line at a rest frequency, "" where none is known."""
    near = min(LINES, key=lambda one: abs(one - frequency_ghz))
    return LINES[near] if abs(near - frequency_ghz) <= NEAR_GHZ else ""
