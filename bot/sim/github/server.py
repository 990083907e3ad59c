"""Runs it: `serve` for good, `Running` in a thread of its own for tests and demos. Loopback only."""

from __future__ import annotations

import argparse
import socket
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn

from bot.sim.github.pages.site import make_pages
from bot.sim.github.seed import World, is_planted, plant
from bot.sim.github.store.state import Limits, State
from bot.sim.github.wire.api import Witness
from bot.sim.github.wire.app import App
from bot.sim.github.workflows.hosts import HOSTS

HOST = "127.0.0.1"


def listen(port: int = 0) -> socket.socket:
    """Return a socket of loopback that listens; port 0 takes a free one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the address to give to clients."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


def make_server(app: App) -> uvicorn.Server:
    """Return a server that has not started; httptools takes the absolute-form targets of clients behind HTTP_PROXY."""
    config = uvicorn.Config(
        app, http="httptools", log_level="warning", access_log=False, timeout_keep_alive=75, proxy_headers=False
    )
    config.timeout_graceful_shutdown = 2
    return uvicorn.Server(config)


def serve(folder: Path, port: int, files: dict[str, bytes] | Path, limits: Limits | None = None, **more: Any) -> None:
    """Serve the state in a folder until interrupted; an empty folder gets the seeded world first. `more`: see App."""
    listener = listen(port)
    state = State(folder, address=address_of(listener), limits=limits)
    if not is_planted(state):
        state.do(lambda: plant(state, World(), files)).result()
    sys.stdout.write(f"{state.address}\n")
    sys.stdout.flush()
    make_server(App(state, pages=make_pages(state), **{"hosts": HOSTS} | more)).run(sockets=[listener])


class Running:
    """A server in a thread: `with Running(state, listener): ...`. `more`: see App; without `hosts` no workflow runs."""

    def __init__(self, state: State, listener: socket.socket, witness: Witness | None = None, **more: Any) -> None:
        self.state = state
        self.app = App(state, witness=witness, pages=make_pages(state), **more)
        self._server = make_server(self.app)
        self._thread = threading.Thread(target=lambda: self._server.run(sockets=[listener]), name="github", daemon=True)

    def __enter__(self) -> Running:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the simulated GitHub did not start; its log says why")
            time.sleep(0.005)
        return self

    def wait(self) -> None:
        """Wait until the server has ended; a signal interrupts it."""
        while self._thread.is_alive():
            self._thread.join(1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()


def main(argv: list[str] | None = None) -> int:
    """`python -m bot.sim.github.server FOLDER [--port N] [--files DIR]`: serve until interrupted."""
    parser = argparse.ArgumentParser(prog="github", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--clone", type=Path, help="a clone whose branches become the repository")
    parser.add_argument("--calls-per-hour", type=int, default=Limits.person)
    parser.add_argument("--practice", action="store_true", help="open /_sim/: faults on demand")
    args = parser.parse_args(argv)
    files = args.clone or {"README.md": b"# lmtoy_run\n"}
    serve(args.folder, args.port, files, Limits(person=args.calls_per_hour), is_practice=args.practice)
    return 0


if __name__ == "__main__":
    sys.exit(main())
