"""One family of errors, split by who can mend them, and the Finding that every check speaks in.

Nothing here knows files or doors; a message is complete by itself: where, what was found, which rule, what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs: an error stops what it touches, a warning wants a look, info only tells."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, told once: where it stands, what it is, why it matters, how to mend it."""

    code: str
    severity: Severity
    path: str
    line: int
    what: str
    why: str = ""
    cure: str = ""
    pid: str = ""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        text = f"{where}: {self.severity}: {self.what}"
        text += f"\n    why: {self.why}" if self.why else ""
        return text + (f"\n    mend: {self.cure}" if self.cure else "") + f"  [{self.code}]"

    def as_json(self) -> dict[str, object]:
        """Return the finding as plain values, for `--json`."""
        return asdict(self)


class LmtBotError(Exception):
    """Everything that we raise on purpose."""


class ProjectError(LmtBotError):
    """The project's own files (or what the user typed) are wrong; a PI, DA or PO can mend them."""

    def __init__(self, message: str = "", findings: Iterable[Finding] = ()) -> None:
        self.findings = tuple(findings)
        told = "\n".join(str(finding) for finding in self.findings)
        super().__init__("\n".join(part for part in (message, told) if part))

    def with_those_of(self, other: ProjectError) -> ProjectError:
        """Return this error with the findings of another one too, each once."""
        more = [one for one in other.findings if one not in self.findings]
        return ProjectError(findings=(*self.findings, *more)) if more else self


class PermissionDenied(LmtBotError):
    """The person may not do this."""


class SettingsError(LmtBotError):
    """The installation is wrong: settings, environment, missing programs; the PO can mend it."""


class DoorError(LmtBotError):
    """The world outside failed: git, Slurm, storage, a process."""


class RawDataError(LmtBotError):
    """A raw file is not what it should be; the telescope, or who copies its data, can mend it."""


class Busy(DoorError):
    """Somebody else holds the lock; the message says who and since when."""
