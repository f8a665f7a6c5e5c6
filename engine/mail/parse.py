"""`parse_message(raw)`: bytes to a `Message`. Never raises: what cannot be understood is left out and named in `defects`."""

from __future__ import annotations

import hashlib

from msgspec.structs import replace

from engine.mail import headers as fields
from engine.mail.automatic import classify
from engine.mail.beginning import Raw
from engine.mail.forwarded import find_forwarded
from engine.mail.head import from_its_header, look_at_line_ends
from engine.mail.known import identity, read_head
from engine.mail.message import Address, Headers, Message
from engine.mail.split import split
from engine.mail.walk import walk

_PRIVATE = {"private", "company-confidential", "confidential"}
# What a mailbox's rule or a list passes on has a sender of its own; what a bounce or an answer returns is our mail, or nobody's.
_PASSED_ON = ("auto_generated", "mailing_list")


def parse_message(raw: Raw) -> Message:
    """Every step is bounded; whatever still fails in one is a defect, and the rest of the message stands.

    Where even that fails, what comes has no header field at all: such a message goes to quarantine as it is.
    """
    if isinstance(raw, bytes):
        return _parsed(raw)
    message = _parsed(raw.raw)
    known = message.identity if message.message_id else raw.identity
    return replace(message, size=raw.size, sha256=raw.sha256, identity=known)


def _parsed(raw: bytes) -> Message:
    try:
        return _message(raw)
    except Exception as error:
        defect = f"the message cannot be read: {error!r}"[:200]
        digest = hashlib.sha256(raw).hexdigest()
        return Message(len(raw), digest, Headers(()), identity=identity(raw, "", {}), defects=(defect,))


def _message(raw: bytes) -> Message:
    defects: list[str] = []
    look_at_line_ends(raw, defects)
    parsed = split(from_its_header(raw, defects), defects)
    head = read_head(parsed, defects)
    headers = head.headers
    body = walk(parsed)
    senders = fields.addresses(head.letters["from"])
    subject = headers.get("Subject")
    automatic = None
    try:
        sender = senders[0] if senders else Address("", "")
        automatic = classify(headers, sender, subject, body.text, parsed)
    except Exception as error:
        defects.append(f"whether it is automatic cannot be told: {error!r}"[:200])
    message_id = fields.message_id(headers.get("Message-ID"))
    return Message(
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        headers=headers,
        message_id=message_id,
        in_reply_to=fields.message_ids(headers.get_all("In-Reply-To")),
        references=fields.message_ids(headers.get_all("References")),
        date=fields.date(headers.get("Date")),
        senders=senders,
        to=fields.addresses(head.letters["to"]),
        cc=fields.addresses(head.letters["cc"]),
        subject=subject,
        text=body.text,
        html=body.html,
        attachments=body.attachments,
        automatic=automatic,
        forwarded=find_forwarded(subject, body.text, body.attached)
        if automatic is None or automatic.kind in _PASSED_ON
        else None,
        encrypted=body.encrypted,
        calendar=body.calendar,
        private=headers.get("Sensitivity").strip().lower() in _PRIVATE,
        importance=_importance(headers),
        identity=identity(raw, message_id, head.came),
        defects=tuple([*defects, *body.defects][:20]),
    )


def _importance(headers: Headers) -> str:
    said = headers.get("Importance").lower() or headers.get("X-Priority")[:1]
    return {"high": "high", "1": "high", "2": "high", "low": "low", "4": "low", "5": "low"}.get(said, "normal")
