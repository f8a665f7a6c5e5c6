"""Random lives of an outbox against a real SMTP server that is away, refuses, breaks and comes back, with senders that die in between.

`python -m tools.outboxes --seconds 60`. Says what is wrong: a notification that is lost, sent twice without need, given up too soon or never, a
server that is asked more often than it should be, an address that gets more than its limit.
"""

from __future__ import annotations

import logging
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import AuthResult
from msgspec import structs

from engine.config.connections import SmtpSending
from engine.config.load import load_config
from engine.config.model import Config
from engine.decide.decision import iso
from engine.decide.setup import prepare
from engine.notify.compose import Outgoing
from engine.notify.sender import Sent, send_due
from engine.notify.transport import SmtpTransport
from engine.processing import Processor
from engine.sources.item import Item
from engine.store.database import open_database
from engine.store.outbox import LEASE, forget_failed, requeue
from engine.store.rests import end_rests, rest_of
from tests.smtp import SmtpServer
from tools.hostile import ROOT, over_seeds, search

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's

START = datetime(2030, 1, 1, tzinfo=UTC)
SENDERS = ("maya@brightwater.example", "tom@brightwater.example", "jan@kessler.example", "carmen@olivar.example")
MOODS = (
    "well",
    "away",
    "login",
    "closing",
    "busy with one",
    "knows not one",
    "breaks with one",
    "breaks",
    "not from us",
    "no such text",
)
SIGN_IN_LEAST = timedelta(minutes=15)


class Died(BaseException):
    """The process ends here."""


class Dying(SmtpTransport):
    """The server under one name, wherever it is; the process may die before the server has the message, or after."""

    def __init__(self, settings: SmtpSending, dice: random.Random, chance: float) -> None:
        super().__init__(settings)
        self.name = "the server"
        self._dice, self._chance = dice, chance

    def send(self, one: Outgoing) -> None:
        if self._dice.random() < self._chance:
            raise Died
        super().send(one)
        if self._dice.random() < self._chance:
            raise Died


