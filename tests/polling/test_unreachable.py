"""What an administrator reads whose server does not answer, or whose `endpoint` leads elsewhere."""

from __future__ import annotations

import resource
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from engine.config.connections import ExchangeTls, GraphSource
from engine.sources.ews_client import use_tls
from engine.sources.exchange import ExchangeMailbox
from engine.sources.graph import GraphMailbox
from engine.sources.remote import Remote, RemoteError
from engine.sources.unreachable import why_unreachable
from tests.loopback import Handler, Loopback
from tests.polling.conftest import ADDRESS, exchange, exchange_mailbox, polled, trusted

__all__ = ["exchange", "polled"]

TLS = ExchangeTls(None, True, timedelta(seconds=1))
PAGE = b"<!DOCTYPE html>\n<html><title>Outlook</title></html>"


class _Elsewhere(Handler):
    """The first part of the path is the status; nothing comes where it is `silence`."""

    def do_POST(self) -> None:
        self.body()
        what = self.path.split("/")[1]
        if what == "silence":
            time.sleep(1.5)
            return
        if what == "nothing":
            self.close_connection = True
            return
        if what == "half":
            self.answer(200, b"<?xml version='1.0'?><s:Envelope><s:Body>", "text/xml")
            return
        self.answer(int(what), PAGE, "text/html", {"Location": "https://login.example/"} if what == "302" else None)

    do_GET = do_POST


@pytest.fixture
def port() -> Iterator[int]:
    server = Loopback(None)
    yield server.listen(_Elsewhere)
    server.stop()


@pytest.fixture
def nobody() -> int:
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def exchange_at(rules: Path, endpoint: str) -> ExchangeMailbox:
    use_tls(TLS)
    return exchange_mailbox(rules, endpoint=endpoint)


def graph_at(endpoint: str, monkeypatch: pytest.MonkeyPatch, tls: ExchangeTls = TLS) -> GraphMailbox:
    monkeypatch.setenv("GRAPH_SECRET", "app-secret")
    values: dict[str, Any] = dict.fromkeys(GraphSource.__struct_fields__)
    values |= {"tenant": "t", "client_id": "c", "client_secret": "${env:GRAPH_SECRET}", "folder": "Inbox", "every": TLS.timeout}
    return GraphMailbox(ADDRESS, GraphSource(**values | {"endpoint": f"{endpoint}/v1.0", "authority": endpoint}), tls)


def said(remote: Remote) -> str:
    with pytest.raises(RemoteError) as found:
        remote.check(fix=False)
    remote.close()
    return str(found.value)


@pytest.fixture(autouse=True)
def _usual_patience() -> Iterator[None]:
    yield
    use_tls(ExchangeTls(None, True, timedelta(seconds=60)))


MOSTLY = "is `endpoint` right? Mostly it is https://HOST/EWS/Exchange.asmx"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("200", f"no answer of Exchange came but a web page; {MOSTLY}"),
        ("302", "the server sends us on to https://login.example/; `endpoint` must be the address itself"),
        *((str(code), f"the server answered {code} {HTTPStatus(code).phrase}; {MOSTLY}") for code in (404, 405)),
        (
            "403",
            "the server answered 403 Forbidden; EWS is not allowed there for this mailbox or for `postroom` (Get-CASMailbox: EwsEnabled, EwsApplicationAccessPolicy); Exchange Online is read by `graph`",
        ),
        ("500", "the server answered 500 Internal Server Error"),
        ("503", "the server is busy: HTTP 503 response"),
        ("half", "the answer broke off in the middle"),
        ("nothing", "the server closed the connection without an answer"),
        ("silence", "127.0.0.1:{port} gave no answer in time"),
    ],
)
def test_an_endpoint_that_is_not_exchange(path: str, says: str, polled: Path, port: int) -> None:
    assert said(exchange_at(polled, f"http://127.0.0.1:{port}/{path}/EWS/Exchange.asmx")) == says.format(port=port)


def test_no_exchange_at_all(polled: Path, port: int, nobody: int) -> None:
    assert said(exchange_at(polled, f"http://127.0.0.1:{nobody}/x")) == (
        f"127.0.0.1:{nobody} refuses the connection: no server listens there"
    )
    assert said(exchange_at(polled, f"https://127.0.0.1:{port}/x")) == f"127.0.0.1:{port} speaks no TLS"
    assert said(exchange_at(polled, "https://mail.invalid/x")) == "no name server knows the host of mail.invalid:443"


