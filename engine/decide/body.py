"""Text and attachments of what a message becomes: cut at the limits, with a line for what was left out (`behaviour.md` 4)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from engine.decide.setup import Setup
from engine.mail.message import Attachment, Message
from engine.mail.quotes import strip_reply
from engine.mail.safe_html import sanitise
from engine.prefixes import is_forward
from engine.quantity import counted, further, show_size
from engine.text import collapse, cut

ENCRYPTED = "[What is encrypted in this message cannot be read here. It is attached as it came.]"
CUT = "\n\n[The text was longer and was cut here. The whole message is kept.]"
_MOST_NAMED = 20


class Body(Struct, frozen=True):
    """`text` is the sender's words, cut; `added` what the system says below them; `removed` what was taken out."""

    text: str
    added: str
    removed: str
    html: str
    attachments: tuple[Attachment, ...]
    because: str
    where: str

    @property
    def description(self) -> str:
        return "\n\n".join(part for part in (self.text, self.added) if part)


def title_of(message: Message, received_at: datetime, setup: Setup) -> str:
    settings = setup.config.settings
    title = cut(collapse(message.subject), settings.limits.title)
    if title:
        return title
    local = received_at.astimezone(settings.timezone)
    return f"New ticket - {local:%Y-%m-%d %H:%M}"


def whole_body(message: Message, text: str, setup: Setup, remarks: tuple[str, ...] = ()) -> Body:
    """For a ticket: everything the sender wrote and quoted."""
    return _body(message, text.strip(), "", setup, remarks, "the whole text", "")


def reply_body(message: Message, text: str, setup: Setup, remarks: tuple[str, ...] = ()) -> Body:
    """For a note: without quotation and signature, which are kept beside it."""
    settings = setup.config.settings
    where = str(settings.where("signatures"))
    if settings.signatures == "keep" or is_forward(message.subject):
        because = "kept whole" if settings.signatures == "keep" else "kept whole: the message forwards another"
        return _body(message, text.strip(), "", setup, remarks, because, where)
    reply = strip_reply(text)
    because = (
        f"{counted(len(reply.removed), 'character')} of quotation and signature taken out" if reply.removed else "nothing quoted"
    )
    return _body(message, reply.text, reply.removed, setup, remarks, because, where)


def _body(message: Message, text: str, removed: str, setup: Setup, remarks: tuple[str, ...], because: str, where: str) -> Body:
    limit = setup.config.settings.limits.description
    if len(text) > limit:
        text = text[: max(limit - len(CUT), 0)].rstrip() + CUT
        because += f", cut at {limit} characters"
    attachments, left_out = _within_limits(message.attachments, setup)
    added = "\n".join([*remarks, *([ENCRYPTED] if message.encrypted else []), *left_out])
    return Body(text, added, removed, sanitise(message.html), attachments, because, where)


def _within_limits(attachments: tuple[Attachment, ...], setup: Setup) -> tuple[tuple[Attachment, ...], list[str]]:
    limits = setup.config.settings.limits
    total = sum(one.size for one in attachments)
    if total > limits.attachments:
        names = ", ".join(f"{one.name} ({show_size(one.size)})" for one in attachments[:_MOST_NAMED])
        named = " ".join([names, *further(len(attachments), _MOST_NAMED)])
        return (), [f"[Attachments left out, over {show_size(limits.attachments)} together: {named}]"]
    kept = tuple(one for one in attachments if one.size <= limits.attachment)
    left_out = [
        f"[Attachment left out, over {show_size(limits.attachment)}: {one.name} ({show_size(one.size)})]"
        for one in attachments
        if one.size > limits.attachment
    ]
    return kept, left_out
