"""A mailbox on a server, behind one small protocol: Exchange (EWS) and Microsoft Graph. Nothing here knows SQL or rules."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, Literal, Protocol

from msgspec import Struct

from engine.config.secrets import MissingSecret
from engine.mail.walk import MOST_TEXT

# Nothing that a library logs is shown: exchangelib writes down whole requests with their `Authorization` where something odd happens,
# and without any handler Python prints that. What went wrong is in the exception, and what is told of it is ours.
logging.getLogger().addHandler(logging.NullHandler())

Place = Literal["processed", "failed"]
RIGHTS = "; docs/exchange.md says which rights it takes"
WITHOUT_FILES = "[The mail server gave this message without its files.]"
_LONGEST_FIELD = 20_000  # characters
_MOST_HEADERS = 300
_NAME = re.compile(r"(?!content-|mime-version)[!-9;-~]{1,100}", re.IGNORECASE)
_CONTENT = ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
_LARGEST = 2**62  # bytes or messages, as SQLite can keep them


class RemoteError(Exception):
    """The server did not do what it was asked. Says why in words, and nothing secret. `wait`: seconds, where it said so."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class SignInFailed(RemoteError):
    """The server does not let us in: trying again soon is of no use, and may lock the account."""


class Denied(SignInFailed):
    """We are let in, and may not do this. Where it is about one item, others tell whether it is that one's fault."""


class NotTheItem(RemoteError):
    """Any item would meet it: a folder is not there, or the mailbox is full."""


class NeverTaken(RemoteError):
    """The server says of what it shall send that it will never take it."""


class BadCertificate(Exception):
    """What we should sign in with cannot be read, or is no certificate with its key. Says why."""


class StateLost(RemoteError):
    """The server no longer knows the sync state: start again without it."""


def in_short(words: object) -> str:
    """On one line, and no more of it than anybody reads."""
    return " ".join(str(words).split())[:200]


@contextmanager
def errors_as(meaning: Callable[[Exception], RemoteError | None]) -> Iterator[None]:
    """What is raised within becomes the error of ours that `meaning` makes of it; None: it stays what it is."""
    try:
        yield
    except RemoteError:
        raise
    except (MissingSecret, BadCertificate) as missing:
        raise SignInFailed(str(missing)) from missing
    except Exception as error:
        ours = meaning(error)
        if ours is None:
            raise
        raise ours from error


def retry_after(headers: Mapping[str, str]) -> int | None:
    """Seconds; None where the server names none, or a date."""
    wait = headers.get("Retry-After", "")
    return int(wait) if wait.isdecimal() else None


class RemoteItem(Struct, frozen=True):
    """A message as a sync lists it. `size` in bytes, as the server counts; 0 where it does not say."""

    id: str
    size: int
    unread: bool
    received_at: datetime | None = None


class Page(Struct, frozen=True):
    """Some changes of a folder: new items, the state after them, and whether there are no more."""

    items: tuple[RemoteItem, ...]
    state: str
    last: bool


class Fetched(Struct, frozen=True):
    """One item's bytes. `raw` is None where the item is gone.

    `size` in bytes, where `raw` is only its head, for it is larger than was asked for: as the server counts, or as much as it gave until then.
    """

    id: str
    raw: bytes | None
    received_at: datetime | None = None
    size: int | None = None


class Backlog(Struct, frozen=True):
    """Messages that wait in the folder, unread, and since when the oldest."""

    unread: int
    oldest: datetime | None


def listed(identity: Any, unread: bool, received_at: datetime | None, size: int = 0) -> RemoteItem:
    """As the server says it. Raises `RemoteError` for an item that nobody could ask for."""
    if not isinstance(identity, str) or not identity:
        raise RemoteError("the server lists a message without its id")
    return RemoteItem(identity, _kept(size), unread, received_at)


def backlog(unread: int, oldest: datetime | None) -> Backlog:
    return Backlog(_kept(unread), oldest)


def _kept(number: int) -> int:
    return max(0, min(number, _LARGEST))


