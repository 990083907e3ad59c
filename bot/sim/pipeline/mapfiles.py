"""The files of a reduced bank of a map: which computed thing goes into which name.

Must not compute spectra (`physics`) nor know about rc files.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import fits, netcdf, pictures
from .drawing import Drawing
from .gallery import draw
from .job import Job
from .physics import Band, Cube, Stack, make_cube
from .products import FIRST_LOOKS, MASK_MOMENTS, names
from .settings import MapSettings

NPIX = 32
NCHAN = 64
Array = NDArray[np.float64]

IMAGES: Mapping[str, Callable[[Cube], Array]] = {
    "mom0": lambda cube: cube.mom0,
    "mom1": lambda cube: cube.mom1,
    "peak": lambda cube: cube.peak,
    "rms": lambda cube: cube.rms,
    "radiometer": lambda cube: cube.rms / np.sqrt(cube.weight),
    "radiometer.rms": lambda cube: cube.rms / np.sqrt(cube.weight),
    "wt": lambda cube: cube.weight,
    "wt.fits": lambda cube: cube.weight,
    "wt2": lambda cube: cube.weight**2,
    "wt3": lambda cube: 1 / cube.weight,
    "wtn": lambda cube: cube.weight / cube.weight.max(),
    "wtr": lambda cube: np.sqrt(cube.weight),
    "wtr3": lambda cube: cube.rms * np.sqrt(cube.weight),
    "wtr4": lambda cube: cube.peak / cube.rms,
}
UNITS = {"mom0": "K km/s", "mom1": "km/s", "peak": "K", "rms": "K", "radiometer": "K"}


def write_header_dump(job: Job) -> None:
    """Write the text dump of a raw header that each directory keeps."""
    facts = job.facts
    lines = {
        "Header.Dcs.ObsNum": facts.obsnum,
        "Header.Dcs.ObsPgm": facts.program,
        "Header.Dcs.ProjectId": facts.pid,
        "Header.Source.SourceName": facts.source,
        "Header.Source.Velocity": facts.vlsr,
        "Header.Radiometer.Tau": job.heading.tau,
    }
    text = "".join(f"  {key} = {value} ;\n" for key, value in lines.items())
    (job.pdir / f"lmtoy_{job.oid}.ifproc").write_text(f"netcdf {Path(job.heading.rawnc).name} {{\n{text}}}\n")


class MapFiles:
    """Writes the files of one bank by name."""

    def __init__(self, job: Job, bank: int, stack: Stack, band: Band, settings: MapSettings) -> None:
        self.job, self.bank, self.stack, self.band, self.settings = job, bank, stack, band, settings
        self.stem = f"{job.facts.source}_{job.oid}__{bank}"

    @cached_property
    def cube(self) -> Cube:
        """The cube, small whatever the real one's size."""
        truth = self.job.truth(self.job.heading, self.bank)
        return make_cube(
            self.stack, truth, self.settings.extent_arcsec or 120.0, vlsr=self.band.vlsr, npix=NPIX, nchan=NCHAN
        )

    @cached_property
    def _cube_fits(self) -> bytes:
        return fits.encode(self.cube.data, self._cards(spectral=True))

    def write(self, table: tuple[str, ...]) -> None:
        """Write all files of a table of names."""
        for name in names(table, source=self.job.facts.source, oid=self.job.oid, bank=self.bank):
            (self.job.pdir / name).write_bytes(self._content(name))

    def keep_first_looks(self) -> None:
        """Copy the plots of a directory's first call."""
        for name in names(FIRST_LOOKS, source=self.job.facts.source, oid=self.job.oid, bank=self.bank):
            self.job.copy_once(self.job.pdir / name, self.job.pdir / f"first_{name}")

    def _content(self, name: str) -> bytes:
        short = name.removeprefix(self.stem).lstrip("._")
        if name.endswith(".png"):
            return draw(self.job.site.plots, self._drawing(short))
        if name.endswith(".nc"):
            return self._spectra_file()
        if name.endswith(".fits"):
            return self._fits(short.removesuffix(".fits"))
        return self._text(short).encode()

    def _drawing(self, short: str) -> Drawing:
        kind = short.removesuffix(".png").removesuffix(f"_{self.bank}").replace(f"spectrum_{self.bank}", "spectrum")
        title = f"{self.job.facts.source}  obsnum {self.job.oid}  bank {self.bank}"
        image = IMAGES.get(kind)
        return Drawing(
            kind="image" if image else kind,
            title=title,
            name=kind,
            stack=self.stack,
            band=self.band,
            beams=self.settings.beams,
            image=image(self.cube) if image and self.job.site.plots != "none" else None,
            half_side=self.settings.extent_arcsec or 120.0,
            unit=UNITS.get(kind, ""),
        )

    def _cards(self, *, spectral: bool) -> dict[str, fits.Card]:
        facts, cell = self.job.facts, self.cube.cell_arcsec / 3600
        middle = (NPIX + 1) / 2
        cards: dict[str, fits.Card] = {
            "BUNIT": "K", "CTYPE1": "RA---SFL", "CRVAL1": facts.ra_deg, "CDELT1": -cell, "CRPIX1": middle,
            "CUNIT1": "deg", "CTYPE2": "DEC--SFL", "CRVAL2": facts.dec_deg, "CDELT2": cell, "CRPIX2": middle,
            "CUNIT2": "deg", "OBJECT": facts.source, "TELESCOP": "LMT", "INSTRUME": facts.instrument,
            "OBSNUM": self.job.oid, "DATE-OBS": facts.date_obs, "RESTFRQ": self.band.restfreq_ghz * 1e9,
            "ORIGIN": "simulated",
        }  # fmt: skip
        if spectral:
            velocity = self.cube.velocity * 1e3
            step = float(velocity[1] - velocity[0])
            cards |= {"CTYPE3": "VRAD", "CRVAL3": float(velocity[0]), "CDELT3": step, "CRPIX3": 1.0, "CUNIT3": "m/s"}
            cards |= {"SPECSYS": "LSRK"}
        return cards

    def _fits(self, kind: str) -> bytes:
        if kind in IMAGES:
            return fits.encode(IMAGES[kind](self.cube), {**self._cards(spectral=False), "BUNIT": UNITS.get(kind, "")})
        if kind == "wf":
            return fits.encode(self.stack.beams, {"BUNIT": "K", "CTYPE1": "CHANNEL", "CTYPE2": "BEAM"})
        if kind == "wf10":
            count = len(self.stack.velocity) // 10
            binned = self.stack.beams[:, : 10 * count].reshape(16, count, 10).mean(axis=2)
            return fits.encode(binned, {"BUNIT": "K", "CTYPE1": "CHANNEL/10", "CTYPE2": "BEAM"})
        if kind == "nfs":
            return fits.encode(self.cube.data[:, ::2, ::2], {"BUNIT": "K", "OBJECT": self.job.facts.source})
        return self._cube_fits

    def _spectra_file(self) -> bytes:
        sizes = {"beam": 16, "channel": len(self.stack.velocity)}
        attributes = {"source": self.job.facts.source, "obsnum": self.job.oid, "history": "simulated"}
        return netcdf.encode(
            sizes,
            attributes,
            {
                "Data.Spectra": (("beam", "channel"), self.stack.beams),
                "Header.SpectrumAxis.Velocity": (("channel",), self.stack.velocity),
                "Data.Used": (("beam",), [float(beam in self.settings.beams) for beam in range(16)]),
            },
        )

    def _text(self, short: str) -> str:
        if short.startswith("pix_list"):
            return ",".join(str(beam) for beam in self.settings.beams) + "\n"
        if short in ("err.txt",):
            return ""
        if short == "vlsr":
            return f"# vlsr\n{self.band.vlsr:g}\n"
        if short.startswith(("stats", "first_stats")) or short == "bstats.tab":
            return self._beam_table()
        if short == "birdies.tab":
            return self._birdie_table()
        if short == "out.txt":
            return f"rms {self.stack.rms_k * 1e3:.4g} mK\nratio {self.stack.rms0:.4g}\n"
        return self._spectrum_table

    def _beam_table(self) -> str:
        rows = zip(range(16), self.stack.beam_rms_k.tolist(), strict=True)
        return "# beam rms[K] used\n" + "".join(f"{b} {rms:.5g} {int(b in self.settings.beams)}\n" for b, rms in rows)

    def _birdie_table(self) -> str:
        """Channels that stand out of the mean of all beams, in raw numbers as birdies= takes them."""
        mean = np.median(self.stack.beams, axis=0)
        found = np.flatnonzero(self.stack.in_baseline & (np.abs(mean - np.median(mean)) > 6 * mean.std() / 2))
        return "# suspect raw channels\n" + "".join(f"{self.stack.first_channel + int(i)}\n" for i in found)

    @cached_property
    def _spectrum_table(self) -> str:
        pairs = zip(self.stack.velocity.tolist(), self.stack.spectrum.tolist(), strict=True)
        return "# velocity[km/s] T[K]\n" + "".join(f"{v:.2f} {t:.5g}\n" for v, t in pairs)

    def write_mask_moments(self, kind: str) -> None:
        """Write the masked moments of a combination's cube; without the tool there is only the link."""
        cube = f"{self.stem}.{kind}.fits"
        folder = self.job.pdir / f"{self.stem}.{kind}.mm"
        folder.mkdir(exist_ok=True)
        link = folder / cube
        link.unlink(missing_ok=True)
        link.symlink_to(f"../{cube}")
        if "maskmoment" not in self.job.site.tools:
            return
        packed = gzip.compress(fits.encode(self.cube.mom0, self._cards(spectral=False)), 1)
        for name in MASK_MOMENTS:
            if name.endswith(".gz"):
                content = packed
            elif name.endswith(".png"):
                content = pictures.placeholder_png()
            else:
                content = self._spectrum_table.replace(" ", ",").encode()
            (folder / f"{cube}.{name}").write_bytes(content)
