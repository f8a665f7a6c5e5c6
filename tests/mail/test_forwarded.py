"""Who wrote the message that another forwards (`behaviour.md` 2): told by a separator, a forward's subject or an attached message."""

from __future__ import annotations

import pytest

from engine.mail.forwarded import find_forwarded
from engine.mail.message import Address

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
