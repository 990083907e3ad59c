"""The way of a TAP to where people look at it: a folder here, or rsync over ssh to unity.

Sending puts the TAP into the far side's inbox, then its facts (whose arrival means: whole), then lets the far side
receive. Every name carries the digest of the facts, so that sending again, or a re-made quick look, can never pair the
facts of one with the TAP of another. What is received, and how, is bot.stages.quicklook.taps.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.doors.files import write_whole
from bot.errors import DoorError, SettingsError
from bot.model.quicklook import QuickLook
from bot.settings import Taps

INBOX = Path("lmtbot") / "inbox"
"""Below WORK_LMT of the far side."""
FACTS, TAP = ".json", ".tar"
LINK_S = 60
"""A link that says nothing for so long is down."""
SSH_OPTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=15")

Receive = Callable[[Path], dict[str, str]]
"""Receive everything in the inbox of a WORK_LMT; return {name: reason} of what lies refused there."""


class TapBox(Protocol):
    """Where quick looks are sent."""

    def send(self, look: QuickLook, tap: Path | None) -> None:
        """Bring one quick look to the page; None: it failed, only its facts travel. Sending again does no harm.

        Raises DoorError when the link is down or the far side refuses.
        """


def open_tapbox(target: str, site_work: Path, receive: Receive, settings: Taps | None = None) -> TapBox:
    """Return the box of a target: "" = `site_work` itself, a folder (another WORK_LMT), or [user@]host:DIR.

    bot.stages.quicklook.taps.tapbox fills in `receive` and `settings` of a site. Raises SettingsError for a target of
    no form.
    """
    head, colon, folder = target.partition(":")
    if not colon or "/" in head:
        return FolderBox(Path(target) if target else site_work, receive)
    if not re.fullmatch(r"([A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9][\w.-]*", head):
        raise SettingsError(f"{target!r}: {head!r} is no host; write [user@]host:DIR, or the path of a folder")
    if not folder or folder.startswith(("~", "-")):
        raise SettingsError(f"{target!r}: write the far WORK_LMT as a whole path, e.g. {head}:/nese/work_lmt")
    return SshBox(head, folder, settings or Taps())


@dataclass(frozen=True)
class FolderBox:
    """The WORK_LMT of this machine, or another that is mounted here."""

    work: Path
    receive: Receive

    def send(self, look: QuickLook, tap: Path | None) -> None:
        """Copy into the inbox, then receive in this process."""
        if not self.work.is_dir():
            raise DoorError(f"{self.work}: this folder is not there; mount it, or mend the target of the quick look")
        name = name_of(look)
        try:
            if tap:
                _copy_whole(tap, self.work / INBOX / f"{name}{TAP}")
            write_whole(self.work / INBOX / f"{name}{FACTS}", facts_text(look))
            refused = self.receive(self.work)
        except OSError as error:
            raise DoorError(f"{error.filename or self.work}: {error.strerror}; see who may write there") from error
        _see_taken(look, refused, str(self.work))


@dataclass(frozen=True)
class SshBox:
    """A WORK_LMT on another machine; needs rsync and ssh here, and there lmtbot, rsync and a key without a password."""

    host: str
    folder: str
    settings: Taps

    def send(self, look: QuickLook, tap: Path | None) -> None:
        """Send by rsync, which gives a file its name when it is whole, then let lmtbot there receive."""
        name = name_of(look)
        with tempfile.TemporaryDirectory(prefix="lmtbot-tap-") as staged:
            inbox = Path(staged) / INBOX
            inbox.mkdir(parents=True)
            if tap:
                (inbox / f"{name}{TAP}").symlink_to(tap.absolute())
                self._rsync(staged, f"{name}{TAP}")
            (inbox / f"{name}{FACTS}").write_text(facts_text(look), encoding="utf-8")
            self._rsync(staged, f"{name}{FACTS}")
        _see_taken(look, self._receive(), f"{self.host}:{self.folder}")

    def _rsync(self, staged: str, name: str) -> None:
        """Send one file; -R makes the inbox, and the dot at the end leaves a mistyped WORK_LMT unmade."""
        shell = shlex.join([*self.settings.ssh, *SSH_OPTIONS])
        options = ["-s", "-L", "-R", "--chmod=D755,F644", f"--timeout={LINK_S}", "-e", shell]
        place = f"{self.host}:{self.folder}/."
        done = _call(["rsync", *options, "--", f"{staged}/./{INBOX / name}", place])
        if done.returncode:
            cure = f"`ssh {self.host}` must work without a password and {self.folder} must be there"
            raise DoorError(f"{self.host}:{self.folder}: rsync cannot send {name} ({_told_by(done)}); {cure}")

    def _receive(self) -> dict[str, str]:
        command = [*self.settings.remote_command, "taps", "--receive", "--json", "--work", self.folder]
        done = _call([*self.settings.ssh, *SSH_OPTIONS, self.host, "--", shlex.join(command)])
        try:
            told = json.loads(done.stdout)
            return {str(name): str(reason) for name, reason in told["refused"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            cure = f"try `{shlex.join(command)}` there; taps.remote_command in the settings names lmtbot there"
            raise DoorError(f"{self.host}: what was sent is not received yet ({_told_by(done)}); {cure}") from error


def name_of(look: QuickLook) -> str:
    """Return what a quick look is called in an inbox: its obsnum and the digest of its facts."""
    return f"{look.obsnum}.{hashlib.sha256(facts_text(look).encode()).hexdigest()[:12]}"


def facts_text(look: QuickLook) -> str:
    """Return the facts as JSON that a person can read."""
    return look.model_dump_json(indent=1) + "\n"


def _copy_whole(origin: Path, target: Path) -> None:
    """Copy a file so that its name appears when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.new")
    shutil.copyfile(origin, part)
    part.replace(target)


def _see_taken(look: QuickLook, refused: dict[str, str], place: str) -> None:
    reason = refused.get(name_of(look))
    if reason:
        raise DoorError(f"{place}: the quick look of obsnum {look.obsnum} is refused: {reason}")


def _call(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; raise DoorError when it is not there or hangs."""
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",  # the far side may greet in any encoding
            timeout=60 * LINK_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise DoorError(f"{command[0]} is not on PATH; sudo apt-get install rsync openssh-client") from error
    except subprocess.TimeoutExpired as error:
        raise DoorError(f"{command[0]} did not end within {LINK_S} minutes; is the link up?") from error


def _told_by(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return lines[0] if lines else f"exit code {done.returncode}, and no word"
