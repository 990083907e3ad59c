"""A real browser that fails on whatever a page asks for elsewhere, or complains of; and axe, who judges access."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from tests.taps import need

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update "
    "disable-sync"
)
WIDTHS = {"desk": 1280, "phone": 390}
AXE = Path(__file__).parent / "npm" / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Debian's browser; skip where it is missing, fail under CI."""
    need(CHROMIUM)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM, args=[f"--{flag}" for flag in FLAGS.split()])
        yield made
        made.close()


@contextmanager
def opened(browser: Any, url: str, *, width: int = 1280, scheme: str = "light") -> Iterator[Any]:
    """Open a page; its console must stay silent, and it may ask for nothing beyond its own origin."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    tab.set_default_timeout(20_000)
    asked: list[str] = []
    told: list[str] = []
    tab.on("request", lambda one: asked.append(one.url))
    tab.on("console", lambda one: told.append(one.text))
    tab.on("pageerror", lambda one: told.append(str(one)))
    tab.goto(url)
    yield tab
    assert told == [], told
    assert {urlparse(one).scheme for one in asked} <= {"file", "data"}
    assert "evil" not in tab.title().replace("document.title='evil'", ""), "a hostile text has run"
    context.close()


def axe_faults(tab: Any) -> list[str]:
    """Return what axe finds on an open page."""
    if not AXE.exists():
        words = f"{AXE} is not there: run `npm ci` in tests/site/npm"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    tab.evaluate(AXE.read_text())
    found = tab.evaluate("axe.run(document, {preload: false}).then(told => told.violations)")
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found]
