"""Through a proxy that HTTPS_PROXY names: the host is known to the proxy alone, its certificate is checked, and no password is shown."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.config.connections import ExchangeTls
from engine.sources.ews_client import use_tls
from engine.sources.exchange import ExchangeMailbox
from engine.sources.graph import GraphMailbox
from engine.sources.remote import RemoteError
from tests.ews.server import Server
from tests.ews.store import Store
from tests.graph.server import GraphServer
from tests.polling.conftest import ADDRESS, exchange, exchange_mailbox, mail, polled, trusted
from tests.proxy import PASSWORD, Proxy, proxy

__all__ = ["exchange", "polled", "proxy"]

HOST = "mail.invalid"
REFUSED = "the proxy (HTTPS_PROXY) asks for a sign-in that it takes: http://name:password@its-host"


@pytest.fixture
def private(tmp_path: Path) -> Iterator[tuple[ssl.SSLContext, ExchangeTls]]:
    with trusted(tmp_path, HOST) as sides:
        yield sides


def through(rules: Path) -> ExchangeMailbox:
    return exchange_mailbox(rules, endpoint=f"https://{HOST}/EWS/Exchange.asmx")


def wrong_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", os.environ["HTTPS_PROXY"].replace(PASSWORD, "wrong-one"))


def test_exchange(
    polled: Path, proxy: Proxy, private: tuple[ssl.SSLContext, ExchangeTls], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, ours = private
    server = Server(Store(ADDRESS), tls=context)
    server.start()
    proxy.to = server.port
    try:
        server.store.add(mail(1))
        remote = through(polled)
        assert len(remote.changes(None).items) == 1 and set(proxy.asked) == {f"{HOST}:443"}
        remote.close()
        use_tls(replace(ours, ca_file=None))
        with pytest.raises(RemoteError, match="certificate is not trusted"):
            through(polled).changes(None)
        wrong_login(monkeypatch)
        with pytest.raises(RemoteError) as refused:
            through(polled).changes(None)
        assert str(refused.value) == REFUSED
    finally:
        server.stop()


def test_graph(proxy: Proxy, private: tuple[ssl.SSLContext, ExchangeTls], monkeypatch: pytest.MonkeyPatch) -> None:
    context, ours = private
    server = GraphServer(Store(ADDRESS), context)
    server.start()
    proxy.to = server.port
    monkeypatch.setenv("GRAPH_SECRET", "app-secret")
    server.base = f"https://{HOST}"  # where its links to further pages lead
    source = server.source()
    try:
        server.store.add(mail(1))
        remote = GraphMailbox(ADDRESS, source, ours)
        assert len(remote.changes(None).items) == 1 and set(proxy.asked) == {f"{HOST}:443"}
        remote.close()
        with pytest.raises(RemoteError, match="certificate is not trusted"):
            GraphMailbox(ADDRESS, source, replace(ours, ca_file=None)).changes(None)
        wrong_login(monkeypatch)
        with pytest.raises(RemoteError) as refused:
            GraphMailbox(ADDRESS, source, ours).changes(None)
        assert str(refused.value) == REFUSED
    finally:
        server.stop()
