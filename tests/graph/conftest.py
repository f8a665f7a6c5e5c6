"""A mailbox on a loopback Graph."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from engine.config.connections import ExchangeTls
from engine.sources.graph import GraphMailbox
from tests.ews.store import Store
from tests.graph.server import GraphServer
from tests.polling.conftest import ADDRESS, Desk


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    found = trustme.CA()
    found.cert_pem.write_to_path(tmp_path / "ca.pem")
    return found


@pytest.fixture
def graph(authority: trustme.CA) -> Iterator[GraphServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    server = GraphServer(Store(ADDRESS).with_folders(), context)
    server.start()
    yield server
    server.stop()


def remote(graph: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **changes: object) -> GraphMailbox:
    monkeypatch.setenv("GRAPH_SECRET", "app-secret")
    return GraphMailbox(ADDRESS, graph.source(**changes), ExchangeTls(str(tmp_path / "ca.pem"), True, timedelta(seconds=10)))


@pytest.fixture
def desk(rules: Path, tmp_path: Path, graph: GraphServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    found = Desk(rules, tmp_path / "p.db", remote(graph, tmp_path, monkeypatch))
    yield found
    found.remote.close()
    found.connection.close()
