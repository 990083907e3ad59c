"""The archive in a Dataverse by its native API: one dataset an observation or combination, found by our identifier.

Each pass looks first: dataset, draft, its files and their checksums; then does what is missing: makes, uploads,
verifies, publishes. A call that got no answer begins the pass anew, so that nothing is made twice, and nothing is
published before every checksum on the far side is that of what lies here. The client is pyDataverse, that of
Dataverse's own community.

Dataverse unpacks a zip that it is sent: a zip travels inside another one, and lies there as one file.
"""

from __future__ import annotations

import json
import logging
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot.doors.stores import Paths
from bot.errors import DoorError, SettingsError
from bot.formats.dataverse_json import FarFile, FarVersion, dataset_json, read_version, told_fields, version_json
from bot.model.deposit import Parcel, ReleaseTag, Sent
from bot.model.project import Deposit
from bot.settings import Archiving

HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
PAUSE_S = 1.0
TIMEOUT_S = 600.0
"""How long an answer is waited for; a big file is being written to far storage meanwhile."""
MAJOR = "major"


class NoAnswer(DoorError):
    """No whole answer came, or the far side is broken: what was asked may be done, and is looked for."""


class Refused(DoorError):
    """Dataverse said no."""


class DataverseStore:
    """Datasets in one collection."""

    name = "dataverse"

    def __init__(
        self, settings: Archiving, token: str, pid: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.settings, self.far, self.sleep = settings, settings.dataverse, sleep
        self.collection = self.far.collection.replace("{pid}", pid)
        self._api = _client(self.far.address, token)
        self._known: dict[str, str] = {}
        """Persistent identifier -> our own, of the datasets that were looked at."""

    def check(self) -> None:
        """Raise SettingsError where something is not set, or the collection cannot be seen."""
        missing = [name for name in ("address", "collection", "contact") if not getattr(self.far, name)]
        if missing:
            raise SettingsError(f"archive.dataverse: {', '.join(missing)} must be set in .github/lmtbot.yml")
        self._patiently(lambda: self._call("GET", f"dataverses/{quote(self.collection)}"))

    def deposit(self, parcel: Parcel, paths: Paths, tag: ReleaseTag) -> Deposit:
        """Have the dataset, whole, verified and published."""
        doi = self._patiently(lambda: self._ensure(parcel, paths))
        return Deposit(name=parcel.name, id=doi, checksum=parcel.checksum, tag=str(tag))

    def faults(self, deposit: Deposit, parcel: Parcel | None) -> tuple[str, ...]:
        """Compare the published dataset with what was sent."""
        if parcel is None:
            return ("what was sent is not remembered here: the checksums of its files cannot be compared",)
        try:
            version = self._patiently(lambda: self._version(deposit.id, ":latest-published"))
        except Refused as refused:
            return (str(refused),)
        return tuple(_differences(version, parcel))

    def _patiently(self, action: Callable[[], Any]) -> Any:
        """Do it; where an answer is missing, from the beginning."""
        for attempt in range(1, self.settings.tries + 1):
            try:
                return action()
            except NoAnswer as error:
                if attempt == self.settings.tries:
                    raise
                logging.warning("%s; looking again", error)
                self.sleep(PAUSE_S * attempt)
        raise AssertionError("unreachable")

    def _ensure(self, parcel: Parcel, paths: Paths) -> str:
        doi = self._find(parcel.metadata.identifier) or self._create(parcel)
        self._wait_for_locks(doi)
        version = self._version(doi)
        if version.is_released and not tuple(_differences(version, parcel)) and self._says(version, parcel):
            return doi
        if not self._says(version, parcel):
            body = version_json(parcel.metadata, self.far.contact, self.settings.terms)
            self._call("PUT", f"datasets/:persistentId/versions/:draft?persistentId={quote(doi)}", body)
        for file in _unwanted(version, parcel):
            self._call("DELETE", f"files/{file.id}")
        kept = {file.name for file in version.files.values()} - {file.name for file in _unwanted(version, parcel)}
        for one in parcel.files:
            if one.name not in kept:
                self._upload(doi, one, paths[one.name], parcel)
        self._publish(doi, parcel)
        return doi

    def _says(self, version: FarVersion, parcel: Parcel) -> bool:
        wanted = told_fields(parcel.metadata, self.far.contact)
        return {name: version.told.get(name) for name in wanted} == wanted

    def _find(self, identifier: str) -> str:
        """Return the dataset that carries our identifier, "" if there is none; two of them are for a person."""
        for one in self._call("GET", f"dataverses/{quote(self.collection)}/contents"):
            doi = f"{one.get('protocol')}:{one.get('authority')}/{one.get('identifier')}"
            if one.get("type") == "dataset" and doi not in self._known:
                self._known[doi] = self._version(doi).identifier
        found = [doi for doi, ours in self._known.items() if ours == identifier]
        if len(found) > 1:
            raise DoorError(
                f"{', '.join(found)} are both {identifier}; destroy the one that is wrong, then run it again"
            )
        return found[0] if found else ""

    def _create(self, parcel: Parcel) -> str:
        body = dataset_json(parcel.metadata, self.far.contact, self.settings.terms)
        made = self._call("POST", f"dataverses/{quote(self.collection)}/datasets", body)
        return str(made["persistentId"])

    def _version(self, doi: str, version: str = ":latest") -> FarVersion:
        path = f"datasets/:persistentId/versions/{version}?persistentId={quote(doi)}"
        return read_version(self._call("GET", path))

    def _upload(self, doi: str, file: Sent, path: Path, parcel: Parcel) -> None:
        is_private = parcel.metadata.public > datetime.now(UTC).date()
        told = {"description": f"{parcel.metadata.identifier}", "restrict": is_private, "tabIngest": False}
        with _wrapped(path) as sent, sent.open("rb") as stream:
            address = f"datasets/:persistentId/add?persistentId={quote(doi)}"
            self._call("POST", address, {"jsonData": json.dumps(told)}, {"file": (sent.name, stream)})
        logging.info("%s: uploaded %s", doi, file.name)

    def _publish(self, doi: str, parcel: Parcel) -> None:
        """Publish a draft that has exactly our files; raise DoorError where it has others."""
        self._wait_for_locks(doi)
        version = self._version(doi)
        if faults := tuple(_differences(version, parcel)):
            raise DoorError(f"{doi} is not published: {'; '.join(faults)}; run it again, they are sent anew")
        if not version.is_released:
            self._call("POST", f"datasets/:persistentId/actions/:publish?persistentId={quote(doi)}&type={MAJOR}")
        self._wait_for_locks(doi)
        version = self._version(doi, ":latest-published")
        if faults := tuple(_differences(version, parcel)):
            raise NoAnswer(f"{doi} is being published: {'; '.join(faults)}")

    def _wait_for_locks(self, doi: str) -> None:
        ends = time.monotonic() + 60 * self.far.patience_minutes
        while locks := self._call("GET", f"datasets/:persistentId/locks?persistentId={quote(doi)}"):
            if time.monotonic() > ends:
                told = ", ".join(str(one.get("lockType")) for one in locks)
                raise DoorError(
                    f"{doi} is locked ({told}) for more than {self.far.patience_minutes} minutes; run it again"
                )
            self.sleep(PAUSE_S)

    def _call(self, method: str, path: str, body: Any = None, files: Any = None) -> Any:
        """Make one call; return what `data` says. Raise NoAnswer or Refused."""
        import httpx
        from pyDataverse.exceptions import ApiAuthorizationError

        url = f"{self._api.base_url_api_native}/{path}"
        try:
            if method in ("GET", "DELETE"):
                answer = (self._api.get_request if method == "GET" else self._api.delete_request)(url)
            else:
                answer = (self._api.post_request if method == "POST" else self._api.put_request)(url, body, files=files)
            told = answer.json()
        except ApiAuthorizationError as error:
            raise SettingsError(f"{self.far.address}: the API token is wrong or has expired; make a new one") from error
        except (httpx.HTTPError, ValueError) as error:
            raise NoAnswer(f"{self.far.address}: {method} {path}: no whole answer ({type(error).__name__})") from error
        if answer.status_code >= 500 or answer.status_code == 429:
            raise NoAnswer(f"{self.far.address}: {method} {path}: {answer.status_code} {told.get('message', '')}")
        if answer.status_code >= 400:
            raise Refused(f"{self.far.address}: {method} {path}: {answer.status_code} {told.get('message', '')}")
        return told.get("data")


def _client(address: str, token: str) -> Any:
    """Return the client, which by itself would wait for an answer for ever."""
    try:
        import httpx
        from pyDataverse.api import NativeApi
        from pyDataverse.auth import ApiTokenAuth
    except ImportError as error:
        raise SettingsError(f"{error.name} is not installed; pip install 'lmtoy-run[archive]'") from error

    class Patient(NativeApi):  # type: ignore[misc]
        """pyDataverse with an end to its waiting, and one connection for all calls."""

        http = httpx.Client()

        def _sync_request(self, method: Callable[..., Any], **words: Any) -> Any:
            kept = getattr(self.http, method.__name__)  # httpx.get -> Client.get

            def limited(**more: Any) -> Any:
                return kept(**{**more, "timeout": httpx.Timeout(TIMEOUT_S, connect=30.0)})

            return super()._sync_request(limited, **words)

    return Patient(address, auth=ApiTokenAuth(token))


@contextmanager
def _wrapped(path: Path) -> Iterator[Path]:
    """Give the file to send: a zip inside another one."""
    if path.suffix != ".zip":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="lmtbot-archive-") as folder:
        outer = Path(folder) / path.name
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_STORED, allowZip64=True) as packed:
            packed.write(path, path.name)
        yield outer


def _unwanted(version: FarVersion, parcel: Parcel) -> list[FarFile]:
    """Return the files of a dataset that are not those of the parcel."""
    wanted = {one.name: one for one in parcel.files}
    return [one for one in version.files.values() if one.name not in wanted or not _is_same(one, wanted[one.name])]


def _differences(version: FarVersion, parcel: Parcel) -> Iterator[str]:
    """Yield what lies there and was not sent, or was sent and does not lie there."""
    for one in _unwanted(version, parcel):
        yield f"{one.name} has another checksum, or was not sent"
    for wanted in parcel.files:
        if wanted.name not in version.files:
            yield f"{wanted.name} is not there"


def _is_same(far: FarFile, sent: Sent) -> bool:
    if far.algorithm not in HASHES:
        raise DoorError(
            f"the Dataverse tells the {far.algorithm} of its files, which is not known here; it should tell MD5"
        )
    return bool(far.checksum == getattr(sent, HASHES[far.algorithm]))
