"""A mailbox that was read through Exchange and is now read through Graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.polling.reader import MOST_TRIES
from engine.sources.graph import GraphMailbox
from engine.sources.remote import Place, RemoteError
from tests.ews.server import Server
from tests.polling.conftest import Desk, mail
from tools.mailbox_servers import ByGraph


@pytest.fixture
def graph(exchange: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GraphMailbox]:
    """The same mailbox by Graph."""
    monkeypatch.setenv("GRAPH_SECRET", "app-secret")
    way = ByGraph(exchange.store, tmp_path)
    yield way.remote("Inbox")
    way.stop()


def by_graph(desk: Desk, polled: Path, tmp_path: Path, graph: GraphMailbox) -> Desk:
    desk.remote.close()
    return Desk(polled, tmp_path / "p.db", graph)


def test_what_was_listed_and_then_read_by_somebody_is_taken_all_the_same(
    desk: Desk, polled: Path, exchange: Server, graph: GraphMailbox, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    exchange.store.add(mail(1), received=now - timedelta(days=2))
    desk.until_done()
    exchange.store.add(mail(9), is_read=True, received=now - timedelta(days=1))  # an answer that a person has filed here
    item = exchange.store.add(mail(2), received=now - timedelta(hours=3))
    exchange.fail("GetItem", "500", times=99)
    with suppress(RemoteError):
        desk.reader.round()
    assert desk.count("poll_items") == 2 and desk.count("tickets") == 1
    exchange.store.mark_read(item.id)
    new = by_graph(desk, polled, tmp_path, graph)
    new.until_done()
    assert new.count("tickets") == 3 and new.count("poll_items") == 0
    new.connection.close()


def test_an_item_without_mime_is_the_same_message_by_both(
    desk: Desk, polled: Path, exchange: Server, graph: GraphMailbox, tmp_path: Path
) -> None:
    head = {"subject": "item", "body": "x", "from": "maya@brightwater.example", "message_id": "<1@t.example>"}
    item = exchange.store.add(None, properties=head)
    exchange.store.stuck.add(item.id)
    with suppress(RemoteError):
        desk.reader.round()
    assert desk.count("messages") == 1
    new = by_graph(desk, polled, tmp_path, graph)
    exchange.store.stuck.clear()
    new.until_done()
    assert new.count("messages") == 1 and len(exchange.store.in_folder("processed")) == 1
    new.connection.close()


def held(number: int, subject: str = "") -> bytes:
    """Mail that a rule holds back: an attachment of a type that is not accepted."""
    head = mail(number, subject).replace(b"\r\n\r\n", b'\r\nContent-Type: application/octet-stream; name="x.exe"\r\n\r\n', 1)
    return head.replace(b"\r\n\r\n", b'\r\nContent-Disposition: attachment; filename="x.exe"\r\n\r\n', 1)


def test_what_left_quarantine_is_found_in_the_folder_failed(
    desk: Desk, polled: Path, exchange: Server, graph: GraphMailbox, tmp_path: Path
) -> None:
    exchange.store.add(held(1))
    exchange.store.add(held(2))
    desk.until_done()
    assert desk.count("failed_items") == len(exchange.store.in_folder("failed")) == 2
    new = by_graph(desk, polled, tmp_path, graph)
    new.until_done()
    new.forget(1)
    new.until_done()
    assert [one.message_id for one in exchange.store.in_folder("failed")] == ["<2@t.example>"]
    assert [one.message_id for one in exchange.store.in_folder("processed")] == ["<1@t.example>"]
    assert new.count("failed_items") == 1 and new.count("poll_items") == 0
    new.connection.close()


def test_so_is_one_that_was_moved_and_the_answer_lost(desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.store.add(held(1))
    exchange.store.add(held(1, "another of the same Message-ID"))
    real, lost = desk.remote.file, list[object]()

    def losing(ids: Sequence[str], place: Place | None) -> dict[str, str] | None:
        if place == "failed" and not lost:
            lost.append(real(ids[:1], place))
            raise RemoteError("the connection broke")
        return real(ids, place)

    monkeypatch.setattr(desk.remote, "file", losing)
    with suppress(RemoteError):
        desk.reader.round()
    desk.until_done()
    assert lost and len(exchange.store.in_folder("failed")) == desk.count("failed_items") == 2
    desk.forget(1)
    desk.until_done()
    (left,), (gone,) = exchange.store.in_folder("failed"), exchange.store.in_folder("processed")
    assert left.mime is not None and b"another of the same" in left.mime and gone.mime is not None
    assert desk.count("failed_items") == 1 and desk.count("poll_items") == 0


def test_a_search_that_fails_keeps_no_mail_waiting(
    desk: Desk, polled: Path, exchange: Server, graph: GraphMailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.store.add(held(1))
    desk.until_done()
    desk.forget(1)
    exchange.store.add(mail(2))

    def find(place: Place, message_id: str) -> list[str]:
        raise RemoteError("it has no such search")

    monkeypatch.setattr(graph, "find", find)
    new = by_graph(desk, polled, tmp_path, graph)
    new.until_done()
    assert new.count("failed_items") == 1 and new.count("tickets") == 1 and exchange.store.in_folder("inbox") == []
    for _ in range(MOST_TRIES):  # it may be the server's fault, and then only for now
        new.until_done()
    assert new.count("failed_items") == 0
    new.connection.close()
