"""The findings of a check as words: for people, and as workflow commands that GitHub shows beside the lines.

What stands in the findings comes from files: it is data, and is escaped where it could be read as anything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bot.errors import Finding, Severity

WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
"""Severity -> its place, gravest first."""

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})

HEAD = ("severity", "code", "findings", "projects")


def is_shown(finding: Finding, least: Severity) -> bool:
    """Say whether the finding is as grave as that, or graver."""
    return WEIGHT[finding.severity] <= WEIGHT[least]


def by_project(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return pid -> its findings, in their order."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.pid, []).append(finding)
    return found


def counts(findings: Sequence[Finding]) -> list[tuple[str, str, int, int]]:
    """Return the rows of the summary under `HEAD`, gravest and most frequent first."""
    number = Counter((finding.severity, finding.code) for finding in findings)
    pids = {key: {one.pid for one in findings if (one.severity, one.code) == key} for key in number}
    keys = sorted(number, key=lambda key: (WEIGHT[key[0]], -number[key], key[1]))
    return [(str(key[0]), key[1], number[key], len(pids[key])) for key in keys]


def github_command(finding: Finding) -> str:
    """Return the workflow command that puts the finding beside its line (docs.github.com, workflow commands)."""
    place = f"file={finding.path.translate(_PROPERTY)}"
    place += f",line={finding.line}" if finding.line else ""
    text = "\n".join(
        part for part in (finding.what, finding.why, f"To mend: {finding.cure}" if finding.cure else "") if part
    )
    title = finding.code.translate(_PROPERTY)
    return f"::{_COMMANDS[finding.severity]} {place},title={title}::{text.translate(_DATA)}"
