"""Quick looks and TAPs for tests: as the pipeline makes them, and as nobody should."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bot.model.quicklook import QuickLook

PID = "2024-S1-MX-2"
Member = tuple[tarfile.TarInfo, bytes]


def look(obsnum: int = 112139, **changes: Any) -> QuickLook:
    known: dict[str, Any] = {
        "obsnum": obsnum,
        "pid": PID,
        "source": "IRC+10216",
        "mode": "SEQ/Map",
        "date_obs": "2024-03-06T11:21:31",
        "tint_s": 300.0,
        "verdict": "good",
        "metrics": {"0": {"rms": 250.0}},
        "reduced": "2024-03-06T11:36:31.000Z",
    }
    return QuickLook(**{**known, **changes})


def member(name: str, content: bytes = b"x", **attributes: Any) -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Member:
    return member(name, b"", type=kind, linkname=target)


def pack(path: Path, members: Iterable[Member]) -> Path:
    with tarfile.open(path, "w") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return path


def good_members(one: QuickLook, text: str = "look") -> list[Member]:
    """Return what a pipeline packs: plain files, and a link to the page beside it."""
    base = f"{one.pid}/{one.obsnum}"
    return [
        member(f"{base}/README.html", f"<p>{text} {one.obsnum}</p>".encode()),
        link(f"{base}/000README.html", "README.html"),
        member(f"{base}/js/plot.png", b"PNG", mode=0o600, uid=0, uname="root"),
    ]


def good_tap(folder: Path, one: QuickLook, text: str = "look") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return pack(folder / f"{one.obsnum}_TAP.tar", good_members(one, text))


def need(*programs: str) -> None:
    """Skip a test where a program is missing; in the house's own checks a missing part is a failure."""
    search = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin"
    missing = [name for name in programs if shutil.which(name, path=search) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"missing on this machine: {', '.join(missing)}")
    if missing:
        pytest.skip(f"missing on this machine: {', '.join(missing)}")
