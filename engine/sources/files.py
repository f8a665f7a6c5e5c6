"""A path to its messages: a Maildir, an mbox, a folder of .eml with sub-folders, one message, or `-` for standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from engine.errors import Position, SourceError
from engine.sources.item import Item

_MAIL_ENDINGS = {".eml", ".mail", ".msg822", ".txt", ""}


def open_source(path: str) -> list[Item] | Iterator[Item]:
    """Items in the order of their names. Raises `SourceError` where there is no mail at all."""
    if path == "-":
        data = sys.stdin.buffer.read()
        return [Item("standard input", lambda: data)]
    place = Path(path)
    if not place.exists():
        raise SourceError.of("there is no such file or folder", "name one with --source PATH", Position(path))
    if place.is_dir():
        if (place / "cur").is_dir() and (place / "new").is_dir():
            return _maildir(place)  # an empty one is no mistake: its mail was read, or is still to come
        found = _folder(place)
        if not found:
            raise SourceError.of(
                "there is no mail in this folder", "a Maildir has cur/ and new/; else .eml files", Position(path)
            )
        return found
    if _is_mbox(place):
        return _mbox(place)
    return [_file(str(place))]


def _file(path: str) -> Item:
    def read() -> bytes:
        with FileIO(path) as file:  # all at once: a buffer would be one more copy
            return file.readall()

    return Item(path, read)


def _maildir(place: Path) -> list[Item]:
    """`cur` and `new`, and those of sub-folders (`.Archive`), by their names: a Maildir's begin with the time of delivery."""
    folders = [place, *sorted(child for child in place.iterdir() if child.name.startswith(".") and (child / "cur").is_dir())]
    found: list[tuple[str, str]] = []
    for part in (folder / name for folder in folders for name in ("cur", "new")):
        if part.is_dir():
            # Not through `Path`: there may be a hundred thousand, and this asks the system nothing more about each.
            with os.scandir(part) as entries:
                found += [(entry.name, entry.path) for entry in entries if entry.is_file() and not entry.name.startswith(".")]
    return [_file(path) for _, path in sorted(found)]


def _folder(place: Path) -> list[Item]:
    """Every file that may be a message. One without an ending counts when it begins with a header."""
    paths = sorted(path for path in place.rglob("*") if path.is_file() and not path.name.startswith("."))
    endings = {path.suffix.lower() for path in paths}
    taken = {".eml"} if ".eml" in endings else _MAIL_ENDINGS
    return [_file(str(path)) for path in paths if path.suffix.lower() in taken or (path.suffix == "" and _begins_like_mail(path))]


def _begins_like_mail(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            line = file.readline(1000)
    except OSError:
        return True  # the run says that it cannot be read
    return b":" in line or line.startswith(b"From ")


def _is_mbox(path: Path) -> bool:
    """A file that begins with a `From ` line holds messages one after the other, unless its name says it is one message."""
    if path.suffix.lower() == ".eml":
        return False
    try:
        with path.open("rb") as file:
            return file.read(5) == b"From "
    except OSError as error:
        raise SourceError.of(f"the file cannot be read: {error.strerror}", "mend its rights", Position(str(path))) from error


def _mbox(path: Path) -> Iterator[Item]:
    """One message at a time, however large the file. A `From ` line counts after a blank one (mboxrd)."""
    with path.open("rb") as file:
        data = bytearray()  # not a list of lines: each is an object, and a message may be made of nothing but their ends
        number, blank = 0, True
        for line in file:
            if blank and line.startswith(b"From "):
                if number:
                    yield _mbox_item(path, number, data)
                number, blank = number + 1, False
                data = bytearray()
                continue
            blank = line in (b"\n", b"\r\n")
            data += line[1:] if line.startswith(b">") and line.lstrip(b">").startswith(b"From ") else line
        if number:
            yield _mbox_item(path, number, data)


def _mbox_item(path: Path, number: int, data: bytearray) -> Item:
    last = b"\n" + bytes(data[-3:])
    # The blank line that parts messages is not the message's.
    end = next((len(blank) for blank in (b"\r\n", b"\n") if last.endswith(b"\n" + blank)), 0)
    del data[len(data) - end :]
    raw = bytes(data)
    return Item(f"{path} message {number}", lambda: raw)
