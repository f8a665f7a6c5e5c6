"""What a message is once parsed: frozen values, all text free of lone surrogates and NUL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from msgspec import Struct

from engine.mail.links import Link, links_of

AutomaticKind = Literal["bounce", "auto_reply", "feedback_report", "mailing_list", "auto_generated"]


class Address(Struct, frozen=True):
    """One mailbox of RFC 5322: display name, and address in lower case."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


class Headers:
    """Header fields found by name without case. `came`: the values of each name, which is in lower case, in their order.

    They are decoded when somebody first asks for the name: Exchange's mail has sixty fields, and most are asked for by nobody.
    """

    def __init__(self, came: Mapping[str, list[str]], decode: Callable[[str, str], str]) -> None:
        self._came = came
        self._decode = decode
        self._decoded: dict[str, list[str]] = {}

    def get(self, name: str, default: str = "") -> str:
        """The first field of this name."""
        name = name.lower()
        return self._values(name)[0] if name in self._came else default

    def get_all(self, name: str) -> list[str]:
        name = name.lower()
        return self._values(name) if name in self._came else []

    def _values(self, name: str) -> list[str]:
        found = self._decoded.get(name)
        if found is None:
            found = self._decoded[name] = [self._decode(name, value) for value in self._came[name]]
        return found

    @property
    def names(self) -> Iterable[str]:
        """Each name once, in lower case."""
        return self._came.keys()

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._came

    def has_any(self, names: frozenset[str]) -> bool:
        """Of these, which are in lower case: asked at once, where most mail has none of them."""
        return not names.isdisjoint(self._came)

    def __len__(self) -> int:
        return sum(map(len, self._came.values()))


class Attachment(Struct, frozen=True):
    """A part that is no body: a safe file name, its decoded bytes, and their SHA-256 in hex."""

    name: str
    content_type: str
    data: bytes
    sha256: str
    inline: bool = False

    def __repr__(self) -> str:
        return f"Attachment({self.name!r}, {self.content_type!r}, {self.size} bytes)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What rich shows instead of `repr`: the bytes neither."""
        return [("name", self.name), ("content_type", self.content_type), ("size", self.size)]

    @property
    def size(self) -> int:
        return len(self.data)


class Automatic(Struct, frozen=True):
    """That no person wrote the message: its kind, what told so, and the Message-IDs it reports on. `gave_up`: a bounce of what reaches nobody any
    more; others tell of a delay."""

    kind: AutomaticKind
    evidence: str
    about: tuple[str, ...] = ()
    gave_up: bool = False


class Forwarded(Struct, frozen=True):
    """Who wrote the message that this one forwards, and what told so."""

    sender: Address
    evidence: str


class Message(Struct, frozen=True, dict=True):
    """One parsed message. `date` is aware, in UTC, and None where the header is missing or makes no sense.

    `calendar`: the method of its `text/calendar` (RFC 6047 2.4) in lower case, whatever it is; empty where there is none.
    """

    size: int
    sha256: str
    headers: Headers
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    date: datetime | None = None
    senders: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    automatic: Automatic | None = None
    forwarded: Forwarded | None = None
    encrypted: bool = False
    calendar: str = ""
    private: bool = False
    importance: str = "normal"
    identity: str = ""
    defects: tuple[str, ...] = ()

    @property
    def sender(self) -> Address:
        """The first address in From; empty where there is none."""
        return self.senders[0] if self.senders else Address("", "")

    @property
    def recipients(self) -> tuple[Address, ...]:
        return (*self.to, *self.cc)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Where its text and its HTML lead. Found when a rule first asks."""
        return links_of(self.text, self.html)
