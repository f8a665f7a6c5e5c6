"""How a mailbox on Exchange is signed in to, and what is told where it is not."""

from __future__ import annotations

import gc
import time
from datetime import datetime
from pathlib import Path

import pytest
import trustme
from exchangelib.protocol import Protocol
from msgspec.structs import replace

from engine.config.load import load_config
from engine.sources.ews_client import use_tls
from engine.sources.remote import RemoteError, SignInFailed
from engine.sources.servers import remote_of
from tests.edit import edit
from tests.ews.server import Server
from tests.ews.store import Store
from tests.polling.conftest import ADDRESS, Desk, edited, exchange_mailbox, mail, protected, serving, trusted, with_oauth


def test_a_wrong_password_is_told_and_stands_in_no_message(desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.password = "another"
    with pytest.raises(SignInFailed) as found:
        desk.reader.round()
    assert "does not let us in" in str(found.value) and "secret" not in str(found.value)
    exchange.password = "secret"
    desk.remote.close()
    desk.until_done()


def test_a_missing_secret_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HELP_PASSWORD")
    with pytest.raises(SignInFailed, match="the environment variable HELP_PASSWORD is not set"):
        desk.reader.round()


@pytest.fixture
def in_a_domain(polled: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The user of the mailbox is one of a domain, and the server knows him."""
    (tmp_path / "users").write_text("DESK:help:secret\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(tmp_path / "users"))
    monkeypatch.setenv("HELP_USER", "DESK\\help")


@pytest.mark.usefixtures("in_a_domain")
def test_ntlm(polled: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real handshake: a wrong password is refused, the right one signs the connection in."""
    exchange.handshake = "ntlm"
    exchange.store.add(mail(1))
    remote = edited(polled, "auth: basic", "auth: ntlm")
    assert len(remote.changes(None).items) == 1
    monkeypatch.setenv("HELP_PASSWORD", "wrong")
    with pytest.raises(SignInFailed, match="does not let us in"):
        edited(polled, "auth: ntlm", "auth: ntlm").changes(None)


@pytest.mark.usefixtures("in_a_domain")
def test_ntlm_to_a_server_with_extended_protection(polled: Path, tmp_path: Path) -> None:
    """As Exchange 2019 has it of itself."""
    edit(polled / "mailboxes/help.yaml", "auth: basic", "auth: ntlm")
    with protected(tmp_path, "ntlm") as (server, endpoint):
        remote = exchange_mailbox(polled, endpoint=endpoint)
        assert len(remote.changes(None).items) == 1
        remote.close()
        server.certificate = b"another"
        with pytest.raises(SignInFailed):
            remote.changes(None)


def test_kerberos_without_its_extra_is_told(polled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.sources.exchange.find_spec", lambda name: None)  # where it is installed, too
    with pytest.raises(SignInFailed, match="pip install requests-gssapi"):
        edited(polled, "auth: basic", "auth: kerberos").changes(None)


@pytest.mark.parametrize("said", ["    access: impersonation\n", ""])  # an application has no mailbox of its own
def test_oauth_with_impersonation(
    said: str, polled: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the token comes over plain HTTP, on loopback only
    (tmp_path / "secret").write_text("app-secret\n")
    exchange.user = "nobody"  # only the token opens the door
    new = (
        f"auth: oauth2\n{said}    tenant: t\n    client_id: app\n    client_secret: ${{file:{tmp_path}/secret}}\n"
        f"    token_url: {exchange.token_url}"
    )
    remote = edited(polled, "auth: basic", new)
    exchange.store.add(mail(1))
    assert len(remote.changes(None).items) == 1
    assert exchange.token_params["client_id"] == "app" and exchange.token_params["client_secret"] == "app-secret"
    assert exchange.impersonated == {ADDRESS}


def test_a_folder_of_another_mailbox_is_read_as_its_owner(
    exchange: Server, polled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_oauth(polled, exchange, monkeypatch)
    edit(polled / "mailboxes/help.yaml", "    folder: Inbox\n", "    folder: Inbox\n    mailbox: Shared@harbourhill.example\n")
    config = load_config(polled)
    remote = remote_of(config.mailboxes["help"], config)
    remote.changes(None)
    assert exchange.impersonated == {"shared@harbourhill.example"}
    remote.close()


def test_a_token_is_used_to_its_end_and_then_renewed(exchange: Server, polled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_oauth(polled, exchange, monkeypatch)
    remote = exchange_mailbox(polled)
    exchange.token_answer = 200, {"access_token": "a-token", "token_type": "Bearer", "expires_in": 2}
    remote.changes(None)
    exchange.token, exchange.token_answer = "another", None
    with pytest.raises(SignInFailed):
        remote.changes(None)
    time.sleep(2.1)
    remote.changes(None)


def test_an_outage_of_mail_and_tokens_leaves_nothing_behind(
    exchange: Server, polled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """exchangelib counts a connection whose token it cannot renew for ever, and would wait for it."""
    with_oauth(polled, exchange, monkeypatch)
    remote = exchange_mailbox(polled)

    def connections() -> int:
        gc.collect()
        return sum(isinstance(one, Protocol) for one in gc.get_objects())

    before = connections()
    for _ in range(3):
        remote.changes(None)
        exchange.fail("SyncFolderItems", "500")
        exchange.token_answer = 503, b"away"
        with pytest.raises(RemoteError):
            remote.changes(None)
        exchange.token_answer = None
    remote.close()
    assert connections() <= before


def test_a_password_that_basic_cannot_send_is_told_and_no_letter_of_it_shown(
    polled: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELP_PASSWORD", "hush€")
    with pytest.raises(SignInFailed, match="has letters that this sign-in cannot send; take others, or `auth: ntlm`") as found:
        exchange_mailbox(polled).changes(None)
    assert "20ac" not in str(found.value) and "€" not in str(found.value)


def test_a_wrong_client_secret_is_a_refused_sign_in(polled: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with_oauth(polled, exchange, monkeypatch)
    exchange.token_answer = (
        401,
        {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."},
    )
    with pytest.raises(SignInFailed, match=r"^no token: \(invalid_client\) AADSTS7000215: Invalid client secret provided\.$"):
        exchange_mailbox(polled).changes(None)


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
def test_a_sign_in_that_is_out_of_order_for_now_is_tried_again_soon(
    error: str, polled: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_oauth(polled, exchange, monkeypatch)
    exchange.token_answer = 503, {"error": error, "error_description": "AADSTS90033: come back later"}
    with pytest.raises(RemoteError, match="AADSTS90033: come back later") as found:
        exchange_mailbox(polled).changes(None)
    assert not isinstance(found.value, SignInFailed)


@pytest.mark.parametrize("status", [200, 401, 503])
@pytest.mark.parametrize(
    "answer",
    [
        *(
            b"",
            b"[]",
            b"null",
            b'"x"',
            b"{}",
            b"<html>",
            b"\xff\xfe",
            b'{"error": 5}',
            b'{"access_token": 5}',
            b'{"access_token": ""}',
        ),
        *(b'{"access_token": "hush-hush", "token_type": "mac"}', b'{"access_token": "hush-hush", "expires_in": "soon"}'),
        b'{"access_token": "hush\\nhush", "token_type": "Bearer", "expires_in": 3600}',
    ],
)
def test_an_odd_token_is_told_and_not_shown(
    status: int, answer: bytes, polled: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_oauth(polled, exchange, monkeypatch)
    exchange.token_answer = status, answer
    remote = exchange_mailbox(polled)
    with pytest.raises(RemoteError) as found:
        remote.changes(None)
    remote.close()
    assert "hush" not in str(found.value)


def test_oauth_with_a_certificate(polled: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    cert = trustme.CA().issue_cert("app.example", key_type=trustme.KeyType.RSA)
    (tmp_path / "app.pem").write_bytes(cert.private_key_pem.bytes() + cert.cert_chain_pems[0].bytes())
    exchange.user = "nobody"
    url = exchange.token_url
    new = f"auth: oauth2\n    tenant: t\n    client_id: app\n    certificate: {tmp_path}/app.pem\n    token_url: {url}"
    assert edited(polled, "auth: basic", new).changes(None).items == ()
    import jwt
    from cryptography import x509

    key = x509.load_pem_x509_certificate(cert.cert_chain_pems[0].bytes()).public_key()
    claims = jwt.decode(exchange.token_params["client_assertion"], key, algorithms=["RS256"], audience=url)  # type: ignore[arg-type]
    assert claims["iss"] == claims["sub"] == "app" and not exchange.token_params.get("client_secret")
    (tmp_path / "app.pem").write_text("no certificate")
    with pytest.raises(SignInFailed, match="there is no certificate in"):
        edited(polled, "client_id: app", "client_id: another").changes(None)  # whom no token is there for


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")  # which is what is tried
def test_tls_is_verified_and_a_private_ca_can_be_named(polled: Path, tmp_path: Path) -> None:
    with trusted(tmp_path, "127.0.0.1") as (context, ours), serving(Server(Store(ADDRESS), tls=context)) as endpoint:
        for tls, works in ((replace(ours, ca_file=None), False), (ours, True), (replace(ours, ca_file=None, verify=False), True)):
            use_tls(tls)
            remote = exchange_mailbox(polled, endpoint=endpoint)
            if works:
                assert remote.changes(None).items == ()
            else:
                with pytest.raises(RemoteError, match=r"certificate is not trusted: .*exchange\.ca_file"):
                    remote.changes(None)
            remote.close()


def test_an_expired_certificate_is_told(polled: Path, tmp_path: Path) -> None:
    expired = trusted(tmp_path, "127.0.0.1", not_after=datetime(2020, 1, 1))
    told = pytest.raises(RemoteError, match="certificate has expired")
    with expired as (context, _), serving(Server(Store(ADDRESS), tls=context)) as endpoint, told:
        exchange_mailbox(polled, endpoint=endpoint).changes(None)
