"""Notifications that nobody would get: to our own mailboxes, where they are never sent, and to addresses that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator

from engine.addresses import comparable
from engine.config.model import Config
from engine.dsl.tree import Notify, Recipient
from engine.errors import Position, Problem, warn
from engine.mail.automatic_words import NOBODYS

CODE = "PR119"


def check_untold(config: Config) -> Iterator[Problem]:
    own = {address: mailbox.id for mailbox in config.mailboxes.values() for address in mailbox.addresses}
    for address, position in sorted(_told(config), key=lambda one: one[1]):
        if address in own:
            message = f"nothing is sent to {address}: it is the mailbox '{own[address]}', which would read it"
            yield warn(CODE, position, message, "name who shall be told")
        elif NOBODYS.match(address.partition("@")[0]):
            yield warn(CODE, position, f"nothing is sent to {address}: nobody reads it", "name who shall be told")


def _told(config: Config) -> Iterator[tuple[str, Position]]:
    """Addresses that the configuration names, each with where it does."""
    resources = config.directory.resources
    named: list[Recipient] = []
    for mailbox in config.mailboxes.values():
        for notice in filter(None, (mailbox.created, mailbox.noted, mailbox.failed)):
            named += notice.recipients
    for rule in config.rules.rules:
        for action in rule.actions:
            if isinstance(action, Notify):
                named += action.recipients
    for recipient in named:
        if recipient.kind == "address":
            yield comparable(recipient.name), recipient.position
        elif recipient.kind == "resource" and recipient.name in resources:
            yield resources[recipient.name].email, recipient.position
