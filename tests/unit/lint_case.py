"""Reads the cases of tests/data/findings (see its README): project files with the findings that must come out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bot.errors import Finding
from bot.formats.obslog import group_rows, parse_log
from bot.formats.project_file import ProjectFolder, parse_folder
from bot.rules.lint import Checked, LogView, findings_of

FOLDER = Path(__file__).parents[1] / "data" / "findings"
Place = tuple[str, int, str]
"""File, line, code."""


@dataclass(frozen=True)
class Case:
    """One file of tests/data/findings."""

    name: str
    title: str
    folders: dict[str, ProjectFolder]
    log: bytes | None
    expected: Counter[Place]

    def found(self) -> list[Finding]:
        """Return what the rules find in all its projects."""
        return [finding for pid in self.folders for finding in findings_of(self.checked(pid))]

    def checked(self, pid: str) -> Checked:
        """Return what the rules get to see of one project."""
        listed_by: dict[int, tuple[str, ...]] = {}
        for other, folder in self.folders.items():
            for source in folder.project.sources.values():
                for listing in source.obsnums:
                    listed_by[listing.obsnum] = (*listed_by.get(listing.obsnum, ()), other)
        return Checked(self.folders[pid], self._view(), self.folders, listed_by)

    def _view(self) -> LogView | None:
        if self.log is None:
            return None
        rows, faults = group_rows(parse_log(self.log))
        assert not faults, faults
        return LogView({obsnum: tuple(found) for obsnum, found in rows.items()})


def read_case(name: str) -> Case:
    """Read one case."""
    title, *parts = re.split(r"^=== (\S+)\n", (FOLDER / f"{name}.txt").read_text(), flags=re.MULTILINE)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    pids = [section.partition("/")[0] for section in sections if section.endswith("/project.yaml")]
    folders = {
        pid: parse_folder(sections[f"{pid}/project.yaml"], sections.get(f"{pid}/qa.yaml", ""), pid=pid) for pid in pids
    }
    expected: Counter[Place] = Counter()
    for section, text in sections.items():
        for number, line in enumerate(text.splitlines(), start=1):
            for code in line.partition("# ! ")[2].split():
                expected[f"projects/{section}", number, code] += 1
    log = sections.get("log")
    return Case(name, title.strip("# \n"), folders, log.encode() if log else None, expected)


def case_names() -> list[str]:
    """Return the names of all cases."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def places(findings: list[Finding]) -> Counter[Place]:
    """Return where which codes were found."""
    return Counter((finding.path, finding.line, finding.code) for finding in findings)
