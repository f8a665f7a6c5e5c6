"""OpenPGP within a plain text, as Enigmail and Mailvelope send it."""

from __future__ import annotations

import pytest

from engine.mail.parse import parse_message
from tests.mail.plain import plain

SIGNATURE = "-----BEGIN PGP SIGNATURE-----\nVersion: GnuPG v2\n\niQEzBAEBCAAdFiEE\n=aZ3k\n-----END PGP SIGNATURE-----\n"
SIGNED = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nThe printer is down.\n- - since ten\n- -- \nMaya\n{SIGNATURE}"
ENCRYPTED = "-----BEGIN PGP MESSAGE-----\n\nhQIMA0+Vb8z3\n=Q2x1\n-----END PGP MESSAGE-----\n"


def test_a_signed_text_is_read_without_its_signature() -> None:
    message = parse_message(plain("x", SIGNED))
    assert message.text.rstrip() == "The printer is down.\n- since ten\n-- \nMaya"
    assert (message.attachments, message.encrypted) == ((), False)


def test_what_stands_before_and_behind_stays() -> None:
    message = parse_message(plain("x", f"Good morning\n\n{SIGNED}\n_______\nOur list\n"))
    assert message.text == "Good morning\n\nThe printer is down.\n- since ten\n-- \nMaya\n\n_______\nOur list\n\n"


def test_a_text_that_was_signed_twice() -> None:
    inner = SIGNED.replace("\n-", "\n- -").replace("-----BEGIN PGP SIGNED", "- -----BEGIN PGP SIGNED", 1)
    message = parse_message(plain("x", f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{inner}\n{SIGNATURE}"))
    assert message.text.split("\n")[:2] == ["The printer is down.", "- since ten"]
    assert "PGP" not in message.text


def test_an_encrypted_text_is_a_file_and_rules_can_ask_for_it() -> None:
    message = parse_message(plain("x", f"\n{ENCRYPTED}\n_______\nOur list\n"))
    assert message.encrypted
    assert [(one.name, one.data.decode()) for one in message.attachments] == [("encrypted.asc", ENCRYPTED)]
    assert message.text.rstrip() == "_______\nOur list"


@pytest.mark.parametrize(
    "text",
    [
        "> " + SIGNED.replace("\n", "\n> "),
        "What is this?\n\n" + ENCRYPTED,
        SIGNED.replace("-----END PGP SIGNATURE-----", ""),
        SIGNED.replace("-----BEGIN PGP SIGNATURE-----", ""),
        ENCRYPTED.replace("-----END PGP MESSAGE-----", ""),
        f"-----BEGIN PGP SIGNED MESSAGE-----\n{'Hash: SHA256, ' * 50}\n\nx\n{SIGNATURE}",
        f"-----BEGIN PGP SIGNED MESSAGE-----\nHello all\n\nx\n{SIGNATURE}",
        f"He wrote -----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nx\n{SIGNATURE}",
    ],
    ids=[
        "quoted",
        "below words",
        "without an end",
        "without a signature",
        "cut",
        "a long header",
        "words for a header",
        "within a line",
    ],
)
def test_what_is_not_whole_or_not_the_senders_stays_text(text: str) -> None:
    message = parse_message(plain("x", text))
    assert message.text == f"{text}\n"
    assert (message.attachments, message.encrypted) == ((), False)


def test_one_within_a_line_hides_no_other() -> None:
    message = parse_message(plain("x", f"It begins with -----BEGIN PGP SIGNED MESSAGE-----\n\n{SIGNED}"))
    assert message.text.rstrip() == (
        "It begins with -----BEGIN PGP SIGNED MESSAGE-----\n\nThe printer is down.\n- since ten\n-- \nMaya"
    )
