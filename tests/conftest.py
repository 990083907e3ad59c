"""What every test gets: no network, no home, no site of the machine; unit tests also no process."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("lmtoy", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("lmtoy")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's `&` has it so, and every child would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why tests were skipped, each reason once: two hundred may want the same missing part."""
    reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")


SITE_VARIABLES = ("DATA_LMT", "WORK_LMT", "LMTSIM_PLOTS", "LMTSIM_FAULTS", "LMTSIM_JOURNAL", "LMTSIM_SECONDS")


@pytest.fixture(autouse=True)
def _own_world(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the test a home of its own and no site; whoever needs one says so."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    for name in SITE_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves the machine."""
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"a test wanted to connect to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)


@pytest.fixture(autouse=True)
def _no_processes_in_unit_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unit tests are values in, values out."""
    if Path(str(request.fspath)).parent.name != "unit":
        return

    def refuse(*args: object, **kwargs: object) -> NoReturn:
        raise RuntimeError("a unit test wanted to start a process; it belongs to tests/e2e or tests/contract")

    monkeypatch.setattr(subprocess, "Popen", refuse)
