"""Which messages a report or an automatic answer is about: by the copy inside it, and by what it says it replies to."""

from __future__ import annotations

import re
from email.message import Message as Parsed

from engine.mail.content import parts_of, type_of
from engine.mail.headers import NOTIFICATION, NOTIFICATION_ID, REFERENCE, message_ids
from engine.mail.message import Headers
from engine.mail.transfer import as_it_came

_MESSAGE_ID_LINE = re.compile(
    r"^(?:> ?)?(?:original-|x-postroom-|x-microsoft-original-)?message-id:\s*(<[^<>\s]{1,400}>)", re.IGNORECASE | re.MULTILINE
)
_REFERENCE = re.compile(rf"<{re.escape(REFERENCE + NOTIFICATION)}[^<>\s]{{1,400}}>")
# Exchange Online and other services give what they send a Message-ID of their own.
_NAMES_OF_A_COPY = ("Message-ID", "Original-Message-ID", NOTIFICATION_ID, "X-Microsoft-Original-Message-ID")


def reported_on(headers: Headers, text: str, parsed: Parsed | None) -> tuple[str, ...]:
    """Message-IDs of what a report or an answer is about: the copy inside it, then what it says it replies to."""
    found: list[str] = []
    if parsed is not None:
        waiting: list[Parsed] = [parsed]
        seen = 0
        while waiting and seen < 50:
            part, seen = waiting.pop(), seen + 1
            children = parts_of(part)
            if children is not None:
                waiting += children[:20]
            elif type_of(part) in ("text/rfc822-headers", "message/rfc822-headers"):
                found += _named(as_it_came(part)[:50_000].decode("ascii", "replace"))
            if part is not parsed:
                found += message_ids([str(own) for name in _NAMES_OF_A_COPY if (own := part.get(name))])
                found += message_ids(_REFERENCE.findall(str(part.get("References", ""))))
    found += _named(text[:50_000])
    found += message_ids(headers.get_all("In-Reply-To")) + message_ids(headers.get_all("References"))
    return tuple(dict.fromkeys(found))[:32]


def _named(text: str) -> tuple[str, ...]:
    """Message-IDs that the lines of a copy's header name."""
    return message_ids(_MESSAGE_ID_LINE.findall(text) + _REFERENCE.findall(text))
