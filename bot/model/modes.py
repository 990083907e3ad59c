"""The modes (instrument/obspgm) that the pipeline reduces, and what they have in common. One list for all rules."""

from __future__ import annotations

MAPS = ("SEQ/Map", "1MM/Map")
"""One pipeline reduces both (1MM/Map: 2024-S1-US-3)."""
POINTS = ("SEQ/Bs", "SEQ/Ps", "1MM/Bs", "1MM/Ps")
"""Spectra of single points; the pipeline cannot combine them: it combines SpecFiles of maps, and RSR spectra."""
MODES = (*MAPS, *POINTS, "RSR/Bs")
