"""Items that are no plain mail, come twice, go meanwhile, or cannot be fetched or filed."""

from __future__ import annotations

import email
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

import engine.polling.reader as reading
from engine.mail.parse import parse_message
from engine.sources.remote import Fetched, RemoteError, RemoteItem, SignInFailed, rebuilt
from tests.edit import edit
from tests.ews.server import Server
from tests.polling.conftest import Desk, exchange_mailbox, mail


# exchangelib raises some, and gives others back
@pytest.mark.parametrize("why", ["ErrorMoveCopyFailed", "ErrorCorruptData", "ErrorAccessDenied"])
def test_an_item_that_can_never_be_filed_holds_no_other_up(
    why: str, desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.store.why_stuck = why
    monkeypatch.setattr(reading, "BATCH_ITEMS", 3)
    stuck = exchange.store.add(mail(0))
    exchange.store.stuck.add(stuck.id)
    for number in range(1, 9):
        exchange.store.add(mail(number))
    for _ in range(2 * reading.MOST_TRIES):  # that it is the item's fault shows soon where others are filed
        with pytest.raises(RemoteError):
            desk.reader.round()
    assert len(exchange.store.in_folder("processed")) == 8 and desk.count("poll_items") == 1
    for number in range(9, 15):
        exchange.store.add(mail(number))
    desk.until_done()
    assert exchange.store.in_folder("inbox") == [stuck] and len(exchange.store.in_folder("processed")) == 14
    assert exchange.store.items[stuck.id].is_read
    assert desk.count("poll_items") == 0 and desk.count("messages") == 15


@pytest.mark.parametrize("why", ["ErrorQuotaExceeded", "ErrorToFolderNotFound", "ErrorAccessDenied"])
def test_where_nothing_can_be_filed_all_is_filed_later(why: str, desk: Desk, exchange: Server) -> None:
    exchange.store.why_stuck = why
    items = [exchange.store.add(mail(number)) for number in range(5)]
    exchange.store.stuck |= {item.id for item in items}
    for _ in range(2 * reading.LONE_TRIES):
        with pytest.raises(RemoteError):
            desk.reader.round()
    exchange.store.stuck.clear()
    desk.until_done()
    assert len(exchange.store.in_folder("processed")) == 5 and desk.count("poll_items") == 0


def test_an_item_that_vanishes_or_moves_meanwhile_is_no_error(
    desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [exchange.store.add(mail(number)) for number in range(4)]
    real = desk.remote.fetch

    def fetch(wanted: object, largest: int) -> object:
        exchange.store.delete(items[0].id)  # listed, but gone before it is fetched
        found = real(wanted, largest)  # type: ignore[arg-type]
        exchange.store.delete(items[1].id)  # fetched, but gone before it is filed
        exchange.store.mark_read(items[2].id)  # changed meanwhile
        return found

    monkeypatch.setattr(desk.remote, "fetch", fetch)
    desk.until_done()
    assert desk.count("messages") == 3 and desk.count("poll_items") == 0
    assert len(exchange.store.in_folder("processed")) == 2


def test_the_same_message_twice_in_one_mailbox_is_processed_once_and_both_are_filed(desk: Desk, exchange: Server) -> None:
    exchange.store.add(mail(1))
    exchange.store.add(mail(1))
    desk.until_done()
    assert desk.count("messages") == 1 and len(exchange.store.in_folder("processed")) == 2
    for _ in range(2):
        exchange.store.add(b"\x00 no message")
        desk.until_done()
    assert desk.count("quarantine") == 1 and len(exchange.store.in_folder("failed")) == 2


@pytest.mark.parametrize("place", ["folder", "no folder"])
@pytest.mark.parametrize(
    "kind",
    [
        *(
            "Item",
            "MeetingMessage",
            "MeetingRequest",
            "MeetingResponse",
            "MeetingCancellation",
            "CalendarItem",
            "Contact",
            "Task",
        ),
        *("DistributionList", "PostItem", "PostReplyItem", "RoleMember", "SharingMessage"),
    ],
)
def test_whatever_an_item_is_to_exchange_it_is_mail(
    kind: str, place: str, polled: Path, tmp_path: Path, exchange: Server
) -> None:
    if place == "no folder":
        edit(polled / "mailboxes/help.yaml", "    processed: Inbox/Processed\n", "")
    desk = Desk(polled, tmp_path / "p.db")
    exchange.store.add(mail(1))
    odd = exchange.store.add(mail(2), kind=kind)
    exchange.store.add(mail(3))
    desk.until_done()
    assert desk.count("tickets") == 3 and desk.count("quarantine") == 0
    assert all(item.is_read or item.folder == "processed" for item in exchange.store.items.values()), odd


def test_an_item_without_mime_is_rebuilt_from_its_properties(desk: Desk, exchange: Server) -> None:
    exchange.store.add(
        None,
        properties={"subject": "A note", "body": "Please call back", "from": "maya@brightwater.example", "message_id": "<m@x>"},
    )
    exchange.store.add(
        None,
        properties={
            "subject": "Files",
            "body": "See there",
            "from": "maya@brightwater.example",
            "message_id": "<n@x>",
            "files": "2",
        },
    )
    desk.until_done()
    assert desk.connection.execute("SELECT title, description, contact FROM tickets").fetchall() == [
        ("A note", "Please call back", "maya"),
        ("Files", "See there\n\n[The mail server gave this message without its files.]", "maya"),
    ]


def test_what_an_item_without_mime_does_not_say_is_left_out(polled: Path, exchange: Server) -> None:
    remote = exchange_mailbox(polled)
    received = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
    told = {"subject": "A note", "body": "Call", "from": "maya@brightwater.example", "message_id": "<m@x>"}
    full, empty = (exchange.store.add(None, received=received, properties=one) for one in (told, {}))
    found = [email.message_from_bytes(remote.describe(RemoteItem(one.id, 0, True)).raw or b"") for one in (full, empty)]
    assert [(one["Subject"], one["From"], one["Message-ID"], one["Date"], one.get_payload()) for one in found] == [
        ("A note", "<maya@brightwater.example>", "<m@x>", "Mon, 02 Nov 2026 10:00:00 +0000", "Call\r\n"),
        (None, None, None, "Mon, 02 Nov 2026 10:00:00 +0000", "\r\n"),
    ]


def test_an_item_as_large_as_one_may_be_comes_whole_and_once(polled: Path, exchange: Server) -> None:
    item = exchange.store.add(mail(1))
    (found,) = exchange_mailbox(polled).fetch([RemoteItem(item.id, item.size, True)], item.size)
    assert found.raw == item.mime


def test_what_is_filed_among_what_failed_is_known_by_its_new_id(polled: Path, exchange: Server) -> None:
    item = exchange.store.add(mail(1))
    found = exchange_mailbox(polled).file([item.id], "failed")
    assert found == {item.id: exchange.store.in_folder("failed")[0].id}


def test_the_header_of_an_item_without_mime_counts_as_it_came(desk: Desk, exchange: Server) -> None:
    exchange.store.add(mail(1, subject="Printer"))
    told = {"subject": "Re: Printer", "body": "sealed", "from": "maya@brightwater.example"}
    long = f"<{'8' * 60}@AS8PR04MB8468.eurprd04.prod.outlook.com>"
    answers = (
        f"In-Reply-To: {long}\nReferences: <1@t.example> {long}\nContent-Type: application/pkcs7-mime\nFrom: eve@evil.example"
    )
    exchange.store.add(None, properties={**told, "message_id": "<2@x>", "headers": answers})
    exchange.store.add(None, properties={**told, "message_id": "<3@x>", "sensitivity": "Confidential"})
    large = {**told, "subject": "Away", "message_id": "<4@x>", "headers": "Auto-Submitted: auto-replied"}
    exchange.store.add(mail(4), shown_size=100 * 1024 * 1024, properties=large)
    desk.until_done()
    assert desk.connection.execute("SELECT outcome, reason, subject FROM messages ORDER BY id").fetchall() == [
        ("created", None, "Printer"),
        ("appended", None, "Re: Printer"),
        ("ignored", "private", ""),
        ("refused", "too_large", "Away"),
    ]
    assert desk.count("ticket_notes") == 1
    assert desk.connection.execute("SELECT recipient FROM outbox WHERE event = 'failed'").fetchall() == [
        ("postmaster@harbourhill.example",)
    ]  # no answer to a machine


@pytest.mark.parametrize(
    ("message_id", "identity"),
    [
        ("<ä@x>", "ä@x"),
        (f"<{'8' * 60}@{'a' * 200}.outlook.com>", f"{'8' * 60}@{'a' * 200}.outlook.com"),
        ("no brackets", "no"),
        ("<\ud800@x>", "?@x"),
        ("", ""),
        ("<a@x>\r\nBcc: <eve@evil.example>\r\n\r\nBody", "a@x"),
    ],
)
def test_whatever_the_properties_say_they_are_a_message(message_id: str, identity: str) -> None:
    fields = {
        "From": "<maya@brightwater.example>",
        "To": "<müller@x.example>",
        "Subject": "Grüße\x00 \ud83d",
        "Message-ID": message_id,
    }
    odd = [("X-Odd", "ä\ud800\r\n\r\nx"), ("Subject", "another"), (None, "x"), ("X-None", None), ("X: Y", "z")]
    message = parse_message(rebuilt(fields, odd, "a\rb\nc\ud800", False))
    assert message.message_id == identity and message.sender.address == "maya@brightwater.example"
    assert [one.address for one in message.to] == ["müller@x.example"] and message.subject.startswith("Grüße")
    assert (
        message.text == "a\nb\nc?\n"
        and message.headers.get_all("X-Odd") == ["ä? x"]
        and not {"bcc", "x-none", "x"} & {*message.headers.names}
    )


def test_a_message_id_beyond_ascii_closes_no_mailbox(desk: Desk, exchange: Server) -> None:
    told = {"subject": "Sealed", "from": "maya@brightwater.example", "message_id": "<ä@x>"}
    exchange.store.add(None, properties=told)
    exchange.store.add(mail(2))
    desk.until_done()
    assert desk.count("tickets") == 2 and desk.count("quarantine") == 0


def test_of_properties_longer_than_anybody_writes_the_beginning_is_taken() -> None:
    """Python folds header fields in quadratic time: such a subject took 25 seconds."""
    to = [f"<person{number}@brightwater.example>" for number in range(20_000)]
    fields = {
        "From": "<maya@brightwater.example>",
        "To": ", ".join(to),
        "Subject": "é " * 200_000,
        "Message-ID": f"<{'x' * 9_000}>",
    }
    headers = ((f"X-Header-{number}", "a" * 100_000) for number in range(20_000))
    message = parse_message(rebuilt(fields, headers, "ü\n" * 6_000_000, False))
    assert message.sender.address == "maya@brightwater.example" and message.subject.startswith("é é é")
    assert [f"<{one.address}>" for one in message.to] == to[: len(message.to)] and len(message.to) > 100
    assert message.text.startswith("ü\nü\n") and message.size < 20_000_000


def test_an_item_that_can_never_be_fetched_is_held_and_the_others_go_on(
    desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = exchange.store.add(mail(1))
    exchange.store.add(mail(2))
    real = desk.remote.fetch

    def fetch(items: object, largest: int) -> object:
        if any(item.id == bad.id for item in items):  # type: ignore[attr-defined]
            raise RemoteError("the item breaks the server")
        return real(items, largest)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.remote, "fetch", fetch)
    desk.until_done()
    assert desk.count("tickets") == 1 and desk.count("quarantine") == 1
    assert (
        "the server does not give it: the item breaks the server"
        in desk.connection.execute("SELECT error FROM quarantine").fetchone()[0]
    )
    assert [item.id for item in exchange.store.in_folder("inbox")] == [] and len(exchange.store.in_folder("failed")) == 1


def test_while_nothing_can_be_fetched_no_item_is_at_fault(desk: Desk, exchange: Server) -> None:
    exchange.store.add(mail(1))
    exchange.fail("GetItem", "500", times=2 * reading.MOST_TRIES)
    assert desk.until_done() == 2 * reading.MOST_TRIES
    assert desk.count("tickets") == 1 and desk.count("quarantine") == 0


@pytest.mark.parametrize("first", [True, False])
def test_an_item_that_is_denied_holds_no_other_up(first: bool, desk: Desk, exchange: Server) -> None:
    denied = exchange.store.add(mail(1)) if first else None
    exchange.store.add(mail(2))
    denied = denied or exchange.store.add(mail(1))
    exchange.store.why_silent = exchange.store.why_stuck = "ErrorAccessDenied"
    exchange.store.silent.add(denied.id)
    exchange.store.stuck.add(denied.id)
    for _ in range(2):
        with pytest.raises(RemoteError) as found:
            desk.reader.round()
        assert not isinstance(found.value, SignInFailed)  # which would wait 15 minutes
    assert desk.count("tickets") == 1 and len(exchange.store.in_folder("processed")) == 1
    for number in range(3, 3 + reading.MOST_TRIES + reading.LONE_TRIES):  # it is not filed either
        exchange.store.add(mail(number))
        with suppress(RemoteError):
            desk.reader.round()
    assert desk.connection.execute("SELECT error FROM quarantine").fetchall() == [
        (
            "the server does not give it: the server does not let us in: The item is not given; docs/exchange.md says which rights it takes",
        )
    ]
    assert exchange.store.in_folder("inbox") == [denied] and desk.count("poll_items") == 0


def test_while_all_is_denied_nothing_is_given_up(desk: Desk, exchange: Server) -> None:
    items = [exchange.store.add(mail(number)) for number in range(3)]
    exchange.store.why_silent = "ErrorAccessDenied"
    exchange.store.silent |= {item.id for item in items}
    for _ in range(2 * reading.LONE_TRIES):
        with pytest.raises(RemoteError, match="does not let us in"):
            desk.reader.round()
    assert desk.count("messages") == 0
    exchange.store.silent.clear()
    desk.until_done()
    assert desk.count("tickets") == len(exchange.store.in_folder("processed")) == 3


def test_an_item_that_is_given_up_while_the_server_is_busy_is_described_later(desk: Desk, exchange: Server) -> None:
    """What is kept of it would be nothing."""
    bad = exchange.store.add(mail(1), properties={"subject": "Odd", "from": "maya@brightwater.example", "message_id": "<o@x>"})
    exchange.store.silent.add(bad.id)
    real = desk.remote.describe
    busy = [RemoteError("the server is busy", 7)]

    def describe(item: RemoteItem) -> Fetched:
        if busy:
            raise busy.pop()
        exchange.store.silent.clear()
        exchange.store.items[bad.id].mime = None
        return real(item)

    desk.remote.describe = describe  # type: ignore[method-assign]
    for number in range(2, 20):
        exchange.store.add(mail(number))
        with suppress(RemoteError):
            desk.reader.round()
    assert desk.connection.execute("SELECT subject FROM messages WHERE outcome = 'quarantined'").fetchall() == [("Odd",)]


def test_a_hundred_megabytes_are_never_fetched_but_refused(desk: Desk, exchange: Server) -> None:
    exchange.store.add(
        mail(1),
        shown_size=100 * 1024 * 1024,
        properties={"subject": "Huge", "from": "maya@brightwater.example", "message_id": "<h@x>"},
    )
    exchange.store.add(mail(2))
    desk.until_done()
    assert desk.connection.execute("SELECT outcome, reason, size FROM messages ORDER BY size DESC").fetchall()[0] == (
        "refused",
        "too_large",
        100 * 1024 * 1024,
    )
    told = desk.connection.execute("SELECT recipient FROM outbox WHERE event = 'failed'").fetchall()
    assert ("maya@brightwater.example",) in told and desk.count("tickets") == 1
