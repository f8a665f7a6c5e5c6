"""Who wrote the message that another forwards (`behaviour.md` 2): told by a separator, a forward's subject or an attached message."""

from __future__ import annotations

import pytest

from engine.mail.forwarded import find_forwarded
from engine.mail.message import Address
from engine.mail.parse import parse_message

ANA, KIM = Address("Ana", "ana@olivar.example"), Address("Kim", "kim@kessler.example")
BLOCK = "From: Ana <ana@olivar.example>\nSent: Monday, 2 November 2026 10:00\nSubject: Scanner\n\nIt is slow."
RULE = "---------- Forwarded message ---------\n"


@pytest.mark.parametrize(
    ("subject", "text", "attached", "sender"),
    [
        ("FW: Scanner", f"See below.\n\n{BLOCK}", (), "ana@olivar.example"),
        ("WG: [desk] Scanner", BLOCK, (), "ana@olivar.example"),
        ("Re: Scanner", f"See below.\n\n{BLOCK}", (), None),
        ("Scanner", f"See below.\n\n{RULE}{BLOCK}", (), "ana@olivar.example"),
        ("Scanner", f"> {BLOCK}", (), None),
        ("FW: Scanner", "From: Ana\n <ana@olivar.example>\nSent: Monday 10:00\nSubject: Scanner\n", (), "ana@olivar.example"),
        ("FW: Scanner", "From: Ana\nSent: Monday 10:00\nSubject: Scanner\n", (), None),
        ("FW: Scanner", "From: Ana\nTo: Kim <kim@kessler.example>\nSubject: Scanner\n", (), None),
        ("FW: Scanner", "Kim <kim@kessler.example>\nFrom: Ana\nSent: Monday 10:00\nSubject: Scanner\n", (), None),
        ("FW: Scanner", f"From: Ana\nSent: Monday 10:00\nSubject: Scanner\n\n{BLOCK}", (), "ana@olivar.example"),
        ("FW: Scanner", "See below.", (), None),
        ("Scanner", "See below.", (KIM,), "kim@kessler.example"),
        ("Scanner", "See below.", (KIM, ANA), None),
        ("FW: Scanner", "See below.", (KIM, ANA), "kim@kessler.example"),
        ("Scanner", "\n", (KIM, ANA), "kim@kessler.example"),
        ("FW: Scanner", BLOCK, (KIM,), "ana@olivar.example"),
    ],
)
def test_the_sender_of_what_is_forwarded(subject: str, text: str, attached: tuple[Address, ...], sender: str | None) -> None:
    found = find_forwarded(subject, text, attached)
    assert (found.sender.address if found else None) == sender


@pytest.mark.parametrize(
    ("header", "kind", "found"),
    [
        ("", None, True),
        ("X-MS-Exchange-Inbox-Rules-Loop: lotte@harbourhill.example\r\n", "auto_generated", True),
        ("List-Id: <desk.harbourhill.example>\r\n", "mailing_list", True),
        ("Auto-Submitted: auto-replied\r\n", "auto_reply", False),
    ],
)
def test_what_a_mailbox_or_a_list_passes_on_has_a_sender_of_its_own(header: str, kind: str | None, found: bool) -> None:
    head = f"From: lotte@harbourhill.example\r\nTo: help@harbourhill.example\r\nSubject: FW: Scanner\r\nMessage-ID: <1@x>\r\n{header}"
    block = "From: Ana <ana@olivar.example>\r\nSent: Monday, 2 November 2026 10:00\r\nTo: lotte@harbourhill.example\r\nSubject: Scanner\r\n"
    message = parse_message(f"{head}\r\n{block}\r\nIt is broken.\r\n".encode())
    assert (message.automatic.kind if message.automatic else None) == kind
    assert (message.forwarded.sender.address if message.forwarded else None) == ("ana@olivar.example" if found else None)
