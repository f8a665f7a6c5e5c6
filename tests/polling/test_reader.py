"""Reading a mailbox by the real exchangelib over real HTTP: nothing lost, nothing twice, each item where it belongs."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from exchangelib.util import BytesGeneratorIO

import engine.polling.reader as reading
from engine.config.connections import ExchangeTls
from engine.sources.ews_client import use_tls
from engine.sources.remote import Backlog, RemoteError
from engine.store.in_place import TakenAway
from tests.ews.server import Server
from tests.polling.conftest import Desk, Link, mail


def test_mail_becomes_tickets_and_is_filed(desk: Desk, exchange: Server) -> None:
    for number in range(3):
        exchange.store.add(mail(number))
    exchange.store.add(b"\x00\x01 no message")
    desk.until_done()
    assert desk.count("tickets") == 3 and desk.count("quarantine") == 1 and desk.count("poll_items") == 0
    assert exchange.store.in_folder("inbox") == []
    assert len(exchange.store.in_folder("processed")) == 3 and len(exchange.store.in_folder("failed")) == 1
    assert desk.connection.execute("SELECT DISTINCT mailbox FROM messages").fetchall() == [("help",)]
    assert desk.connection.execute("SELECT last_contact IS NOT NULL, unread, error FROM mailbox_status").fetchall() == [
        (1, 0, "")
    ]


def test_one_connection_serves_all_rounds_and_folders_are_looked_up_once(desk: Desk, exchange: Server) -> None:
    exchange.store.add(mail(1))
    desk.until_done()
    looked_up = {call: exchange.calls[call] for call in ("GetFolder", "FindFolder")}
    for number in (2, 3):
        exchange.store.add(mail(number))
        desk.until_done()
    assert {call: exchange.calls[call] for call in looked_up} == looked_up
    assert len(exchange.store.in_folder("processed")) == 3 and exchange.connections == 1


def test_a_link_that_is_pointed_at_another_database_is_noticed(polled: Path, tmp_path: Path, exchange: Server) -> None:
    link = Link(tmp_path)
    desk = Desk(polled, link.path)
    exchange.store.add(mail(1))
    desk.until_done()
    exchange.store.add(mail(2))
    link.point_elsewhere()
    with pytest.raises(TakenAway, match=r"current\.db: the database is no longer the file that was opened"):
        desk.reader.round()
    assert len(exchange.store.in_folder("inbox")) == 1 and desk.count("tickets") == 1


def test_only_what_is_new_is_fetched(desk: Desk, exchange: Server, again: Callable[[], Desk]) -> None:
    exchange.store.add(mail(1))
    desk.until_done()
    exchange.store.add(mail(2))
    fetched = exchange.calls["GetItem"]
    again().until_done()  # the sync state is stored
    assert desk.count("tickets") == 2 and exchange.calls["GetItem"] == fetched + 1


def test_what_somebody_read_long_ago_is_not_mail_to_us(desk: Desk, exchange: Server) -> None:
    exchange.store.add(mail(1), is_read=True)
    exchange.store.add(mail(2))
    desk.until_done()
    assert desk.count("messages") == 1
    exchange.store.add(mail(3), is_read=True)  # read by somebody before we came, but new to us
    desk.until_done()
    assert desk.count("messages") == 2


def test_so_is_what_somebody_read_while_we_were_away_and_a_page_did_not_hold(
    desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.sources.exchange.PAGE_ITEMS", 2)
    desk.until_done()
    for number in range(5):
        exchange.store.add(mail(number), is_read=True, received=datetime(2026, 11, 2, 10, number, tzinfo=UTC))
    desk.until_done()
    assert desk.count("messages") == 5


@pytest.mark.parametrize("step", ["keep_page", "take", "mark_stored", "file", "drop"])
def test_a_crash_after_any_step_repeats_only_the_next(
    step: str, desk: Desk, exchange: Server, again: Callable[[], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    for number in range(3):
        exchange.store.add(mail(number))
    owner, name = {
        "keep_page": (reading.store, "keep_page"),
        "take": (desk.reader._processor, "take_parsed"),
        "mark_stored": (reading.store, "mark_stored"),
        "file": (desk.remote, "file"),
        "drop": (reading.store, "drop"),
    }[step]
    real = getattr(owner, name)

    def once(*words: object, **more: object) -> object:
        real(*words, **more)
        raise Crash

    monkeypatch.setattr(owner, name, once)
    with pytest.raises(Crash):
        desk.reader.round()
    monkeypatch.setattr(owner, name, real)
    desk.connection.close()
    after = again()
    after.until_done()
    assert after.count("tickets") == 3 and after.count("messages") == 3 and after.count("poll_items") == 0
    assert len(exchange.store.in_folder("processed")) == 3 and exchange.store.in_folder("inbox") == []


@pytest.mark.parametrize("kind", ["busy", "503", "500", "reset", "truncated", "not xml"])
@pytest.mark.parametrize("operation", ["SyncFolderItems", "GetItem", "MoveItem", "GetFolder"])
def test_every_fault_is_waited_out(operation: str, kind: str, desk: Desk, exchange: Server) -> None:
    for number in range(4):
        exchange.store.add(mail(number))
    exchange.fail(operation, kind, times=2)
    failed = desk.until_done()
    assert failed >= 1
    assert desk.count("tickets") == 4 and desk.count("messages") == 4 and desk.count("quarantine") == 0
    assert len(exchange.store.in_folder("processed")) == 4


@pytest.mark.parametrize(("kind", "wait"), [("busy", 3.0), ("503", 3.0)])
def test_the_servers_own_wait_is_kept(kind: str, wait: float, desk: Desk, exchange: Server) -> None:
    exchange.fail("SyncFolderItems", kind, seconds=wait)
    with pytest.raises(RemoteError) as found:
        desk.reader.round()
    assert found.value.wait == wait


def test_a_lost_sync_state_makes_nothing_twice(desk: Desk, exchange: Server) -> None:
    path_kept = [exchange.store.add(mail(number)) for number in range(3)]
    desk.until_done()
    exchange.store.lose_sync_states()
    exchange.store.add(mail(9))
    desk.until_done()
    assert path_kept and desk.count("tickets") == 4 and desk.count("messages") == 4


def test_what_somebody_read_while_the_sync_state_was_lost_is_mail_to_us(
    desk: Desk, exchange: Server, again: Callable[[], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_PAGES", 1)
    now = datetime.now(UTC).replace(microsecond=0)
    exchange.store.add(mail(1), is_read=True, received=now - timedelta(days=9))
    exchange.store.add(mail(2))
    desk.until_done()
    assert desk.count("messages") == 1
    exchange.store.lose_sync_states()
    exchange.store.add(mail(3), is_read=True)
    for number in range(4, 4 + 3 * 100):  # pages: what was last looked at is kept until the last one
        exchange.store.add(mail(number), is_read=True, received=now - timedelta(days=8))
    exchange.store.add(mail(5_000), is_read=True)
    again().until_done()
    assert desk.count("messages") == 3
    exchange.store.lose_sync_states()
    again().until_done()
    assert desk.count("messages") == 3 and desk.count("poll_items") == 0


def test_an_answer_is_read_in_large_pieces_and_comes_whole(desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """exchangelib itself asks for one byte at a time, which takes six seconds for 28 MB."""
    read = BytesGeneratorIO.__init__
    lengths: list[int] = []

    def counted(self: Any, pieces: Iterator[bytes]) -> None:
        read(self, (piece for piece in pieces if lengths.append(len(piece)) is None))  # type: ignore[func-returns-value]

    monkeypatch.setattr(BytesGeneratorIO, "__init__", counted)
    body = "".join(f"{line:06}\r\n" for line in range(25_000))
    exchange.store.add(mail(1, body=body))
    desk.until_done()
    assert desk.count("tickets") == 1 and max(lengths) == 65_536 and len(lengths) < 100
    ((_, _, kept),) = desk.connection.execute("SELECT * FROM raw_messages").fetchall()
    assert zlib.decompress(kept) == mail(1, body=body)


def test_a_clock_behind_the_servers_makes_no_ticket_of_the_future(desk: Desk, exchange: Server) -> None:
    exchange.store.add(mail(1), received=datetime.now(UTC) + timedelta(hours=3))
    desk.until_done()
    (created,) = desk.connection.execute("SELECT created_at FROM tickets").fetchone()
    assert datetime.fromisoformat(created) <= datetime.now(UTC)


def test_a_slow_server_ends_in_a_timeout_and_is_tried_again(desk: Desk, exchange: Server) -> None:
    use_tls(ExchangeTls(None, True, timedelta(seconds=0.3)))
    try:
        exchange.store.add(mail(1))
        exchange.fail("GetItem", "slow", seconds=1.0)
        assert desk.until_done() >= 1
        assert desk.count("tickets") == 1
    finally:
        use_tls(ExchangeTls(None, True, timedelta(seconds=60)))


def test_a_large_backlog_comes_in_pages(desk: Desk, exchange: Server) -> None:
    for number in range(250):
        exchange.store.add(mail(number))
    desk.until_done()
    assert desk.count("messages") == 250 and exchange.calls["SyncFolderItems"] >= 3 and exchange.calls["GetItem"] >= 10
    assert len(exchange.store.in_folder("processed")) == 250


def test_the_backlog_is_how_much_is_unread_and_since_when(desk: Desk, exchange: Server) -> None:
    assert desk.remote.backlog() == Backlog(0, None)
    for day in (3, 2, 1):
        exchange.store.add(mail(day), received=datetime(2026, 11, day, tzinfo=UTC), is_read=day == 1)
    assert desk.remote.backlog() == Backlog(2, datetime(2026, 11, 2, tzinfo=UTC))


def test_sending_through_exchange_keeps_our_headers(desk: Desk, exchange: Server) -> None:
    desk.remote.send(b"From: a@b.example\r\nMessage-ID: <ours@x>\r\nAuto-Submitted: auto-replied\r\n\r\nhello\r\n")
    assert exchange.store.sent == [b"From: a@b.example\r\nMessage-ID: <ours@x>\r\nAuto-Submitted: auto-replied\r\n\r\nhello\r\n"]


def test_a_server_that_does_not_count_is_read_all_the_same(desk: Desk, exchange: Server) -> None:
    exchange.store.add(mail(1))
    exchange.fail("FindItem", "500", times=99)
    assert desk.until_done() == 0
    assert desk.count("tickets") == 1 and len(exchange.store.in_folder("processed")) == 1
