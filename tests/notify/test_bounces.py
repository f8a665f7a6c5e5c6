"""Bounces of our notifications, of which a mail system words each as the one before."""

from __future__ import annotations

import sqlite3

import pytest

from engine.decide.setup import Setup
from engine.processing import Processor
from engine.sources.item import Item
from tests.notify.sending import receive

_BOUNCE = """\
Return-Path: <>
Date: Mon, 2 Nov 2026 10:30:00 +0000
From: MAILER-DAEMON@mx.brightwater.example (Mail Delivery System)
To: help@harbourhill.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@mx.brightwater.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-ID: <{about}>

--b--
"""


def come_back(connection: sqlite3.Connection, setup: Setup, *rows: tuple[str, str]) -> list[tuple[str, str | None]]:
    """What becomes of a bounce of each (Message-ID, recipient): its outcome, and its number or reason."""
    before = connection.execute("SELECT MAX(id) FROM messages").fetchone()[0]
    bounces = [
        _BOUNCE.format(number=before + place, about=about, recipient=recipient) for place, (about, recipient) in enumerate(rows)
    ]
    Processor(connection, setup).run([Item(f"{before} {n}", one.encode) for n, one in enumerate(bounces)], "help")
    return connection.execute(
        "SELECT outcome, COALESCE(number, reason) FROM messages WHERE id > ? ORDER BY id", (before,)
    ).fetchall()


def test_bounces_about_many_tickets_are_no_loop(connection: sqlite3.Connection, setup: Setup) -> None:
    receive(connection, setup, 2, sender="jan@kessler.example")
    receive(connection, setup, 3, sender="carmen@olivar.example")
    sent = connection.execute("SELECT message_id, recipient, number FROM outbox ORDER BY id").fetchall()
    noted = come_back(connection, setup, *((about, recipient) for about, recipient, _ in sent))
    assert noted == [("appended", number) for _, _, number in sent] and len({number for _, number in noted}) == 3


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822", "text/plain"])
def test_a_copy_without_our_message_id_names_it_in_its_references(
    kind: str, connection: sqlite3.Connection, setup: Setup
) -> None:
    """Exchange gives a Message-ID of its own, and drops headers until it has received one of that name."""
    (about,) = connection.execute("SELECT message_id FROM outbox").fetchone()
    copy = f"Message-ID: <other@outlook.example>\nReferences: <1@t.example>\n <ref.{about}>\n\ntext"
    bounce = _BOUNCE.format(number=1, about="x", recipient="maya@brightwater.example")
    bounce = bounce.replace("text/rfc822-headers", kind).replace("Message-ID: <x>", copy)
    Processor(connection, setup).run([Item("one", bounce.encode)], "help")
    assert connection.execute("SELECT outcome, number FROM messages ORDER BY id DESC").fetchone() == (
        "appended",
        "T20261102.0001",
    )


def test_those_about_one_ticket_are(connection: sqlite3.Connection, setup: Setup) -> None:
    """A rule that writes to who cannot be reached, each time that a note comes, would never end."""
    (about,) = connection.execute("SELECT message_id FROM outbox").fetchone()
    became = come_back(connection, setup, *[(about, "maya@brightwater.example")] * 4)
    assert became == [("appended", "T20261102.0001")] * 2 + [("ignored", "loop")] * 2


def test_those_about_nothing_of_ours_are(connection: sqlite3.Connection, setup: Setup) -> None:
    became = come_back(connection, setup, *((f"{n}@elsewhere", "maya@brightwater.example") for n in range(4)))
    assert became == [("ignored", "bounce")] * 2 + [("ignored", "loop")] * 2
