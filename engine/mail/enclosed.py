"""Messages within a message (`behaviour.md` 4.4): each is a file, as it came."""

from __future__ import annotations

from email.message import Message as Parsed

from engine.mail import headers as fields
from engine.mail.attachments import attachment
from engine.mail.bounded import bounded
from engine.mail.content import (
    charset_of_headers,
    decoded,
    disposition_and_filename,
    encoding_of,
    raw_values,
)
from engine.mail.decode import as_letters, decode_header
from engine.mail.message import Address, Attachment
from engine.mail.split import Enclosed, split


def opened(part: Parsed, inner: Parsed) -> tuple[Parsed, bytes]:
    """The message in this part, and its bytes.

    Some programs encode it, which RFC 2046 5.2.1 forbids: to the parser it is a text without a header.
    """
    if inner.keys() or encoding_of(part) != "base64":
        return inner, inner.source if isinstance(inner, Enclosed) else inner.as_bytes()
    inner["Content-Transfer-Encoding"] = "base64"
    data = decoded(inner)
    return split(bounded(data, []), []), data


def as_file(part: Parsed, inner: Parsed, data: bytes, kind: str, number: int) -> Attachment:
    """The message that is in this part; its subject is its name where it has no other."""
    charset = charset_of_headers(inner)
    name = disposition_and_filename(part, inner)[1]
    subject = next((decode_header(as_letters(value, charset)[:1000]) for value in raw_values(inner, "subject")), "")
    return attachment(name or (f"{subject}.eml" if subject else ""), kind, data, inline=False, number=number)


def senders_of(inner: Parsed) -> tuple[Address, ...]:
    charset = charset_of_headers(inner)
    return fields.addresses([as_letters(value, charset) for value in raw_values(inner, "from")])
