"""A path to its messages: a Maildir, an mbox, a folder of .eml with sub-folders, one message, or `-` for standard input."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from io import FileIO
from pathlib import Path
from typing import IO

from engine.errors import Position, SourceError
from engine.mail.beginning import Gathering, Raw
from engine.sources.item import Item
from engine.text import clean

_PIECE = 250_000
_BLANK = (b"\n", b"\r\n")
_QUOTED_FROM = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_MAIL_ENDINGS = {".eml", ".mail", ".msg822", ".txt", ""}


class _Files(Iterable[Item]):
    """Files that are a message each. There may be a million: of each only its path is kept."""

    def __init__(self, paths: list[str], most: int) -> None:
        self._paths, self._most = paths, most

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[Item]:
        return (_file(path, self._most) for path in self._paths)


def open_source(path: str, most: int) -> Iterable[Item]:
    """Items in the order of their names; of a message over `most` bytes the beginning. Raises `SourceError` where there is no mail.

    It has a length where it is known how many there are.
    """
    if path == "-":
        return [_at_once("standard input", sys.stdin.buffer, most)]
    place = Path(path)
    if not place.exists():
        raise SourceError.of("there is no such file or folder", "name one with --source PATH", Position(path))
    if place.is_dir():
        if (place / "cur").is_dir() and (place / "new").is_dir():
            return _Files(_maildir(place), most)  # an empty one is no mistake: its mail was read, or is still to come
        found = _folder(place)
        if not found:
            raise SourceError.of(
                "there is no mail in this folder", "a Maildir has cur/ and new/; else .eml files", Position(path)
            )
        return _Files(found, most)
    if not place.is_file():  # a pipe, such as the shell's `<(...)`: what is read of it is gone from it
        with FileIO(path) as pipe:
            return [_at_once(_shown(path), pipe, most)]
    if _is_mbox(place):
        return _mbox(place, most)
    return [_file(str(place), most)]


def _at_once(name: str, stream: IO[bytes] | FileIO, most: int) -> Item:
    data = _gathered(stream, most)
    return Item(name, lambda: data)


def _file(path: str, most: int) -> Item:
    def read() -> Raw:
        with FileIO(path) as file:
            if os.fstat(file.fileno()).st_size <= most:
                return file.readall()  # all at once: a buffer would be one more copy
            return _gathered(file, most)

    return Item(_shown(path), read)


def _shown(path: str | Path) -> str:
    """A name may be bytes in a charset of long ago, which the database does not take for text."""
    return clean(os.fsencode(path).decode("utf-8", "replace"))


def _gathered(file: IO[bytes] | FileIO, most: int) -> Raw:
    gathering = Gathering(most)
    for piece in iter(partial(file.read, _PIECE), b""):
        gathering.add(piece)
    return gathering.end()


def _maildir(place: Path) -> list[str]:
    """`cur` and `new`, and those of sub-folders (`.Archive`), by their names: a Maildir's begin with the time of delivery."""
    folders = [place, *sorted(child for child in place.iterdir() if child.name.startswith(".") and (child / "cur").is_dir())]
    found: list[str] = []
    for part in (folder / name for folder in folders for name in ("cur", "new")):
        if part.is_dir():
            # Not through `Path`: there may be a hundred thousand, and this asks the system nothing more about each.
            with os.scandir(part) as entries:
                found += [entry.path for entry in entries if entry.is_file() and not entry.name.startswith(".")]
    found.sort()
    found.sort(key=os.path.basename)  # those of one name by their folders, as they stand
    return found


def _folder(place: Path) -> list[str]:
    """Every file that may be a message. One without an ending counts when it begins with a header."""
    paths = sorted(path for path in place.rglob("*") if path.is_file() and not path.name.startswith("."))
    endings = {path.suffix.lower() for path in paths}
    taken = {".eml"} if ".eml" in endings else _MAIL_ENDINGS
    return [str(path) for path in paths if path.suffix.lower() in taken or (path.suffix == "" and _begins_like_mail(path))]


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


def _mbox(path: Path, most: int) -> Iterator[Item]:
    """One message at a time, however large the file. A `From ` line counts after a blank one (mboxrd)."""
    with path.open("rb") as file:
        message, number = Gathering(most), 0
        blank = b"\n"  # kept back: the line that parts messages is not the message's
        within = parts = False  # a line that is longer than a piece; and whether it is one that parts messages
        # To the end of a line, if it ends soon.
        while piece := file.read(_PIECE) + file.readline(_PIECE):
            start = 0
            if within:
                start = piece.find(b"\n") + 1
                within = not start
                if not parts:
                    message.add(piece[: start or len(piece)])
                if within or start == len(piece):
                    continue
            data = blank + piece[start:]
            start = looked = 0
            while (at := data.find(b"\nFrom ", looked)) >= 0:
                looked = at + 1
                end = at - 1 if data[at - 1 : at] == b"\r" else at
                if end and data[end - 1 : end] != b"\n":
                    continue  # the line before is not blank
                if number:
                    message.add(_unquoted(data[start:end]))
                    yield _mbox_item(path, number, message)
                message, number = Gathering(most), number + 1
                start = data.find(b"\n", looked) + 1 or len(data)
                looked = start - 1
            last = data[max(data.rfind(b"\n", start, -1) + 1, start) :]
            within, parts = not data.endswith(b"\n"), start == len(data)
            blank = last if last in _BLANK else b""
            message.add(_unquoted(data[start : len(data) - len(blank)]))
        if number:
            yield _mbox_item(path, number, message)


def _unquoted(lines: bytes) -> bytes:
    return _QUOTED_FROM.sub(b"", lines) if b">From " in lines else lines


def _mbox_item(path: Path, number: int, message: Gathering) -> Item:
    raw = message.end()
    return Item(f"{_shown(path)} message {number}", lambda: raw)
