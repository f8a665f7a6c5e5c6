"""`postroom status`: how it is doing."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from engine.commands.options import common
from engine.config.cached import load_cached
from engine.config.model import Config
from engine.decide.decision import iso
from engine.errors import ConfigError
from engine.printable import printable
from engine.report.mailboxes import late_after, mailbox_states
from engine.state.overview import Overdue, overview
from engine.store.database import open_for_reading

_NOT_SENT = "; they stay, for settings.yaml does not say how they leave (`sending`)"
_MOST_DEAD = 20


@click.command()
@common
def status(rules: Path, db: Path, verbose: bool) -> None:
    """How many messages became what, how each mailbox is doing, what waits, and what is held in quarantine.

    \b
    Example:
      postroom status --db postroom.db

    Exit status: 1 when messages are in quarantine, notifications could not be sent, a mailbox or the mail server is failing or late, or nobody runs what is due.
    """
    config = _config(rules)
    settings = config.settings if config else None
    sending = config.sending_mailboxes if config else ()
    now = datetime.now(UTC)
    with closing(open_for_reading(db)) as connection:
        expected = now - late_after(settings)
        found = overview(connection, expected, sending)
        mailboxes = mailbox_states(connection, settings, now)
    last = found.last_processed_at
    total = sum(count for *_, count in found.outcomes)
    click.echo(f"{total} messages" + (f", the last at {last}" if last else ""))
    for outcome, reason, count in found.outcomes:
        why = f" ({reason.replace('_', ' ')})" if reason else ""
        click.echo(f"  {count:>7}  {outcome}{why}")
    click.echo(
        f"{found.outbox.get('queued', 0)} notifications to send{_overdue(found.unsent, 'send')}{_NOT_SENT if config and sending == () else ''}"
    )
    click.echo(f"{found.outbox.get('sent', 0)} notifications sent")
    if found.dead:
        click.echo(f"{_addresses(len(found.dead))} from which what was sent last came back")
    for dead in found.dead[:_MOST_DEAD]:
        click.echo(printable(f"  {dead.recipient}: {dead.count} came back, the last by message {dead.message}"))
    if len(found.dead) > _MOST_DEAD:
        click.echo(f"  and {len(found.dead) - _MOST_DEAD} more")
    click.echo(f"{found.waiting_rules} rules waiting{_overdue(found.overdue_rules, 'run-waiting')}")
    for state in mailboxes:
        click.echo(printable(f"mailbox {state.mailbox}: {state.words}"))
    for late in found.late:
        since = f", since {iso(late.since)}" if late.since else ""
        click.echo(printable(f"  {late.count} wait{since}: {late.error}"))
    lost = found.outbox.get("failed", 0)
    if lost:
        click.echo(f"{lost} notifications could not be sent; `postroom send --again` tries them again, `--forget` lets them go")
    for identity, recipient, subject, error in found.failed:
        click.echo(printable(f"  notification {identity} to {recipient}: {subject}: {error}"))
    click.echo(f"{found.quarantine} in quarantine")
    for held in found.held:
        where = f"  message {held.message} to {held.mailbox}, {held.created_at}"
        click.echo(printable(f"{where}: {held.reason}: {held.error} ({held.source_id})"))
    if found.quarantine > len(found.held):
        click.echo(f"  and {found.quarantine - len(found.held)} more")
    if found.quarantine:
        click.echo("  `postroom retry NUMBER` tries one again, `--release` lets it pass, `--forget` lets it go")
    is_stuck = any(late.since and late.since < expected for late in found.late)
    is_late = found.unsent or is_stuck or found.overdue_rules or any(state.late for state in mailboxes)
    sys.exit(1 if found.quarantine or lost or is_late else 0)


def _addresses(count: int) -> str:
    return f"{count} address{'' if count == 1 else 'es'}"


def _overdue(found: Overdue | None, command: str) -> str:
    return f", {found.count} of them due since {found.since}: run `postroom {command}` every minute, or `poll`" if found else ""


def _config(rules: Path) -> Config | None:
    """For what is expected; without a configuration at hand the usual holds."""
    try:
        return load_cached(rules)
    except ConfigError:
        return None