def _before_1_2(context: ssl.SSLContext) -> None:
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


def _in_the_clear(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("NULL-SHA256:@SECLEVEL=0")


def _knows_its_clients(context: ssl.SSLContext) -> None:
    context.maximum_version = (
        ssl.TLSVersion.TLSv1_2
    )  # with 1.3 it says so behind the handshake, and we may write or read just then
    context.verify_mode = ssl.CERT_REQUIRED


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    ("server", "says"),
    [
        (
            _before_1_2,
            "knows only ways of TLS that are not safe any more (before 1.2, or with short keys); they are mended there",
        ),
        (_in_the_clear, "ends the handshake of TLS: no cipher in common, or it wants a certificate of ours"),
        (_knows_its_clients, "ends the handshake of TLS: no cipher in common, or it wants a certificate of ours"),
    ],
)
def test_tls_in_which_we_have_nothing_in_common(
    server: Callable[[ssl.SSLContext], None], says: str, polled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trusted(tmp_path, "127.0.0.1") as (context, ours):
        server(context)
        loopback = Loopback(context)
        at = f"127.0.0.1:{loopback.listen(_Elsewhere)}"
        found = said(exchange_mailbox(polled, endpoint=f"https://{at}/200/x")), said(graph_at(f"https://{at}", monkeypatch, ours))
        loopback.stop()
    assert found == (f"{at} {says}", f"{at} {says}")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2546)"),
            "wants a certificate of ours",
        ),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol (_ssl.c:2393)"), "closed the connection without an answer"),
    ],
)
def test_a_server_that_wants_a_certificate_and_says_so_late(error: Exception, says: str) -> None:
    assert (why_unreachable(error, "mail.example:443") or "").startswith(f"mail.example:443 {says}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read: No such file or directory"),
        ("", "has no certificate in PEM (`-----BEGIN CERTIFICATE-----`)"),
        ("hello", "has no certificate in PEM (`-----BEGIN CERTIFICATE-----`)"),
    ],
)
def test_a_ca_that_is_none_is_named_and_read_once_it_is_mended(
    text: str | None, says: str, polled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trusted(tmp_path, "127.0.0.1") as (context, ours):
        loopback = Loopback(context)
        at = f"https://127.0.0.1:{loopback.listen(_Elsewhere)}"
        file = tmp_path / "another.pem"
        if text is not None:
            file.write_text(text)
        wrong = ExchangeTls(str(file), True, TLS.timeout)
        use_tls(wrong)
        by_ews, by_graph = exchange_mailbox(polled, endpoint=f"{at}/404/x"), graph_at(at, monkeypatch, wrong)
        assert said(by_ews) == said(by_graph) == f"{file} (exchange.ca_file) {says}"
        assert ours.ca_file is not None
        file.write_text(Path(ours.ca_file).read_text())
        assert said(by_ews).startswith("the server answered 404") and "certificate" not in said(by_graph)
        loopback.stop()


def test_no_more_files_may_be_opened(polled: Path, nobody: int) -> None:
    remote = exchange_at(polled, f"http://127.0.0.1:{nobody}/x")
    said(remote)  # all that is imported for it is by now
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        found = said(remote)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert found == "we may open no more files; let the process have more (ulimit -n, LimitNOFILE=)"


def test_a_proxy_that_is_not_there(polled: Path, nobody: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{nobody}")
    monkeypatch.delenv("no_proxy")
    monkeypatch.delenv("NO_PROXY")
    assert "the proxy (HTTPS_PROXY) lets nothing through to mail.invalid:443" in said(
        exchange_at(polled, "https://mail.invalid/x")
    )


def test_no_graph_at_all(port: int, nobody: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(graph_at(f"https://127.0.0.1:{nobody}", monkeypatch)) == (
        f"127.0.0.1:{nobody} refuses the connection: no server listens there"
    )
    assert said(graph_at(f"https://127.0.0.1:{port}", monkeypatch)) == f"127.0.0.1:{port} speaks no TLS"
    assert said(graph_at("https://graph.invalid", monkeypatch)) == "no name server knows the host of graph.invalid:443"
