"""Random lives of a mailbox on the loopback servers, by EWS and Graph: people in it, faults, lost sync states, crashes, another folder, items that break.

`python -m tools.mailboxes --seconds 300`. Each mail that was there to be read must be there once in the end, and no item left lying. Says what
is wrong, with the seed.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

import engine.polling.reader as reading
from engine.sources.remote import RemoteError
from tests.edit import edit
from tests.ews.store import Item, Store
from tests.polling.conftest import Desk
from tools.hostile import over_seeds, search
from tools.mailbox_servers import ByEws, ByGraph, Way
from tools.soak import ADDRESS, configure, mail

FOLDERS = {"inbox": "Inbox", "support": "Inbox/Support"}
KINDS = ("Message", "Message", "Message", "MeetingRequest", "PostItem", "RoleMember")
DENIED = "ErrorAccessDenied"
CALM = 30 * reading.LONE_TRIES  # rounds: each broken item has its tries


class Crash(BaseException):
    """As if the process were killed."""


class Life:
    """One mailbox, and of each mail whether it `must` have been read in the end: nobody took it away before, and it is no old mail."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.dice = random.Random(seed)
        self.store = Store(ADDRESS)
        for name, identity in (
            ("Processed", "processed"),
            ("Failed", "failed"),
            ("Support", "support"),
            ("Elsewhere", "elsewhere"),
        ):
            self.store.add_folder(name, "inbox", identity)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        ews, graph = ByEws(self.store), ByGraph(self.store, folder)
        self.ways: list[Way] = [graph, ews] if seed % 3 == 0 else [ews, graph]
        self.rules, self.db = configure(folder, ews.endpoint), folder / "p.db"
        self.watched = "inbox"
        self.listed = False  # whether a whole round was ever done: what was read before is old mail
        self.must: set[int] = set()
        self.numbers = itertools.count()
        self.number: dict[int, Item] = {}
        self.broken: set[int] = set()
        self.put_back: set[str] = set()
        self.desk = self._desk()

    def _desk(self) -> Desk:
        return Desk(self.rules, self.db, self.ways[0].remote(FOLDERS[self.watched]))

    def end(self) -> None:
        self.desk.remote.close()
        self.desk.connection.close()
        for way in self.ways:
            way.stop()

    def again(self) -> None:
        """Another process, with the configuration as it is now."""
        self.desk.remote.close()
        self.desk.connection.close()
        self.desk = self._desk()

    # --- what may happen -----------------------------------------------------------------------------------------------

    def mail_comes(self) -> None:
        for _ in range(self.dice.randint(1, 6)):
            self.one_comes(self.dice.choice((self.watched, self.watched, "inbox", "support")))

    def one_comes(self, folder: str) -> None:
        number, dice = next(self.numbers), self.dice
        if dice.random() < 0.2:  # one that a rule holds back
            number = next(later for later in self.numbers if later % 20 == 9)
        read = dice.random() < 0.2
        old = read and not self.listed and dice.random() < 0.5
        received = datetime.now(UTC).replace(microsecond=0) - timedelta(days=9 if old else 0)
        more: dict[str, Any] = {"is_read": read}
        if dice.random() < 0.1:
            head = {
                "subject": f"item {number}",
                "body": "x",
                "from": "maya@brightwater.example",
                "message_id": f"<{number}@soak>",
            }
            item = self.store.add(None, folder, received, properties=head, **more)
        else:
            item = self.store.add(mail(number), folder, received, kind=dice.choice(KINDS), **more)
        self.number[number] = item
        if folder == self.watched and (self.listed or not read):
            self.must.add(number)

    def somebody_reads(self) -> None:
        for number, item in self._lying():
            if self.dice.random() < 0.3:
                self.store.mark_read(item.id)
                if not self.listed or item.folder != self.watched:
                    self.must.discard(number)

    def somebody_takes_away(self) -> None:
        for number, item in self._lying():
            if self.dice.random() < 0.2:
                self.must -= {number} if not self._is_stored(number) else set()
                if self.dice.random() < 0.5:
                    self.store.delete(item.id)
                    del self.number[number]
                else:
                    self.number[number] = self.store.move(item.id, "elsewhere") or item

    def somebody_puts_back(self) -> None:
        for item in (*self.store.in_folder("processed"), *self.store.in_folder("failed")):
            if self.dice.random() < 0.1:
                self.store.move(item.id, "inbox")
                # Read, and perhaps old: where the sync state is lost before it is listed again, it stays where a person put it.
                self.put_back |= {_message_id(item)} if item.is_read else set()

    def another_folder(self) -> None:
        old = FOLDERS[self.watched]
        self.watched = "support" if self.watched == "inbox" else "inbox"
        edit(self.rules / "mailboxes/help.yaml", f"folder: {old}\n", f"folder: {FOLDERS[self.watched]}\n")
        self.must = {number for number in self.must if self._is_stored(number)}
        self.must |= {number for number, item in self._lying() if item.folder == self.watched and not item.is_read}
        self.again()

    def another_way(self) -> None:
        """From Exchange to Graph, or back."""
        self.ways.reverse()
        self.again()

    def state_is_lost(self) -> None:
        self.store.lose_sync_states()

    def faults_come(self) -> None:
        for _ in range(self.dice.randint(1, 3)):
            self.ways[0].fail(self.dice)

    def an_item_breaks(self) -> None:
        """It is not given, or not moved, any more; or we may not."""
        self.store.why_stuck = self.dice.choice(("ErrorMoveCopyFailed", DENIED))
        self.store.why_silent = self.dice.choice(("ErrorInternalServerError", DENIED))
        for number, item in self._lying():
            if self.dice.random() < 0.2:
                (self.store.stuck if self.dice.random() < 0.5 else self.store.silent).add(item.id)
                self.broken.add(number)

    def items_are_mended(self) -> None:
        self.store.stuck.clear()
        self.store.silent.clear()
        self.broken.clear()

    def quarantine_is_looked_at(self) -> None:
        rows = self.desk.connection.execute("SELECT message FROM quarantine").fetchall()
        chosen = [row[0] for row in rows if self.dice.random() < 0.5]
        if chosen and self.dice.random() < 0.5:
            self.desk.forget(*chosen)
        elif chosen:
            self.desk.processor.retry(chosen, release=self.dice.random() < 0.5)

    def crash(self) -> None:
        """In the next step of the server's that comes, before or after it was done."""
        name, after, real = self.dice.choice(("changes", "fetch", "file")), self.dice.random() < 0.5, self.desk.remote

        def crashing(*words: object) -> object:
            if after:
                getattr(type(real), name)(real, *words)
            raise Crash

        setattr(real, name, crashing)
        self.rounds(1)
        self.again()

    def rounds(self, count: int | None = None) -> None:
        for _ in range(count or self.dice.randint(1, 4)):
            try:
                while self.desk.reader.round():
                    pass
                self.listed = True
            except RemoteError:
                self.desk.remote.close()
            except Crash:
                return

    EVENTS: tuple[Callable[[Life], None], ...] = (
        mail_comes, mail_comes, rounds, rounds, rounds, somebody_reads, somebody_takes_away, somebody_puts_back, another_folder, another_way,
        state_is_lost, faults_come, faults_come, an_item_breaks, items_are_mended, quarantine_is_looked_at, crash, again,
    )  # fmt: skip

    # --- the end ---------------------------------------------------------------------------------------------------------

    def calm(self) -> None:
        """The server does what it is asked, but for what is broken for good; and mail goes on coming for a while."""
        for way in self.ways:
            way.heal()
        for number in range(CALM):
            if number >= 2 * reading.MOST_TRIES and not self.desk.count("poll_items"):
                break
            # What is denied is never given up where nothing else can be done.
            if number < 2 * reading.MOST_TRIES or DENIED in (self.store.why_stuck, self.store.why_silent):
                self.store.add(mail(100_000 + number), self.watched)
            self.rounds(1)

    def wrong(self) -> list[str]:
        # An item that is not given is held by its head, or without; once it is given, and comes again, it is another message.
        head_only = "json_extract(decision, '$.detail') LIKE 'the server does not give it%'"
        rows = self.desk.connection.execute(f"SELECT message_id, outcome FROM messages WHERE NOT {head_only}").fetchall()
        held_items = {
            row[0] for row in self.desk.connection.execute(f"SELECT source_id FROM messages WHERE {head_only}").fetchall()
        }
        times = Counter(row[0] for row in rows)
        found = [f"mail {message_id} is there {count} times" for message_id, count in times.items() if count > 1]
        there = {number for number in self.must if f"{number}@soak" in times}
        there |= {number for number, item in self.number.items() if item.id in held_items}
        found += [f"mail {number} is lost" for number in sorted(self.must - self.broken - there)]
        if self.desk.count("poll_items"):
            found.append(f"{self.desk.count('poll_items')} items are still on their way")
        held = {message_id for message_id, outcome in rows if outcome == "quarantined"}
        by_item = "SELECT f.item FROM failed_items f JOIN messages m USING (mailbox, identity) WHERE m.outcome = 'quarantined'"
        failed = {item for (item,) in self.desk.connection.execute(by_item).fetchall()}
        for item in self.store.items.values():
            message_id = _message_id(item)
            done_with = message_id in times and message_id not in self.put_back
            if item.folder == self.watched and item.id not in self.store.stuck and (done_with or not item.is_read):
                found.append(f"mail {message_id} still lies in {item.folder}")
            if item.folder == "processed" and message_id in held:
                found.append(f"mail {message_id} is in quarantine, and lies in processed")
            # One that is not given is not found either; that is told, and it stays where it is.
            lies = item.folder == "failed" and item.id not in self.store.silent
            if lies and message_id not in held and message_id in times and item.id not in failed:
                found.append(f"mail {message_id} lies in failed, and is in no quarantine")
        return found

    def _lying(self) -> list[tuple[int, Item]]:
        """Mail in the folders that may be watched."""
        return [(number, item) for number, item in self.number.items() if item.id in self.store.items and item.folder in FOLDERS]

    def _is_stored(self, number: int) -> bool:
        query = "SELECT 1 FROM messages WHERE message_id = ?"
        return self.desk.connection.execute(query, (f"{number}@soak",)).fetchone() is not None


def _message_id(item: Item) -> str:
    if item.mime is None:
        return item.properties["message_id"].strip("<>")
    return item.mime.partition(b"Message-ID: <")[2].partition(b">")[0].decode()


def live(seed: int, folder: Path) -> list[str]:
    """What is wrong after one life. The environment has the secrets that are named below."""
    life = Life(seed, folder)
    try:
        for _ in range(life.dice.randint(5, 40)):
            life.dice.choice(Life.EVENTS)(life)
        life.calm()
        return [f"seed {seed}: {one}" for one in life.wrong()[:5]]
    finally:
        with suppress(Exception):
            life.end()


if __name__ == "__main__":
    os.environ |= {"HELP_USER": "help", "HELP_PASSWORD": "secret", "GRAPH_SECRET": "app-secret"}
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    search(__doc__, over_seeds(live), "lives of a mailbox", "with mail lost, twice or in the wrong place")
