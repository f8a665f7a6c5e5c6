"""Through a proxy that HTTPS_PROXY names: the host is known to the proxy alone, its certificate is checked, and no password is shown."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from msgspec.structs import replace

from engine.config.connections import ExchangeSource, ExchangeTls
from engine.config.load import load_config
from engine.sources.ews_client import use_tls
from engine.sources.exchange import ExchangeMailbox
from engine.sources.graph import GraphMailbox
from engine.sources.remote import RemoteError
from tests.ews.server import Server
from tests.ews.store import Store
from tests.graph.server import GraphServer
from tests.polling.conftest import ADDRESS, exchange, mail, polled
from tests.proxy import PASSWORD, Proxy

__all__ = ["exchange", "polled"]

HOST = "mail.invalid"
REFUSED = "the proxy (HTTPS_PROXY) asks for a sign-in that it takes: http://name:password@its-host"


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    found = Proxy()
    url = found.start()
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", url)
    yield found
    found.stop()


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    return context


@pytest.fixture
def private(tmp_path: Path, tls: ssl.SSLContext) -> Iterator[ExchangeTls]:
    found = ExchangeTls(str(tmp_path / "ca.pem"), True, timedelta(seconds=10))
    use_tls(found)
    yield found
    use_tls(ExchangeTls(None, True, timedelta(seconds=60)))


def through(rules: Path) -> ExchangeMailbox:
    source = load_config(rules).mailboxes["help"].source
    assert isinstance(source, ExchangeSource)
    return ExchangeMailbox(ADDRESS, replace(source, endpoint=f"https://{HOST}/EWS/Exchange.asmx"))


def wrong_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", os.environ["HTTPS_PROXY"].replace(PASSWORD, "wrong-one"))


def test_exchange(polled: Path, proxy: Proxy, tls: ssl.SSLContext, private: ExchangeTls, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(Store(ADDRESS), tls=tls)
    proxy.to = int(server.start().partition("//127.0.0.1:")[2].partition("/")[0])
    try:
        server.store.add(mail(1))
        remote = through(polled)
        assert len(remote.changes(None).items) == 1 and set(proxy.asked) == {f"{HOST}:443"}
        remote.close()
        use_tls(replace(private, ca_file=None))
        with pytest.raises(RemoteError, match="certificate is not trusted"):
            through(polled).changes(None)
        wrong_login(monkeypatch)
        with pytest.raises(RemoteError) as refused:
            through(polled).changes(None)
        assert str(refused.value) == REFUSED
    finally:
        server.stop()


def test_graph(proxy: Proxy, tls: ssl.SSLContext, private: ExchangeTls, monkeypatch: pytest.MonkeyPatch) -> None:
    server = GraphServer(Store(ADDRESS), tls)
    proxy.to = int(server.start().rpartition(":")[2])
    monkeypatch.setenv("GRAPH_SECRET", "app-secret")
    server.base = f"https://{HOST}"  # where its links to further pages lead
    source = server.source()
    try:
        server.store.add(mail(1))
        remote = GraphMailbox(ADDRESS, source, private)
        assert len(remote.changes(None).items) == 1 and set(proxy.asked) == {f"{HOST}:443"}
        remote.close()
        with pytest.raises(RemoteError, match="certificate is not trusted"):
            GraphMailbox(ADDRESS, source, replace(private, ca_file=None)).changes(None)
        wrong_login(monkeypatch)
        with pytest.raises(RemoteError) as refused:
            GraphMailbox(ADDRESS, source, private).changes(None)
        assert str(refused.value) == REFUSED
    finally:
        server.stop()
