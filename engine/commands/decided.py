"""One message decided for a person to look at: from a file, or as it was recorded. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click
from msgspec import Struct

from engine.commands.options import chosen_mailbox, load_setup
from engine.decide.decision import Decision, Envelope, Notification
from engine.decide.flow import decide
from engine.decide.setup import Setup
from engine.decide.waiting import Foreseen, foresee
from engine.entities import Ticket
from engine.errors import PostroomError
from engine.mail.beginning import bytes_of
from engine.mail.message import Message
from engine.mail.parse import parse_message
from engine.plan.replay import envelope_again
from engine.sources.files import open_source
from engine.sources.item import contents
from engine.sources.route import received_at, route
from engine.state.past import PastState, read_recorded
from engine.state.sqlite import SqliteState
from engine.state.view import State
from engine.store.database import open_database, open_for_reading


class MailFile(Struct, frozen=True):
    """The file of a message, for a test that names it. `keep`: how it comes beside that test, in words."""

    name: str
    keep: str


class Decided(Struct, frozen=True):
    """A message with its Decision, what becomes of the rules that wait after it, the ticket that it is about as it was before, and
    the configuration. `told`: whom the notifications went to that it is about, by their Message-IDs.
    """

    message: Message
    decision: Decision
    foreseen: tuple[Foreseen, ...]
    target: Ticket | None
    setup: Setup
    raw: bytes
    file: MailFile
    told: Mapping[str, str]

    @property
    def notifications(self) -> list[Notification]:
        """What is sent at once, and then by rules that wait."""
        later = [one for foreseen in self.foreseen for one in foreseen.due.notifications]
        return [*self.decision.changes.notifications, *later]


def from_file(file: str, mailbox: str | None, rules: Path, db: Path) -> Decided:
    """As it would be processed now. Raises `PostroomError`."""
    setup = load_setup(rules)
    name = chosen_mailbox(mailbox, setup.config)
    items = list(islice(open_source(file, setup.config.settings.limits.message), 2))
    if len(items) != 1:
        raise PostroomError.of(f"{file} holds {'more than one message' if items else 'no message'}", "name one message's file")
    raw = contents(items[0])
    message = parse_message(raw)
    name = name or route(message, setup.config)
    # Without a database there is no past: every message is the first.
    with closing(open_for_reading(db) if db.exists() else open_database(None)) as connection:
        state = SqliteState(connection, setup.config)
        seen = state.seen(name, message.identity)
        envelope = Envelope(name, items[0].source_id, received_at(message, datetime.now(UTC)))
        place = MailFile(str(Path(file).resolve()), "keep that beside this one")
        found = _decided(message, bytes_of(raw), envelope, setup, state, place)
    if seen is not None:
        click.echo(
            f"It was processed before ({seen.outcome} {seen.number or ''}): `run` would pass it over.".replace(" )", ")"),
            err=True,
        )
    return found


def from_database(db: Path, message: int, rules: Path) -> Decided:
    """As it would have been processed under the configuration as it now is, on the past that it then had. Raises `PostroomError`."""
    setup = load_setup(rules)
    with closing(open_for_reading(db)) as connection:
        for one in read_recorded(connection, [message], setup.passwords):
            parsed = parse_message(one.raw)
            state = PastState(connection, setup.config, one)
            name = f"message-{message}.eml"
            place = MailFile(name, f"`postroom raw {message} > {name}` writes it beside this one")
            return _decided(parsed, one.raw, envelope_again(parsed, one, setup), setup, state, place)
    raise PostroomError.of(f"of message {message} the bytes are not kept", "without --again you see what then became of it")


def _decided(message: Message, raw: bytes, envelope: Envelope, setup: Setup, state: State, file: MailFile) -> Decided:
    decision = decide(message, envelope, setup, state, envelope.received_at, explain=True)
    number = decision.target or next(iter(decision.related), None)
    before = state.target(number) if number else None
    ticket = decision.changes.ticket
    foreseen = foresee(ticket, decision.changes.waiting, setup, state) if ticket else ()
    target = before if isinstance(before, Ticket) else None
    about = message.automatic.about if message.automatic else ()
    told = {one: sent.recipient for one in about if (sent := state.notification(one)) is not None}
    return Decided(message, decision, foreseen, target, setup, raw, file, told)
