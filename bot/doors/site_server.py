"""A web server for looking at the site on this machine. For practice; a site for others lies on a real web server."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bot.errors import DoorError


class _Handler(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the library calls
        """Keep quiet."""


class SiteServer:
    """Serves one folder, read only, to this machine."""

    def __init__(self, folder: Path, port: int) -> None:
        handler = partial(_Handler, directory=str(folder))
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        except OSError as error:
            raise DoorError(f"port {port}: {error.strerror}; give another with --port") from error

    @property
    def port(self) -> int:
        """Return the port; of 0 the system has made a free one."""
        return int(self._server.server_address[1])

    def serve(self) -> None:
        """Serve until somebody interrupts."""
        with self._server:
            self._server.serve_forever()

    def stop(self) -> None:
        """End serving; for who serves in another thread."""
        self._server.shutdown()
