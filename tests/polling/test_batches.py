"""What is fetched together, how often what fails is tried, and what is asked before mail leaves the inbox."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

import engine.polling.reader as reading
from engine.sources.remote import Fetched, NotTheItem, RemoteError, RemoteItem, SignInFailed
from engine.store.in_place import TakenAway
from tests.ews.server import Server
from tests.polling.conftest import Desk, Link, mail


def watched(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, bad: Collection[str] = (), error: Callable[[], Exception] = AssertionError
) -> list[int]:
    """How many items each call to fetch asks for. It fails where one of the `bad` is among them."""
    found: list[int] = []
    real = desk.remote.fetch

    def fetch(items: Sequence[RemoteItem], largest: int) -> Iterable[Fetched]:
        found.append(len(items))
        if any(item.id in bad for item in items):
            raise error()
        return real(items, largest)

    monkeypatch.setattr(desk.remote, "fetch", fetch)
    return found


@pytest.fixture
def fetched(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    return watched(desk, monkeypatch)


def tries(desk: Desk) -> list[int]:
    return [row[0] for row in desk.connection.execute("SELECT tries FROM poll_items WHERE status = 'listed' ORDER BY rowid")]


def test_a_batch_has_so_many_items_at_most(desk: Desk, exchange: Server, fetched: list[int]) -> None:
    for number in range(2 * reading.BATCH_ITEMS + 1):
        exchange.store.add(mail(number))
    desk.until_done()
    assert fetched == [reading.BATCH_ITEMS, reading.BATCH_ITEMS, 1]


def test_and_so_many_bytes_but_for_one_that_is_larger(
    desk: Desk, exchange: Server, fetched: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH_BYTES", 2500)
    for number, size in enumerate((1000, 1000, 1000, 5000, 10)):
        exchange.store.add(mail(number, body="x" * size))
    desk.until_done()
    assert fetched == [2, 1, 1, 1] and desk.count("messages") == 5


def test_what_is_at_fault_is_tried_once_a_round_and_given_up_after_some(
    desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = [exchange.store.add(mail(number)).id for number in (1, 2)]
    asked = watched(desk, monkeypatch, set(bad), lambda: RemoteError("it breaks the server"))
    rounds = 0
    while desk.count("quarantine") < 2:
        rounds += 1
        exchange.store.add(mail(10 + rounds))  # it can be fetched, so the server is not at fault
        before = tries(desk)[:2] or [0, 0]
        with suppress(RemoteError):
            desk.reader.round()
        after = tries(desk)[:2]
        assert all(now - then <= 1 for then, now in zip(before, after, strict=False)), (before, after)
        assert rounds < 50
    assert rounds >= reading.MOST_TRIES and desk.count("tickets") == rounds
    assert max(asked) <= 3


@pytest.mark.parametrize(
    "error",
    [lambda: SignInFailed("the password is wrong"), lambda: RemoteError("busy", 3.0), lambda: NotTheItem("no such folder")],
    ids=["sign-in", "busy", "folder"],
)
def test_what_is_no_items_fault_counts_against_none(
    error: Callable[[], Exception], desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [exchange.store.add(mail(number)) for number in range(3)]
    asked = watched(desk, monkeypatch, {items[1].id}, error)
    for _ in range(2):
        with pytest.raises(type(error())):
            desk.reader.round()
    assert (asked, tries(desk)) == ([3, 3], [0, 0, 0])


def test_a_database_that_goes_between_listing_and_filing_keeps_the_mail_in_the_inbox(
    polled: Path, tmp_path: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = Link(tmp_path)
    desk = Desk(polled, link.path)
    exchange.store.add(mail(1))
    real = desk.remote.fetch

    def fetch(items: Sequence[RemoteItem], largest: int) -> Iterable[Fetched]:
        link.point_elsewhere()
        return real(items, largest)

    monkeypatch.setattr(desk.remote, "fetch", fetch)
    with pytest.raises(TakenAway):
        desk.reader.round()
    assert len(exchange.store.in_folder("inbox")) == 1 and exchange.store.in_folder("processed") == []
    desk.remote.close()
    desk.connection.close()


def test_who_is_told_to_stop_begins_no_batch(desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2):
        exchange.store.add(mail(number))
    monkeypatch.setattr(reading, "BATCH_ITEMS", 1)
    real = desk.remote.fetch

    def fetch(items: Sequence[RemoteItem], largest: int) -> Iterable[Fetched]:
        desk.reader._stopping = lambda: True
        return real(items, largest)

    monkeypatch.setattr(desk.remote, "fetch", fetch)
    desk.reader.round()
    assert desk.count("messages") == 1 and len(exchange.store.in_folder("inbox")) == 2


def test_items_of_which_nothing_is_known_are_each_kept(desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a Message-ID the bytes are what a message is known by, and these would be alike."""
    monkeypatch.setattr(reading, "MOST_TRIES", 1)
    bad = {exchange.store.add(mail(number)).id for number in range(3)}
    exchange.store.add(mail(9))
    watched(desk, monkeypatch, bad, lambda: RemoteError("it breaks the server"))

    def nothing(item: object) -> object:
        raise RemoteError("nor does it say anything of it")

    monkeypatch.setattr(desk.remote, "describe", nothing)
    desk.until_done()
    assert desk.count("quarantine") == 3 and desk.count("tickets") == 1
    assert len(exchange.store.in_folder("failed")) == 3


def test_large_items_of_which_the_same_is_told_are_each_refused(desk: Desk, exchange: Server) -> None:
    for _ in range(2):
        item = exchange.store.add(b"From: maya@brightwater.example\r\nSubject: Archive\r\n\r\nx\r\n")
        item.shown_size = 200_000_000
    desk.until_done()
    assert desk.connection.execute("SELECT outcome, reason FROM messages").fetchall() == [("refused", "too_large")] * 2
