"""How each polled mailbox is doing: last contact, lag, backlog and errors, against what is expected."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from msgspec import Struct

from engine.config.model import Settings
from engine.quantity import show_duration
from engine.state.overview import MailboxRow, mailbox_rows
from engine.state.stored import moment

_SLOW, _LATE = timedelta(minutes=10), timedelta(minutes=30)


class MailboxState(Struct, frozen=True):
    """`late`: a person should look at it now."""

    mailbox: str
    words: str
    late: bool


def late_after(settings: Settings | None) -> timedelta:
    """How long anything may wait that is due; without a configuration at hand the usual holds."""
    return settings.expectations.late if settings else _LATE


def mailbox_states(connection: sqlite3.Connection, settings: Settings | None, now: datetime) -> list[MailboxState]:
    slow, late = (settings.expectations.slow if settings else _SLOW), late_after(settings)
    return [_state(row, slow, late, now) for row in mailbox_rows(connection)]


def _state(row: MailboxRow, slow: timedelta, late: timedelta, now: datetime) -> MailboxState:
    quiet = _age(row.last_contact, now)
    # While a mailbox cannot be read, what was the oldest message then grows older.
    lag = max(_age(row.oldest_unread, now) or timedelta(0), (quiet or timedelta(0)) if row.error else timedelta(0))
    words = [f"last contact {_shown(quiet)} ago" if quiet is not None else "never read"]
    words.append(f"{row.unread or 0} unread, {row.under_way} under way")
    if lag > timedelta(0):
        words.append(f"lag {_shown(lag)}" + (" (late)" if lag > late else " (slow)" if lag > slow else ""))
    if row.error:
        words.append(f"failing for {_shown(_age(row.error_since, now) or timedelta(0))}: {row.error}")
    silent = quiet is not None and quiet > late
    if silent and not row.error:
        words.append("nobody polls it")
    return MailboxState(
        row.mailbox,
        "; ".join(words),
        lag > late or silent or (bool(row.error) and (_age(row.error_since, now) or timedelta(0)) > slow),
    )


def _age(text: str | None, now: datetime) -> timedelta | None:
    if text is None:
        return None
    return max(now - moment(text), timedelta(0))


def _shown(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    return show_duration(timedelta(seconds=seconds if seconds < 120 else seconds - seconds % 60))
