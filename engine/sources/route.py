"""Which mailbox a message belongs to that none has been named for, and when it was received."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.config.model import Config
from engine.mail import headers
from engine.mail.message import Message

_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)  # before that, a clock was never set
_DELIVERED = ("Delivered-To", "X-Original-To", "Envelope-To")


def route(message: Message, config: Config) -> str:
    """The active mailbox that it was delivered to or addressed to; else the first active one that people write to."""
    owners = {address: mailbox for mailbox in config.mailboxes.values() if mailbox.active for address in mailbox.addresses}
    delivered = [one.address for name in _DELIVERED for one in headers.addresses(message.headers.get_all(name))]
    for address in (*delivered, *(one.address for one in message.recipients)):
        if address in owners:
            return owners[address].id
    active = [mailbox for mailbox in config.mailboxes.values() if mailbox.active]
    for mailbox in active:
        if mailbox.kind == "custom" and mailbox.extends is None:
            return mailbox.id
    return active[0].id


def mailbox_of(name: str | None, message: Message, config: Config) -> str:
    """The mailbox of this name. Where none is named, or the configuration has it no more, its mail comes in as mail of files does."""
    return name if name is not None and name in config.mailboxes else route(message, config)


def received_at(message: Message, now: datetime) -> datetime:
    """The time of our own server's Received header, else of Date, else now; never in the future."""
    now = now.replace(microsecond=0)
    found = headers.received_at(message.headers.get_all("Received")) or message.date or now
    return min(found.replace(microsecond=0), now) if found > _EARLIEST else now
