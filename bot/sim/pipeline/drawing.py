"""What a plot is to show, and whether it is drawn at all.

The plotting library is imported only when something is drawn: its import alone takes longer than a call without plots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .physics import Band, Stack
from .pictures import placeholder_png
from .redshift import Spectrum

# the plots that people look at, by kind
LOOKED_AT = frozenset(
    (
        *("wf0", "wf1", "spectrum", "spectrum_zoom", "mom0", "rms"),
        *("ps", "seq.spectra", "seq.tsys", "bs-2", "tsys"),
        *("rsr.spectra", "rsr.spectra_zoom", "rsr.driver", "rsr.tsys"),
    )
)


@dataclass(frozen=True)
class Drawing:
    """One plot to be made; `name` is the file's kind, such as `mom0`."""

    kind: str
    name: str
    title: str
    stack: Stack | None = None
    band: Band | None = None
    beams: Sequence[int] = ()
    image: NDArray[np.float64] | None = None
    half_side: float = 120.0
    unit: str = ""
    tsys: float = 0.0
    redshift: Spectrum | None = None
    flagged: Sequence[str] = ()


def draw(plots: str, drawing: Drawing) -> bytes:
    """Return a PNG: a real plot where the site asks for it, else a small grey one."""
    if plots == "none" or (plots == "few" and drawing.name not in LOOKED_AT):
        return placeholder_png()
    from . import plots as library

    return library.render(drawing)
