"""Tokens of an application: one for all mailboxes that sign in alike, used to its end, and asked for no more often than the server likes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from engine.sources.exchange import ExchangeMailbox
from engine.sources.remote import RemoteError, SignInFailed
from engine.sources.tokens import Application, Tokens
from tests.ews.server import Server
from tests.polling.conftest import exchange_mailbox, with_oauth


@pytest.fixture
def mailbox(polled: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[[], ExchangeMailbox]:
    """One more of the same application."""
    with_oauth(polled, exchange, monkeypatch)
    return lambda: exchange_mailbox(polled)


class Clock:
    """As `time` has it; it goes on when a test says so."""

    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("engine.sources.tokens.time", found)
    return found


def said(mailboxes: list[ExchangeMailbox]) -> list[RemoteError | None]:
    """What went wrong with each, all at once."""
    found: dict[int, RemoteError | None] = {}

    def ask(place: int) -> None:
        try:
            mailboxes[place].changes(None)
            found[place] = None
        except RemoteError as error:
            found[place] = error

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(mailboxes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [found[place] for place in range(len(mailboxes))]


def test_all_mailboxes_of_an_application_take_one_token(mailbox: Callable[[], ExchangeMailbox], exchange: Server) -> None:
    exchange.token_delay = 0.3
    several = [mailbox() for _ in range(6)]
    assert said(several) == [None] * 6
    several[0].close()
    several[0].changes(None)
    assert exchange.calls["token"] == 1


def test_another_application_takes_another(mailbox: Callable[[], ExchangeMailbox], polled: Path, exchange: Server) -> None:
    one, other = mailbox(), exchange_mailbox(polled, client_id="another")
    assert said([one, other]) == [None, None]
    assert exchange.calls["token"] == 2


def test_a_token_is_renewed_before_its_end_and_nothing_fails(
    mailbox: Callable[[], ExchangeMailbox], exchange: Server, clock: Clock
) -> None:
    one = mailbox()
    one.changes(None)
    clock.now += 3299
    one.changes(None)
    assert exchange.calls["token"] == 1
    clock.now += 2
    exchange.token = "another"
    one.changes(None)
    assert exchange.calls["token"] == 2


def test_while_none_can_be_had_a_token_is_used_to_its_end(
    mailbox: Callable[[], ExchangeMailbox], exchange: Server, clock: Clock
) -> None:
    one = mailbox()
    one.changes(None)
    exchange.token_answer = 503, b"away"
    clock.now += 3310
    for _ in range(3):
        one.changes(None)
    assert exchange.calls["token"] == 2  # not at each call
    clock.now += 31
    one.changes(None)
    assert exchange.calls["token"] == 3
    clock.now += 300
    with pytest.raises(RemoteError, match="503"):
        one.changes(None)
    exchange.token_answer = None
    one.changes(None)


def test_a_token_without_an_end_is_used(mailbox: Callable[[], ExchangeMailbox], exchange: Server) -> None:
    exchange.token_answer = 200, {"access_token": "a-token", "token_type": "Bearer"}
    one = mailbox()
    one.changes(None)
    one.changes(None)
    assert exchange.calls["token"] == 1


def test_a_withdrawn_token_is_replaced_once_for_all(mailbox: Callable[[], ExchangeMailbox], exchange: Server) -> None:
    several = [mailbox() for _ in range(3)]
    assert said(several) == [None] * 3
    exchange.token = "another"
    with pytest.raises(SignInFailed):
        several[0].changes(None)
    assert said(several) == [None] * 3
    assert exchange.calls["token"] == 2


def test_who_is_told_to_wait_waits_and_so_do_all_others(
    mailbox: Callable[[], ExchangeMailbox], exchange: Server, clock: Clock
) -> None:
    exchange.token_wait = "60"
    first, second = mailbox(), mailbox()
    waits = []
    for one in (first, second):
        with pytest.raises(RemoteError, match="too many tokens") as found:
            one.changes(None)
        assert not isinstance(found.value, SignInFailed)
        waits.append(found.value.wait)
        clock.now += 20
    assert waits == [60, 40] and exchange.calls["token"] == 1
    exchange.token_wait = ""
    clock.now += 21
    assert said([first, second]) == [None, None]
    assert exchange.calls["token"] == 2


def test_a_token_that_no_header_can_carry_is_not_kept(mailbox: Callable[[], ExchangeMailbox], exchange: Server) -> None:
    exchange.token_answer = 200, {"access_token": "hush\nhush", "token_type": "Bearer", "expires_in": 3600}
    one = mailbox()
    with pytest.raises(RemoteError, match=r"^the sign-in gave what no header can carry$"):
        one.changes(None)
    exchange.token_answer = None
    one.changes(None)
    assert exchange.calls["token"] == 2


def test_who_waited_for_a_refusal_does_not_ask_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    answers = [{"error": "invalid_client", "error_description": "a wrong secret"}, {"access_token": "good"}]
    asked: list[str] = []

    def post(url: str, **_: object) -> httpx.Response:
        asked.append(url)
        while sum(frame.f_code is Tokens.get.__code__ for frame in sys._current_frames().values()) < 3 and len(asked) == 1:
            time.sleep(0.01)  # until all others wait for this answer
        return httpx.Response(200, json=answers.pop(0))

    tokens = Tokens(Application("http://localhost/token", "all", "app", "secret", None))
    told: list[str] = []

    def ask() -> None:
        try:
            told.append(tokens.get(post))
        except SignInFailed as error:
            told.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert told == ["no token: (invalid_client) a wrong secret"] * 4 and len(asked) == 1
    ask()
    assert told[-1] == "good" and len(asked) == 2


def test_who_was_refused_with_an_older_token_takes_none_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    given = iter(["first", "second"])
    tokens = Tokens(Application("http://localhost/token", "all", "app", "secret", None))

    def post(url: str, **_: object) -> httpx.Response:
        return httpx.Response(200, json={"access_token": next(given)})

    assert tokens.get(post) == "first"
    tokens.refused("first")
    assert tokens.get(post) == "second"
    tokens.refused("first")
    assert tokens.get(post) == "second"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (503, b"<html>away</html>", "the sign-in answered 503 Service Unavailable"),
        (404, b"", "the sign-in answered 404 Not Found"),
        (200, b"<html>hello</html>", "the sign-in gave neither a token nor an error; is `token_url` right?"),
        (200, b"null", "the sign-in gave no answer that can be read"),
        (200, b"{}", "the sign-in gave neither a token nor an error; is `token_url` right?"),
        (200, b'{"access_token": 5}', "the sign-in gave neither a token nor an error; is `token_url` right?"),
        (
            200,
            b'{"access_token": "x", "token_type": "mac"}',
            "the sign-in gave neither a token nor an error; is `token_url` right?",
        ),
        (200, b'{"access_token": ""}', "the sign-in gave neither a token nor an error; is `token_url` right?"),
    ],
)
def test_what_is_no_token_is_told(
    status: int, body: bytes, words: str, mailbox: Callable[[], ExchangeMailbox], exchange: Server
) -> None:
    exchange.token_answer = status, body
    with pytest.raises(RemoteError) as found:
        mailbox().changes(None)
    assert str(found.value) == words and not isinstance(found.value, SignInFailed)


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        (None, "no token leaves in the clear: `endpoint` must begin with https://"),
        ("https://localhost:1/EWS/Exchange.asmx", "no secret leaves in the clear: `token_url` must begin with https://"),
    ],
)
def test_nothing_secret_leaves_in_the_clear(
    endpoint: str | None,
    words: str,
    mailbox: Callable[[], ExchangeMailbox],
    polled: Path,
    exchange: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT")
    one = mailbox() if endpoint is None else exchange_mailbox(polled, endpoint=endpoint)
    with pytest.raises(SignInFailed, match=f"^{words}$"):
        one.changes(None)
    assert exchange.calls["token"] == 0
