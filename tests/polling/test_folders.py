"""The folders of a mailbox on Exchange: which is read, where mail goes, what happens where one is missing or another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import engine.polling.reader as reading
from engine.sources.remote import RemoteError
from tests.edit import edit
from tests.ews.server import Server
from tests.polling.conftest import Desk, edited, mail


def test_what_left_quarantine_leaves_the_folder_failed_too(desk: Desk, exchange: Server, again: Callable[[], Desk]) -> None:
    for raw in (b"\x00 no message", b"\x01 none either", b"\x02 nor this", mail(1)):
        exchange.store.add(raw)
    desk.until_done()
    mended, hopeless, moved = (one.id for one in exchange.store.in_folder("failed"))
    assert desk.count("failed_items") == 3

    assert desk.processor.retry([1]).held == 1  # its bytes are as they were
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


def test_a_busy_server_is_asked_again_for_what_left_quarantine(desk: Desk, exchange: Server) -> None:
    held = mail(1).replace(b"\r\n\r\n", b"\r\nContent-Disposition: attachment; filename=x.exe\r\n\r\n")  # by a rule
    exchange.store.add(held)
    desk.until_done()
    desk.connection.execute("UPDATE failed_items SET item = NULL")  # as where the server did not tell its new id
    desk.forget(1)
    exchange.fail("FindItem", "busy", times=reading.MOST_TRIES + 1, seconds=0.01)
    for _ in range(reading.MOST_TRIES + 1):
        with pytest.raises(RemoteError, match="busy"):
            desk.reader.round()
    desk.until_done()
    assert exchange.store.in_folder("failed") == [] and len(exchange.store.in_folder("processed")) == 1


def test_without_a_folder_for_what_failed_nothing_is_moved_again(polled: Path, tmp_path: Path, exchange: Server) -> None:
    edit(polled / "mailboxes/help.yaml", "    failed: Inbox/Failed\n", "")
    desk = Desk(polled, tmp_path / "p.db")
    exchange.store.add(b"\x00 no message")
    desk.until_done()
    assert len(exchange.store.in_folder("processed")) == 1 and desk.count("failed_items") == 0


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
    assert desk.count("messages") == 1 and desk.remote.check(fix=True) == []  # nor is any folder wanted


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


def test_the_inbox_is_found_whatever_it_is_called(desk: Desk, exchange: Server) -> None:
    exchange.store.folders["inbox"].name = "Posteingang"
    exchange.store.add(mail(1))
    desk.until_done()
    assert desk.count("tickets") == 1


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


def test_a_right_to_the_inbox_and_what_is_below_it_is_enough(polled: Path, desk: Desk, exchange: Server) -> None:
    """Of somebody else's mailbox a user may be shown one folder, and may not look at the root above it."""
    exchange.store.hidden = {"root"}
    exchange.store.add(mail(1))
    assert desk.until_done() == 0
    assert desk.count("tickets") == 1 and len(exchange.store.in_folder("processed")) == 1
    remote = edited(polled, "processed: Inbox/Processed", "processed: Inbox/Good")
    assert remote.check(True) == [] and exchange.store.folder_named("Good") is not None


def test_folders_may_stand_beside_the_inbox(polled: Path, exchange: Server) -> None:
    edit(polled / "mailboxes/help.yaml", "failed: Inbox/Failed", "failed: Bad")
    remote = edited(polled, "processed: Inbox/Processed", "processed: Done/Good")
    done = exchange.store.add_folder("Done", "root")
    assert len(remote.check(False)) == 2 and remote.check(True) == []
    item = exchange.store.add(mail(1))
    remote.file([item.id], "processed")
    good, bad = exchange.store.folder_named("Good", done.id), exchange.store.folder_named("Bad", "root")
    assert good and bad and len(exchange.store.in_folder(good.id)) == 1


def test_check_says_which_folders_are_missing_and_fix_creates_them(polled: Path, exchange: Server) -> None:
    remote = edited(polled, "processed: Inbox/Processed", "processed: Inbox/Done/Good")
    exchange.store.add_folder("Done", "inbox", "done")
    assert remote.check(False) == ["there is no folder Inbox/Done/Good; `postroom poll --check --fix` creates it"]
    assert remote.check(True) == [] and exchange.store.folder_named("Good", "done") is not None
    assert remote.check(False) == []
    with pytest.raises(RemoteError, match="there is no such folder"):  # nobody's mail comes into a folder that we make
        edited(polled, "folder: Inbox", "folder: Inbox/Support").check(True)


@pytest.mark.parametrize(
    ("where", "right", "told"),
    [
        ("processed", "CreateContents", ["no mail may be put into Inbox/Processed"]),
        ("failed", "CreateContents", ["no mail may be put into Inbox/Failed"]),
        ("items", "Delete", ["no mail may be taken out of Inbox"]),
        ("items", "Modify", []),
        ("inbox", "CreateContents", []),
    ],
)
def test_check_says_which_rights_are_missing(where: str, right: str, told: list[str], polled: Path, exchange: Server) -> None:
    """That shows with the first mail otherwise, maybe days later."""
    exchange.store.add(mail(1))
    exchange.store.may_not[where] = right
    remote = edited(polled, "folder: Inbox", "folder: Inbox")
    assert [words.partition(";")[0] for words in remote.check(False)] == told


def test_mail_that_stays_in_its_folder_needs_the_right_to_be_marked(polled: Path, exchange: Server) -> None:
    exchange.store.add(mail(1))
    remote = edited(polled, "    processed: Inbox/Processed\n", "")
    exchange.store.may_not["items"] = "Delete"
    assert remote.check(False) == []
    exchange.store.may_not["items"] = "Modify"
    (told,) = remote.check(False)
    assert told == "no mail may be marked as read in Inbox; docs/exchange.md says which rights it takes"
