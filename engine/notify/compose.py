"""A notification of the outbox as a message of RFC 5322: plain text, and HTML made of the same Markdown.

Values that a template put in came from mail. In HTML they are escaped so that they are text, never Markdown or a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, Policy
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


class _MessageIds(UnstructuredHeader):
    """Message-IDs, each on a line. Python encodes one that is longer than a line, as Exchange Online's are, and nobody decodes it there."""

    name: str  # the class that the registry makes of this one has it

    def fold(self, *, policy: Policy[Any]) -> str:
        return f"{self.name}: {f'{policy.linesep} '.join(str(self).split())}{policy.linesep}"


_HEADERS = HeaderRegistry()
for _name in ("In-Reply-To", "References", NOTIFICATION_ID):
    _HEADERS.map_to_type(_name, _MessageIds)  # type: ignore[arg-type]
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
    message["References"] = " ".join(f"<{reference}>" for reference in (*one.references, f"{REFERENCE}{one.message_id}"))
    # RFC 3834: no machine answers this; and Exchange sends no out-of-office reply or receipt for it.
    message["Auto-Submitted"] = "auto-replied" if one.to_sender else "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(one.body + "\n")
    message.add_alternative(to_html(one.body, one.values), subtype="html")
    return message


def _address(address: str, name: str = "") -> Address:
    if address.isascii():
        return Address(display_name=name, addr_spec=address)
    local, _, domain = address.rpartition("@")
    if not local or not domain:
        raise ValueError(f"{address} is no address")
    return Address(display_name=name, username=local, domain=domain)  # `addr_spec` takes no letter beyond ASCII


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
