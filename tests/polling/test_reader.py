"""Reading a mailbox by the real exchangelib over real HTTP: nothing lost, nothing twice, each item where it belongs."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from exchangelib.util import BytesGeneratorIO

import engine.polling.reader as reading
from engine.config.connections import ExchangeTls
from engine.config.load import load_config
from engine.sources.ews_client import use_tls
from engine.sources.exchange import ExchangeMailbox
from engine.sources.remote import RemoteError, SignInFailed
from engine.store.in_place import TakenAway
from tests.edit import edit
from tests.ews.server import Server
from tests.ews.store import Store
from tests.polling.conftest import ADDRESS, Desk, Link, mail, with_oauth


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


def test_what_left_quarantine_leaves_the_folder_failed_too(desk: Desk, exchange: Server, again: Callable[[], Desk]) -> None:
    for raw in (b"\x00 no message", b"\x01 none either", b"\x02 nor this", mail(1)):
        exchange.store.add(raw)
    desk.until_done()
    mended, hopeless, moved = (one.id for one in exchange.store.in_folder("failed"))
    assert desk.count("failed_items") == 3

    assert len(desk.processor.retry([1]).held) == 1  # its bytes are as they were
    desk.until_done()
    assert [one.id for one in exchange.store.in_folder("failed")] == [mended, hopeless, moved]

    desk.forget(2, 3)
    exchange.store.move(moved, "inbox")  # by somebody's hand, meanwhile
    again().until_done()
    assert [one.id for one in exchange.store.in_folder("failed")] == [mended]
    assert len(exchange.store.in_folder("processed")) == 3 and exchange.store.in_folder("inbox") == []
    assert desk.count("failed_items") == 1 and desk.count("poll_items") == 0
    assert desk.count("messages") == 4
    moves = exchange.calls["MoveItem"]
    desk.until_done()
    assert exchange.calls["MoveItem"] == moves


def test_without_a_folder_for_what_failed_nothing_is_moved_again(polled: Path, tmp_path: Path, exchange: Server) -> None:
    edit(polled / "mailboxes/help.yaml", "    failed: Inbox/Failed\n", "")
    desk = Desk(polled, tmp_path / "p.db")
    exchange.store.add(b"\x00 no message")
    desk.until_done()
    assert len(exchange.store.in_folder("processed")) == 1 and desk.count("failed_items") == 0


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


def test_without_a_folder_messages_are_marked_as_read(polled: Path, tmp_path: Path, exchange: Server) -> None:
    path = polled / "mailboxes/help.yaml"
    path.write_text(
        "".join(line for line in path.read_text().splitlines(True) if "processed:" not in line and "failed:" not in line)
    )
    desk = Desk(polled, tmp_path / "p.db")
    exchange.store.add(mail(1))
    desk.until_done()
    (item,) = exchange.store.in_folder("inbox")
    assert item.is_read and desk.count("tickets") == 1
    desk.until_done()
    assert desk.count("messages") == 1


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


@pytest.mark.parametrize("why", ["ErrorMoveCopyFailed", "ErrorCorruptData"])  # exchangelib raises one, and gives the other back
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


@pytest.mark.parametrize("why", ["ErrorQuotaExceeded", "ErrorToFolderNotFound"])
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


@pytest.mark.parametrize(("kind", "wait"), [("busy", 3.0), ("503", 3.0)])
def test_the_servers_own_wait_is_kept(kind: str, wait: float, desk: Desk, exchange: Server) -> None:
    exchange.fail("SyncFolderItems", kind, seconds=wait)
    with pytest.raises(RemoteError) as found:
        desk.reader.round()
    assert found.value.wait == wait


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


def test_another_folder_is_read_from_its_start(desk: Desk, polled: Path, exchange: Server, again: Callable[[], Desk]) -> None:
    exchange.store.add_folder("Support", "inbox", "support")
    for number in range(3):
        exchange.store.add(mail(number))
    exchange.store.add(mail(3), "support")
    exchange.store.add(mail(4), "support", is_read=True, received=datetime.now(UTC) - timedelta(days=9))
    desk.until_done()
    assert desk.count("messages") == 3
    edit(polled / "mailboxes/help.yaml", "folder: Inbox\n", "folder: inbox\n")  # the same
    exchange.store.add(mail(5), is_read=True)
    again().until_done()
    assert desk.count("messages") == 4
    edit(polled / "mailboxes/help.yaml", "folder: inbox\n", "folder: Inbox/Support\n")
    again().until_done()
    assert desk.count("messages") == 5
    exchange.store.add(mail(6), "support")
    exchange.store.add(mail(7))
    again().until_done()
    assert desk.count("messages") == 6


def test_an_item_that_vanishes_or_moves_meanwhile_is_no_error(
    desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [exchange.store.add(mail(number)) for number in range(4)]
    real = desk.remote.fetch

    def fetch(wanted: object) -> object:
        exchange.store.delete(items[0].id)  # listed, but gone before it is fetched
        found = real(wanted)  # type: ignore[arg-type]
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


def test_an_item_that_can_never_be_fetched_is_held_and_the_others_go_on(
    desk: Desk, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = exchange.store.add(mail(1))
    exchange.store.add(mail(2))
    real = desk.remote.fetch

    def fetch(items: object) -> object:
        if any(item.id == bad.id for item in items):  # type: ignore[attr-defined]
            raise RemoteError("the item breaks the server")
        return real(items)  # type: ignore[arg-type]

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


def test_sending_through_exchange_keeps_our_headers(desk: Desk, exchange: Server) -> None:
    desk.remote.send(b"From: a@b.example\r\nMessage-ID: <ours@x>\r\nAuto-Submitted: auto-replied\r\n\r\nhello\r\n")
    assert exchange.store.sent == [b"From: a@b.example\r\nMessage-ID: <ours@x>\r\nAuto-Submitted: auto-replied\r\n\r\nhello\r\n"]


def test_a_missing_folder_keeps_no_mail_out(desk: Desk, exchange: Server) -> None:
    del exchange.store.folders["processed"]
    exchange.store.add(mail(1))
    with pytest.raises(RemoteError, match="there is no such folder"):
        desk.reader.round()
    exchange.store.add(mail(2))
    with pytest.raises(RemoteError):
        desk.reader.round()
    assert desk.count("tickets") == 2
    exchange.store.add_folder("Processed", "inbox", "processed")
    desk.remote.close()
    desk.until_done()
    assert len(exchange.store.in_folder("processed")) == 2 and desk.count("tickets") == 2


def test_a_folder_that_goes_meanwhile_is_told_and_its_mail_is_filed_once_it_is_back(desk: Desk, exchange: Server) -> None:
    exchange.store.add(mail(1))
    desk.until_done()
    folder = exchange.store.folders.pop("processed")
    exchange.store.add(mail(2))
    with pytest.raises(RemoteError, match="destination folder"):
        while desk.reader.round():
            pass
    exchange.store.folders["processed"] = folder
    desk.until_done()
    assert len(exchange.store.in_folder("processed")) == 2 and desk.count("tickets") == 2


def test_a_server_that_does_not_count_is_read_all_the_same(desk: Desk, exchange: Server) -> None:
    exchange.store.add(mail(1))
    exchange.fail("FindItem", "500", times=99)
    assert desk.until_done() == 0
    assert desk.count("tickets") == 1 and len(exchange.store.in_folder("processed")) == 1


# --- signing in -----------------------------------------------------------------------------------------------------


def _mailbox(rules: Path, old: str, new: str) -> ExchangeMailbox:
    edit(rules / "mailboxes/help.yaml", old, new, -1)
    return _remote(rules)


def _remote(rules: Path) -> ExchangeMailbox:
    mailbox = load_config(rules).mailboxes["help"]
    return ExchangeMailbox(mailbox.address, mailbox.source)  # type: ignore[arg-type]


def test_ntlm(polled: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The real handshake: a wrong password is refused, the right one signs the connection in."""
    (tmp_path / "users").write_text("DESK:help:secret\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(tmp_path / "users"))
    monkeypatch.setenv("HELP_USER", "DESK\\help")
    exchange.ntlm = True
    exchange.store.add(mail(1))
    remote = _mailbox(polled, "auth: basic", "auth: ntlm")
    assert len(remote.changes(None).items) == 1
    monkeypatch.setenv("HELP_PASSWORD", "wrong")
    with pytest.raises(SignInFailed, match="does not let us in"):
        _mailbox(polled, "auth: ntlm", "auth: ntlm").changes(None)


def test_kerberos_without_its_extra_is_told(polled: Path) -> None:
    with pytest.raises(SignInFailed, match="pip install requests-gssapi"):
        _mailbox(polled, "auth: basic", "auth: kerberos").changes(None)


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
    remote = _mailbox(polled, "auth: basic", new)
    exchange.store.add(mail(1))
    assert len(remote.changes(None).items) == 1
    assert exchange.token_params["client_id"] == "app" and exchange.token_params["client_secret"] == "app-secret"
    assert exchange.impersonated == {ADDRESS}


def test_a_password_that_basic_cannot_send_is_told_and_no_letter_of_it_shown(
    polled: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELP_PASSWORD", "hush€")
    with pytest.raises(SignInFailed, match="has letters that this sign-in cannot send; take others, or `auth: ntlm`") as found:
        _remote(polled).changes(None)
    assert "20ac" not in str(found.value) and "€" not in str(found.value)


def test_a_wrong_client_secret_is_a_refused_sign_in(polled: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with_oauth(polled, exchange, monkeypatch)
    exchange.token_answer = (
        401,
        {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."},
    )
    with pytest.raises(SignInFailed, match=r"^no token: \(invalid_client\) AADSTS7000215: Invalid client secret provided\.$"):
        _remote(polled).changes(None)


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
def test_a_sign_in_that_is_out_of_order_for_now_is_tried_again_soon(
    error: str, polled: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_oauth(polled, exchange, monkeypatch)
    exchange.token_answer = 503, {"error": error, "error_description": "AADSTS90033: come back later"}
    with pytest.raises(RemoteError, match="AADSTS90033: come back later") as found:
        _remote(polled).changes(None)
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
    remote = _remote(polled)
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
    assert _mailbox(polled, "auth: basic", new).changes(None).items == ()
    import jwt
    from cryptography import x509

    key = x509.load_pem_x509_certificate(cert.cert_chain_pems[0].bytes()).public_key()
    claims = jwt.decode(exchange.token_params["client_assertion"], key, algorithms=["RS256"], audience=url)  # type: ignore[arg-type]
    assert claims["iss"] == claims["sub"] == "app" and not exchange.token_params.get("client_secret")
    (tmp_path / "app.pem").write_text("no certificate")
    with pytest.raises(SignInFailed, match="there is no certificate in"):
        _mailbox(polled, "tenant: t", "tenant: u").changes(None)


def test_tls_is_verified_and_a_private_ca_can_be_named(polled: Path, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = Server(Store(ADDRESS), tls=context)
    endpoint = server.start()
    source = load_config(polled).mailboxes["help"].source
    from msgspec.structs import replace

    try:
        for tls, works in (
            (ExchangeTls(None, True, timedelta(seconds=5)), False),
            (ExchangeTls(str(tmp_path / "ca.pem"), True, timedelta(seconds=5)), True),
            (ExchangeTls(None, False, timedelta(seconds=5)), True),
        ):
            use_tls(tls)
            remote = ExchangeMailbox(ADDRESS, replace(source, endpoint=endpoint))  # type: ignore[type-var,arg-type]
            if works:
                assert remote.changes(None).items == ()
            else:
                with pytest.raises(RemoteError, match=r"certificate is not trusted: .*exchange\.ca_file"):
                    remote.changes(None)
            remote.close()
    finally:
        use_tls(ExchangeTls(None, True, timedelta(seconds=60)))
        server.stop()


def test_an_expired_certificate_is_told(polled: Path, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1)).configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = Server(Store(ADDRESS), tls=context)
    source = load_config(polled).mailboxes["help"].source
    from msgspec.structs import replace

    use_tls(ExchangeTls(str(tmp_path / "ca.pem"), True, timedelta(seconds=5)))
    try:
        with pytest.raises(RemoteError, match="certificate has expired"):
            ExchangeMailbox(ADDRESS, replace(source, endpoint=server.start())).changes(None)  # type: ignore[type-var,arg-type]
    finally:
        use_tls(ExchangeTls(None, True, timedelta(seconds=60)))
        server.stop()


def test_check_says_which_folders_are_missing_and_fix_creates_them(polled: Path, exchange: Server) -> None:
    remote = _mailbox(polled, "processed: Inbox/Processed", "processed: Inbox/Done/Good")
    exchange.store.add_folder("Done", "inbox", "done")
    assert remote.check(False) == ["there is no folder Inbox/Done/Good; `postroom poll --check --fix` creates it"]
    assert remote.check(True) == [] and exchange.store.folder_named("Good", "done") is not None
    assert remote.check(False) == []
