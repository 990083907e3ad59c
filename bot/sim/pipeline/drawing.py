"""What a plot is to show. How it looks is in plots, whether it is drawn at all in gallery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .physics import Band, Stack
from .redshift import Spectrum


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
