"""Outlook's winmail.dat: files come out under their long names; what announces more than it has is kept whole."""

from __future__ import annotations

import struct

import pytest

from engine.mail.tnef import unpack_tnef
from tests.tnef import ATTACHMENT, attribute, winmail

NAME = "Rapport é.pdf"


def tnef(*properties: bytes, announced: int | None = None, cut: int = 0) -> bytes:
    count = struct.pack("<I", len(properties) if announced is None else announced)
    block = (count + b"".join(properties))[: -cut or None]
    return winmail(attribute(ATTACHMENT, 0x9005, block))


def text(value: str) -> bytes:
    data = (value + "\0").encode("utf-16-le")
    return struct.pack("<HHII", 0x1F, 0x3707, 1, len(data)) + data + b"\0" * (-len(data) % 4)


SHORTS = struct.pack("<HHI3HH", 0x1002, 0x1234, 3, 1, 2, 3, 0)
NUMBER = struct.pack("<HHi", 0x03, 0x3705, 1)
NAMED = struct.pack("<HH16sII", 0x03, 0x8001, b"guid" * 4, 1, 6) + "ab\0".encode("utf-16-le") + b"\0\0" + struct.pack("<i", 7)


@pytest.mark.parametrize("before", [(), (NUMBER,), (SHORTS,), (NAMED,), (SHORTS, NAMED, NUMBER)])
def test_a_file_has_its_long_name(before: tuple[bytes, ...]) -> None:
    ((name, data),) = unpack_tnef(tnef(*before, text(NAME)))
    assert (name.rstrip("\0"), data) == (NAME, b"abc")


@pytest.mark.parametrize("wrong", [tnef(NUMBER, announced=2**32 - 1), tnef(NUMBER, announced=3), tnef(text(NAME), cut=8)])
def test_what_announces_more_than_it_has_is_none(wrong: bytes) -> None:
    assert list(unpack_tnef(wrong)) == []