def page(items: Iterable[RemoteItem], state: Any, last: bool) -> Page:
    """Raises `RemoteError` where the server does not say how to go on: all would be listed again and again."""
    if not isinstance(state, str) or not state:
        raise RemoteError("the server lists messages without the state after them")
    return Page(tuple(items), state, last)


def rebuilt(fields: Mapping[str, str], headers: Iterable[tuple[Any, Any]], text: str, has_files: bool) -> bytes:
    """A message made of what a server tells of an item without MIME: `fields` of its own, and of `headers`, as they came, what is not told by them.

    Its files are left out: where it `has_files`, the text says so. Of what is longer than anybody writes, the beginning is taken. Written
    without Python's composer, which takes none but good addresses and Message-IDs, and seconds for long ones.
    """
    told = {name: words for name, value in fields.items() if (words := _on_a_line(value))}
    known = {name.casefold() for name in told}
    head = [f"{name}: {words}" for name, words in told.items()]
    for name, value in islice(headers, _MOST_HEADERS):
        # What says something of the content says it of another. But whether a machine wrote it stands here, and what it answers.
        if isinstance(name, str) and isinstance(value, str) and _NAME.fullmatch(name) and name.casefold() not in known:
            head.append(f"{name}: {_on_a_line(value)}")
    text = text[:MOST_TEXT]  # no more of it is read
    if has_files:
        text = f"{text.rstrip()}\n\n{WITHOUT_FILES}"
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    lines = [*head, *_CONTENT, "", text, ""]
    return "\r\n".join(lines).encode("utf-8", "replace")


def _on_a_line(value: str) -> str:
    words = " ".join(value[:_LONGEST_FIELD].split())
    if len(value) > _LONGEST_FIELD:  # it ends with a whole address
        return words.rpartition(" ")[0].rstrip(",") or words
    return words


def check_folders(
    paths: Sequence[str | None],
    find: Callable[[str], object],
    create: Callable[[str], None],
    missing: type[Exception] | tuple[type[Exception], ...],
    fix: bool,
) -> list[str]:
    """What is wrong with the folders, in words. `find` raises `missing` for one that is not there; `fix` creates it."""
    problems = []
    for path in paths:
        if path is None:
            continue
        try:
            find(path)
        except missing:
            if fix:
                create(path)
            else:
                problems.append(f"there is no folder {path}; `postroom poll --check --fix` creates it")
    return problems


class Remote(Protocol):
    """One mailbox. Every method may raise `RemoteError`, and gives its connection up then: the next makes another. Used by one thread at a time."""

    @property
    def account(self) -> str:
        """Whose mailbox it is, and by what it is read: ids are those of one account."""

    @property
    def folder(self) -> str:
        """What is read of it: a sync state is that of one folder."""

    def changes(self, state: str | None) -> Page:
        """The next page of new items since `state`; None: from the start. Raises `StateLost`."""

    def fetch(self, items: Sequence[RemoteItem], largest: int) -> Iterable[Fetched]:
        """Items with their MIME; of one that is larger than `largest` bytes its head. Who has enough may stop taking them."""

    def describe(self, item: RemoteItem) -> Fetched:
        """An item of which there is no MIME, or too much of it: its head, made of its properties."""

    def file(self, ids: Sequence[str], place: Place | None) -> dict[str, str] | None:
        """Move to the folder for `place`, or mark as read where there is none. An item that is gone is no error.

        The ids that those have now which were moved to another folder than that for `processed`, where they are known; None: there is none.
        """

    def find(self, place: Place, message_id: str) -> list[str]:
        """Items in the folder for `place` with this Message-ID, which comes without brackets; none where there is no such folder."""

    def backlog(self) -> Backlog:
        """How much waits."""

    def send(self, mime: bytes) -> None:
        """Send a message as it is."""

    def check(self, fix: bool) -> list[str]:
        """What is wrong with the folders, in words; `fix` creates those that are missing."""

    def close(self) -> None:
        """End the connection."""
