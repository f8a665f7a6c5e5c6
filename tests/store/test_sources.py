"""Maildir, mbox, a folder of .eml, one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import SourceError
from engine.sources.files import open_source
from tools.hostile import traced

ONE, TWO = b"From: a@b.example\nSubject: one\n\nFirst\n", b"From: a@b.example\nSubject: two\n\n>From the start\n"


def read(path: Path) -> list[bytes]:
    return [item.read() for item in open_source(str(path))]


def test_a_maildir_in_the_order_of_delivery_with_its_folders(tmp_path: Path) -> None:
    for folder in ("cur", "new", "tmp", ".Archive/cur"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "new/2.x").write_bytes(TWO)
    (tmp_path / "cur/1.x:2,S").write_bytes(ONE)
    (tmp_path / ".Archive/cur/3.x").write_bytes(b"three")
    (tmp_path / "tmp/0.x").write_bytes(b"not delivered yet")
    assert read(tmp_path) == [ONE, TWO, b"three"]


def test_an_mbox_message_by_message(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(
        b"From a Mon\n" + ONE + b"\nFrom b Tue\n" + TWO.replace(b">From", b">>From") + b"From not after a blank line\n\n"
    )
    assert read(path) == [ONE, TWO + b"From not after a blank line\n"]


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (b"", b""),
        (b"\n", b""),
        (b"\r\n", b""),
        (b"a: b\n", b"a: b\n"),
        (b"a: b\n\nx\n\n", b"a: b\n\nx\n"),
        (b"a: b\r\n\r\nx\r\n\r\n", b"a: b\r\n\r\nx\r\n"),
        (b"a: b\n\n\n\n", b"a: b\n\n\n"),
        (b"a: b\n\nx", b"a: b\n\nx"),
        (b"a: b\n\n>From x\n>>From y\n> From z\n\n", b"a: b\n\nFrom x\n>From y\n> From z\n"),
    ],
)
def test_the_blank_line_that_parts_messages_is_not_the_messages(said: bytes, read: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.mbox"
    path.write_bytes(b"From a Mon Nov  2 10:00:00 2026\n" + said)
    assert [item.read() for item in open_source(str(path))] == [read]


def test_a_message_of_nothing_but_ends_of_lines_takes_no_object_for_each(tmp_path: Path) -> None:
    path = tmp_path / "m.mbox"
    path.write_bytes(b"From a Mon Nov  2 10:00:00 2026\na: b\n" + b"\n" * 1_000_000)
    (item,), peak = traced(lambda: list(open_source(str(path))))
    assert len(item.read()) == 1_000_004 and peak < 5_000_000


def test_a_folder_of_eml_with_sub_folders(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.eml").write_bytes(TWO)
    (tmp_path / "sub/a.eml").write_bytes(ONE)
    (tmp_path / "notes.txt").write_bytes(b"no mail")
    assert read(tmp_path) == [TWO, ONE]


def test_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"From a mailbox line\n" + ONE)
    assert len(read(tmp_path / "a.eml")) == 1


def test_nothing_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no mail in this folder"):
        open_source(str(tmp_path))
    with pytest.raises(SourceError, match="there is no such file or folder"):
        open_source(str(tmp_path / "x"))
