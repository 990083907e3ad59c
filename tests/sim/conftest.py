"""A telescope for tests: a log, hidden truths, raw files where a test wants some, and a pipeline to call."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.sim.pipeline import driver

REPO = Path(__file__).resolve().parents[2]
PID = "2024-S1-MX-2"
ROW = (
    "{date}T05:{minute:02d}:00 {obsnum} {inst} Science {pgm} {source} {pid} {freq} {vlsr} {tint}"
    " 150.0 12.0 120.0 60.0 0 0 {ok}"
)


def row(obsnum: int, inst: str, pgm: str, source: str, tint: float, **more: Any) -> str:
    """Make a row of the observation log."""
    pid = "2024S1MSIP1mmCommissioning" if inst == "1MM" else PID
    freq = {"SEQ": 115.2712, "1MM": 230.538, "RSR": 0.0}[inst]
    vlsr = 0 if inst == "RSR" else 20
    values = {"date": "2024-03-05", "minute": obsnum % 60, "pid": pid, "freq": freq, "vlsr": vlsr, "ok": 1, **more}
    return ROW.format(obsnum=obsnum, inst=inst, pgm=pgm, source=source, tint=tint, **values)


ROWS = (
    *(row(n, "SEQ", "Cal", "SYN1", 8) for n in (110001, 110010, 110020)),
    *(row(n, "SEQ", "Map(Ra/C)", "SYN1", 32) for n in (110002, 110003, 110011, 110012, 110041, 110042, 110043, 110044)),
    row(110021, "SEQ", "Ps", "SYNPS", 24),
    row(110022, "SEQ", "Bs", "SYNBS", 24),
    row(110030, "1MM", "Cal", "SYN1", 8),
    row(110031, "1MM", "Ps", "SYN1MM", 24),
    row(110040, "SEQ", "Map(Ra/C)", "SYN1", 32, ok=0),
    row(120001, "RSR", "Cal", "SYNRSR", 20),
    *(row(n, "RSR", "Bs", "SYNRSR", 300) for n in (120002, 120003, 120004, 120005)),
)
QUIET: dict[str, Any] = {"bad_beams": [], "birdies": [], "bad_boards": []}
TRUTH: dict[int, dict[str, Any]] = {
    **{n: {**QUIET, "numbands": 1} for n in (110002, 110003, 110041, 110042, 110043, 110044)},
    **{n: {**QUIET} for n in (110011, 110012, 110021, 110022, 120002, 120003, 120004, 120005)},
    110031: {**QUIET, "numbands": 2},
}
TRUTH[110044]["calobsnum"] = -1
TRUTH[120004]["calobsnum"] = -1


class Telescope:
    """One DATA_LMT, one WORK_LMT, and the simulated pipeline between them."""

    def __init__(self, root: Path) -> None:
        self.root, self.data, self.work = root, root / "data", root / "work"
        self.data.mkdir()
        self.work.mkdir()
        (self.data / "data_lmt.log").write_text("\n".join(ROWS) + "\n")
        self.environ = {"DATA_LMT": str(self.data), "WORK_LMT": str(self.work), "LMTSIM_PLOTS": "none"}
        self.truth = {obsnum: dict(values) for obsnum, values in TRUTH.items()}

    def run(self, *words: str, **environ: str) -> int:
        """Call the pipeline inside this process."""
        self._write_truth()
        return driver.run(words, {**self.environ, **environ})

    def start(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        """Call the pipeline as others do: by its script, in a process of its own."""
        self._write_truth()
        env = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LMTSIM_PYTHON": sys.executable}
        script = str(REPO / "bot" / "sim" / "SLpipeline.sh")
        return subprocess.Popen(
            [script, *words], env={**env, **self.environ, **environ}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def _write_truth(self) -> None:
        (self.data / "sim_truth.yaml").write_text(yaml.safe_dump(self.truth))

    def faults(self, table: Mapping[Any, Any]) -> None:
        """Ask for failures."""
        (self.data / "sim_faults.yaml").write_text(yaml.safe_dump(dict(table)))

    def raw(self, obsnum: int, *, roaches: tuple[int, ...] = (), chassis: tuple[int, ...] = ()) -> None:
        """Place raw files of an obsnum; one call makes the whole tree, so that absence counts from then on."""
        for folder in ("ifproc", *(f"spectrometer/roach{r}" for r in range(8))):
            (self.data / folder).mkdir(parents=True, exist_ok=True)
        for c in range(4):
            (self.data / f"RedshiftChassis{c}").mkdir(exist_ok=True)
        day = "2024-03-05"
        for c in chassis:
            (self.data / f"RedshiftChassis{c}" / f"RedshiftChassis{c}_{day}_{obsnum:06d}_00_0001.nc").write_bytes(
                b"raw"
            )
        if not chassis:
            (self.data / "ifproc" / f"ifproc_{day}_{obsnum:06d}_00_0001.nc").write_bytes(b"raw")
        for r in roaches:
            (self.data / f"spectrometer/roach{r}" / f"roach{r}_{obsnum}_0_1_SYN1_{day}_050000.nc").write_bytes(b"raw")

    def folder(self, oid: int | str, pid: str = PID) -> Path:
        """Return a result directory."""
        return self.work / pid / str(oid)


@pytest.fixture
def telescope(tmp_path: Path) -> Telescope:
    """An empty telescope."""
    return Telescope(tmp_path)
