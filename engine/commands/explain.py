"""`postroom explain`: what would become of a message, and why; writes nothing."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from msgspec import Struct

from engine.commands.options import chosen_mailbox, common, load_setup
from engine.config.version import describe_version
from engine.decide.decision import Decision, Envelope, Notification, iso, read_kept
from engine.decide.flow import decide
from engine.decide.setup import Setup
from engine.decide.waiting import Foreseen, foresee
from engine.entities import Ticket
from engine.errors import PostroomError
from engine.mail.message import Message
from engine.mail.parse import parse_message
from engine.report.explanation import explanation
from engine.sources.files import open_source
from engine.sources.item import contents
from engine.sources.route import received_at, route
from engine.state.sqlite import SqliteState
from engine.state.whole import Stored, stored_decision
from engine.store.database import open_database, open_for_reading
from engine.trial.case import read_cases
from engine.trial.from_message import as_test as made_test
from engine.trial.run import run_case


@click.command()
@click.argument("mail", metavar="FILE|NUMBER", required=False)
@click.option("--mailbox", metavar="NAME", help="As mail to this mailbox.")
@click.option(
    "--message",
    "stored",
    metavar="ID",
    help="What became of a stored message, by its Message-ID or its number in `show` and `status`.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the Decision.")
@click.option("--words", is_flag=True, help="Also show what each notification says.")
@click.option("--as-test", is_flag=True, help="Print a rule test of this message: what it says, and what becomes of it.")
@common
def explain(
    mail: str | None,
    mailbox: str | None,
    stored: str | None,
    as_json: bool,
    words: bool,
    as_test: bool,
    rules: Path,
    db: Path,
    verbose: bool,
) -> None:
    """Say what would become of a message and why, or what became of a stored one or the one that opened a ticket. Writes nothing.

    \b
    Examples:
      postroom explain mail.eml
      postroom explain mail.eml --words
      postroom explain - --mailbox support < mail.eml
      postroom explain T20261102.0001
      postroom explain --message 4711
      postroom explain mail.eml --as-test > rules/tests/mail.yaml
    """
    if (mail is None) == (stored is None):
        raise click.UsageError("name a FILE or the NUMBER of a ticket, or a stored message with --message ID")
    found = None if mail is None else _numbered(mail, db)
    if (as_test or words or mailbox is not None) and (mail is None or found is not None):
        raise click.UsageError(f"{'--as-test' if as_test else '--words' if words else '--mailbox'} takes a FILE")
    if stored is not None:
        found = _stored(stored, db)
    if found is not None:
        decision = _as_kept(found)
    else:
        decided = _fresh(str(mail), mailbox, rules, db)
        if as_test:
            click.echo(_as_test(decided, str(mail)), nl=False)
            return
        config = decided.setup.config
        decision = decided.decision.as_dict() | {
            "configuration": describe_version(config.root, config.digest),
            "when_due": [_when_due(one) for one in decided.foreseen],
        }
        if words:
            decision["notifications"] = [_words(one) for one in decided.notifications]
    click.echo(json.dumps(decision, ensure_ascii=False) if as_json else explanation(decision), nl=as_json)


def _stored(name: str, db: Path) -> Stored:
    with closing(open_for_reading(db)) as connection:
        found = stored_decision(connection, name)
    if found is None:
        raise PostroomError.of(
            f"there is no message '{name}' in {db}", "give its Message-ID or its number: `postroom show` and `status` tell it"
        )
    return found


def _numbered(mail: str, db: Path) -> Stored | None:
    """None for a file, which comes before a ticket of the same name. Raises `PostroomError` where it is neither."""
    if mail == "-" or Path(mail).exists():
        return None
    lacks = f"there is no database {db}"
    if db.exists():
        with closing(open_for_reading(db)) as connection:
            found = stored_decision(connection, mail)
        if found is not None:
            return found
        lacks = f"no mail in {db} has this number"
    raise PostroomError.of(
        f"{mail} is no file, and {lacks}", "name a message's file, or a ticket's number and with --db the database that has it"
    )


def _as_kept(found: Stored) -> dict[str, Any]:
    decision = read_kept(found.decision)
    decision["configuration"] = found.version
    when = f"message {found.message}, {found.processed_at}, under the configuration {found.version}"
    decision["trace"].append({"step": "decided", "found": when, "where": ""})
    return decision


class _Decided(Struct, frozen=True):
    """A message with its Decision, what becomes of the rules that wait after it, the ticket that it is about as it was before, and
    the configuration.
    """

    message: Message
    decision: Decision
    foreseen: tuple[Foreseen, ...]
    target: Ticket | None
    setup: Setup

    @property
    def notifications(self) -> list[Notification]:
        """What is sent at once, and then by rules that wait."""
        later = [one for foreseen in self.foreseen for one in foreseen.due.notifications]
        return [*self.decision.changes.notifications, *later]


def _fresh(file: str, mailbox: str | None, rules: Path, db: Path) -> _Decided:
    setup = load_setup(rules)
    name = chosen_mailbox(mailbox, setup.config)
    items = list(islice(open_source(file, setup.config.settings.limits.message), 2))
    if len(items) != 1:
        raise PostroomError.of(f"{file} holds {'more than one message' if items else 'no message'}", "name one message's file")
    message = parse_message(contents(items[0]))
    name = name or route(message, setup.config)
    at = received_at(message, datetime.now(UTC))
    # Without a database there is no past: every message is the first.
    with closing(open_for_reading(db) if db.exists() else open_database(None)) as connection:
        state = SqliteState(connection, setup.config)
        seen = state.seen(name, message.identity)
        decision = decide(message, Envelope(name, items[0].source_id, at), setup, state, at, explain=True)
        before = state.target(decision.target) if decision.target else None
        ticket = decision.changes.ticket
        foreseen = foresee(ticket, decision.changes.waiting, setup, state) if ticket else ()
    if seen is not None:
        click.echo(
            f"It was processed before ({seen.outcome} {seen.number or ''}): `run` would pass it over.".replace(" )", ")"),
            err=True,
        )
    return _Decided(message, decision, foreseen, before if isinstance(before, Ticket) else None, setup)


def _words(one: Notification) -> dict[str, str]:
    wording = one.wording
    said = wording.body if not wording.error else f"(it cannot be worded: {wording.error})"
    return {"recipient": one.recipient, "template": one.template, "subject": wording.subject, "body": said}


def _when_due(one: Foreseen) -> dict[str, str]:
    return {"rule": one.waiting.rule, "due_at": iso(one.waiting.due_at), "status": one.due.status, "because": one.due.because}


def _as_test(decided: _Decided, file: str) -> str:
    """A test in words where these make the same of it, else one that names the file."""
    text = made_test(decided.message, decided.decision, decided.foreseen, decided.target)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "test.yaml"
        path.write_text(text, "utf-8")
        (case,) = read_cases([path])
        if run_case(case, decided.setup).passed:
            return text
    whole = made_test(decided.message, decided.decision, decided.foreseen, decided.target, file=str(Path(file).resolve()))
    return (
        f"# In words alone the message would become something else, so it stays in its file: keep that beside this one.\n{whole}"
    )
