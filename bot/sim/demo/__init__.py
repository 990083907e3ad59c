"""The practice site: two real projects (facts only), and what the telescope is going to observe.

Rows and parameters are those of 2024-S1-MX-2, 2023-S1-US-17 and 2024-S1-UM-11, as the public lmtoy repositories and
the observation log had them; what the simulated sky holds is in sim_truth.yaml.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
PIPELINE = HERE.parent / "SLpipeline.sh"
OBSERVED = "observed.log"
"""A real slice of the observation log, for `lmtbot sim telescope --from`."""
SETTINGS_PATH = Path(".github") / "lmtbot.yml"
SETTINGS = """\
# the simulated pipeline stands in for the real one
pipeline:
  command: [{command}]
jobs: 2
"""


def lay_out(root: Path) -> dict[str, str]:
    """Make the site in a folder that does not exist yet; return the environment that it wants."""
    data, work = root / "data", root / "work"
    for folder in (data, work, root / ".github"):
        folder.mkdir(parents=True)
    shutil.copytree(HERE / "projects", root / "projects")
    schemas = HERE.parents[2] / "templates" / "schema"
    shutil.copytree(schemas, root / "templates" / "schema")
    shutil.copy(HERE / "sim_truth.yaml", data)
    shutil.copy(HERE / OBSERVED, root)
    (root / SETTINGS_PATH).write_text(SETTINGS.format(command=_quoted(PIPELINE)), encoding="utf-8")
    return {"DATA_LMT": str(data), "WORK_LMT": str(work), "LMTSIM_PYTHON": sys.executable}


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
