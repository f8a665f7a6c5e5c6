"""An HTTP server on loopback, in a thread of its own, with TLS where it is wanted."""

from __future__ import annotations

import contextlib
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Answers at once: what is written leaves in one piece, and nothing is logged."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def body(self) -> bytes:
        """Of the request. Raises `ConnectionError` where the client has gone in the middle of it."""
        length = int(self.headers.get("Content-Length", 0))
        found = self.rfile.read(length)
        if len(found) < length:
            raise ConnectionError("the request broke off")
        return found

    def answer(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        """A whole answer; nothing where the client has gone."""
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silence."""


class _Counting(ThreadingHTTPServer):
    daemon_threads = True
    connections = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), (ConnectionError, ssl.SSLError)):  # a client may end as it likes
            super().handle_error(request, client_address)


class Loopback:
    """`listen` gives the port; `stop` ends it."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self._http: _Counting | None = None

    def listen(self, handler: type[BaseHTTPRequestHandler]) -> int:
        self._http = _Counting(("127.0.0.1", 0), handler)
        if self._tls is not None:
            self._http.socket = self._tls.wrap_socket(self._http.socket, server_side=True)
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self._http.server_port

    @property
    def port(self) -> int:
        assert self._http is not None
        return self._http.server_port

    @property
    def connections(self) -> int:
        """How many there have been."""
        assert self._http is not None
        return self._http.connections

    def stop(self) -> None:
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
