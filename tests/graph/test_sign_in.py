"""How a mailbox by Graph is signed in to, and what is told where it is not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from engine.config.connections import ExchangeTls
from engine.sources.remote import RemoteError, SignInFailed
from tests.graph.conftest import remote
from tests.graph.server import GraphServer
from tests.polling.conftest import Desk


def test_a_ca_that_is_renewed_is_read_at_the_next_connection(desk: Desk, tmp_path: Path, authority: trustme.CA) -> None:
    desk.until_done()
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    desk.remote.close()
    with pytest.raises(RemoteError, match="certificate is not trusted"):
        desk.reader.round()
    desk.remote.close()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    desk.until_done()


def test_a_token_is_used_to_its_end_and_one_that_is_withdrawn_is_replaced_after_the_next_connection(
    desk: Desk, graph: GraphServer
) -> None:
    desk.until_done()
    desk.until_done()
    assert len(graph.token_requests) == 1
    graph.token, graph.token_seconds = "another", 1
    with pytest.raises(SignInFailed, match="does not let us in"):
        desk.reader.round()
    desk.remote.close()
    desk.until_done()
    graph.token = "a third"  # what ends soon is renewed before each call
    desk.until_done()


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
def test_a_sign_in_that_is_out_of_order_for_now_is_tried_again_soon(error: str, desk: Desk, graph: GraphServer) -> None:
    graph.answer("/token", f'{{"error": "{error}", "error_description": "AADSTS90033: come back later"}}'.encode())
    with pytest.raises(RemoteError, match="AADSTS90033: come back later") as found:
        desk.reader.round()
    assert not isinstance(found.value, SignInFailed)


def test_a_token_that_no_header_can_carry_is_not_shown(desk: Desk, graph: GraphServer) -> None:
    graph.answer("/token", b'{"access_token": "hush\\nhush", "token_type": "Bearer", "expires_in": 3600}')
    with pytest.raises(RemoteError, match=r"^the sign-in gave what no header can carry$"):
        desk.reader.round()


def test_a_wrong_secret_is_told_and_not_shown(graph: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph.secret = "another"
    with pytest.raises(SignInFailed) as found:
        remote(graph, tmp_path, monkeypatch).changes(None)
    assert "AADSTS7000215" in str(found.value) and "app-secret" not in str(found.value)


def test_a_certificate_signs_in(
    graph: GraphServer, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert = authority.issue_cert("app.example", key_type=trustme.KeyType.RSA)
    (tmp_path / "app.pem").write_bytes(cert.private_key_pem.bytes() + cert.cert_chain_pems[0].bytes())
    mailbox = remote(graph, tmp_path, monkeypatch, client_secret=None, certificate=str(tmp_path / "app.pem"))
    assert mailbox.changes(None).items == ()
    assert "client_assertion" in graph.token_requests[0] and "client_secret" not in graph.token_requests[0]


def test_an_untrusted_certificate_is_told(graph: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = remote(graph, tmp_path, monkeypatch)
    mailbox._tls = ExchangeTls(None, True, timedelta(seconds=5))
    with pytest.raises(RemoteError, match=r"(?i)certificate"):
        mailbox.changes(None)


def test_all_mailboxes_of_an_application_take_one_token(
    graph: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (remote(graph, tmp_path, monkeypatch) for _ in range(2))
    first.changes(None)
    second.changes(None)
    first.close()
    first.changes(None)
    assert len(graph.token_requests) == 1


def test_who_asks_for_too_many_tokens_waits(graph: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entra says so with 429 and a text that is no JSON."""
    graph.fail("/token", 429, Retry_After="60")
    first, second = (remote(graph, tmp_path, monkeypatch) for _ in range(2))
    for mailbox in (first, second):
        with pytest.raises(RemoteError, match="too many tokens") as found:
            mailbox.changes(None)
        assert found.value.wait is not None and 59 < found.value.wait <= 60
    assert graph.token_requests == []
