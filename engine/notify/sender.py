"""The loop that sends what is due: leased, sent, marked, each in a transaction of its own.

A crash between sending and marking sends once more, with the same Message-ID: at least once, never lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct, field

from engine.config.model import Config
from engine.errors import our_fault
from engine.notify.compose import Outgoing
from engine.notify.transport import Postponed, Rejected, Transport, Unavailable
from engine.store.database import transaction
from engine.store.outbox import QueuedRow, due, free_at, lease, mark_failed, mark_sent, postpone

_BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))


class Sent(Struct):
    """What a round did. `limited` wait for their address's limit; `problems` say why a way out did not work."""

    sent: int = 0
    postponed: int = 0
    limited: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts that failed: 1, 5, 15, 60 minutes, then every 4 hours."""
    return _BACK_OFF[min(attempts, len(_BACK_OFF)) - 1]


def send_due(
    connection: sqlite3.Connection,
    config: Config,
    transport_for: Callable[[str], Transport],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    stopping: Callable[[], bool] = lambda: False,
) -> Sent:
    """All that is due, by the transport of its mailbox. Raises `StoreError` when the database fails."""
    done = Sent()
    down: dict[int, str] = {}
    # Rows stay due no longer than one try each, so this ends.
    while rows := due(connection, clock()):
        for row in rows:
            if stopping():
                return done
            transport = transport_for(row.mailbox)
            if id(transport) in down:
                with transaction(connection):
                    _try_later(connection, config, row, down[id(transport)], clock(), done)
                continue
            _one(connection, config, row, transport, clock, done, down)
    done.problems = list(dict.fromkeys(down.values()))
    return done


def _one(
    connection: sqlite3.Connection,
    config: Config,
    row: QueuedRow,
    transport: Transport,
    clock: Callable[[], datetime],
    done: Sent,
    down: dict[int, str],
) -> None:
    with transaction(connection):
        free = free_at(connection, row.recipient, config.settings.notification_limits, clock())
        if free is not None:
            postpone(connection, row, free, "the limit for this address is reached")
            done.limited += 1
            return
        if not lease(connection, row, clock()):
            return
    try:
        _send(transport, row, config)
    except Rejected as error:
        with transaction(connection):
            mark_failed(connection, row, clock(), str(error))
        done.failed.append((row.recipient, str(error)))
    except (Postponed, Unavailable) as error:
        if isinstance(error, Unavailable):
            down[id(transport)] = str(error)
        with transaction(connection):
            _try_later(connection, config, row, str(error), clock(), done)
    else:
        with transaction(connection):
            mark_sent(connection, row, clock())
        done.sent += 1


def _send(transport: Transport, row: QueuedRow, config: Config) -> None:
    """Raises what a transport raises; what nobody thought of is `Rejected`, for it must not keep all others waiting."""
    try:
        transport.send(outgoing(row, config))
    except (Rejected, Postponed, Unavailable):
        raise
    except Exception as error:
        raise Rejected(our_fault(error)) from error


def _try_later(connection: sqlite3.Connection, config: Config, row: QueuedRow, error: str, now: datetime, done: Sent) -> None:
    if now - datetime.fromisoformat(row.created_at) >= config.settings.give_up:
        mark_failed(connection, row, now, f"{error}; given up after {row.attempts + 1} attempts")
        done.failed.append((row.recipient, error))
    else:
        postpone(connection, row, now + wait_after(row.attempts + 1), error)
        done.postponed += 1


def outgoing(row: QueuedRow, config: Config) -> Outgoing:
    """A row with its mailbox's sender. A mailbox that is gone sends by the name of the first one."""
    mailbox = config.mailboxes.get(row.mailbox) or next(iter(config.mailboxes.values()))
    return Outgoing(
        sender=mailbox.notify_from,
        recipient=row.recipient,
        message_id=row.message_id,
        subject=row.subject,
        body=row.body,
        values=row.values,
        to_sender=row.to_sender,
        in_reply_to=row.in_reply_to,
        references=row.references,
    )
