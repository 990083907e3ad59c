"""A small night of raw data of all instruments, and its scan: what the tests of `lmtbot scan` begin from."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from bot.settings import RawFiles, Settings, Site
from bot.stages.scan import ScanReport, ScanRequest, scan
from tests.rawfiles import write_1mm, write_ifproc, write_rsr, write_seq

AT_ONCE = RawFiles(settle_seconds=0)
LOG, INDEX, LAST = "data_lmt.log", "data_lmt.index", "last.obsnum"


@dataclass(frozen=True)
class Night:
    """Raw data under `root`."""

    root: Path

    def site(self, raw: RawFiles = AT_ONCE) -> Site:
        return Site(self.root, data=self.root, work=self.root / "work", settings=Settings(raw=raw))

    def scan(self, **asked: object) -> ScanReport:
        return scan(self.site(), ScanRequest(**asked))  # type: ignore[arg-type]

    def log(self) -> str:
        return (self.root / LOG).read_text()

    def rows(self) -> list[int]:
        """Return the obsnums of the rows in the order of the log."""
        return [int(line.split()[1]) for line in self.log().splitlines() if not line.startswith("#")]

    def files(self) -> list[Path]:
        return sorted(self.root.rglob("*.nc"))

    def arrived(self, root: Path) -> Night:
        """Return a copy of the raw data alone, elsewhere."""
        for path in self.files():
            target = root / path.relative_to(self.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        return Night(root)


def make_night(root: Path) -> Night:
    """Write a night: complete ones, one that misses a roach, one with a corrupt header, odd names."""
    write_seq(root, 112137, pgm="Cal", goal="Calibration", at="2024-03-06T11:00:00")
    write_seq(root, 112139, calobsnum=112137, at="2024-03-06T11:10:00")
    write_seq(root, 112140, calobsnum=112137, at="2024-03-06T11:20:00", roaches=(0, 1, 3))
    write_seq(root, 112141, calobsnum=112137, at="2024-03-06T11:30:00", numbands=2)
    write_rsr(root, 33551, at="2015-01-22T04:00:00", calobsnum=33550)
    write_rsr(root, 33550, at="2015-01-22T03:50:00", goal="Calibration", pgm="Cal")
    write_1mm(root, 133551, at="2024-03-07T01:00:00")
    write_ifproc(root, 125122, header={"Header.Dcs.Receiver": "\x01garbage"}, at="2024-03-07T02:00:00")
    (root / "ifproc" / ".ifproc_2024-03-07_133552_00_0001.nc.Xy12ab").write_bytes(b"CDF")
    (root / "ifproc" / "ifproc_2024-03-07_133553_00_0001_allantest.nc").write_bytes(b"CDF")
    return Night(root)
