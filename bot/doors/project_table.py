"""The site's table of projects: a CSV file with the columns pid, title, pi, github, public (all but pid may be empty).

`github` holds logins parted by blanks, `public` a day (YYYY-MM-DD). The site exports it from where proposals are kept.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date

from bot.doors.files import read_bytes
from bot.errors import ProjectError
from bot.settings import Site

COLUMNS = ("pid", "title", "pi", "github", "public")


@dataclass(frozen=True)
class TableRow:
    """What the table says of one project; empty where it says nothing."""

    pid: str
    title: str = ""
    pi: str = ""
    github: tuple[str, ...] = ()
    public: str = ""


def table_row(site: Site, pid: str) -> TableRow:
    """Return a project's row, an empty one when the site has no table or the table no such project.

    Raise ProjectError when the table cannot be read as one.
    """
    name = site.settings.project_table
    if not name:
        return TableRow(pid)
    path = site.root / name
    cure = "mend `project_table` in .github/lmtbot.yml"
    try:
        text = read_bytes(path, cure=cure).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path}: no UTF-8 text; save the table as CSV in UTF-8") from error
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise ProjectError(f"{path}:1: the columns {', '.join(missing)} are missing; the first line names {COLUMNS}")
    found = [(reader.line_num, row) for row in reader if (row["pid"] or "").strip() == pid]
    if len(found) > 1:
        raise ProjectError(f"{path}:{found[1][0]}: {pid} stands here and in line {found[0][0]}; keep one")
    return _row(f"{path}:{found[0][0]}", found[0][1]) if found else TableRow(pid)


def _row(where: str, row: dict[str, str | None]) -> TableRow:
    told = {column: (row.get(column) or "").strip() for column in COLUMNS}
    if told["public"]:
        try:
            date.fromisoformat(told["public"])
        except ValueError as error:
            raise ProjectError(f"{where}: public is {told['public']!r}; write a day as YYYY-MM-DD") from error
    return TableRow(told["pid"], told["title"], told["pi"], tuple(told["github"].split()), told["public"])
