"""Where products are archived. One file a store; all of them ensure: what lies there already is not sent again.

A store tells a deposit only when what lies on the far side was read back and has the checksums of what was sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from bot.model.deposit import Parcel, ReleaseTag
from bot.model.project import Deposit

Paths = Mapping[str, Path]
"""Name of a file in a parcel -> where it lies here."""
Tell = Callable[[str], None]


class Store(Protocol):
    """One archive. Every call may be made again after a crash at any point of an earlier one."""

    name: str
    """As archive.yaml names it."""

    def check(self) -> None:
        """Raise SettingsError where nothing can be sent: an address, a right, a folder is missing."""

    def deposit(self, parcel: Parcel, paths: Paths, tag: ReleaseTag) -> Deposit:
        """Have a parcel in the archive, whole and verified; raise DoorError. `tag`: the release that sends it."""

    def faults(self, deposit: Deposit, parcel: Parcel | None) -> tuple[str, ...]:
        """Say what is wrong with a deposit as it lies there; `parcel`: what was sent, where that is known still."""


class DryStore:
    """A store that only tells what it would send."""

    def __init__(self, store: Store) -> None:
        self.name = store.name

    def check(self) -> None:
        """Nothing is sent."""

    def deposit(self, parcel: Parcel, paths: Paths, tag: ReleaseTag) -> Deposit:
        """Tell it."""
        size = sum(one.bytes for one in parcel.files)
        logging.warning("would send %s to the %s: %d files, %s bytes", parcel.name, self.name, len(paths), f"{size:,}")
        return Deposit(name=parcel.name, id="not sent", checksum=parcel.checksum, tag=str(tag))

    def faults(self, deposit: Deposit, parcel: Parcel | None) -> tuple[str, ...]:  # noqa: ARG002
        """Nothing was sent."""
        return ()
