"""What `poll` tells: a log line a message, and metrics for Prometheus. Never a secret, never the text of a message."""

from __future__ import annotations

import sys
import time
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import datetime
from typing import Any, TextIO, cast

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from engine.decide.decision import Decision
from engine.printable import one_line
from engine.sources.remote import Backlog


def set_up_logs() -> None:
    """Lines for people on a terminal, JSON elsewhere; on standard error."""
    terminal = sys.stderr.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _harmless,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Log(sys.stderr))),
    )


class _Log:
    """A stream for the log. One on a disk that is full, or that nobody reads any more, keeps no mail waiting."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def _harmless(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What senders and servers wrote reaches no terminal as its commands, and passes for no line of ours."""
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = one_line(value)
        elif isinstance(value, list):
            line[name] = [one_line(one) if isinstance(one, str) else one for one in value]
    return line


REMINDER_SECONDS = 300.0


class Observer:
    """Counts and logs. One for the process; its parts may be called by several threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._lasting: dict[str, tuple[str, float]] = {}  # by place: the fault, and when it was told
        self._log = structlog.get_logger()
        self._messages = Counter(
            "postroom_messages", "Messages by outcome", ["mailbox", "outcome", "reason"], registry=self.registry
        )
        self._rules = Counter("postroom_rule_hits", "Rules that ran", ["rule"], registry=self.registry)
        self._stages = Histogram("postroom_stage_seconds", "Time of a batch, by stage", ["stage"], registry=self.registry)
        self._lag = Gauge("postroom_lag_seconds", "Age of the oldest unread message", ["mailbox"], registry=self.registry)
        self._unread = Gauge("postroom_unread", "Unread messages", ["mailbox"], registry=self.registry)
        self._contact = Gauge(
            "postroom_last_contact_timestamp_seconds",
            "When the mailbox was last read without an error",
            ["mailbox"],
            registry=self.registry,
        )
        self._errors = Counter("postroom_mailbox_errors", "Rounds that failed", ["mailbox"], registry=self.registry)
        self._quarantine = Gauge("postroom_quarantine", "Messages in quarantine", registry=self.registry)
        self._outbox = Gauge("postroom_outbox", "Notifications by status", ["status"], registry=self.registry)
        self._came_back = Counter("postroom_came_back", "Notifications that a mail server returned", registry=self.registry)

    def decided(self, decision: Decision) -> None:
        self._messages.labels(decision.mailbox, decision.outcome, decision.reason or "").inc()
        for ran in decision.fired:
            self._rules.labels(ran.rule).inc()
        if decision.changes.came_back:
            self._came_back.inc()
        self._log.info(
            "message",
            mailbox=decision.mailbox,
            message_id=decision.message_id[:200],
            outcome=decision.outcome,
            reason=decision.reason,
            entity=decision.entity,
            number=decision.number,
            sender=decision.sender.address[:200] if decision.sender else None,
            rules=[ran.rule for ran in decision.fired],
        )

    def stage(self, name: str, seconds: float) -> None:
        self._stages.labels(name).observe(seconds)

    def forget_mailboxes(self) -> None:
        """Others are about to be read: what was known of one that is read no more would stand still for ever."""
        for gauge in (self._lag, self._unread, self._contact):
            gauge.clear()

    def contact(self, mailbox: str, now: datetime) -> None:
        self._contact.labels(mailbox).set(now.timestamp())

    def backlog(self, mailbox: str, backlog: Backlog, now: datetime) -> None:
        self._unread.labels(mailbox).set(backlog.unread)
        self._lag.labels(mailbox).set((now - backlog.oldest).total_seconds() if backlog.oldest else 0)

    def counts(self, quarantine: int, outbox: dict[str, int]) -> None:
        self._quarantine.set(quarantine)
        for status in ("queued", "sent", "failed"):
            self._outbox.labels(status).set(outbox.get(status, 0))

    def failed(self, mailbox: str, error: str, wait: float) -> None:
        self._errors.labels(mailbox).inc()
        self._log.error("mailbox failed", mailbox=mailbox, error=error, next_try_in=f"{wait:.0f} s")

    def never_began(self, mailbox: str, error: str) -> None:
        self._errors.labels(mailbox).inc()
        self.lasts(mailbox, error)

    def told(self, where: str, words: str, **more: Any) -> None:
        self._log.warning(words, where=where, **more)

    def lasts(self, where: str, fault: str) -> None:
        """What is tried again every few seconds, and failed. The same fault is told again after five minutes only."""
        known, when = self._lasting.get(where, ("", 0.0))
        if known != fault or time.monotonic() - when >= REMINDER_SECONDS:
            self._lasting[where] = fault, time.monotonic()
            self.told(where, fault)

    def works(self, where: str) -> None:
        """What is tried again and again went well: told where it had failed."""
        if self._lasting.pop(where, None):
            self._log.info("works again", where=where)

    def info(self, words: str, **more: Any) -> None:
        self._log.info(words, **more)
