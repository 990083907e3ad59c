"""A simulated Dataverse that answers on a port of this machine, and the store that talks to it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from bot.doors.stores.dataverse import DataverseStore
from bot.settings import Archiving, Dataverse
from bot.sim.dataverse import Installation, make_app
from tests.e2e.site import PID


@contextmanager
def served(installation: Installation) -> Iterator[str]:
    """Serve it; give its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(installation), log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def store(address: str, token: str = Installation.token, tries: int = 3) -> DataverseStore:
    far = Dataverse(route="api", address=address, collection="lmt", contact="archive@example.org")
    settings = Archiving(store="dataverse", dataverse=far, tries=tries)
    return DataverseStore(settings, token, PID, sleep=lambda _seconds: None)
