"""The small protocol between deciding and what was decided before. A PostgreSQL view would fit beside the SQLite one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from engine.entities import NewContact, Target
from engine.mail.message import Message

# What of each ticket is kept to be compared (`duplicates.yaml`), by the column that has it. All else is a field that a mailbox extracts.
COMPARED = {"contact": "contact", "title": "title_key", "description": "description_key", "sender": "sender"}


class Seen(Struct, frozen=True):
    """A message that was processed: its mailbox and what became of it."""

    mailbox: str
    outcome: str
    number: str | None


class Sent(Struct, frozen=True):
    """A notification of our own: the number that it is about, empty where it is about none, and whom it went to."""

    number: str
    recipient: str


# A ticket that may be meant: its number, title and, only where that was asked for, its description. A plain row: a
# busy customer has hundreds of them for each message.
Candidate = tuple[str, str, str]


class State(Protocol):
    """Every question is answered from committed or same-transaction data, and changes nothing."""

    def seen(self, mailbox: str, identity: str) -> Seen | None:
        """The message of this identity in this mailbox."""

    def seen_elsewhere(self, mailbox: str, message: Message) -> Seen | None:
        """The first of the same message in another mailbox that became something."""

    def count_alike(
        self,
        mailbox: str,
        since: datetime,
        until: datetime,
        *,
        sender: str | None,
        subject_key: str | None,
        body_key: str | None,
        number: str | None,
    ) -> int:
        """Messages received in [since, until] that were not themselves ignored as a loop. None: does not count.

        `number`: of what they belong to.
        """

    def target(self, number: str) -> Target | None:
        """The ticket, task or project of this number."""

    def number_of_thread(self, message_id: str) -> str | None:
        """The number that the mail of this Message-ID, received or sent by us, belongs to."""

    def notification(self, message_id: str) -> Sent | None:
        """Our own notification of this Message-ID."""

    def came_back(self, recipient: str) -> bool:
        """Whether the notification that was sent to this address last came back."""

    def tickets_of(
        self,
        organization: str,
        since: datetime | None,
        until: datetime,
        other_than: Message,
        same: Mapping[str, str],
        *,
        described: bool,
    ) -> list[Candidate]:
        """Tickets of an organization opened in [since, until], newest first, whose named fields or keys are equal.

        Tickets that the message `other_than` opened, through another mailbox, are left out.
        `same` names columns of `COMPARED`, or fields that a mailbox extracts, whose values are folded.
        `described`: with their descriptions, which may be long.
        """

    def contacts_of(self, address: str) -> list[NewContact]:
        """Contacts that earlier mail brought, beside those of the directory."""

    def last_sequence(self, series: str) -> int:
        """The last number given in a series, 0 for none."""

    def files_of(self, number: str) -> frozenset[str]:
        """The SHA-256 of all files that mail brought to this ticket."""

    def reopenings(self, number: str, since: datetime) -> int:
        """How often the ticket was reopened since then."""
