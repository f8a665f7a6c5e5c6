"""Reading a mailbox by Microsoft Graph: the same promises as Exchange, with httpx on a loopback server over TLS."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import engine.polling.reader as reading
from engine.notify.mailbox import MailboxTransport
from engine.notify.sender import send_due
from engine.sources.remote import WITHOUT_FILES, Backlog, Fetched, RemoteError, StateLost
from engine.store.rests import rest_of
from tests.graph.conftest import remote
from tests.graph.server import GraphServer
from tests.polling.conftest import Desk, mail


def test_one_connection_serves_all_rounds_and_folders_are_looked_up_once(desk: Desk, graph: GraphServer) -> None:
    graph.store.add(mail(1))
    desk.until_done()
    looked_up = {call: count for call, count in graph.calls.items() if "mailFolders" in call and "delta" not in call}
    for number in (2, 3):
        graph.store.add(mail(number))
        desk.until_done()
    assert {call: graph.calls[call] for call in looked_up} == looked_up
    assert len(graph.store.in_folder("processed")) == 3 and graph.connections == 1


def test_mail_becomes_tickets_and_is_filed(desk: Desk, graph: GraphServer) -> None:
    for number in range(3):
        graph.store.add(mail(number))
    graph.store.add(b"\x00 no message")
    graph.store.add(mail(9), is_read=True)  # from long ago
    desk.until_done()
    assert desk.count("tickets") == 3 and desk.count("quarantine") == 1 and desk.count("poll_items") == 0
    assert len(graph.store.in_folder("processed")) == 3 and len(graph.store.in_folder("failed")) == 1
    desk.forget(4)
    desk.until_done()
    assert len(graph.store.in_folder("processed")) == 4 and desk.count("failed_items") == 0
    assert len(graph.token_requests) == 1  # the token is kept
    assert graph.token_requests[0]["client_id"] == ["app"] and graph.token_requests[0]["scope"] == [f"{graph.base}/.default"]
    graph.store.add(mail(4))
    fetched = graph.calls["GET messages/X/$value"]
    desk.until_done()
    assert desk.count("tickets") == 4 and graph.calls["GET messages/X/$value"] == fetched + 1


def test_an_old_mail_that_somebody_touches_is_not_new(desk: Desk, graph: GraphServer) -> None:
    old = graph.store.add(mail(1), is_read=True)  # from before we came
    desk.until_done()
    graph.store.mark_read(old.id)
    desk.until_done()
    assert desk.count("messages") == 0 and graph.store.in_folder("inbox") == [old]


def test_what_somebody_moves_into_the_folder_is_new_also_where_it_was_there_before(desk: Desk, graph: GraphServer) -> None:
    graph.store.add_folder("Junk", "root", "junk")
    desk.until_done()
    rescued, strayed = graph.store.add(mail(1), "junk"), graph.store.add(mail(2))
    graph.store.move(rescued.id, "inbox")
    away = graph.store.move(strayed.id, "junk")
    assert away is not None
    graph.store.move(away.id, "inbox")
    desk.until_done()
    assert desk.count("tickets") == 2 and len(graph.store.in_folder("processed")) == 2


def test_a_large_backlog_comes_in_pages(desk: Desk, graph: GraphServer) -> None:
    for number in range(230):
        graph.store.add(mail(number))
    desk.until_done()
    assert desk.count("messages") == 230 and graph.calls["GET mailFolders/inbox/messages/delta"] >= 3


@pytest.mark.parametrize("status", [429, 500, 503, 504])
@pytest.mark.parametrize("path", ["delta", r"\$value", "move"])
def test_every_fault_is_waited_out(path: str, status: int, desk: Desk, graph: GraphServer) -> None:
    for number in range(3):
        graph.store.add(mail(number))
    graph.fail(path, status, times=2)
    assert desk.until_done() >= 1
    assert desk.count("tickets") == 3 and len(graph.store.in_folder("processed")) == 3


ODD = [
    *(b"", b"[]", b"null", b'"x"', b"{}", b'{"value": {}}', b'{"value": [[]]}', b'{"value": [null]}', b'{"value": [{"id": 5}]}'),
    *(
        b'{"value": [{"id": [], "receivedDateTime": 5, "singleValueExtendedProperties": 5}], "@odata.nextLink": 5}',
        b"<html>",
        b'{"id',
    ),
    *(
        b'{"value": [{"id": 5, "receivedDateTime": "2026-11-02T10:00:00Z"}], "@odata.deltaLink": "x"}',
        b'{"value": [], "@odata.deltaLink": 5}',
    ),
    *(b'{"value": 5, "@odata.deltaLink": null}', b'{"unreadItemCount": "x"}', b'{"receivedDateTime": "soon"}', b"\xff\xfe"),
]


@pytest.mark.parametrize("body", ODD)
@pytest.mark.parametrize("path", ["/token", "mailFolders", "delta", r"/\$value", "/move", "unread|inbox$"])
def test_an_odd_answer_is_waited_out(path: str, body: bytes, desk: Desk, graph: GraphServer) -> None:
    graph.store.add(mail(1))
    graph.answer(path, body)
    desk.until_done()
    assert desk.count("tickets") == 1 and len(graph.store.in_folder("processed")) == 1


@pytest.mark.parametrize(("told", "wait"), [("7", 7), ("soon", None), ("-1", None), ("\xb2", None), ("", None)])
def test_the_servers_own_wait_is_kept(told: str, wait: float | None, desk: Desk, graph: GraphServer) -> None:
    graph.fail("delta", 429, Retry_After=told)
    with pytest.raises(RemoteError) as found:
        desk.reader.round()
    assert found.value.wait == wait


def test_a_notification_that_graph_refuses_waits_alone(desk: Desk, graph: GraphServer) -> None:
    graph.store.add(mail(1))
    graph.store.add(mail(2).replace(b"maya@brightwater", b"jan@kessler"))
    desk.until_done()
    graph.store.refused["maya@brightwater.example"] = "ErrorSendAsDenied"
    way = MailboxTransport("help", desk.remote)
    done = send_due(desk.connection, desk.config, lambda mailbox: way)
    assert (done.sent, done.postponed, done.waiting) == (1, 1, 0)
    graph.fail("sendMail", 429, Retry_After="240")
    done = send_due(desk.connection, desk.config, lambda mailbox: way, clock=lambda: datetime.now(UTC) + timedelta(minutes=1))
    rest = rest_of(desk.connection, way.name)
    assert done.waiting == 1 and rest is not None and rest.until - datetime.now(UTC) > timedelta(minutes=4)
    graph.store.refused["maya@brightwater.example"] = "ErrorInvalidRecipients"
    done = send_due(desk.connection, desk.config, lambda mailbox: way, clock=lambda: datetime.now(UTC) + timedelta(minutes=9))
    assert done.failed == [("maya@brightwater.example", "ErrorInvalidRecipients: not sent")]


def test_an_item_that_can_never_be_filed_holds_no_other_up(desk: Desk, graph: GraphServer) -> None:
    stuck = graph.store.add(mail(0))
    graph.store.stuck.add(stuck.id)
    for number in range(1, 9):
        graph.store.add(mail(number))
        with suppress(RemoteError):
            desk.reader.round()
    assert graph.store.in_folder("inbox") == [stuck] and len(graph.store.in_folder("processed")) == 8 and stuck.is_read
    assert desk.count("poll_items") == 0 and desk.count("messages") == 9


def test_an_item_that_is_denied_holds_no_other_up(desk: Desk, graph: GraphServer) -> None:
    denied = graph.store.add(mail(0))
    graph.store.why_silent = graph.store.why_stuck = "ErrorAccessDenied"
    graph.store.silent.add(denied.id)
    graph.store.stuck.add(denied.id)
    for number in range(1, 31):
        graph.store.add(mail(number))
        with suppress(RemoteError):
            desk.reader.round()
    assert graph.store.in_folder("inbox") == [denied] and len(graph.store.in_folder("processed")) == 30
    assert desk.count("poll_items") == 0 and desk.count("messages") == 31 and desk.count("quarantine") == 1


def test_a_lost_state_makes_nothing_twice(desk: Desk, graph: GraphServer) -> None:
    graph.store.add(mail(1))
    desk.until_done()
    graph.store.lose_sync_states()
    graph.store.add(mail(2))
    desk.until_done()
    assert desk.count("messages") == 2


def test_the_backlog_is_how_much_is_unread_and_since_when(desk: Desk, graph: GraphServer) -> None:
    assert desk.remote.backlog() == Backlog(0, None)
    for day in (3, 2, 1):
        graph.store.add(mail(day), received=datetime(2026, 11, day, tzinfo=UTC), is_read=day == 1)
    assert desk.remote.backlog() == Backlog(2, datetime(2026, 11, 2, tzinfo=UTC))


def test_what_was_filed_is_found_by_its_message_id(desk: Desk, graph: GraphServer) -> None:
    odd = graph.store.add(mail(1).replace(b"1@t.example", b"it's+1@t.example"), "failed")
    graph.store.add(mail(2), "failed")
    assert desk.remote.find("failed", "it's+1@t.example") == [odd.id] and desk.remote.find("failed", "3@t.example") == []


def test_the_inbox_is_found_whatever_it_is_called(desk: Desk, graph: GraphServer) -> None:
    graph.store.folders["inbox"].name = "Posteingang"
    graph.store.add(mail(1))
    desk.until_done()
    assert desk.count("tickets") == 1


def test_another_folder_is_read_from_its_start(
    desk: Desk, rules: Path, graph: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph.store.add_folder("Support", "inbox", "support")
    graph.store.add(mail(1))
    graph.store.add(mail(2), "support")
    desk.until_done()
    assert desk.count("messages") == 1
    support = Desk(rules, tmp_path / "p.db", remote(graph, tmp_path, monkeypatch, folder="Inbox/Support"))
    support.until_done()  # the link that is stored leads to the inbox
    assert desk.count("messages") == 2
    support.remote.close()
    support.connection.close()


def test_ids_of_another_account_are_not_asked_for(
    desk: Desk, rules: Path, graph: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for raw in (b"\x00 no message", b"\x01 none either"):
        graph.store.add(raw)
    desk.until_done()
    waits = graph.store.add(mail(1))
    graph.fail(r"\$value", 503)
    with pytest.raises(RemoteError):
        desk.reader.round()
    desk.forget(1)
    assert (desk.count("poll_items"), desk.count("failed_items")) == (1, 2)

    there = remote(graph, tmp_path, monkeypatch)
    there.address = "desk@harbourhill.example"
    monkeypatch.setattr(there, "file", lambda ids, place: pytest.fail("it asks for ids of the old account"))
    graph.store.delete(waits.id)  # nothing is listed anew
    other = Desk(rules, tmp_path / "p.db", there)
    other.until_done()
    assert (other.count("poll_items"), other.count("failed_items"), other.count("messages")) == (0, 0, 2)
    other.remote.close()
    other.connection.close()


def test_a_stored_place_of_another_server_is_not_followed(
    graph: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StateLost):
        remote(graph, tmp_path, monkeypatch).changes("https://evil.example/v1.0/users/x")


def test_without_a_folder_messages_are_marked_as_read(
    rules: Path, tmp_path: Path, graph: GraphServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(rules, tmp_path / "p.db", remote(graph, tmp_path, monkeypatch, processed=None, failed=None))
    graph.store.add(mail(1))
    desk.until_done()
    (item,) = graph.store.in_folder("inbox")
    assert item.is_read


def test_an_item_that_is_gone_meanwhile_is_no_error(desk: Desk, graph: GraphServer, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [graph.store.add(mail(number)) for number in range(2)]
    real = desk.remote.fetch

    def fetch(wanted: object, largest: int) -> object:
        graph.store.delete(items[0].id)
        return real(wanted, largest)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.remote, "fetch", fetch)
    desk.until_done()
    assert desk.count("messages") == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_folder_that_is_gone_is_told_and_its_mail_is_filed_once_it_is_back(known: bool, desk: Desk, graph: GraphServer) -> None:
    if known:
        graph.store.add(mail(1))
        desk.until_done()
    folder = graph.store.folders.pop("processed")
    graph.store.add(mail(2))
    with pytest.raises(RemoteError, match="there is no folder Processed"):
        while desk.reader.round():
            pass
    assert len(graph.store.in_folder("inbox")) == 1
    graph.store.folders["processed"] = folder
    desk.until_done()
    assert not graph.store.in_folder("inbox") and len(graph.store.in_folder("processed")) == 1 + known
    assert desk.count("tickets") == 1 + known


def test_a_large_item_is_refused_by_its_head_and_one_without_mime_rebuilt(desk: Desk, graph: GraphServer) -> None:
    """Graph says of none how large it is: no more is read than shows that it is too large."""
    head = {"subject": "Huge", "from": "maya@brightwater.example", "message_id": "<h@x>", "body": "text"}
    graph.store.add(mail(1, body="x" * 20_000_000), properties=head)
    words = " ".join(f"word {number}" for number in range(200))
    graph.store.add(b"", properties={**head, "subject": "Small", "message_id": "<s@x>", "body": words, "files": "1"})
    graph.store.add(None, properties={**head, "subject": "Sealed", "message_id": "<o@x>"})
    assert desk.until_done() == 0
    assert set(desk.connection.execute("SELECT subject, outcome, reason, size < 10000000 FROM messages")) == {
        ("Huge", "refused", "too_large", 1),
        ("Small", "created", None, 1),
        ("Sealed", "created", None, 1),
    }
    assert desk.connection.execute("SELECT description FROM tickets").fetchone()[0] == f"{words}\n\n{WITHOUT_FILES}"
    assert len(graph.store.in_folder("processed")) == 3


def test_the_header_of_an_item_without_mime_counts_as_it_came(desk: Desk, graph: GraphServer) -> None:
    graph.store.add(mail(1, subject="Printer"))
    told = {"subject": "Re: Printer", "body": "sealed", "from": "maya@brightwater.example"}
    graph.store.add(None, properties={**told, "message_id": "<2@x>", "headers": "In-Reply-To: <1@t.example>"})
    graph.store.add(None, properties={**told, "message_id": "<3@x>", "headers": "Sensitivity: Private"})
    large = {**told, "subject": "Away", "message_id": "<4@x>", "headers": "Auto-Submitted: auto-replied"}
    graph.store.add(mail(4, body="x" * 2_000_000), properties=large)
    desk.until_done()
    assert desk.connection.execute("SELECT outcome, reason FROM messages ORDER BY id").fetchall() == [
        ("created", None),
        ("appended", None),
        ("ignored", "private"),
        ("refused", "too_large"),
    ]
    assert desk.connection.execute("SELECT recipient FROM outbox WHERE event = 'failed'").fetchall() == [
        ("postmaster@harbourhill.example",)
    ]


def test_no_more_is_fetched_at_once_than_a_batch_holds(desk: Desk, graph: GraphServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BATCH_BYTES", 2500)
    stored: list[int] = []
    store = desk.reader._store

    def counted(fetched: list[Fetched], take: Any) -> None:
        stored.append(len(fetched))
        store(fetched, take)

    monkeypatch.setattr(desk.reader, "_store", counted)
    for number in range(5):
        graph.store.add(mail(number, body="x" * 1000))
    desk.until_done()
    assert stored == [3, 2] and desk.count("messages") == 5


def test_a_folder_that_was_deleted_and_made_anew_is_found_again(
    graph: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = remote(graph, tmp_path, monkeypatch, folder="Inbox/Support")
    old = graph.store.add_folder("Support", "inbox")
    assert mailbox.changes(None).items == ()
    del graph.store.folders[old.id]
    graph.store.add(mail(1), graph.store.add_folder("Support", "inbox").id)
    with pytest.raises(RemoteError):
        mailbox.backlog()
    mailbox.close()  # as after each round that failed
    assert len(mailbox.changes(None).items) == 1


def test_sending_keeps_our_headers(desk: Desk, graph: GraphServer) -> None:
    desk.remote.send(b"From: a@b.example\r\nMessage-ID: <ours@x>\r\nAuto-Submitted: auto-replied\r\n\r\nhello\r\n")
    assert graph.store.sent == [b"From: a@b.example\r\nMessage-ID: <ours@x>\r\nAuto-Submitted: auto-replied\r\n\r\nhello\r\n"]


def test_check_says_which_folders_are_missing_and_fix_creates_them(
    graph: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = remote(graph, tmp_path, monkeypatch, processed="Inbox/It's done")
    assert mailbox.check(False) == ["there is no folder Inbox/It's done; `postroom poll --check --fix` creates it"]
    assert mailbox.check(True) == [] and mailbox.check(False) == []
    with pytest.raises(RemoteError, match="there is no folder Support"):  # nobody's mail comes into a folder that we make
        remote(graph, tmp_path, monkeypatch, folder="Inbox/Support").check(True)
