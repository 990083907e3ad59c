"""The archive in a folder: one BagIt bag an observation or combination and version, an RO-Crate inside.

Layout: FOLDER/PID/NAME/vN/{bagit.txt,bag-info.txt,manifest-*.txt,data/{ro-crate-metadata.json,...}}. A bag is made in
a hidden folder beside its place, validated, brought to the disk, and renamed: it is there whole or not at all, and is
never changed again.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.doors.files import sync_folder
from bot.doors.results import discard
from bot.doors.stores import Paths
from bot.errors import DoorError, SettingsError
from bot.model.deposit import Parcel, ReleaseTag, checksum_of
from bot.model.project import Deposit

ALGORITHMS = ("sha256", "sha512")
CRATE = "ro-crate-metadata.json"
PROFILE = "BagIt with an RO-Crate as payload"
ORGANISATION, HOME = "Large Millimeter Telescope", "http://lmtgtm.org"


class BagStore:
    """Bags in a folder."""

    name = "bag"

    def __init__(self, folder: Path, terms: str) -> None:
        self.folder = folder
        self.terms = terms

    def check(self) -> None:
        """Raise SettingsError where the libraries are missing or nobody can write."""
        try:
            import bagit  # noqa: F401
            import rocrate.rocrate  # noqa: F401
        except ImportError as error:
            raise SettingsError(f"{error.name} is not installed; pip install 'lmtoy-run[archive]'") from error
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"{self.folder}: {error.strerror}; mend `archive.folder` in the settings") from error
        if not os.access(self.folder, os.W_OK):
            raise SettingsError(f"{self.folder}: nobody may write there; mend its rights, or `archive.folder`")

    def deposit(self, parcel: Parcel, paths: Paths, tag: ReleaseTag) -> Deposit:
        """Have the bag; one that is there already must hold just these files."""
        place = self.folder / parcel.metadata.identifier / f"v{tag.version}"
        deposit = Deposit(
            name=parcel.name, id=f"bag:{place.relative_to(self.folder)}", checksum=parcel.checksum, tag=str(tag)
        )
        with _told(place):
            for left in place.parent.glob(".*.new"):  # of a process that was killed; only one works at a time
                discard(left)
            if not place.exists():
                self._make(place, parcel, paths, tag)
        if faults := self.faults(deposit, parcel):
            raise DoorError(f"{place}: {'; '.join(faults)}; look at it, and move it away if it is not wanted")
        return deposit

    def faults(self, deposit: Deposit, parcel: Parcel | None) -> tuple[str, ...]:  # noqa: ARG002 - it tells all itself
        """Validate the bag, every byte of it, and compare it with the checksum of what was sent."""
        place = self.place(deposit)
        if not place.is_dir():
            return (f"there is no bag {place}",)
        return tuple(_bag_faults(place, deposit.checksum))

    def place(self, deposit: Deposit) -> Path:
        """Return the folder of a deposit."""
        relative = Path(deposit.id.removeprefix("bag:"))
        if relative.is_absolute() or ".." in relative.parts:
            raise DoorError(f"{deposit.id!r} names no bag")
        return self.folder / relative

    def _make(self, place: Path, parcel: Parcel, paths: Paths, tag: ReleaseTag) -> None:
        import bagit

        new = place.with_name(f".{place.name}.{secrets.token_hex(4)}.new")
        new.mkdir(parents=True)
        try:
            for one in parcel.files:
                shutil.copy2(paths[one.name], new / one.name)
            _write_crate(new, parcel, tag, self.terms)
            with _same_folder():  # bagit changes the working directory, and back only when all went well
                bagit.make_bag(str(new), _info(parcel, tag), checksums=ALGORITHMS)
            if faults := tuple(_bag_faults(new, parcel.checksum)):
                raise DoorError(f"{new}: {'; '.join(faults)}; the products changed meanwhile, or the disk is bad")
            _sync(new)
            new.rename(place)
            sync_folder(place.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                discard(new)
            raise


@contextmanager
def _same_folder() -> Iterator[None]:
    before = Path.cwd()
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _told(place: Path) -> Iterator[None]:
    import bagit

    bagit.LOGGER.setLevel(logging.CRITICAL)  # what it logs it raises too, and we tell that once
    try:
        yield
    except bagit.BagError as error:
        raise DoorError(f"{place}: the bag could not be made ({error}); nothing is there, run it again") from error
    except OSError as error:
        cure = "make room and run it again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "run it again"
        raise DoorError(f"{place}: cannot be written ({error.strerror or error}); nothing is there; {cure}") from error


def _info(parcel: Parcel, tag: ReleaseTag) -> dict[str, str]:
    told = parcel.metadata
    return {
        "Source-Organization": ORGANISATION,
        "External-Identifier": f"{told.identifier}/v{tag.version}",
        "External-Description": f"{told.kind} {parcel.name} of {told.project}: {told.source}, {told.mode}, level 2",
        "Bag-Group-Identifier": told.project,
        "Internal-Sender-Identifier": str(tag),
        "Internal-Sender-Description": PROFILE,
    }


def _write_crate(folder: Path, parcel: Parcel, tag: ReleaseTag, terms: str) -> None:
    """Write the metadata of the crate; its files lie in the folder already."""
    from rocrate.model import ContextEntity
    from rocrate.model.person import Person
    from rocrate.rocrate import ROCrate

    told = parcel.metadata
    crate = ROCrate()
    crate.name = f"{told.project}: {told.source} ({parcel.name})"
    crate.description = (
        f"{told.kind.capitalize()} {parcel.name} of the LMT project {told.project}, reduced at level 2: {told.source}, "
        f"{told.mode}, observed {told.observed} UT"
    )
    crate.datePublished = f"{told.public}T00:00:00+00:00"
    name = {"@type": "PropertyValue", "propertyID": "LMT", "value": f"{told.identifier}/v{tag.version}"}
    crate.root_dataset["identifier"] = crate.add(ContextEntity(crate, "#identifier", name))
    crate.root_dataset["version"] = str(tag.version)
    crate.root_dataset["license"] = crate.add(
        ContextEntity(crate, "#terms", {"@type": "CreativeWork", "name": "Terms of use", "description": terms})
    )
    crate.root_dataset["publisher"] = crate.add(
        ContextEntity(crate, HOME, {"@type": "Organization", "name": ORGANISATION, "url": HOME})
    )
    crate.root_dataset["author"] = crate.add(Person(crate, "#pi", {"name": told.pi}))
    for one in parcel.files:
        crate.add_file(folder / one.name, one.name, properties=_file(one.name, one.bytes, one.sha256))
    crate.metadata.write(folder)


KINDS = {
    ".zip": ("application/zip", "science-ready products, packed"),
    ".yaml": ("application/yaml", "metadata as the pipeline wrote them"),
    ".json": ("application/json", "what the archive is told of this product"),
    ".rc": ("text/plain", "parameters and numbers of the reduction"),
}


def _file(name: str, size: int, sha256: str) -> dict[str, Any]:
    kind, words = KINDS.get(Path(name).suffix, ("application/octet-stream", "a file of the product"))
    return {"name": name, "encodingFormat": kind, "contentSize": str(size), "description": words, "sha256": sha256}


def _bag_faults(place: Path, checksum: str) -> Iterator[str]:
    import bagit

    try:
        bag = bagit.Bag(str(place))
        bag.validate(processes=1)
    except (bagit.BagError, OSError, ValueError) as error:
        yield f"the bag does not validate: {error}"
        return
    files = {path.removeprefix("data/"): hashes["sha256"] for path, hashes in bag.payload_entries().items()}
    files.pop(CRATE, None)
    if checksum_of(files.items()) != checksum:
        yield "its files are not those that were sent"


def _sync(folder: Path) -> None:
    """Bring a tree to the disk."""
    for here, _, names in os.walk(folder):
        for name in names:
            with (Path(here) / name).open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(Path(here))
