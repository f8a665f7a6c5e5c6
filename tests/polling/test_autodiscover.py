"""`endpoint` left out: exchangelib's own Autodiscover, with a name server, a proxy and a server of ours."""

from __future__ import annotations

import shelve
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.rcode
import dns.rrset
import pytest
from exchangelib.autodiscover import cache
from exchangelib.autodiscover.discovery import Autodiscovery

from engine.sources.exchange import ExchangeMailbox
from engine.sources.remote import RemoteError, SignInFailed
from tests.ews.operations import setting
from tests.ews.server import Server
from tests.ews.store import Store
from tests.polling.conftest import ADDRESS, exchange, exchange_mailbox, mail, polled, trusted
from tests.proxy import Proxy, proxy

__all__ = ["exchange", "polled", "proxy"]

HOST, MAIL = "autodiscover.harbourhill.example", "mail.harbourhill.example"
EWS = f"https://{MAIL}/EWS/Exchange.asmx"


class Names:
    """A name server on loopback that knows some hosts, all of them here."""

    def __init__(self, *known: str) -> None:
        self.known = set(known)
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                data, sender = self._socket.recvfrom(4096)
            except OSError:
                return
            question = dns.message.from_wire(data)
            name = question.question[0].name
            self.asked.append(name.to_text(omit_final_dot=True))
            answer = dns.message.make_response(question)
            if self.asked[-1] in self.known:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "127.0.0.1"))
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self._socket.sendto(answer.to_wire(), sender)

    def stop(self) -> None:
        self._socket.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    found = Names(HOST, MAIL)
    monkeypatch.setattr(Autodiscovery, "DNS_RESOLVER_KWARGS", {"configure": False})
    monkeypatch.setattr(Autodiscovery, "DNS_RESOLVER_ATTRS", {"nameservers": ["127.0.0.1"], "port": found.port, "timeout": 2.0})
    yield found
    found.stop()


@pytest.fixture
def server(tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with trusted(tmp_path, HOST, MAIL) as (context, _):
        found = Server(Store(ADDRESS), tls=context)
        found.start()
        proxy.to = found.port
        yield found
        found.stop()


@pytest.fixture
def remote(polled: Path) -> Iterator[ExchangeMailbox]:
    found = exchange_mailbox(polled, endpoint=None)
    yield found
    found.close()


def told(url: str = EWS, name: str = "ExternalEwsUrl", schemas: str = "Exchange2013, Exchange2016") -> str:
    return setting(name, url) + (setting("EwsSupportedSchemas", schemas) if schemas else "")


@pytest.mark.parametrize(
    "settings",
    [
        told(),
        told() + setting("AutoDiscoverSMTPAddress", ADDRESS),
        told(name="InternalEwsUrl"),
        told("https://inside.harbourhill.example/EWS", "InternalEwsUrl") + told(),
        told(schemas=""),
        told(schemas="Exchange2099"),
        told(schemas="Exchange2010_SP2, Exchange2016, Exchange2099"),
    ],
)
def test_the_server_is_found_by_the_address(settings: str, names: Names, server: Server, remote: ExchangeMailbox) -> None:
    server.discovered[ADDRESS] = settings
    server.store.add(mail(1))
    assert len(remote.changes(None).items) == 1
    assert names.asked[:2] == ["harbourhill.example", HOST]
    remote.close()
    assert len(remote.changes(None).items) == 1


def touch(path: str) -> None:
    Path(path).touch()


class Trap:
    """Runs code of whoever wrote it in the process that loads it."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> object:
        return touch, (self.path,)


def test_what_others_laid_in_tmp_is_not_loaded(
    names: Names, server: Server, remote: ExchangeMailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """exchangelib keeps what it found there, as a pickle."""
    monkeypatch.setattr(cache, "AUTODISCOVER_PERSISTENT_STORAGE", tmp_path / "shelf")
    with shelve.open(str(tmp_path / "shelf")) as shelf:
        shelf["harbourhill.example"] = Trap(tmp_path / "sprung")
    server.discovered[ADDRESS] = told()
    remote.changes(None)
    assert not (tmp_path / "sprung").exists()


def said(remote: ExchangeMailbox) -> str:
    with pytest.raises(RemoteError) as error:
        remote.changes(None)
    remote.close()
    return str(error.value)


def test_what_an_administrator_reads_who_cannot_be_served(names: Names, server: Server, remote: ExchangeMailbox) -> None:
    assert said(remote) == "the server does not let us in: InvalidUser"
    server.discovered[ADDRESS] = setting("CasVersion", "15.1")
    assert said(remote) == "Autodiscover finds no server: the server tells no address of EWS; name it with `endpoint`"
    server.discovered[ADDRESS] = told(EWS.replace("mail.", "else."))
    assert "the server's certificate is not trusted: Hostname mismatch" in said(remote)
    names.known.clear()
    server.discovered[ADDRESS] = told()
    remote_of_nobody = said(remote)
    server.stop()
    names.known.add(HOST)
    assert names.asked[-2:] == ["harbourhill.example", HOST]  # and nobody is asked in the clear where to send the password
    assert said(remote) == remote_of_nobody == "Autodiscover finds no server; name it with `endpoint`"


def test_a_wrong_password_is_tried_once(names: Names, server: Server, remote: ExchangeMailbox) -> None:
    """Else the account might be locked."""
    server.discovered[ADDRESS] = told()
    assert remote.changes(None).items == ()
    remote.close()
    server.password = "another"
    for tried in (1, 2):  # a quarter of an hour apart
        with pytest.raises(SignInFailed, match="Invalid credentials for https://autodiscover"):
            remote.changes(None)
        remote.close()
        assert server.wrong_passwords == tried


def test_nobody_waits_for_the_answer_to_another(names: Names, server: Server, polled: Path) -> None:
    go_on, asked = threading.Event(), []

    def held(answer: bytes) -> bytes:
        asked.append(answer)
        if len(asked) == 1:
            go_on.wait(20)
        return answer

    server.discovered[ADDRESS] = told()
    server.bend = held
    first, second = (exchange_mailbox(polled, endpoint=None) for _ in range(2))
    waiting = threading.Thread(target=first.changes, args=(None,), daemon=True)
    waiting.start()
    while not asked:
        time.sleep(0.01)
    assert second.changes(None).items == () and waiting.is_alive()
    go_on.set()
    waiting.join(10)
    assert not waiting.is_alive()
