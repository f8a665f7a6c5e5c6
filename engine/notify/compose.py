"""A notification of the outbox as a message of RFC 5322: plain text, and HTML made of the same Markdown.

Values that a template put in came from mail. In HTML they are escaped so that they are text, never Markdown or a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from email.header import Header
from email.headerregistry import Address, HeaderRegistry, UniqueAddressHeader, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any

import nh3
from markdown_it import MarkdownIt
from msgspec import Struct

from engine.addresses import comparable
from engine.mail.headers import NOTIFICATION_ID, REFERENCE

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_LINES = re.compile(r"\r\n|\r|\n")
# "commonmark" with raw HTML off: what a template writes is Markdown only.
_MARKDOWN = MarkdownIt("commonmark", {"html": False})
# With dots anywhere, as many telephones in Japan have it; RFC 5322 wants one between two letters only.
_DOTTED = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@[a-z0-9.-]+", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[A-Za-z0-9._-]{1,60}")
_LINE = 66  # with the name of its field, letters of a header that stand on one


class _MessageIds(UnstructuredHeader):
    """Message-IDs, each on a line. Python encodes one that is longer than a line, as Exchange Online's are, and nobody decodes it there."""

    name: str  # the class that the registry makes of this one has it

    def fold(self, *, policy: EmailPolicy) -> str:
        return f"{self.name}: {f'{policy.linesep} '.join(str(self).split())}{policy.linesep}"


class _Words(UnstructuredHeader):
    """Words as they are: Python would decode what looks like an encoded word, and a subject has what somebody wrote."""

    name: str

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds |= {"parse_tree": None, "decoded": value}

    def fold(self, *, policy: EmailPolicy) -> str:
        words = str(self)
        is_bare = words.isprintable() and "=?" not in words and max(map(len, words.split()), default=0) < _LINE
        if is_bare and policy.utf8 and len(words) < _LINE:
            return f"{self.name}: {words}{policy.linesep}"
        charset = "us-ascii" if is_bare and words.isascii() else "utf-8"
        return f"{self.name}: {_in_lines(self.name, words, policy, charset)}{policy.linesep}"


class _Sender(UniqueAddressHeader):
    """One address and its name. Python loses the quotation marks of a name longer than a line, and a comma parts addresses then."""

    name: str

    def fold(self, *, policy: EmailPolicy) -> str:
        (sender,) = self.addresses
        name = sender.display_name
        is_short = (name.isascii() or policy.utf8) and len(str(sender)) < _LINE
        shown = str(sender) if is_short else f"{_in_lines(self.name, name, policy)}{policy.linesep} <{sender.addr_spec}>"
        return f"{self.name}: {shown}{policy.linesep}"


def _in_lines(field: str, words: str, policy: EmailPolicy, charset: str = "utf-8") -> str:
    """In encoded words (RFC 2047), but for ASCII."""
    return Header(words, charset, header_name=field).encode(linesep=policy.linesep)


_HEADERS = HeaderRegistry()
_KINDS: dict[str, Any] = {
    "From": _Sender,
    "Subject": _Words,
    "In-Reply-To": _MessageIds,
    "References": _MessageIds,
    NOTIFICATION_ID: _MessageIds,
}
for _name, _kind in _KINDS.items():
    _HEADERS.map_to_type(_name, _kind)
_ASCII, _UNICODE = (policy.clone(header_factory=_HEADERS) for policy in (SMTP, SMTPUTF8))


class Outgoing(Struct, frozen=True):
    """What is to be sent. `sender` as `Name <address>`; `values` (start, end) of `body` came from mail."""

    sender: str
    recipient: str
    message_id: str
    subject: str
    body: str
    values: tuple[tuple[int, int], ...] = ()
    to_sender: bool = False
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    number: str | None = None

    @property
    def thread(self) -> tuple[str, ...]:
        """What it stands below in a mail program: the mail that it answers; else what all notifications about its ticket stand below, a
        Message-ID that no mail has. Not to the sender: a stranger is not told that the number exists which he guessed."""
        if self.to_sender or self.references or not _NUMBER.fullmatch(self.number or ""):
            return self.references
        return (f"ticket.{self.number}@{self.message_id.rpartition('@')[2]}",)

    @property
    def envelope_sender(self) -> str:
        """Where bounces go: the mailbox that reads them. Few servers take a domain beyond ASCII (RFC 6531)."""
        address = parseaddr(self.sender)[1]
        return address if address.isascii() else comparable(address)


def compose(one: Outgoing, date: datetime) -> EmailMessage:
    """Headers of ours only. Raises `ValueError` for an address that cannot stand in a header."""
    name, _ = parseaddr(one.sender)
    message = EmailMessage(policy=_ASCII if one.recipient.isascii() and one.envelope_sender.isascii() else _UNICODE)
    message["From"] = _address(one.envelope_sender, name)
    message["To"] = _address(one.recipient)
    message["Subject"] = one.subject
    message["Date"] = format_datetime(date)
    message["Message-ID"] = message[NOTIFICATION_ID] = f"<{one.message_id}>"
    if one.in_reply_to:
        message["In-Reply-To"] = f"<{one.in_reply_to}>"
    message["References"] = " ".join(f"<{reference}>" for reference in (*one.thread, f"{REFERENCE}{one.message_id}"))
    # RFC 3834: no machine answers this; and Exchange sends no out-of-office reply or receipt for it.
    message["Auto-Submitted"] = "auto-replied" if one.to_sender else "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["X-MS-Reactions"] = "disallow"  # Outlook: a thumb that somebody clicks on would come as mail
    message.set_content(one.body + "\n")
    message.add_alternative(to_html(one.body, one.values), subtype="html")
    return message


def _address(address: str, name: str = "") -> Address:
    if address.isascii() and not _DOTTED.fullmatch(address):
        return Address(display_name=name, addr_spec=address)
    local, _, domain = address.rpartition("@")
    if not local or not domain:
        raise ValueError(f"{address} is no address")
    return Address(display_name=name, username=local, domain=domain)  # `addr_spec` takes no letter beyond ASCII, and no two dots


def to_html(body: str, values: Iterable[tuple[int, int]]) -> str:
    """Markdown to HTML, with values as they are."""
    parts, end = [], 0
    for start, stop in values:
        parts += [body[end:start], _as_text(body[start:stop])]
        end = stop
    parts.append(body[end:])
    # nh3 as a second wall: what the first lets through is still harmless.
    return nh3.clean(_MARKDOWN.render("".join(parts)))


def _as_text(value: str) -> str:
    """A value that Markdown shows as it is: punctuation escaped, line breaks kept, no indented code."""
    lines = []
    for line in _LINES.split(value):
        text = line.lstrip(" \t")
        lines.append("&nbsp;" * min(len(line) - len(text), 40) + _PUNCTUATION.sub(r"\\\1", text))
    # A backslash before the end of a line is a hard break; an empty line stays one.
    joined = "\\\n".join(lines)
    return re.sub(r"\\\n(?=\\\n|\Z)", "\n", joined)
