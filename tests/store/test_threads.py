"""Mail that belongs to what is stored already: replies, bounces, receipts, duplicates."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import Setup, prepare
from tests.edit import edit
from tests.store.conftest import mail, rows, run


@pytest.mark.parametrize(("first", "then"), [("", "appended"), ("the file", "duplicate"), ("another file", "appended")])
def test_who_sends_his_mail_again_with_the_file_that_he_forgot_is_heard(first: str, then: str, db: Path, setup: Setup) -> None:
    """`discard` is for what is there already."""

    def again(number: int, file: str) -> bytes:
        part = f"--b\r\nContent-Type: a/b; name=plan.pdf\r\n\r\n{file}\r\n" if file else ""
        more = "Content-Type: multipart/mixed; boundary=b\r\n"
        return mail(number, "The plan", more=more, body=f"--b\r\n\r\nHere it is.\r\n{part}--b--")

    run(db, setup, again(1, first), again(2, "the file"))
    assert rows(db, "SELECT outcome FROM messages ORDER BY id") == [("created",), (then,)]
    files = [number for (number,) in rows(db, "SELECT number FROM attachments")]
    assert files == ["T20261102.0001"] * (bool(first) + (then == "appended"))


def test_a_reply_to_mail_of_the_same_batch_is_joined(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1, "first"), mail(2, "Re: first", more="In-Reply-To: <1@test.example>\r\n"))
    assert rows(db, "SELECT COUNT(*) FROM tickets") == [(1,)] and rows(db, "SELECT COUNT(*) FROM ticket_notes") == [(1,)]


def test_an_answer_to_a_notification_is_joined_though_a_server_replaced_its_message_id(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1))
    connection = sqlite3.connect(db)
    connection.execute("DELETE FROM messages")  # nor is the mail known that the notification answered
    connection.commit()
    ((own,),) = rows(db, "SELECT message_id FROM outbox")
    answer = f"In-Reply-To: <other@outlook.example>\r\nReferences: <1@test.example> <ref.{own}>\r\n <other@outlook.example>\r\n"
    run(
        db,
        setup,
        mail(2, "Another subject", more=answer),
        mail(3, "A third", more=f"References: <{own[:-8]}x@olivar.example>\r\n"),
    )
    assert rows(db, "SELECT outcome, number FROM messages") == [("appended", "T20261102.0001"), ("created", "T20261102.0002")]


def test_loops_are_counted_over_a_run(db: Path, setup: Setup) -> None:
    summary = run(db, setup, *(mail(n, "again and again", "robot@olivar.example", body=str(n)) for n in range(6)))
    assert summary.outcomes["ignored: loop"] == 4


def test_at_most_three_reopenings_an_hour(db: Path, setup: Setup) -> None:
    run(db, setup, mail(0, "first"))
    for n in range(1, 6):
        connection = sqlite3.connect(db)
        connection.execute("UPDATE tickets SET status = 'Done', completed_at = '2026-11-02T10:00:00Z'")
        connection.commit()
        connection.close()
        run(db, setup, mail(n, f"T20261102.0001 part {'abcdefgh'[n] * 5}"))
    assert rows(db, "SELECT COUNT(*) FROM reopenings") == [(3,)]
    assert rows(db, "SELECT status FROM tickets") == [("Done",)]


def test_a_copy_of_our_notification_that_comes_back_is_ours_whoever_sends_it(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1))
    ((own,),) = rows(db, "SELECT message_id FROM outbox")
    copy = mail(2, "Back again", sender="carmen@olivar.example").replace(b"2@test.example", own.encode())
    run(db, setup, copy, mail(3, "Another matter"))
    found = rows(db, "SELECT outcome, reason FROM messages ORDER BY id")
    assert found == [("created", None), ("ignored", "own_mail"), ("created", None)]


def test_a_bounce_of_a_notification_is_noted_on_its_ticket_and_a_reply_to_it_joined(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1, "first"))
    ours = rows(db, "SELECT message_id FROM outbox")[0][0]
    bounce = (
        f"From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\nSubject: failure\r\nMessage-ID: <b@mx>\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
        f"--b\r\n\r\nfailed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{ours}>\r\nSubject: x\r\n\r\ny\r\n--b--\r\n"
    ).encode()
    run(db, setup, bounce, mail(3, "Re: received", more=f"In-Reply-To: <{ours}>\r\n"))
    assert rows(db, "SELECT author, publish FROM ticket_notes ORDER BY id") == [("unknown", "internal"), ("contact", "all")]
    assert len(rows(db, "SELECT * FROM outbox")) == 1


def test_a_receipt_for_a_notification_is_noted_on_its_ticket(db: Path, setup: Setup) -> None:
    """It names what it is about in its report alone (RFC 8098)."""
    run(db, setup, mail(1, "first"))
    ours = rows(db, "SELECT message_id FROM outbox")[0][0]
    receipt = (
        "From: carmen@olivar.example\r\nSubject: Read: received\r\nMessage-ID: <r@olivar.example>\r\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\r\nIt was read.\r\n"
        "--b\r\nContent-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822;carmen@olivar.example\r\n"
        f"Original-Message-ID: <{ours}>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n"
    ).encode()
    run(db, setup, receipt)
    assert rows(db, "SELECT outcome, number FROM messages ORDER BY id")[1] == ("appended", "T20261102.0001")
    assert rows(db, "SELECT author, publish FROM ticket_notes") == [("contact", "internal")]


def test_tickets_that_belong_together_are_related(db: Path, rules: Path) -> None:
    """A late answer to one that is complete, and one that looks like it (`behaviour.md` 3.6 and 5)."""
    edit(rules / "mailboxes/help.yaml", "reopen: true", "reopen: new_linked")
    setup = prepare(load_config(rules))
    head = "Authentication-Results: mx.harbourhill.example; dmarc=pass header.from=harbourhill.example\r\n"
    done = mail(2, "T20261102.0001", "joost@harbourhill.example", head, "#T=1 #S=Done\nIt works.")
    run(db, setup, mail(1, "Scanner is slow"), done, mail(3, "T20261102.0001", body="no"), mail(4, "Scanner is slow", body="y"))
    assert rows(db, "SELECT ticket, related, how FROM related_tickets ORDER BY ticket") == [
        ("T20261102.0002", "T20261102.0001", "answers"),
        ("T20261102.0003", "T20261102.0001", "looks like"),
    ]
