"""The threads of `poll`: one a mailbox, each with its own connection, and the round of everything else in the main one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from engine.config.files import read_contents
from engine.config.mailbox import Mailbox
from engine.decide.setup import Setup
from engine.errors import PostroomError
from engine.loading import load_setup
from engine.notify.sender import send_due
from engine.notify.transport import SIGN_IN_WAIT
from engine.notify.ways import Ways
from engine.polling.observe import Observer
from engine.polling.reader import Reader
from engine.processing import Processor
from engine.sources.remote import RemoteError, SignInFailed
from engine.sources.servers import remote_of
from engine.sources.tokens import forget_all
from engine.state.overview import outbox_counts, quarantine_count
from engine.store import polling as store
from engine.store.database import open_database
from engine.store.in_place import InPlace, TakenAway, taken_away
from engine.store.rests import end_rests
from engine.waiting import run_due

FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
HOUSEKEEPING_SECONDS = 2.0
ROUNDS_A_COUNT = 5
WAITING_AT_ONCE = 50
STOP_SECONDS = 9.0


class Poller:
    """`run` returns when it is told to stop, or after one round of each mailbox."""

    def __init__(self, rules: Path, db: Path, observer: Observer, *, once: bool = False, reload: bool = False) -> None:
        self._rules, self._db, self._observer = rules, db, observer
        self._once, self._reload = once, reload
        self._stop = threading.Event()
        self._reload_now = threading.Event()
        self._deciding = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._generation = threading.Event()  # set when the threads of this configuration shall end
        self._failed: set[str] = set()  # mailboxes that were not read, or not the last time
        self._setup = load_setup(rules)
        self._seen_digest = self._setup.config.digest
        self._is_open = False  # the database was there, so it is never created again
        self._rounds = 0  # of housekeeping
        self._told_wrong = ""  # what keeps the new configuration out

    def stop(self) -> None:
        self._stop.set()
        self._generation.set()

    def ask_reload(self) -> None:
        self._reload_now.set()

    def run(self) -> bool:
        """Whether every mailbox could be read (at the end, where it runs once)."""
        if not self._once:  # which a crontab repeats
            self._attempt("notifications", self._end_rests)
        self._start()
        if self._once:
            for thread in self._threads:
                while thread.is_alive():
                    thread.join(0.2)
            self._housekeep(self._setup)
            return not self._failed or self._stop.is_set()
        while not self._stop.wait(HOUSEKEEPING_SECONDS):
            self._attempt("configuration", self._maybe_reload)
            self._attempt("housekeeping", lambda: self._housekeep(self._setup))
        self._end_threads()
        return True

    def _attempt(self, where: str, what: Callable[[], None]) -> None:
        """Mail is read all the same where this fails, and the next round tries it again."""
        try:
            what()
        except Exception as error:
            self._observer.lasts(where, _words(error))
        else:
            self._observer.works(where)

    # --- threads -----------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._generation = threading.Event()
        if self._stop.is_set():
            self._generation.set()
        setup = self._setup
        tls = setup.config.settings.exchange
        if not tls.verify:
            self._observer.told(
                "settings.yaml", "CERTIFICATES ARE NOT CHECKED: anybody between may read and change our mail (exchange.verify)"
            )
        if setup.config.sending_mailboxes == ():
            self._observer.info("notifications stay in the outbox: settings.yaml does not say how they leave (sending)")
        mailboxes = [one for one in setup.config.mailboxes.values() if one.active and one.source is not None]
        self._failed = {one.id for one in mailboxes}
        self._threads = [
            threading.Thread(target=self._life, args=(one, setup, self._generation), name=one.id, daemon=True)
            for one in mailboxes
        ]
        self._observer.forget_mailboxes()
        for thread in self._threads:
            thread.start()
        self._observer.info("polling", mailboxes=[one.id for one in mailboxes], configuration=setup.config.digest[:12])

    def _end_threads(self) -> None:
        self._generation.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS / max(1, len(self._threads)))
        # One that waits for its server is left behind: what it did is committed, and the rest is as if never begun.

    def _restart(self, setup: Setup) -> None:
        self._end_threads()
        forget_all()
        self._setup = setup
        self._start()

    def _open(self) -> sqlite3.Connection:
        """An empty database in the place of one that was taken away would number tickets anew. Raises `StoreError`."""
        if self._is_open and not self._db.exists():
            raise taken_away(self._db)
        connection = open_database(self._db)
        self._is_open = True
        return connection

    def _life(self, mailbox: Mailbox, setup: Setup, ended: threading.Event) -> None:
        """A mailbox's thread. Whatever ends it is waited out, such as a database that is away; where it runs once, it is told."""
        while not ended.is_set():
            try:
                self._loop(mailbox, setup, ended)
            except Exception as error:
                self._failed.add(mailbox.id)
                self._observer.never_began(mailbox.id, _words(error))
            if self._once:
                break
            ended.wait(FIRST_WAIT)  # no wait at all where it was told to end

    def _loop(self, mailbox: Mailbox, setup: Setup, ended: threading.Event) -> None:
        """A mailbox's rounds, with longer and longer waits while it fails."""
        assert mailbox.source is not None
        remote = remote_of(mailbox, setup.config)
        failures = 0
        with closing(remote), closing(self._open()) as connection:
            self._observer.works(mailbox.id)
            processor, in_place = Processor(connection, setup), InPlace(self._db)
            reader = Reader(mailbox.id, remote, processor, in_place, self._deciding, self._observer, ended.is_set)
            while not ended.is_set():
                wait = mailbox.source.every.total_seconds()
                try:
                    more = reader.round()
                    failures = 0
                    self._failed.discard(mailbox.id)
                    if more:
                        continue
                except TakenAway:
                    raise
                except Exception as error:  # also a fault of ours: it may stop this mailbox for a while, and no other
                    failures += 1
                    self._failed.add(mailbox.id)
                    wait = _wait(error, failures, by_token=mailbox.source.by_token)
                    words = _words(error)
                    self._observer.failed(mailbox.id, words, wait)
                    with suppress(Exception):
                        if connection.in_transaction:
                            connection.execute("ROLLBACK")
                        store.note_error(connection, mailbox.id, words, datetime.now(UTC))
                    if self._once and failures < ONCE_TRIES and not isinstance(error, SignInFailed):
                        ended.wait(min(wait, 5.0))
                        continue
                if self._once:
                    break
                ended.wait(wait)

    # --- everything else -----------------------------------------------------------------------------------------------

    def _housekeep(self, setup: Setup) -> None:
        """Waiting rules that are due, notifications, and the counts of what waits."""
        config = setup.config
        with closing(self._open()) as connection:
            self._run_waiting(connection, setup)
            with closing(Ways(config)) as ways:
                sent = send_due(connection, config, ways.of, mailboxes=ways.mailboxes, stopping=self._stop.is_set)
            if sent.sent or sent.failed or sent.problems:
                self._observer.info(
                    "notifications",
                    sent=sent.sent,
                    later=sent.postponed + sent.waiting,
                    failed=len(sent.failed),
                    problems=sent.problems,
                )
            if self._rounds % ROUNDS_A_COUNT == 0:  # it looks at each notification that there ever was
                self._observer.counts(quarantine_count(connection), outbox_counts(connection))
            self._rounds += 1

    def _run_waiting(self, connection: sqlite3.Connection, setup: Setup) -> None:
        """Some at a time: after a flood, or a night without us, there are ten thousands, and mail goes on between."""
        due_now = run_due(connection, setup, datetime.now(UTC).replace(microsecond=0))
        while not self._stop.is_set():
            # The compiled rules are shared with the readers, and durable-rules is not made for two threads at once.
            with self._deciding:
                ran = list(islice(due_now, WAITING_AT_ONCE))
            if not ran:
                break
            for row, due in ran:
                self._observer.info("waiting rule", rule=row.rule, ticket=row.ticket, status=due.status)

    def _maybe_reload(self) -> None:
        """A new configuration only where it is right; else the old one goes on, and what is wrong is told once.

        Who asks for it (SIGHUP) has all mailboxes signed in to anew, also where nothing changed: a certificate's file is no part of
        the configuration, and nobody then waits until a refused sign-in is tried again.
        """
        asked = self._reload_now.is_set()
        self._reload_now.clear()
        if not (asked or self._reload):
            return
        try:
            digest = read_contents(self._rules).digest
            if digest == self._seen_digest and not asked:
                self._told_wrong = ""  # a folder that was away for a while is back
                return
            self._seen_digest = digest
            setup = load_setup(self._rules)
        except PostroomError as error:
            first = str(error.problems[0]).partition("\n")[0]
            if asked or first != self._told_wrong:
                self._observer.told(
                    "configuration",
                    "the new configuration is not right: the old one goes on",
                    problem=first,
                    problems=len(error.problems),
                )
            self._told_wrong = first
            return
        self._told_wrong = ""
        self._observer.info("configuration reloaded", configuration=digest[:12])
        self._attempt("notifications", self._end_rests)
        self._restart(setup)

    def _end_rests(self) -> None:
        """Who starts us or has the configuration read has mended something, it may be: every way out is tried at once."""
        with closing(self._open()) as connection:
            end_rests(connection)


ONCE_TRIES = 3


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, RemoteError | PostroomError) else f"{type(error).__name__}: {error}"


def _wait(error: Exception, failures: int, *, by_token: bool = False) -> float:
    # A token may have been withdrawn: another is asked for, once. No account is locked for that.
    if isinstance(error, SignInFailed) and not (by_token and failures == 1):
        return SIGN_IN_WAIT
    doublings = min(failures - 1, 16)  # a server that is away for days fails more often than a float bears
    own = min(FIRST_WAIT * 2**doublings, LONGEST_WAIT)
    asked = error.wait if isinstance(error, RemoteError) else None
    return min(max(asked, 0.1), 3600.0) if asked is not None else own
