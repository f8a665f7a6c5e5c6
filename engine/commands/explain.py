"""`postroom explain`: what would become of a message, and why; writes nothing."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from engine.commands.decided import Decided, from_database, from_file
from engine.commands.options import common
from engine.config.version import describe_version
from engine.decide.decision import Notification, iso
from engine.decide.waiting import Foreseen
from engine.errors import ConfigError, PostroomError
from engine.printable import one_line
from engine.report.explanation import explanation
from engine.state.stored import read_kept
from engine.state.whole import Stored, stored_decision, stored_message
from engine.store.database import open_for_reading
from engine.trial.case import read_cases
from engine.trial.from_message import as_test as made_test
from engine.trial.run import Trials

_MAIL = "mail.eml"


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
@click.option(
    "--again",
    is_flag=True,
    help="Of a stored message: what it would be under the configuration as it is, on the past that it had.",
)
@click.option("--words", is_flag=True, help="Also show what each notification says.")
@click.option("--as-test", is_flag=True, help="Print a rule test of this message: what it says, and what becomes of it.")
@common
def explain(
    mail: str | None,
    mailbox: str | None,
    stored: str | None,
    as_json: bool,
    again: bool,
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
      postroom explain --message 4711 --again
      postroom explain mail.eml --as-test > rules/tests/mail.yaml
    """
    if (mail is None) == (stored is None):
        raise click.UsageError("name a FILE or the NUMBER of a ticket, or a stored message with --message ID")
    found = _stored(stored, db) if stored is not None else _numbered(str(mail), db)
    if mailbox is not None and found is not None:
        raise click.UsageError("--mailbox takes a FILE")
    if again and found is None:
        raise click.UsageError("--again takes a stored message; a FILE is always decided anew")
    if found is not None and not (again or words or as_test):
        decision = _as_kept(found)
    else:
        decided = from_file(str(mail), mailbox, rules, db) if found is None else from_database(db, found.message, rules)
        if as_test:
            click.echo(_as_test(decided), nl=False)
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
        return stored_message(connection, name, db)


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
    decision = read_kept(found.decision, found.message)
    decision["configuration"] = found.version
    when = f"message {found.message}, {found.processed_at}, under the configuration {found.version}"
    decision["trace"].append({"step": "decided", "found": when, "where": ""})
    return decision


def _words(one: Notification) -> dict[str, str]:
    wording = one.wording
    said = wording.body if not wording.error else f"(it cannot be worded: {wording.error})"
    return {"recipient": one.recipient, "template": one.template, "subject": wording.subject, "body": said}


def _when_due(one: Foreseen) -> dict[str, str]:
    return {"rule": one.waiting.rule, "due_at": iso(one.waiting.due_at), "status": one.due.status, "because": one.due.because}


def _as_test(decided: Decided) -> str:
    """A test in words where these make the same of it, else one that names the file."""

    def made(file: str | None) -> str:
        loop = decided.setup.config.settings.loop_protection
        alike = loop.messages if loop else 0
        asked = decided.setup.config.rules.headers
        return made_test(
            decided.message,
            decided.decision,
            decided.foreseen,
            decided.target,
            told=decided.told,
            headers=asked,
            file=file,
            alike=alike,
        )

    if not _lacks(in_words := made(None), decided):
        return in_words
    told = f"# In words alone the message would become something else, so it stays in its file: {decided.file.keep}.\n"
    if lacks := _lacks(made(_MAIL), decided):
        what = one_line(", ".join(lacks))
        told += f"# Its past cannot be given to a test, so this one does not pass ({what}): take from it what is of use.\n"
    return told + made(decided.file.name)


def _lacks(text: str, decided: Decided) -> list[str]:
    """What keeps a test from passing: what differs, or what it names of its past that the configuration has no more."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "test.yaml"
        path.write_text(text, "utf-8")
        path.with_name(_MAIL).write_bytes(decided.raw)
        try:
            (case,) = read_cases([path])
            return [one.what for one in Trials(decided.setup).run(case).differences]
        except ConfigError as error:
            return [problem.message for problem in error.problems]
