"""`postroom retry`: messages once more, under the configuration as it now is."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click

from engine.commands.options import common, load_setup, moment_of
from engine.commands.progress import leave_if_stopped, progress
from engine.decide.decision import Reason
from engine.errors import PostroomError, did_you_mean
from engine.processing import Processor
from engine.report.messages import message_line
from engine.report.summary import as_text
from engine.state.messages import MessageLine
from engine.store.again import Choice, choose, rules_that_ran
from engine.store.again import forget as let_go
from engine.store.database import open_existing


@click.command()
@click.argument("messages", nargs=-1, type=click.IntRange(1, 2**63 - 1))
@click.option("--rule", metavar="NAME", help="Mail that this rule discarded, refused or held back.")
@click.option(
    "--reason", type=click.Choice(get_args(Reason)), metavar="REASON", help="Mail that became nothing for it: loop, rule, ..."
)
@click.option("--since", metavar="AGE", help="Only mail received since then: 7d, 12h, or a day such as 2026-11-01.")
@click.option(
    "--release", is_flag=True, help="Let the MESSAGES pass: you have looked at them, and what held them back holds no more."
)
@click.option("--forget", is_flag=True, help="Let them go instead: they leave quarantine, and become nothing.")
@click.option("--dry-run", is_flag=True, help="Only say which it would be.")
@common
def retry(
    messages: tuple[int, ...],
    rule: str | None,
    reason: str | None,
    since: str | None,
    release: bool,
    forget: bool,
    dry_run: bool,
    rules: Path,
    db: Path,
    verbose: bool,
) -> None:
    """Process mail again: all that is in quarantine, or the MESSAGES whose ids `postroom status` and `plan` show.

    Mail that became nothing can be taken again too: a rule or a criterion was wrong, and is mended.

    \b
    Examples:
      postroom retry
      postroom retry 12 15
      postroom retry 12 --release
      postroom retry --reason unreadable --forget
      postroom retry --rule "Newsletters never become tickets" --since 7d --dry-run
      postroom retry --reason loop --since 1d

    Exit status: 1 when some went (back) to quarantine.
    """
    _check(messages, bool(rule or reason), bool(since), release, forget)
    choice = Choice(messages, rule, reason, moment_of(since))
    setup = load_setup(rules)
    with closing(open_existing(db)) as connection:
        if rule is not None:
            known = [*(one.name for one in setup.config.rules.rules), *rules_that_ran(connection)]
            if rule not in known:
                raise PostroomError.of(f"unknown rule '{rule}'", did_you_mean(rule, known))
        chosen, lost = choose(connection, choice)
        if forget or release:
            chosen = _held(chosen, messages)
        findings = False
        if dry_run:
            for one in chosen:
                click.echo(message_line(one))
            click.echo(f"{len(chosen):,} would {'be let go' if forget else 'be processed again'}")
        elif forget:
            click.echo(f"{let_go(connection, chosen, datetime.now(UTC)):,} let go")
        else:
            with progress(len(chosen)) as advance:
                summary = Processor(connection, setup).retry((one.id for one in chosen), release=release, on_item=advance)
            click.echo(as_text(summary))
            leave_if_stopped(summary)
            findings = summary.findings
    if lost:
        click.echo(f"of {lost:,} more the bytes are not kept")
    sys.exit(1 if findings else 0)


def _check(messages: tuple[int, ...], by_cause: bool, since: bool, release: bool, forget: bool) -> None:
    """Raises `click.UsageError` for options that do not go together. `by_cause`: --rule or --reason is there."""
    if messages and (by_cause or since):
        raise click.UsageError("name MESSAGES, or say which by --rule, --reason and --since")
    if since and not by_cause:
        raise click.UsageError("--since goes with --rule or --reason")
    if release and (not messages or forget):
        raise click.UsageError("--release takes MESSAGES that you have looked at")
    if forget and not (messages or by_cause):
        raise click.UsageError("--forget takes MESSAGES, --rule or --reason")


def _held(chosen: list[MessageLine], named: tuple[int, ...]) -> list[MessageLine]:
    """Those in quarantine. Raises `PostroomError` for one that is named and is not."""
    for one in chosen:
        if named and one.outcome != "quarantined":
            raise PostroomError.of(f"message {one.id} is not in quarantine", "`postroom status` shows which are")
    return [one for one in chosen if one.outcome == "quarantined"]
