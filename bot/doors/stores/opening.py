"""From settings and environment to an open store. Keeps no secret but in the store's own client."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.doors.secrets import secret
from bot.doors.stores import DryStore, Store
from bot.doors.stores.bag import BagStore
from bot.errors import SettingsError
from bot.settings import Site

FOLDER = "archive"
VARIABLE = "LMTBOT_DATAVERSE_TOKEN"


def store_name(site: Site) -> str:
    """Return the name of the site's store, as archive.yaml tells it."""
    archive = site.settings.archive
    is_pipeline = archive.store == "dataverse" and archive.dataverse.route == "pipeline"
    return "pipeline" if is_pipeline else archive.store


def open_store(
    site: Site, environment: Mapping[str, str], *, name: str = "", pid: str = "", dry_run: bool = False
) -> Store:
    """Return the site's store, or the one of this name that an earlier release went to; raise SettingsError."""
    store = _store(site, environment, name or store_name(site), pid)
    return DryStore(store) if dry_run else store


def _store(site: Site, environment: Mapping[str, str], name: str, pid: str) -> Store:
    if name == "dataverse":
        from bot.doors.stores.dataverse import DataverseStore  # its client is an extra

        return DataverseStore(site.settings.archive, _token(environment), pid)
    if name == "pipeline":
        from bot.doors.stores.pipeline import PipelineStore

        return PipelineStore(site, environment)
    folder = site.settings.archive.folder
    return BagStore(Path(folder) if folder else site.need_work() / FOLDER, site.settings.archive.terms)


def _token(environment: Mapping[str, str]) -> str:
    token = secret(environment, VARIABLE)
    if not token:
        raise SettingsError(
            f"no way into the Dataverse: export {VARIABLE}, or {VARIABLE}_FILE (a file that only you may read)"
        )
    return token
