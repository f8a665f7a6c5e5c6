"""`postroom plan`: what this change would have done to recorded mail."""

from __future__ import annotations

import sys
from collections.abc import Sized
from contextlib import closing
from datetime import datetime
from pathlib import Path

import click

from engine.analysis.report import analyse
from engine.commands.options import chosen_mailbox, common, load_setup, moment_of
from engine.commands.progress import progress
from engine.config.revision import configuration_at, merge_base
from engine.decide.setup import Setup
from engine.errors import ConfigError, PostroomError, Problem
from engine.plan.replay import Plan, replay_recorded, replay_source
from engine.report.plan import FORMS, Context, new_warnings
from engine.sources.files import open_source
from engine.state.past import recorded
from engine.store.database import open_for_reading


@click.command()
@click.option(
    "--base", metavar="REF", help="The configuration to compare with: a git ref.  [default: where this branch left main]"
)
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the last N messages of the database.")
@click.option("--since", metavar="AGE", help="Only messages received since then: 7d, 12h, or a day such as 2026-11-01.")
@click.option("--source", metavar="PATH", help="Mail from files instead of the database: a Maildir, an mbox, a folder, one file.")
@click.option("--mailbox", metavar="NAME", help="With --source: all of it is mail to this mailbox.")
@click.option("--format", "form", type=click.Choice(list(FORMS)), default="text", show_default=True)
@click.option("--exit-code", is_flag=True, help="Exit with 1 when anything would change.")
@common
def plan(
    base: str | None,
    last: int | None,
    since: str | None,
    source: str | None,
    mailbox: str | None,
    form: str,
    exit_code: bool,
    rules: Path,
    db: Path,
    verbose: bool,
) -> None:
    """Replay recorded mail under the configuration of another commit and under this one, and show what would change.

    Each message is decided on the state that it then had. Nothing is written, and nothing is sent.

    \b
    Examples:
      postroom plan                              since this branch left main, on all mail of postroom.db
      postroom plan --base HEAD --since 7d       what the changes not yet committed would have done last week
      postroom plan --source sample --format markdown
    """
    if source is not None and (last is not None or since is not None):
        raise PostroomError.of("--last and --since choose from the database", "leave them out with --source")
    if mailbox is not None and source is None:
        raise PostroomError.of("--mailbox says where the mail of --source came in", "leave it out: the database knows that")
    received = moment_of(since)
    work = load_setup(rules)
    ref = base or merge_base(rules)
    with configuration_at(rules, ref) as folder:
        before = _setup_at(folder, ref)
        warnings = new_warnings(analyse(before.config), analyse(work.config))
    if before.config.digest == work.config.digest and form == "text":
        click.echo(f"the configuration is the same as at {ref}: nothing can change")
        return
    found = _from_source(source, mailbox, before, work) if source else _from_database(db, last, received, before, work)
    click.echo(FORMS[form](found, Context(base or f"{ref[:12]} (where this branch left main)", "the working tree", warnings)))
    sys.exit(1 if exit_code and (found.changed or warnings) else 0)


def _setup_at(folder: Path, ref: str) -> Setup:
    try:
        return load_setup(folder)
    except ConfigError as error:
        first = str(error.problems[0]).partition("\n")[0]
        raise PostroomError(
            Problem(error.problems[0].position, f"the configuration at {ref} is not right itself: {first}", "name another --base")
        ) from error


def _from_database(db: Path, last: int | None, since: datetime | None, before: Setup, work: Setup) -> Plan:
    with closing(open_for_reading(db)) as connection:
        identities, without = recorded(connection, last, since)
        with progress(len(identities)) as advance:
            found = replay_recorded(connection, identities, before, work, advance)
        found.without_bytes = without
        return found


def _from_source(source: str, mailbox: str | None, before: Setup, work: Setup) -> Plan:
    items = open_source(source, max(setup.config.settings.limits.message for setup in (before, work)))
    name = chosen_mailbox(mailbox, work.config)
    if name is not None and name not in before.config.mailboxes:
        raise PostroomError.of(f"the base has no mailbox '{name}'", "leave --mailbox out")
    with progress(len(items) if isinstance(items, Sized) else None) as advance:
        return replay_source(items, name, before, work, advance)
