"""Messages within a message (`behaviour.md` 4.4): each is a file, as it came."""

from __future__ import annotations

from email.message import Message as Parsed

from engine.mail.attachments import attachment
from engine.mail.content import charset_of_headers, disposition_and_filename
from engine.mail.known import Head
from engine.mail.message import Attachment
from engine.mail.part import Part
from engine.mail.split import Room, split
from engine.mail.transfer import as_it_came, decoded_from, encoding_of


def opened(part: Parsed, inner: Parsed, room: Room) -> tuple[Part, bytes]:
    """The message in this part, and its bytes.

    Some programs encode it, which RFC 2046 5.2.1 forbids: to the parser it is a text without a header.
    """
    if inner.keys() or encoding_of(part) != "base64":
        assert isinstance(inner, Part)  # all that `split` puts into a message
        return inner, inner.source
    data = decoded_from("base64", as_it_came(inner))
    return split(data, [], room), data


def as_file(part: Parsed, inner: Parsed, head: Head, data: bytes, kind: str, number: int) -> Attachment:
    """The message that is in this part; its subject is its name where it has no other."""
    subject = head.headers.get("Subject")
    name = disposition_and_filename(part, lambda: charset_of_headers(inner))[1] or (f"{subject}.eml" if subject else "")
    return attachment(name, kind, data, inline=False, number=number)
