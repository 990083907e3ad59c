"""Judges from outside: the reference tool for bags, and the validator of RO-Crates, which needs no network here."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from io import BytesIO
from pathlib import Path

CONTEXT = "https://w3id.org/ro/crate/1.3/context"


def bag_complaints(bag: Path) -> str:
    """Return what the Library of Congress' bagit.py says of a bag, "" if it is valid."""
    command = [sys.executable, "-m", "bagit", "--validate", str(bag)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def crate_complaints(crate: Path, cache: Path) -> list[str]:
    """Return what the validator finds against what is required; `cache`: where it keeps what it fetched."""
    from rocrate_validator import services
    from rocrate_validator.models import Severity, ValidationSettings

    _keep_context(cache)
    settings = ValidationSettings(
        rocrate_uri=str(crate), profile_identifier="ro-crate-1.3", requirement_severity=Severity.REQUIRED,
        cache_path=cache, offline=True,
    )  # fmt: skip
    return [str(one.message) for one in services.validate(settings).get_issues()]


def _keep_context(cache: Path) -> None:
    """Put the context that comes with the rocrate library where the validator looks for what it has fetched."""
    from requests import Request
    from requests.adapters import HTTPAdapter
    from requests_cache import CachedSession
    from urllib3 import HTTPResponse

    text = files("rocrate").joinpath("data/ro-crate.jsonld").read_bytes()
    raw = HTTPResponse(BytesIO(text), {"Content-Type": "application/ld+json"}, 200, preload_content=False)
    raw._request_url = CONTEXT
    response = HTTPAdapter().build_response(Request("GET", CONTEXT).prepare(), raw)
    with CachedSession(str(cache), backend="sqlite") as session:
        session.cache.save_response(response)
