"""The loop that sends what is due: leased, sent, marked, each in a transaction of its own.

A crash between sending and marking sends once more, with the same Message-ID: at least once, never lost. A message that cannot be
sent waits by itself; a way out that does not work rests, and all that would leave by it waits for that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from msgspec import Struct, field

from engine.config.model import Config
from engine.notify.compose import Outgoing
from engine.notify.transport import Broken, Postponed, Rejected, Transport, Unavailable
from engine.quantity import counted, show_duration
from engine.state.stored import from_json
from engine.store.database import transaction
from engine.store.failures import our_fault
from engine.store.outbox import (
    QueuedRow,
    due,
    due_too_late,
    free_at,
    give_back,
    hold_back,
    lease,
    mailboxes_due,
    mark_failed,
    mark_sent,
    postpone,
    say_why,
)
from engine.store.rests import LONGEST, Rest, end_rest, keep_rest, rest_of

_BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
_RESTS = _BACK_OFF[:3]


class Sent(Struct):
    """What a round did. `limited` wait for their address's limit, `waiting` for a way out that rests; `problems` say why one does since
    this round, `resting` why and until when since an earlier one. `put_off` and `failed`: recipients, and why.
    """

    sent: int = 0
    limited: int = 0
    waiting: int = 0
    put_off: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    resting: list[tuple[str, datetime]] = field(default_factory=list)

    @property
    def postponed(self) -> int:
        return len(self.put_off)


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts that failed: 1, 5, 15, 60 minutes, then every 4 hours."""
    return _BACK_OFF[min(attempts, len(_BACK_OFF)) - 1]


def send_due(
    connection: sqlite3.Connection,
    config: Config,
    transport_for: Callable[[str], Transport],
    *,
    mailboxes: Collection[str] | None = None,
    give_up: bool = True,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    stopping: Callable[[], bool] = lambda: False,
) -> Sent:
    """All that is due, by the transport of its mailbox. `mailboxes`: these alone; None: all. `give_up`: what should have left long ago.

    Raises `StoreError` when the database fails.
    """
    round_ = _Round(connection, config, transport_for, mailboxes, clock)
    round_.begin(give_up)
    # What was due when it began: each is tried once, also where a slow server takes longer over all of them than the first waits.
    began = clock()
    while round_.open and (rows := due(connection, round_.open, began)):
        for row in rows:
            if stopping():
                return round_.done
            if row.mailbox in round_.open:
                round_.take(row)
    round_.count_waiting()
    return round_.done


