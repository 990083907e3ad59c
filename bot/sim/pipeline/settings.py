"""The reduction parameters in typed form, and the notations they are written in.

Must not raise on nonsense: a value that cannot be read falls back to its default, as a shell would go on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

ALL_BEAMS = tuple(range(16))
Region = tuple[float, float]


def read_float(text: str, default: float) -> float:
    """Read a number."""
    try:
        return float(text)
    except ValueError:
        return default


def read_floats(text: str) -> tuple[float, ...]:
    """Read all numbers of a list in any brackets."""
    return tuple(float(number) for number in re.findall(r"-?\d+\.?\d*(?:[eE][-+]?\d+)?", text))


def read_regions(text: str) -> tuple[Region, ...]:
    """Read `[[a,b],[c,d]]`."""
    numbers = read_floats(text)
    return tuple(zip(numbers[::2], numbers[1::2], strict=False))


def expand_beams(text: str, default: tuple[int, ...] = ALL_BEAMS) -> tuple[int, ...]:
    """Read a pix_list: `-0,5` means all 16 but 0 and 5, a plain list is taken as it is."""
    numbers = [abs(int(number)) for number in re.findall(r"-?\d+", text)]
    if not numbers:
        return default
    if text.startswith("-"):
        return tuple(beam for beam in ALL_BEAMS if beam not in numbers)
    return tuple(dict.fromkeys(beam for beam in numbers if beam in ALL_BEAMS)) or default


def read_boards(text: str) -> tuple[str, ...]:
    """Read badcb: `2/3,3/5`; also several boards at once, `0/1/2` never is one."""
    return tuple(f"{int(c)}/{int(b)}" for c, b in re.findall(r"(\d+)/(\d+)", text))


@dataclass(frozen=True)
class MapSettings:
    """What the reduction of one bank heeds."""

    beams: tuple[int, ...]
    birdies: tuple[int, ...]
    b_order: int
    b_regions: tuple[Region, ...]
    window: Region
    extent_arcsec: float

    @classmethod
    def read(cls, values: Mapping[str, str], default_beams: tuple[int, ...] = ALL_BEAMS) -> MapSettings:
        """Take the settings out of rc and argument values."""
        shift = int(read_float(values.get("birdies_shift", "0"), 0))
        birdies = tuple(int(b) + shift for b in read_floats(values.get("birdies", "")) if b > 0)
        window = read_floats(values.get("slice", ""))[:2]
        return cls(
            beams=expand_beams(values.get("pix_list", ""), default_beams),
            birdies=birdies,
            b_order=max(0, int(read_float(values.get("b_order", "0"), 0))),
            b_regions=read_regions(values.get("b_regions", "")),
            window=(window[0], window[1]) if len(window) == 2 else (-330.0, 370.0),
            extent_arcsec=read_float(values.get("x_extent", "120"), 120.0),
        )


def regions_around(vlsr: float, dv: float, dw: float) -> dict[str, str]:
    """Turn vlsr, dv, dw into the regions that an rc file holds: baseline, line, slice, view."""
    inner, outer = (vlsr - dv, vlsr + dv), (vlsr - dv - dw, vlsr + dv + dw)
    low, high, bottom, top = (f"{v:g}" for v in (*inner, *outer))
    return {
        "b_regions": f"[[{bottom},{low}],[{high},{top}]]",
        "l_regions": f"[[{low},{high}]]",
        "slice": f"[{bottom},{top}]",
        "v_range": f"{low},{high}",
    }
