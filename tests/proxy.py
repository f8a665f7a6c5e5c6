"""A proxy on loopback that leads every CONNECT to one port of ours, for who signs in."""

from __future__ import annotations

import base64
import select
import socket
from collections.abc import Iterator

import pytest

from tests.loopback import Handler, Loopback

USER, PASSWORD = "postroom", "hush-hush"
_LOGIN = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Proxy(Loopback):
    """`start` gives what HTTPS_PROXY names it by. `asked` are the hosts and ports that somebody wanted to reach."""

    def __init__(self) -> None:
        super().__init__(None)
        self.to = 0
        self.asked: list[str] = []

    def start(self) -> str:
        owner = self

        class Tunnel(Handler):
            def do_CONNECT(self) -> None:
                if self.headers.get("Proxy-Authorization") != _LOGIN:
                    self.answer(407, b"", "text/plain", {"Proxy-Authenticate": "Basic"})
                    return
                owner.asked.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.flush()
                self.close_connection = True
                with socket.create_connection(("127.0.0.1", owner.to)) as server:
                    _carry(self.connection, server)

        return f"http://{USER}:{PASSWORD}@127.0.0.1:{self.listen(Tunnel)}"


def _carry(one: socket.socket, other: socket.socket) -> None:
    """Until one of them ends."""
    while ready := select.select([one, other], [], [], 10)[0]:
        for side in ready:
            data = side.recv(65_536)
            if not data:
                return
            (other if side is one else one).sendall(data)


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The one that HTTPS_PROXY names, for every host."""
    found = Proxy()
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", found.start())
    yield found
    found.stop()
