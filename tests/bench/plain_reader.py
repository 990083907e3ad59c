"""The plain way to the log: open every header file, one by one, with netCDF4, and read what its row needs.

`python -m tests.bench.plain_reader DATA_LMT`, as the tool of today does it (lmtinfo.py): the measure for `lmtbot scan`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import netCDF4

from bot.formats.rawheader import wanted
from bot.formats.rawname import folder_of
from bot.model.raw import HEADERED


def main(root: str) -> None:
    """Print one line a header file, newest first."""
    lines = []
    for part in HEADERED:
        for path in (Path(root) / folder_of(part)).glob("*.nc"):
            lines.append("  ".join(read(path, wanted(part))))
    sys.stdout.write("\n".join(sorted(lines, reverse=True)) + "\n")


def read(path: Path, names: tuple[str, ...]) -> list[str]:
    """Return the values of the variables that the file has."""
    with netCDF4.Dataset(path) as file:
        found = [file.variables[name] for name in names if name in file.variables]
        return [
            b"".join(variable[:]).decode().strip() if variable.dtype.kind == "S" else str(variable[:])
            for variable in found
        ]


if __name__ == "__main__":
    main(sys.argv[1])
