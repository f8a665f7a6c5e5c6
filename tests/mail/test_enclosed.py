"""A message that is attached is a file, byte for byte as it came: whoever looks into a forwarded phishing mail needs just that."""

from __future__ import annotations

import base64

import pytest

from engine.mail.parse import parse_message

INNER = (
    b"Received:  from  x.example\r\n\tby y.example;  Mon, 9 Nov 2026 18:37:09 +0000\r\nFROM: a@b.example\r\nSubject:  odd\r\n   folding\r\n"
    b"Content-Type: multipart/mixed; boundary=bb\r\n\r\npreamble\r\n--bb\r\n\r\nFrom here\r\n--bb\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: deeper\r\n\r\ny\r\n--bb--\r\nepilogue \xe9\r\n"
)


def outer(inner: bytes, more: bytes = b"") -> bytes:
    head = b"From: eva@a.example\r\nSubject: Fwd: odd\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee\r\n"
    return head + b"--b\r\nContent-Type: message/rfc822\r\n" + more + b"\r\n" + inner + b"\r\n--b--\r\n"


@pytest.mark.parametrize("inner", [INNER, INNER.replace(b"\r\n", b"\n"), b"Subject: odd\r\n\r\nFrom here\r\n"])
def test_it_is_the_bytes_that_came(inner: bytes) -> None:
    (file, *_) = parse_message(outer(inner)).attachments
    assert (file.name, file.data) == ("odd.eml" if b"folding" not in inner else "odd folding.eml", inner)


def test_one_that_is_encoded_is_the_bytes_that_were() -> None:
    raw = outer(base64.encodebytes(INNER).replace(b"\n", b"\r\n"), b"Content-Transfer-Encoding: base64\r\n")
    (file, *_) = parse_message(raw).attachments
    assert (file.name, file.data) == ("odd folding.eml", INNER)


def test_what_is_deeper_is_a_file_too() -> None:
    assert [one.name for one in parse_message(outer(INNER)).attachments] == ["odd folding.eml", "deeper.eml"]
