"""The loopback servers that `tools.mailboxes` lives with, alike to it: Exchange by EWS, and Microsoft Graph."""

from __future__ import annotations

import random
import ssl
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Protocol

import trustme

from engine.config.connections import ExchangeTls
from engine.sources.graph import GraphMailbox
from engine.sources.remote import Remote
from tests.ews.server import Server
from tests.ews.store import Store
from tests.graph.server import GraphServer
from tools.soak import ADDRESS

_FAULTS = ("busy", "503", "500", "reset", "truncated", "not xml")
_OPERATIONS = ("SyncFolderItems", "GetItem", "MoveItem", "GetFolder", "FindItem")
_PATHS = ("delta", r"\$value", "move", "mailFolders", r"messages/[^/]+$")


class Way(Protocol):
    """How a mailbox is read. `endpoint` is what the configuration names."""

    endpoint: str

    def remote(self, folder: str) -> Remote | None:
        """What reads it; None: what the configuration says."""

    def fail(self, dice: random.Random) -> None:
        """Something fails a few times."""

    def heal(self) -> None:
        """Nothing fails any more."""

    def stop(self) -> None:
        """Ends the server."""


class ByEws:
    def __init__(self, store: Store) -> None:
        self._server = Server(store)
        self.endpoint = self._server.start()

    def remote(self, folder: str) -> Remote | None:
        return None

    def fail(self, dice: random.Random) -> None:
        self._server.fail(dice.choice(_OPERATIONS), dice.choice(_FAULTS), times=dice.randint(1, 3), seconds=0.01)

    def heal(self) -> None:
        self._server.faults.clear()

    def stop(self) -> None:
        self._server.stop()


class ByGraph:
    def __init__(self, store: Store, folder: Path) -> None:
        context, authority = certificate()
        self._ca = folder / "ca.pem"
        authority.cert_pem.write_to_path(self._ca)
        self._server = GraphServer(store, context)
        self._server.start()
        self.endpoint = "https://mail.harbourhill.example/EWS/Exchange.asmx"  # is not asked

    def remote(self, folder: str) -> GraphMailbox:
        return GraphMailbox(ADDRESS, self._server.source(folder=folder), ExchangeTls(str(self._ca), True, timedelta(seconds=10)))

    def fail(self, dice: random.Random) -> None:
        self._server.fail(dice.choice(_PATHS), dice.choice((429, 500, 503, 504)), times=dice.randint(1, 3))

    def heal(self) -> None:
        self._server.faults.clear()

    def stop(self) -> None:
        self._server.stop()


@cache
def certificate() -> tuple[ssl.SSLContext, trustme.CA]:
    """Of this machine, for a server, and who vouches for it."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context, authority