class Life:
    """One outbox and one server, and what was seen of both. Times are made, not the machine's."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.dice = random.Random(seed)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.config = self._configured(load_config(ROOT / "rules"))
        self.connection = open_database(folder / "p.db")
        self.processor = Processor(self.connection, prepare(self.config))
        self.server = SmtpServer()
        self.now, self.mood, self.well_since = START, "well", START
        self.mails, self.deaths = 0, Counter[str]()
        self.taken: list[tuple[datetime, str, str]] = []  # when, to whom, Message-ID
        self.sign_ins: list[datetime] = []  # that were refused, since something was last mended
        self.failed: dict[int, str] = {}
        self.worked_since_rest = True
        self.wrong: list[str] = []
        self.port = self.server.start(authenticator=self._authenticate, auth_require_tls=False)

    def _configured(self, config: Config) -> Config:
        give_up = timedelta(hours=self.dice.choice((6, 24, 48, 100)))
        loops = structs.replace(config.settings.loop_protection, messages=100_000)
        return structs.replace(config, settings=structs.replace(config.settings, give_up=give_up, loop_protection=loops))

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        if self.mood == "login" and (not self.sign_ins or self.sign_ins[-1] != self.now):  # smtplib tries each mechanism
            if self.sign_ins and self.now - self.sign_ins[-1] < SIGN_IN_LEAST:
                self.wrong.append(f"signed in after {self.now - self.sign_ins[-1]} again")
            self.sign_ins.append(self.now)
        return AuthResult(success=self.mood != "login", handled=False)

    # --- what happens --------------------------------------------------------------------------------------------------

    def receive(self) -> None:
        items = []
        for _ in range(self.dice.randint(1, 4)):
            self.mails += 1
            raw = (
                f"From: {self.dice.choice(SENDERS)}\r\nTo: help@harbourhill.example\r\nMessage-ID: <{self.mails}@out>\r\n"
                f"Date: Mon, 2 Nov 2026 10:00:00 +0000\r\nSubject: {'qwertzuiopasdfgh'[self.mails % 16] * (8 + self.mails % 40)} {self.mails}\r\n\r\n"
                f"It is broken, for the {self.mails}th time.\r\n"
            ).encode()
            items.append(Item(str(self.mails), lambda raw=raw: raw))  # type: ignore[misc]
        self.processor.run(items, "help")
        moment = iso(self.now)
        self.connection.execute(
            "UPDATE outbox SET created_at = ?, next_attempt_at = ? WHERE created_at < '2030'", (moment, moment)
        )

    def change_mood(self, mood: str) -> None:
        server = self.server
        server.on_rcpt, server.on_data, server.on_mail, server.breaks_on = {}, "", "", set()
        one = self.dice.choice(SENDERS)
        if mood == "closing":
            server.on_mail = "421 4.3.2 closing"
        elif mood == "busy with one":
            server.on_rcpt = {one: "450 4.2.1 later"}
        elif mood == "knows not one":
            server.on_rcpt = {one: "550 5.1.1 no such user"}
        elif mood == "breaks with one":
            server.breaks_on = {one}
        elif mood == "breaks":
            server.breaks_on = set(SENDERS)
        elif mood == "not from us":
            server.on_mail = "553 5.7.1 not owned by user"
        elif mood == "no such text":
            server.on_data = "554 5.7.1 spam"
        if mood == "well" and self.mood != "well":
            self.well_since = self.now
        self.mood = mood

    def send(self, chance: float = 0.0) -> Sent | None:
        """None where the process died."""
        port = 1 if self.mood == "away" else self.port
        settings = SmtpSending("127.0.0.1", port, "none", None, "postroom", "${env:SMTP_PASSWORD}", timedelta(seconds=5))
        way = Dying(settings, self.dice, chance)
        before = len(self.server.messages)
        try:
            with closing(way):
                return send_due(self.connection, self.config, lambda mailbox: way, clock=lambda: self.now)
        except Died:
            leased = self.connection.execute(
                "SELECT message_id FROM outbox WHERE status = 'queued' AND next_attempt_at = ?", (iso(self.now + LEASE),)
            )
            self.deaths.update(row[0] for row in leased.fetchall())
            self.worked_since_rest = False  # it may have met anything
            return None
        finally:
            self._see(self.server.messages[before:])

    def again(self) -> None:
        end_rests(self.connection)
        requeue(self.connection, self.now)
        self.sign_ins.clear()

    # --- what is seen ----------------------------------------------------------------------------------------------------

    def _see(self, messages: list[EmailMessage]) -> None:
        for message in messages:
            identity = str(message["Message-ID"]).strip("<>")
            self.taken.append((self.now, str(message["To"]), identity))
            query = "SELECT created_at FROM outbox WHERE message_id = ?"
            age = self.now - datetime.fromisoformat(self.connection.execute(query, (identity,)).fetchone()[0])
            if age >= self.config.settings.give_up:
                self.wrong.append(f"{identity} was sent when it was {age} old")
        rows = self.connection.execute("SELECT id, created_at, error FROM outbox WHERE status = 'failed'").fetchall()
        for number, created, error in rows:
            if number in self.failed:
                continue
            self.failed[number] = error
            if "given up after" in error and self.now - datetime.fromisoformat(created) < self.config.settings.give_up:
                self.wrong.append(
                    f"notification {number} was given up after {self.now - datetime.fromisoformat(created)}: {error}"
                )
            if "given up after" not in error and "said 55" not in error:
                self.wrong.append(f"notification {number} failed at once: {error}")
        self.failed = {number: error for number, _, error in rows}

    def look_how_long_it_rests(self, done: Sent) -> None:
        """The first rest after the server took something is a short one."""
        rest = rest_of(self.connection, "the server")
        if done.problems:
            if self.worked_since_rest and self.mood != "login" and rest and rest.until - self.now > timedelta(minutes=1):
                self.wrong.append(f"a server that had worked is left alone for {rest.until - self.now} at once: {done}")
            self.worked_since_rest = False
        elif done.sent:
            self.worked_since_rest = True

    def look_whether_all_went(self, done: Sent) -> None:
        """A server that has been well for a while has got all that it has not been asked to take before."""
        if self.mood != "well" or self.now - self.well_since < SIGN_IN_LEAST:
            return
        if done.problems or done.waiting or done.resting:
            self.wrong.append(f"a server that is well since {self.now - self.well_since} is left alone: {done}")
        left = "SELECT COUNT(*) FROM outbox WHERE status = 'queued' AND attempts = 0 AND error <> 'the limit for this address is reached'"
        if (count := self.connection.execute(left).fetchone()[0]) > 0:
            self.wrong.append(f"{count} were not sent though the server is well since {self.now - self.well_since}")

    def at_the_end(self) -> Iterator[str]:
        yield from self.wrong
        rows = self.connection.execute("SELECT id, message_id, status FROM outbox").fetchall()
        times = Counter(identity for *_, identity in self.taken)
        for number, identity, status in rows:
            if status not in ("sent", "failed", "dropped"):
                yield f"notification {number} is {status} for ever"
            if status == "sent" and not times[identity]:
                yield f"notification {number} is sent, and nobody got it"
            if times[identity] > 1 + self.deaths[identity]:
                yield f"notification {number} was sent {times[identity]} times, for {self.deaths[identity]} deaths"
            if status != "sent" and times[identity] and not self.deaths[identity]:
                yield f"notification {number} is {status}, and was taken"
        if unknown := times.keys() - {identity for _, identity, _ in rows}:
            yield f"nobody queued {unknown}"
        yield from self._over_limits()

    def _over_limits(self) -> Iterator[str]:
        """Counted are those that were marked: one that a dead process sent is not known of."""
        query = "SELECT recipient, sent_at FROM outbox WHERE status = 'sent' ORDER BY sent_at"
        sent: dict[str, list[datetime]] = {}
        for recipient, moment in self.connection.execute(query).fetchall():
            sent.setdefault(recipient, []).append(datetime.fromisoformat(moment))
        for recipient, moments in sent.items():
            for limit in self.config.settings.notification_limits:
                for first, over in zip(moments, moments[limit.messages :], strict=False):
                    if over - first < limit.within:
                        yield f"{recipient} got over {limit.messages} within {over - first}"

    def close(self) -> None:
        self.server.stop()
        self.connection.close()


def live(seed: int, folder: Path) -> list[str]:
    """What is wrong with one life."""
    os.environ["SMTP_PASSWORD"] = "secret"
    life = Life(seed, folder)
    dice = life.dice
    with closing(life):
        for _ in range(dice.randint(20, 60)):
            if dice.random() < 0.4:
                life.receive()
            if dice.random() < 0.25:
                life.change_mood(dice.choice(MOODS) if dice.random() < 0.7 else "well")
            if dice.random() < 0.05:
                life.again()
            if dice.random() < 0.03:
                forget_failed(life.connection)
            done = life.send(dice.choice((0.0, 0.0, 0.05)))
            if done is not None:
                life.look_how_long_it_rests(done)
                life.look_whether_all_went(done)
            life.now += timedelta(seconds=round(dice.expovariate(1 / dice.choice((20, 300, 3600, 20_000)))))
        life.change_mood("well")
        ends = life.now + life.config.settings.give_up + timedelta(hours=30)
        while life.now < ends and life.connection.execute("SELECT 1 FROM outbox WHERE status = 'queued'").fetchone():
            life.now += timedelta(minutes=15)
            done = life.send()
            assert done is not None
            life.look_whether_all_went(done)
        return [f"seed {seed}: {problem}" for problem in life.at_the_end()]


if __name__ == "__main__":
    search(
        __doc__,
        over_seeds(live),
        "lives of an outbox",
        "in which one was lost, sent twice, or sent or given up at the wrong time",
    )
