"""The names of all files that each mode leaves, as tables. Must not contain logic beyond filling in names.

`{p}` is SRC_OID__BANK, `{oid}` the directory's name, `{b}` the bank, `{o}` an RSR spectrum's stem.
The order is the one in which files appear.
"""

from __future__ import annotations

MAP_SPECTRA = ("{p}.nc", *(f"{{p}}_specviews.{n}.png" for n in range(1, 6)))

MAP_QUICK = (
    "{p}_specviews.6.png",
    "{p}_specpoint.1.png",
    "{p}_specpoint.2.png",
    "{p}.wf.fits",
    "{p}.wf10.fits",
    "{p}.bstats.tab",
    "{p}.wf0.png",
    "stats__{b}_wf0.tab",
    "{p}.wf1.png",
    "stats__{b}_wf1.tab",
    "{p}.birdies.tab",
    "pix_list__{b}.txt",
    "stats__{b}_wf.tab",
    "first_stats__{b}_wf0.tab",
    "first_stats__{b}_wf1.tab",
    "{p}.fits",
    "{p}.wt.fits",
    "err.txt",
    "spec-tmp.tab",
    "{p}.fits.fits",
    "{p}.wt.fits.fits",
    "out.txt",
)

CUBE = (
    "{p}.radiometer.fits",
    "{p}.cubespec.tab",
    "{p}.cubestat.tab",
    "junk.pjt",
    "{p}.wt2.fits",
    "{p}.wt3.fits",
    "{p}.wtr.fits",
    "{p}.wtr3.fits",
    "{p}.wtr4.fits",
    "{p}.nf.fits",
    "{p}.nfs.fits",
    "{p}.ns.fits",
    "{p}.cubespecs.tab",
    "full_spectral_range",
    "native",
    "smooth-4x4x4",
    "vlsr",
    "spectrum_{b}.png",
    "spectrum_{b}_zoom.png",
    "{p}.mom0.fits",
    "{p}.peak.fits",
    "{p}.mom1.fits",
    "{p}.rms.fits",
    "{p}.wtn.fits",
    "{p}.mom0.png",
    "{p}.peak.png",
    "{p}.mom1.png",
    "{p}.rms.png",
    "{p}.wt.png",
    "{p}.wt2.png",
    "{p}.wt3.png",
    "{p}.wtn.png",
    "{p}.wtr.png",
    "{p}.wtr3.png",
    "{p}.wtr4.png",
)

MAP_WITHOUT_CUBE = ("radiometer.rms.fits",)  # nemo=0
MAP_HISTOGRAM = ("{p}.hist.png",)

# copies that keep a directory's first look; made once
FIRST_LOOKS = (
    *(f"{{p}}_specviews.{n}.png" for n in (1, 2, 3, 5, 6)),
    "{p}_specpoint.1.png",
    "{p}_specpoint.2.png",
    "{p}.wf0.png",
    "{p}.wf1.png",
    "{p}.hist.png",
    "{p}.mom0.png",
    "{p}.peak.png",
    "{p}.rms.png",
    "{p}.wt.png",
)

# a reduction that met no data still leaves these, all empty but the beam list
MAP_HOLLOW = (
    "{p}.birdies.tab",
    "err.txt",
    "first_stats__{b}_wf0.tab",
    "first_stats__{b}_wf1.tab",
    "out.txt",
    "pix_list__{b}.txt",
    "stats__{b}_wf.tab",
    "stats__{b}_wf0.tab",
    "stats__{b}_wf1.tab",
)

MAP_PAGES = ("README_files.md", "index_mm.html", "index_admit.html", "index_log.html", "index_pars.html", "index.html")

COMBINED_START = ("{p}.fits", "{p}.wt.fits", "err.txt", "spec-tmp.tab", "{p}.fits.fits", "{p}.wt.fits.fits", "out.txt")
COMBINED_END = ("maskmoment__{b}.nf.log", "maskmoment__{b}.nfs.log")

