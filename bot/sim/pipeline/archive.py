"""What goes out of a result directory: zips with their hard links, metadata, quick-look and raw packages.

Must not touch the products themselves. Layout: `PID/dir4dv/OID/PID/OID/` and `PID/dirzip/`, which share the zips.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

from . import clock, metadata, rawdata, rcwriter
from .job import Job
from .products import TAP_SUFFIXES


def close(job: Job) -> None:
    """Make the packages that a call asks for."""
    call = job.call
    if not job.site.is_relative:
        _save_generator(job)
        if call.is_on("tap"):
            make_tap(job)
    package = job.folder / "dir4dv" / job.oid / job.facts.pid / job.oid
    if not any(call.is_on(key, True) for key in ("meta", "srdp", "sdfits")):
        return
    package.mkdir(parents=True, exist_ok=True)
    dirzip = job.folder / "dirzip"
    dirzip.mkdir(exist_ok=True)
    if job.site.is_relative:
        return  # the closing steps change directory and find nothing there
    _zip_products(job, package, dirzip)
    if call.is_on("raw") and not call.is_combination:
        _zip_raw(job, dirzip / f"{job.oid}_RAW.zip")
    if call.is_on("meta", True):
        _write_metadata(job, package, dirzip)
    first = job.folder / str(job.facts.obsnum)
    for path in first.glob(f"lmtoy_{job.oid}*.rc"):
        shutil.copyfile(path, package / path.name)


def _save_generator(job: Job) -> None:
    if not job.call.is_on("grun", True):
        return
    runs = job.site.work / "lmtoy_run"
    name = f"lmtoy_{job.facts.pid}"
    if (runs / name).is_dir():
        import tarfile  # rarely wanted, and slow to import

        with tarfile.open(job.pdir / f"{name}.tar.gz", "w:gz", compresslevel=1) as tar:
            tar.add(runs / name, arcname=name)


def make_tap(job: Job) -> None:
    """Make `OID_TAP.tar` with the light products, and send it where rsync= says."""
    files = sorted(path for path in job.pdir.rglob("*") if path.name.endswith(TAP_SUFFIXES))
    kept = [path.relative_to(job.site.work) for path in files]
    (job.pdir / "tar.log").write_text("".join(f"{path}\n" for path in kept))
    target = job.folder / f"{job.oid}_TAP.tar"
    import tarfile  # rarely wanted, and slow to import

    with tarfile.open(target, "w") as tar:
        for path in kept:
            tar.add(job.site.work / path, arcname=str(path))
    _send(job, target)


def _send(job: Job, tar: Path) -> None:
    address = job.call.text("rsync").replace("%s", job.facts.pid)
    host, colon, folder = address.partition(":")
    if not address:
        return
    if not colon:
        place = Path(address)
    elif job.site.hosts is None:
        job.say(f"rsync: no such host as {host} in a simulation")
        return
    else:
        place = job.site.hosts / host / folder.lstrip("/")
    place.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(tar, place / tar.name)


def _members(job: Job) -> Iterable[tuple[Path, str]]:
    """List what goes into the SRDP zip: all but the spectra files; links as the files they point to."""
    root = f"{job.facts.pid}/{job.oid}"
    if job.facts.instrument == "RSR" or (job.facts.is_map and not job.call.is_combination):
        yield job.pdir, root
    for path in sorted(job.pdir.rglob("*")):
        if path.suffix != ".nc" and not path.name.endswith(".driver.sum.fits"):
            yield path, f"{root}/{path.relative_to(job.pdir)}"


def _write_zip(target: Path, members: Iterable[tuple[Path, str]], *, plots: str) -> None:
    """Write a new file and put it in the old one's place, so that the old one's other link keeps its content."""
    method = zipfile.ZIP_STORED if plots == "none" else zipfile.ZIP_DEFLATED
    part = target.with_name(f".{target.name}.{os.getpid()}")
    with zipfile.ZipFile(part, "w", method, compresslevel=None if plots == "none" else 1) as packed:
        for path, name in members:
            if path.is_dir():
                packed.writestr(f"{name}/", b"")
            elif path.exists():
                packed.writestr(zipfile.ZipInfo.from_file(path.resolve(), name), path.read_bytes(), method)
    part.replace(target)


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    os.link(source, target)


def _zip_products(job: Job, package: Path, dirzip: Path) -> None:
    plots = job.site.plots
    if job.call.is_on("srdp", True):
        name = f"{job.oid}_SRDP.zip"
        _write_zip(dirzip / name, _members(job), plots=plots)
        _link(dirzip / name, package / name)
    wanted = job.facts.instrument == "RSR" or (job.facts.is_map and not job.call.is_combination)
    if wanted and job.call.is_on("sdfits", True):
        name = f"{job.oid}_SDFITS.zip"
        pattern = "*.driver.sum.fits" if job.facts.instrument == "RSR" else "*.nc"
        paths = [job.pdir / "README_files.md", *sorted(job.pdir.glob(pattern))]
        members = [(path, f"{job.facts.pid}/{job.oid}/{path.name}") for path in paths]
        _write_zip(dirzip / name, members, plots=plots)
        _link(dirzip / name, package / name)


def _zip_raw(job: Job, target: Path) -> None:
    data, facts, heading = job.site.data, job.facts, job.heading
    obsnums = [n for n in (heading.calobsnum, facts.obsnum) if n > 0]
    found = [path for n in obsnums for path in rawdata.raw_files(data, facts, n)]
    members = [(path, str(path.relative_to(data))) for path in found]
    if not members:
        members = [
            (Path(os.devnull), name) for n in obsnums for name in rawdata.expected_names(facts, n, heading.numbands)
        ]
    _write_zip(target, members, plots="none")


def _write_metadata(job: Job, package: Path, dirzip: Path) -> None:
    first = job.folder / str(job.facts.obsnum)
    main = rcwriter.read(first / f"lmtoy_{job.facts.obsnum}.rc")
    paths = [first / f"lmtoy_{job.facts.obsnum}__{bank}.rc" for bank in range(job.heading.numbands)]
    banks = [rcwriter.read(path) for path in paths if path.exists()]
    if not main or not metadata.is_complete(main, banks):
        return
    text = metadata.document(main, banks, public=job.call.text("public"))
    for folder in (package, dirzip):
        (folder / f"{job.oid}_lmtmetadata.yaml").write_text(text)


def ingest(work: Path, pid: str, oid: str) -> bool:
    """Pretend to send a package to Dataverse: note it and remove it; False when there is none."""
    package = work / pid / "dir4dv" / oid
    if not package.is_dir():
        return False
    with (work / "dataverse.log").open("a") as log:
        log.write(f"{clock.stamp()} {pid} {oid}\n")
    shutil.rmtree(package)
    return True
