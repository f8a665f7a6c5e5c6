"""Which messages a report or an automatic answer is about: by the copy inside it, and by what it says it replies to; and whether they reach nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message as Parsed

from engine.late import late_pattern
from engine.mail.content import own_parts, parts_of, type_of
from engine.mail.headers import NOTIFICATION, NOTIFICATION_ID, REFERENCE, message_ids
from engine.mail.message import Headers
from engine.mail.transfer import as_it_came

_MESSAGE_ID_LINE = late_pattern(
    r"^(?:> ?)?(?:original-|x-postroom-|x-microsoft-original-)?message-id:\s*(<[^<>\s]{1,400}>)", re.IGNORECASE | re.MULTILINE
)
_REFERENCE = late_pattern(rf"<{re.escape(REFERENCE + NOTIFICATION)}[^<>\s]{{1,400}}>")
_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_ACTION = late_pattern(r"^action:[ \t]*([a-z]+)", re.IGNORECASE | re.MULTILINE)
# What reports without such a field call what they go on trying.
_DELAYED = late_pattern(
    r"delay|warning: (?:could not send|message)|retard|retras|ritard|atras|verzögert|vertraag|försen|forsink|viiväst|zpožd|opóźn",
    re.IGNORECASE,
)
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


def gave_up(subject: str, parsed: Parsed | None) -> bool:
    """Whether a bounce says of anybody that the message will not reach him (`Action` of RFC 3464 2.3.3): servers tell of delays and receipts too."""
    actions = {action.lower() for report in _reports(parsed) for action in _ACTION.findall(report)}
    return "failed" in actions if actions else not _DELAYED.search(subject)


def _reports(parsed: Parsed | None) -> Iterator[str]:
    """The delivery reports of the message itself, as text."""
    for part, kind in own_parts(parsed):
        if kind in _REPORTS:
            yield from map(_as_text, (parts_of(part) or [])[:1_000])  # each block of fields stands as a message


def _as_text(block: Parsed) -> str:
    fields = "".join(f"{name}: {value}\n" for name, value in block.raw_items())
    return fields + as_it_came(block)[:50_000].decode("ascii", "replace")
