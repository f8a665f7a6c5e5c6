"""Many mailboxes in one process: what happens to one is no other's matter."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import engine.sources.exchange as by_ews
from engine.config.load import load_config
from engine.config.model import Config
from engine.sources.exchange import ExchangeMailbox
from engine.sources.line import Line
from engine.sources.remote import RemoteError
from tests.ews.server import Server
from tests.ews.store import Store
from tests.polling.conftest import exchange_mailbox, mail


@pytest.fixture
def config(polled: Path) -> Config:
    return load_config(polled)


@pytest.fixture
def mailboxes(exchange: Server, config: Config, monkeypatch: pytest.MonkeyPatch) -> list[ExchangeMailbox]:
    """Twelve of one account, four of which may ask at once."""
    monkeypatch.setattr(by_ews, "AT_ONCE", 4)
    monkeypatch.setattr(by_ews, "_LINES", {})
    found = []
    for number in range(12):
        store = Store(f"desk{number}@harbourhill.example").with_folders()
        store.add(mail(number))
        exchange.stores[store.address] = store
        found.append(exchange_mailbox(config, access="delegate"))
        found[-1].address = store.address
    return found


def all_at_once(work: Callable[[ExchangeMailbox], object], mailboxes: list[ExchangeMailbox], seconds: float = 30.0) -> None:
    threads = [threading.Thread(target=work, args=(one,), daemon=True) for one in mailboxes]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), "some wait for ever"


def rounds(remote: ExchangeMailbox, number: int) -> int:
    """How many of so many rounds failed."""
    failed = 0
    for _ in range(number):
        try:
            remote.fetch(remote.changes(None).items, 10**8)
            remote.backlog()
        except RemoteError:
            failed += 1
    return failed


def test_a_server_that_fails_stops_none_of_many_for_good(exchange: Server, mailboxes: list[ExchangeMailbox]) -> None:
    """exchangelib locked itself up where one account's mailboxes met a busy server or a broken network together."""
    exchange.fail_at_random(0.3, 1)
    failed: list[int] = []
    all_at_once(lambda one: failed.append(rounds(one, 10)), mailboxes)
    exchange.chance = 0.0
    assert sum(failed) > 20
    all_at_once(lambda one: failed.append(rounds(one, 1)), mailboxes)
    assert failed[12:] == [0] * 12


def test_so_many_of_one_account_ask_at_once(exchange: Server, mailboxes: list[ExchangeMailbox]) -> None:
    exchange.fail("*", "slow", times=10**6, seconds=0.02)
    all_at_once(lambda one: rounds(one, 2), mailboxes)
    assert exchange.most_at_once == 4


@pytest.fixture
def silent() -> Iterator[tuple[Server, threading.Event]]:
    """A server that answers nothing until it is told to."""
    go_on = threading.Event()
    server = Server(Store("other@harbourhill.example").with_folders())

    def held(answer: bytes) -> bytes:
        go_on.wait(30)
        return answer

    server.bend = held
    server.endpoint = server.start()
    yield server, go_on
    go_on.set()
    server.stop()


def test_a_silent_server_holds_up_no_mailbox_on_another(
    exchange: Server, config: Config, silent: tuple[Server, threading.Event]
) -> None:
    server, go_on = silent
    waiting = exchange_mailbox(config, endpoint=server.endpoint)
    asks = threading.Thread(target=waiting.changes, args=(None,), daemon=True)
    asks.start()
    while not server.calls:
        time.sleep(0.01)
    exchange.store.add(mail(1))
    all_at_once(lambda one: one.changes(None), [exchange_mailbox(config)], 10)
    assert asks.is_alive()
    go_on.set()
    asks.join(10)
    assert not asks.is_alive()


def test_in_a_line_who_came_first_goes_first() -> None:
    line, came = Line(1), []

    def go(number: int) -> None:
        with line:
            came.append(number)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(8)]
    with line:
        for number, thread in enumerate(threads):
            thread.start()
            while len(line._waiting) <= number:
                time.sleep(0.001)
    with line:  # and who has just left stands at the end
        came.append(-1)
    for thread in threads:
        thread.join()
    assert came == [*range(8), -1]