class _Round:
    """One round. `open`: the mailboxes whose way out is worth a try, with it."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        config: Config,
        transport_for: Callable[[str], Transport],
        mailboxes: Collection[str] | None,
        clock: Callable[[], datetime],
    ) -> None:
        self.connection, self.config, self.mailboxes, self.clock = connection, config, mailboxes, clock
        self.done = Sent()
        self.open: dict[str, Transport] = {}
        self._transport_for = transport_for
        self._due: dict[str, int] = {}
        self._broke: dict[str, int] = {}  # by way out: which row it broke with last
        self._held: dict[str, datetime] = {}  # by address: until when its limit holds all back

    def begin(self, give_up: bool) -> None:
        """What is too late is given up, and the ways out are chosen that do not rest."""
        self._due = mailboxes_due(self.connection, self.clock(), self.mailboxes)
        for mailbox in self._due:
            transport = self._transport_for(mailbox)
            if give_up:
                self._give_up(mailbox)
            rest = rest_of(self.connection, transport.name)
            if rest is not None and rest.holds(self.clock()):
                say_why(self.connection, mailbox, rest.why, self.clock())
                if (rest.why, rest.until) not in self.done.resting:
                    self.done.resting.append((rest.why, rest.until))
            else:
                self.open[mailbox] = transport

    def take(self, row: QueuedRow) -> None:
        transport = self.open[row.mailbox]
        held = self._held.get(row.recipient)
        if held is not None and self.clock() < held:
            return  # with another to this address
        with transaction(self.connection):
            free = free_at(self.connection, row.recipient, self.config.settings.notification_limits, self.clock())
            if free is not None:
                why = "the limit for this address is reached"
                self.done.limited += hold_back(self.connection, row.recipient, self.open, free, why, self.clock())
                self._held[row.recipient] = free
                return
            if not lease(self.connection, row, self.clock()):
                return
        try:
            went_as = _send(transport, row, self.config)
        except Rejected as error:
            self._fail([(row, str(error))])
        except Postponed as error:
            self._try_later(row, str(error))
            self._broke.pop(transport.name, None)  # it answers
        except Broken as error:
            self._try_later(row, str(error))
            # With one message it may be that message; with two in a row it is the way out.
            if self._broke.setdefault(transport.name, row.id) != row.id:
                self._rest(transport.name, str(error))
        except Unavailable as error:
            with transaction(self.connection):
                give_back(self.connection, row, self.clock(), str(error))
            self._rest(transport.name, str(error), error.wait)
        else:
            with transaction(self.connection):
                mark_sent(self.connection, row, went_as, self.clock())
                end_rest(self.connection, transport.name)
            self._broke.pop(transport.name, None)
            self.done.sent += 1

    def count_waiting(self) -> None:
        self.done.waiting = sum(mailboxes_due(self.connection, self.clock(), self._due.keys() - self.open.keys()).values())

    def _try_later(self, row: QueuedRow, error: str) -> None:
        with transaction(self.connection):
            postpone(self.connection, row, self.clock() + wait_after(row.attempts + 1), error)
        self.done.put_off.append((row.recipient, error))

    def _rest(self, way: str, why: str, wait: float | None = None) -> None:
        """All that would leave this way waits, and says why. `wait`: seconds, where the server said so."""
        now = self.clock()
        with transaction(self.connection):
            before = rest_of(self.connection, way)
            if before is not None and now - before.until > LONGEST:
                before = None  # of another time: nothing was to be sent since
            failures = before.failures + 1 if before else 1
            own = _RESTS[min(failures, len(_RESTS)) - 1]
            length = own if wait is None else timedelta(seconds=min(max(wait, 1.0), LONGEST.total_seconds()))
            keep_rest(self.connection, way, Rest(failures, before.since if before else now, now + length, why), now)
            for mailbox in [mailbox for mailbox, transport in self.open.items() if transport.name == way]:
                del self.open[mailbox]
                say_why(self.connection, mailbox, why, now)
        self.done.problems.append(why)

    def _give_up(self, mailbox: str) -> None:
        """What should have left long ago: a customer is not told of it weeks after, when somebody sends again."""
        longest = self.config.settings.give_up

        def words(row: QueuedRow) -> str:
            if row.attempts:
                why = row.error or "it was begun and never finished"
                return f"{why}; given up after {counted(row.attempts, 'attempt')}"
            return f"{row.error or 'nothing sent it'}; given up after {show_duration(longest)}"

        while rows := due_too_late(self.connection, mailbox, self.clock() - longest, self.clock()):
            self._fail([(row, words(row)) for row in rows])

    def _fail(self, failed: list[tuple[QueuedRow, str]]) -> None:
        with transaction(self.connection):
            for row, why in failed:
                mark_failed(self.connection, row, self.clock(), why)
        self.done.failed += [(row.recipient, why) for row, why in failed]


def _send(transport: Transport, row: QueuedRow, config: Config) -> str | None:
    """Raises what a transport raises; what nobody thought of is `Rejected`, for it must not keep all others waiting."""
    try:
        return transport.send(outgoing(row, config))
    except (Rejected, Postponed, Broken, Unavailable):
        raise
    except Exception as error:
        raise Rejected(our_fault(error)) from error


def outgoing(row: QueuedRow, config: Config) -> Outgoing:
    """A row with its mailbox's sender. A mailbox that is gone sends by the name of the first one. Raises `Damaged`."""
    mailbox = config.mailboxes.get(row.mailbox) or next(iter(config.mailboxes.values()))
    return Outgoing(
        sender=mailbox.notify_from,
        recipient=row.recipient,
        message_id=row.message_id,
        subject=row.subject,
        body=row.body,
        values=from_json(row.values, f"what the text of notification {row.id} has from its message", tuple[tuple[int, int], ...]),
        to_sender=row.to_sender,
        in_reply_to=row.in_reply_to,
        references=row.references,
        number=row.number,
    )