MASK_MOMENTS = (
    *(f"{m}.{k}.fits.gz" for m in ("dilmsk", "dilmskpad") for k in ("ecube", "emom0", "emom1", "emom2", "mask")),
    *(f"{m}.{k}.fits.gz" for m in ("dilmsk", "dilmskpad") for k in ("mom0", "mom1", "mom2")),
    *(f"{m}.{k}" for m in ("dilmsk", "dilmskpad") for k in ("flux.csv", "png")),
    "smomsk.ecube.fits.gz",
    "smomsk.flux.csv",
    "smomsk.mask.fits.gz",
)

POSITION_SWITCH = (
    "{p}.txt",
    "ps.png",
    "seq.spectra__{b}.png",
    "seq.spectra__{b}.svg",
    "seq.tsys__{b}.png",
    "seq.tsys__{b}.svg",
)
BEAM_SWITCH = (
    "bs-2__{b}.png",
    "{p}.txt",
    "bs-1__{b}.png",
    "seq.spectra__{b}.png",
    "seq.spectra__{b}.svg",
    "tsys__{b}.png",
    "tsys__{b}.jpg",
)
POINT_PAGES = ("seq.spectra.svg.html",)
RESOURCES = ("resources/js/sorttable.js", "resources/js/svg-pan-zoom.js")

RSR_START = (
    "rsr.wf0.pdf",
    "rsr.driver0.png",
    "rsr_driver0.log",
    "rsr.tsys0.png",
    "rsr_tsys0.log",
    "{o}.badlags",
    "badlags.{oid}.png",
    "rsr_badlags.log",
    "rsr_driver1.log",
    "rsr.spectrum.png",
    "rsr_tsys2.log",
    "rsr.tsys.png",
    "rsr_tsys1.log",
    "{o}.blanking",
    "{o}.rfile",
    "rsr_tsys_badcb.log",
)
RSR_REDUCED = (
    "rsr.driver_nbs.png",
    "rsr_driver_nbs.log",
    "rsr.driver.png",
    "rsr.driver1.png",
    "rsr.wf.pdf",
    "{o}.driver.sum.txt",
    "{o}.driver.sum_bandspec.txt",
    "rsr_driver.log",
    *(f"dreampy.log{n}" for n in (".5", ".4", ".3", ".2", ".1", "")),
    "{o}.blanking.sum.txt",
    "rsr_sum.log",
    "rsr.spectra_zoom.png",
    "rsr.spectra.png",
    "rsr.spectra.svg",
    "{o}.driver.sum.fits",
    *(f"fit.{kind}{n}.log" for kind in ("blanking", "driver") for n in range(1, 5)),
)
RSR_SINGLE = (
    *(f"{{o}}.{kind}.sum.txt.{plot}.png" for kind in ("blanking", "driver") for plot in ("rms0", "rms1", "sp")),
    *(f"fit.{kind}{n}.png" for kind in ("blanking", "driver") for n in range(1, 4)),
)
RSR_PAGES = ("rsr.spectra.svg.html", "rsr_peaks.log", "README_files.md")

# RSR without calibration: every step runs and finds nothing
RSR_HOLLOW = (
    "rsr_driver0.log",
    "rsr_tsys0.log",
    "{o}.badlags",
    "badlags.{oid}.png",
    "rsr_badlags.log",
    "rsr_driver1.log",
    "rsr_tsys2.log",
    "rsr_tsys1.log",
    "{o}.blanking",
    "{o}.rfile",
    "rsr_tsys_badcb.log",
    "rsr_driver_nbs.log",
    "rsr_driver.log",
    "dreampy.log.2",
    "dreampy.log.1",
    "dreampy.log",
    "rsr_sum.log",
)

# with a relative work_lmt the closing steps look for the directory in the wrong place
LOST_WHEN_RELATIVE = ("README.html", "index.html", "README_files.md", "seq.spectra.svg.html", "rsr.spectra.svg.html")

TAP_SUFFIXES = (
    *("rc", "md", "tab", "txt", "png", "pdf", "log", "apar", "html", "yaml"),
    *("cubestat", "ifproc", "rfile", "obsnum", "badlags", "blanking", "resources"),
)


def names(table: tuple[str, ...], *, source: str, oid: str, bank: int = 0) -> list[str]:
    """Fill in the names of a table."""
    stems = {"p": f"{source}_{oid}__{bank}", "oid": oid, "b": str(bank), "o": f"rsr.{oid}"}
    return [name.format(**stems) for name in table]
