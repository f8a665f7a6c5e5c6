"""Kerberos against a real KDC, as a service signs in by it (docs/exchange.md). Skipped where there is none."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.sources.remote import RemoteError, SignInFailed
from tests import kerberos
from tests.command import postroom
from tests.edit import edit
from tests.ews.server import Server
from tests.polling.conftest import exchange_mailbox, mail, protected

pytestmark = pytest.mark.skipif(not kerberos.IS_THERE, reason="needs krb5-kdc, krb5-admin-server and requests-gssapi")
_WITH_PASSWORD = "auth: basic\n    username: ${env:HELP_USER}\n    password: ${env:HELP_PASSWORD}"


@pytest.fixture
def realm(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> kerberos.Realm:
    """With the server's own account. Nobody has a ticket."""
    realm = kerberos.Realm(tmp_path_factory.mktemp("realm"))
    for name, value in realm.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KRB5_KTNAME", str(realm.keytab("HTTP/127.0.0.1")))
    monkeypatch.setenv("KRB5CCNAME", f"MEMORY:{tmp_path_factory.mktemp('tickets')}")
    return realm


@pytest.fixture
def kdc(realm: kerberos.Realm) -> Iterator[None]:
    with realm.running():
        yield


@pytest.fixture
def keytab(realm: kerberos.Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's keys, by which a ticket is fetched."""
    monkeypatch.setenv("KRB5_CLIENT_KTNAME", str(realm.keytab("postroom")))


@pytest.fixture
def by_ticket(polled: Path, exchange: Server) -> Path:
    exchange.handshake = "kerberos"
    edit(polled / "mailboxes/help.yaml", _WITH_PASSWORD, "auth: kerberos")
    exchange.store.add(mail(1))
    return polled


@pytest.mark.usefixtures("kdc")
def test_a_service_signs_in_by_its_keytab(realm: kerberos.Realm, by_ticket: Path, tmp_path: Path) -> None:
    tickets = {"KRB5_CLIENT_KTNAME": str(realm.keytab("postroom")), "KRB5CCNAME": "MEMORY:"}
    done = postroom("poll", "--once", "--rules", by_ticket, "--db", tmp_path / "p.db", cwd=tmp_path, **tickets)
    assert done.returncode == 0, done.stderr
    assert '"outcome": "created"' in done.stderr
    checked = postroom("poll", "--check", "--rules", by_ticket, "--db", tmp_path / "p.db", cwd=tmp_path, **tickets)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.usefixtures("kdc")
def test_a_ticket_that_has_ended_is_fetched_anew(realm: kerberos.Realm, by_ticket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRB5_CLIENT_KTNAME", str(realm.keytab("postroom", lifetime="2 seconds")))
    remote = exchange_mailbox(by_ticket)
    assert len(remote.changes(None).items) == 1
    asked = realm.tickets_of("postroom")
    assert asked > 0
    time.sleep(3)
    remote.close()  # who connects again has to sign in again
    assert len(remote.changes(None).items) == 1
    assert realm.tickets_of("postroom") > asked


@pytest.mark.usefixtures("kdc")
def test_without_a_ticket_it_is_told_where_to_look(by_ticket: Path) -> None:
    with pytest.raises(RemoteError, match=r"gives no ticket: No Kerberos credentials available.*; see klist"):
        exchange_mailbox(by_ticket).changes(None)


@pytest.mark.usefixtures("keytab")
def test_a_kdc_that_comes_back_is_soon_asked_again(realm: kerberos.Realm, by_ticket: Path) -> None:
    remote = exchange_mailbox(by_ticket)
    with pytest.raises(RemoteError, match="Cannot contact any KDC") as found:
        remote.changes(None)
    assert not isinstance(found.value, SignInFailed)
    remote.close()
    with realm.running():
        assert len(remote.changes(None).items) == 1


@pytest.mark.usefixtures("kdc", "keytab")
def test_keys_that_are_others_now_are_a_refused_sign_in(realm: kerberos.Realm, by_ticket: Path) -> None:
    """Each try counts against the account."""
    realm.change_keys("postroom")
    with pytest.raises(SignInFailed, match="gives no ticket: Decrypt integrity check failed"):
        exchange_mailbox(by_ticket).changes(None)


@pytest.mark.usefixtures("kdc", "keytab")
def test_a_server_that_the_realm_does_not_know(by_ticket: Path) -> None:
    path = by_ticket / "mailboxes/help.yaml"
    path.write_text(path.read_text("utf-8").replace("127.0.0.1", "localhost"), "utf-8")
    with pytest.raises(RemoteError, match=r"does not sign us in at localhost: Server .*not found in Kerberos database"):
        exchange_mailbox(by_ticket).changes(None)


@pytest.mark.usefixtures("kdc", "keytab")
def test_a_server_that_does_not_take_the_ticket(realm: kerberos.Realm, by_ticket: Path) -> None:
    realm.change_keys("HTTP/127.0.0.1")
    with pytest.raises(SignInFailed, match="the server does not let us in"):
        exchange_mailbox(by_ticket).changes(None)


@pytest.mark.usefixtures("kdc", "keytab")
def test_a_server_with_extended_protection(by_ticket: Path, tmp_path: Path) -> None:
    with protected(tmp_path, "kerberos") as (_, endpoint):
        assert len(exchange_mailbox(by_ticket, endpoint=endpoint).changes(None).items) == 1
