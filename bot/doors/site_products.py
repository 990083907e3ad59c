"""What lies beside an observation to look at: the official products, the quick look, sessions, a failed attempt.

Reads names and small texts only; whoever builds pages says how a picture is linked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from bot.doors.ledger import STORE
from bot.formats.filename import is_text, shown_name
from bot.formats.rcfile import RcFile, parse_rc
from bot.model.site import FAILED, FIRST_PASS, PRODUCTS, QUICK_LOOK, Pictures
from bot.model.webrun import SESSION_NAME

FIRST = (
    "*__?.mom0.png", "*__?.rms.png", "*_specpoint.1.png", "seq.spectra*.png", "ps.png", "spectrum_?.png",
    "seq.tsys*.png", "rsr.spectra.png", "rsr.driver.png", "rsr.spectra_zoom.png", "rsr.*.png", "*.wf?.png",
    "*.wt.png", "*.peak.png",
)  # fmt: skip
"""What a person looks at first, by mode: maps of the moment and of the noise, spectra, system temperatures."""
PICTURES = (".png", ".jpg")
KEPT = "first_"
"""Before the name of a picture that tier a made, where a later tier made another."""
TAIL_BYTES = 65_536
Link = Callable[[Path], str]


class Showcase:
    """The results of one project under WORK_LMT."""

    def __init__(self, work: Path, pid: str) -> None:
        self.work, self.pid = work, pid
        self.products = work / pid
        self.sessions = self._sessions()

    def of(self, name: str, link: Link) -> tuple[Pictures, ...]:
        """Return what there is of a unit, the official products first."""
        places = {
            PRODUCTS: self.products / name,
            QUICK_LOOK: self.products / "TAP" / name,
            **{session: self.products / session / self.pid / name for session in self.sessions},
            FAILED: self.work / STORE / self.pid / "failed" / name,
        }
        found = [_pictures(origin, folder, name, link) for origin, folder in places.items()]
        return tuple(part for one in found if one is not None for part in _passes(one))

    def log_tail(self, log: str) -> list[str]:
        """Return the last lines of a log below WORK_LMT; [] where there is none, or it lies elsewhere."""
        path = (self.work / log).resolve() if log else self.work
        if not path.is_relative_to(self.work.resolve()) or not path.is_file():
            return []
        try:
            with path.open("rb") as stream:
                stream.seek(max(0, path.stat().st_size - TAIL_BYTES))
                return stream.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return []

    def _sessions(self) -> tuple[str, ...]:
        try:
            with os.scandir(self.products) as entries:
                return tuple(sorted(one.name for one in entries if SESSION_NAME.fullmatch(one.name) and one.is_dir()))
        except OSError:
            return ()


def _pictures(origin: str, folder: Path, name: str, link: Link) -> Pictures | None:
    """Return what lies in a folder; None where there is no such folder. A failed attempt may lie one deeper."""
    names = _names(folder)
    if names is None:
        return None
    if not any(one.endswith(PICTURES) for one in names):
        deeper = next((path for path in sorted(folder.glob(f"*/{name}")) if path.is_dir()), None)
        folder, names = (deeper, _names(deeper) or []) if deeper else (folder, names)
    linkable = (one for one in names if one.endswith(PICTURES) and is_text(one))
    pictures = sorted(linkable, key=lambda one: (_rank(one), one))
    return Pictures(
        origin=origin,
        folder=str(folder),
        links={one: link(folder / one) for one in pictures},
        others=tuple(sorted(map(shown_name, set(names) - set(pictures)))),
        rms=tuple(_rms_of(folder, name, names)) if origin == PRODUCTS else (),
    )


def _passes(made: Pictures) -> Iterator[Pictures]:
    """Part the official pictures from those of the first pass, which the pipeline keeps beside them."""
    if made.origin != PRODUCTS:
        yield made
        return
    first = {name.removeprefix(KEPT): link for name, link in made.links.items() if name.startswith(KEPT)}
    yield replace(made, links={name: link for name, link in made.links.items() if not name.startswith(KEPT)})
    if first:
        yield Pictures(FIRST_PASS, "", first)


def _names(folder: Path) -> list[str] | None:
    try:
        with os.scandir(folder) as entries:
            return [one.name for one in entries if one.is_file() and not one.name.startswith(".")]
    except OSError:
        return None


def _rank(name: str) -> int:
    return next((place for place, pattern in enumerate(FIRST) if fnmatchcase(name, pattern)), len(FIRST))


def _rms_of(folder: Path, name: str, names: list[str]) -> Iterator[str]:
    """Yield `bank: first, second, ...` of every rc file in which rms stands more than once: a tier a number."""
    for bank in (0, 1):
        file = f"lmtoy_{name}__{bank}.rc"
        if file in names:
            own = _read_rc(folder / file).of_bank(bank)
            told = [f"{value:.3g}" for one in own.assignments if (value := RcFile((one,)).number("rms"))] if own else []
            if len(told) > 1:
                yield f"bank {bank}: " + " → ".join(told)


def _read_rc(path: Path) -> RcFile:
    try:
        return parse_rc(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return RcFile(())
