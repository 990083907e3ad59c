"""The archive by the pipeline's own `archive=1`: one call at a time, on the account that may.

The call sends PID/dir4dv/NAME of its WORK_LMT, deletes it whatever came of that, and adds a line to dataverse.log
there. It gets a WORK_LMT of its own with hard links, so that nothing of the official results is deleted. Its log is all
that tells: no checksum can be read back. A call whose end nobody saw may have sent or not; a person has to say.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from bot.doors.archive_journal import ArchiveJournal
from bot.doors.files import append_text, read_text, write_whole
from bot.doors.pipeline import BEGUN_FILE, LocalPipeline
from bot.doors.results import discard, link_member
from bot.doors.stores import Paths
from bot.errors import DoorError
from bot.model.deposit import Parcel, ReleaseTag
from bot.model.project import Deposit
from bot.settings import Site

LOG = "dataverse.log"
SENT = "sent"
SENDING = "sending"
LOOK_S = 0.5


class PipelineStore:
    """Dataverse as the pipeline knows it."""

    name = "pipeline"

    def __init__(self, site: Site, environment: Mapping[str, str]) -> None:
        self.work = site.need_work()
        self.settings = site.settings
        command = site.settings.pipeline.command
        self.pipeline = LocalPipeline(command, environment, data=site.data, work=self.work)

    def check(self) -> None:
        """Raise SettingsError where the pipeline is not there."""
        self.pipeline.locate()

    def deposit(self, parcel: Parcel, paths: Paths, tag: ReleaseTag) -> Deposit:  # noqa: ARG002 - it takes dir4dv
        """Have it sent, once."""
        place = self._place(parcel, tag)
        told = read_text(place / SENT).strip() or self._send(parcel, place)
        return Deposit(name=parcel.name, id=told, checksum=parcel.checksum, tag=str(tag))

    def faults(self, deposit: Deposit, parcel: Parcel | None) -> tuple[str, ...]:  # noqa: ARG002 - only its log tells
        """Look whether the pipeline's log has the line of a deposit."""
        line = deposit.id.removeprefix("pipeline:")
        if line == deposit.id:  # a person found it there, and said under which name
            return ()
        return () if line in self._logged(self.work) else (f"{self.work / LOG} has no line {line!r}",)

    def settle(self, parcel_name: str, tag: ReleaseTag, identifier: str) -> None:
        """Take a person's word on a call whose end nobody saw: what it became there, or "" for not sent."""
        place = ArchiveJournal(self.work, tag).home / SENDING / parcel_name
        if self.pipeline.find(place / "area"):
            raise DoorError(f"the call that sends {parcel_name} is still at work; wait for it")
        if identifier:
            write_whole(place / SENT, f"{identifier}\n")
        discard(place / "area")

    def _place(self, parcel: Parcel, tag: ReleaseTag) -> Path:
        return ArchiveJournal(self.work, tag).home / SENDING / parcel.name

    def _send(self, parcel: Parcel, place: Path) -> str:
        area = place / "area"
        if not (area / f"{BEGUN_FILE}.0").exists():
            self._prepare(parcel, area)
            self.pipeline.start(parcel.archive_words, area, place / "log", 0)
        self._wait(parcel, area)
        name = f"{parcel.metadata.project} {parcel.name}"
        line = next((one for one in self._logged(area) if one.endswith(f" {name}")), "")
        code = self.pipeline.exit_of(area, 0)
        if line and code == 0:
            return self._sent(place, line)
        if code is None or line:
            raise DoorError(
                f"nobody knows whether {parcel.name} was sent: the call ended with {code}, its log is {place / 'log'}. "
                f"Look into the Dataverse, then say `--sent {parcel.name}=DOI`, or `--send-again {parcel.name}`"
            )
        discard(area)
        raise DoorError(f"the pipeline did not send {parcel.name} (exit {code}), see {place / 'log'}; run it again")

    def _sent(self, place: Path, line: str) -> str:
        """Remember what was sent, first in the log that people know."""
        if line not in self._logged(self.work):
            append_text(self.work / LOG, f"{line}\n")
        told = f"pipeline:{line}"
        write_whole(place / SENT, f"{told}\n")
        discard(place / "area")
        return told

    def _prepare(self, parcel: Parcel, area: Path) -> None:
        """Make the call's own WORK_LMT anew: what it sends, and the unit's directory, which it may look into."""
        discard(area)
        project = parcel.metadata.project
        official, own = self.work / project, area / project
        staged = official / "dir4dv" / parcel.name
        if not staged.is_dir():
            raise DoorError(f"{staged} is not there: the pipeline sends nothing else; reduce {parcel.name} again")
        link_member(staged, own, "dir4dv")
        link_member(official / parcel.name, area, project)

    def _wait(self, parcel: Parcel, area: Path) -> None:
        ends = time.monotonic() + 60 * self.settings.pipeline.timeout_minutes
        while call := self.pipeline.find(area):
            if time.monotonic() > ends:
                call.stop()
                raise DoorError(f"the call that sends {parcel.name} took too long and was ended; run it again")
            call.wait(LOOK_S)

    @staticmethod
    def _logged(work: Path) -> list[str]:
        return read_text(work / LOG).splitlines()
