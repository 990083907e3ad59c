"""Which plots are drawn, and which are stood in for by a small grey one.

The plotting library is imported only when something is drawn: its import alone takes longer than a call without plots.
"""

from __future__ import annotations

from .drawing import Drawing
from .pictures import placeholder_png

# the plots that people look at, by kind
LOOKED_AT = frozenset(
    (
        *("wf0", "wf1", "spectrum", "mom0", "rms"),
        *("ps", "seq.spectra", "seq.tsys", "bs-2", "tsys"),
        *("rsr.spectra", "rsr.spectra_zoom", "rsr.driver", "rsr.tsys"),
    )
)


def draw(plots: str, drawing: Drawing) -> bytes:
    """Return a PNG: a real plot where the site asks for it, else a small grey one."""
    if plots == "none" or (plots == "few" and drawing.name not in LOOKED_AT):
        return placeholder_png()
    from . import plots as library

    return library.render(drawing)
