"""Maildir, mbox, a folder of .eml, one file."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SourceError
from engine.mail.beginning import Beginning
from engine.mail.parse import parse_message
from engine.sources import files
from engine.sources.files import open_source
from engine.sources.route import received_at
from tools.hostile import traced

ONE, TWO = b"From: a@b.example\nSubject: one\n\nFirst\n", b"From: a@b.example\nSubject: two\n\n>From the start\n"


def read(path: Path) -> list[bytes]:
    return [item.read() for item in open_source(str(path), 30_000_000)]


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
    assert [item.read() for item in open_source(str(path), 30_000_000)] == [read]


def test_a_message_of_nothing_but_ends_of_lines_takes_no_object_for_each(tmp_path: Path) -> None:
    path = tmp_path / "m.mbox"
    path.write_bytes(b"From a Mon Nov  2 10:00:00 2026\na: b\n" + b"\n" * 1_000_000)
    (item,), peak = traced(lambda: list(open_source(str(path), 30_000_000)))
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
        open_source(str(tmp_path), 30_000_000)
    with pytest.raises(SourceError, match="there is no such file or folder"):
        open_source(str(tmp_path / "x"), 30_000_000)


HUGE = b"From: a@b.example\nSubject: huge\n\n" + bytes(range(32, 127)) * 20_000


@pytest.mark.parametrize("end", [b"\n", b"\nlast\n", b"\n\n\n"])
def test_of_a_message_that_is_too_large_only_the_beginning_is_kept(
    end: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = HUGE + end
    (tmp_path / "m.eml").write_bytes(huge)
    (tmp_path / "m.mbox").write_bytes(b"From a\n" + ONE + b"\nFrom a\n" + huge + b"\nFrom a\n" + TWO)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(huge)))
    (of_file,) = (item.read() for item in open_source(str(tmp_path / "m.eml"), 1000))
    (of_stream,) = (item.read() for item in open_source("-", 1000))
    one, of_mbox, two = (item.read() for item in open_source(str(tmp_path / "m.mbox"), 1000))
    whole = parse_message(huge)
    assert of_file == Beginning(huge[:1001], len(huge), hashlib.sha256(huge).hexdigest(), whole.identity)
    assert of_stream == of_mbox == of_file
    assert (one, two) == (ONE, TWO.replace(b">From", b"From"))
    beginning = parse_message(of_file)
    assert (beginning.size, beginning.sha256, beginning.identity) == (whole.size, whole.sha256, whole.identity)
    assert beginning.subject == "huge" and len(beginning.text) < 1000


@pytest.mark.parametrize("most", [1000, 30_000_000])
def test_a_pipe_is_read_once_and_whole(most: int, tmp_path: Path) -> None:
    """As a shell gives one for `<(command)`: it has no size, and what is read of it is gone from it."""
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(HUGE))
    writer.start()
    (item,) = open_source(str(tmp_path / "pipe"), most)
    writer.join()
    message = parse_message(item.read())
    assert (message.subject, message.size) == ("huge", len(HUGE))


@pytest.mark.parametrize("size", [999, 1000, 1001])
def test_a_message_just_as_large_as_is_taken_is_whole(size: int, tmp_path: Path) -> None:
    (tmp_path / "m.eml").write_bytes(HUGE[:size])
    (tmp_path / "m.mbox").write_bytes(b"From a\n" + HUGE[:size])
    for name in ("m.eml", "m.mbox"):
        (raw,) = (item.read() for item in open_source(str(tmp_path / name), 1000))
        assert (raw == HUGE[:size]) == (size <= 1000)


@given(
    st.lists(st.sampled_from([b"From ", b">From ", b">", b"\n", b"\r\n", b"a", b"b" * 60]), max_size=30).map(b"".join),
    st.integers(40, 80),
)
def test_an_mbox_is_the_same_whatever_pieces_its_lines_are_read_in(
    tmp_path_factory: pytest.TempPathFactory, said: bytes, piece: int
) -> None:
    path = tmp_path_factory.mktemp("box") / "m.mbox"
    path.write_bytes(b"From a\n" + said)
    whole = [item.read() for item in open_source(str(path), 1000)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_PIECE", piece)
        assert [item.read() for item in open_source(str(path), 1000)] == whole


def test_a_line_as_large_as_the_file_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "m.mbox"
    path.write_bytes(b"From a\nSubject: x\n\n" + b"x" * 50_000_000)
    (item,), peak = traced(lambda: list(open_source(str(path), 1000)))
    raw = item.read()
    assert isinstance(raw, Beginning) and raw.size == 50_000_012 and peak < 5_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_file_whose_name_is_no_utf_8_is_read_and_named(tmp_path: Path) -> None:
    for name, mail in ((b"\xe4.eml", ONE), (b"\xff.mbox", b"From a\n" + TWO)):
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        path.write_bytes(mail)
        (item,) = open_source(str(path), 30_000_000)
        assert "\ufffd" in item.source_id and item.source_id.isprintable()
        assert item.read() == mail.removeprefix(b"From a\n").replace(b">From", b"From" if mail is not ONE else b">From")


NOW = datetime(2026, 11, 2, 12, 0, 0, 500_000, tzinfo=UTC)
DATE = b"Date: Mon, 2 Nov 2026 10:00:00 +0100\r\n"


@pytest.mark.parametrize(
    ("head", "received"),
    [
        (b"Received: by mx; Mon, 2 Nov 2026 11:30:00 +0000\r\nReceived: by relay; Sun, 1 Nov 2026 11:30:00 +0000\r\n" + DATE, "11:30"),
        (b"Received: by mx\r\n" + DATE, "09:00"),
        (DATE, "09:00"),
        (b"", "12:00"),
        (b"Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n", "12:00"),
        (b"Received: by mx; Thu, 1 Jan 1970 00:00:00 +0000\r\n" + DATE, "12:00"),
        (b"Date: Mon, 2 Nov 2099 10:00:00 +0000\r\n", "12:00"),
    ],
)  # fmt: skip
def test_a_message_was_received_when_our_own_server_says_so_and_never_in_the_future(head: bytes, received: str) -> None:
    found = received_at(parse_message(head + b"From: a@b.example\r\n\r\nx\r\n"), NOW)
    assert f"{found:%Y-%m-%d %H:%M:%S.%f}" == f"2026-11-02 {received}:00.000000"
