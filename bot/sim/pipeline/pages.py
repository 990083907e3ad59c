"""The small HTML pages of a result directory. Must not decide which plots exist: it lists what is there."""

from __future__ import annotations

from pathlib import Path

from .job import Job
from .products import MAP_PAGES, RESOURCES


def _page(title: str, body: str) -> str:
    head = f"<head><meta charset='utf-8'><title>{title}</title></head>"
    return f"<!DOCTYPE html>\n<html>{head}\n<body>{body}</body></html>\n"


def _zip_links(job: Job) -> str:
    """Link zips that an earlier call has left; a first call has none yet."""
    zips = sorted((job.folder / "dirzip").glob(f"{job.oid}_*.zip"))
    return "".join(f"<li><a href='../dirzip/{path.name}'>{path.name}</a></li>" for path in zips)


def _overview(job: Job) -> str:
    plots = sorted(path.name for path in job.pdir.glob("*.png") if not path.name.startswith("first_"))
    items = "".join(f"<li><a href='{name}'>{name}</a></li>" for name in plots)
    title = f"{job.facts.source} {job.oid}"
    return _page(title, f"<h1>{title}</h1><p>{job.call.line}</p><ul>{_zip_links(job)}{items}</ul>")


def write_pages(job: Job) -> None:
    """Write README.html and its kin; a combination gets no 000README.html, its closing steps look elsewhere."""
    overview = _overview(job)
    (job.pdir / "README.html").write_text(overview)
    if job.facts.is_map:
        for name in MAP_PAGES:
            (job.pdir / name).write_text(overview if name == "index.html" else _page(name, f"<p>{job.oid}</p>"))
        for bank in job.banks():
            _bank_page(job, bank)
    else:
        kind = "rsr" if job.facts.instrument == "RSR" else "seq"
        (job.pdir / f"{kind}.spectra.svg.html").write_text(_page("spectra", "<object data='spectra.svg'></object>"))
        for name in RESOURCES:
            path = job.pdir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("// of no use without a browser\n")
        if kind == "rsr":
            (job.pdir / "README_files.md").write_text("# Files of this directory\n")
            (job.pdir / "rsr_peaks.log").write_text("# peaks\n")
    if not job.call.is_combination:
        link = job.pdir / "000README.html"
        if not link.is_symlink():
            link.symlink_to("README.html")


def _bank_page(job: Job, bank: int) -> None:
    stem = f"{job.facts.source}_{job.oid}__{bank}"
    if (job.pdir / f"{stem}.fits").exists():
        rows = "".join(f"<img src='{path.name}'>" for path in sorted(job.pdir.glob(f"{stem}.*.png")))
        (job.pdir / f"index_pipeline__{bank}.html").write_text(_page(stem, rows))


def lose(pdir: Path, names: tuple[str, ...]) -> None:
    """Remove pages that a relative work_lmt never gets."""
    for name in names:
        (pdir / name).unlink(missing_ok=True)
