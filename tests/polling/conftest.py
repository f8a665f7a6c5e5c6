"""A mailbox on a loopback Exchange, and everything that reads it."""

from __future__ import annotations

import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from msgspec.structs import replace

from engine.config.connections import ExchangeSource, ExchangeTls
from engine.config.load import load_config
from engine.config.model import Config
from engine.decide.setup import prepare
from engine.polling.observe import Observer
from engine.polling.reader import Reader
from engine.processing import Processor
from engine.sources.ews_client import use_tls
from engine.sources.exchange import ExchangeMailbox
from engine.sources.remote import Remote, RemoteError, SignInFailed
from engine.store.again import Choice, choose, forget
from engine.store.database import open_database
from engine.store.in_place import InPlace
from tests.command import environment
from tests.edit import edit
from tests.ews.server import Server
from tests.ews.store import Store

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "help@harbourhill.example"


def mail(number: int, subject: str = "", body: str = "x") -> bytes:
    return (
        f"From: maya@brightwater.example\r\nTo: {ADDRESS}\r\nSubject: {subject or f'matter {number} ' + 'qwertzuiopasdfgh'[number % 16] * (5 + number % 7)}\r\n"
        f"Message-ID: <{number}@t.example>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\n{body} {number}\r\n"
    ).encode()


@pytest.fixture
def exchange() -> Iterator[Server]:
    server = Server(Store(ADDRESS).with_folders())
    server.endpoint = server.start()
    yield server
    server.stop()


@pytest.fixture
def polled(rules: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped configuration, with the help mailbox on the loopback server and the others inactive."""
    monkeypatch.setenv("HELP_USER", "help")
    monkeypatch.setenv("HELP_PASSWORD", "secret")
    path = rules / "mailboxes/help.yaml"
    text = path.read_text("utf-8").replace("https://mail.harbourhill.example/EWS/Exchange.asmx", exchange.endpoint)
    path.write_text(text.replace("auth: ntlm", "auth: basic").replace("every: 60 seconds", "every: 0.2 seconds"), "utf-8")
    for name in ("priority", "alerts"):
        with (rules / f"mailboxes/{name}.yaml").open("a") as file:
            file.write("active: false\n")
    return rules


def exchange_mailbox(given: Path | Config, **changed: object) -> ExchangeMailbox:
    """The help mailbox of a configuration, or of one in a folder, not yet connected, with this of its source changed."""
    config = load_config(given) if isinstance(given, Path) else given
    mailbox = config.mailboxes["help"]
    assert isinstance(mailbox.source, ExchangeSource)
    return ExchangeMailbox(mailbox.address, replace(mailbox.source, **changed))  # type: ignore[arg-type]


def edited(rules: Path, old: str, new: str) -> ExchangeMailbox:
    """The same with this of its file changed."""
    edit(rules / "mailboxes/help.yaml", old, new, -1)
    return exchange_mailbox(rules)


class Desk:
    """A reader with its database, and what a test asks of both."""

    def __init__(self, rules: Path, db: Path, remote: Remote | None = None) -> None:
        self.config = load_config(rules)
        self.connection: sqlite3.Connection = open_database(db)
        self.remote = remote or exchange_mailbox(self.config)
        self.processor = Processor(self.connection, prepare(self.config))
        self.reader = Reader("help", self.remote, self.processor, InPlace(db), threading.Lock(), Observer(), lambda: False)

    def until_done(self, rounds: int = 200) -> int:
        """How many rounds failed before the mailbox was empty."""
        failed = 0
        for _ in range(rounds):
            try:
                if not self.reader.round():
                    return failed
            except SignInFailed:
                raise
            except RemoteError:
                failed += 1
                self.remote.close()
        raise AssertionError("the mailbox is never empty")

    def forget(self, *messages: int) -> None:
        forget(self.connection, choose(self.connection, Choice(only=messages))[0], datetime.now(UTC))

    def count(self, table: str) -> int:
        return int(self.connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


@contextmanager
def trusted(folder: Path, *hosts: str, **certificate: Any) -> Iterator[tuple[ssl.SSLContext, ExchangeTls]]:
    """A server's side and ours, with a CA of our own in `folder`. `certificate`: what else the server's says."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*hosts, **certificate).configure_cert(context)
    ours = ExchangeTls(str(folder / "ca.pem"), True, timedelta(seconds=10))
    use_tls(ours)
    try:
        yield context, ours
    finally:
        use_tls(ExchangeTls(None, True, timedelta(seconds=60)))


@contextmanager
def serving(server: Server) -> Iterator[str]:
    """Its endpoint."""
    try:
        yield server.start()
    finally:
        server.stop()


@contextmanager
def protected(folder: Path, handshake: str) -> Iterator[tuple[Server, str]]:
    """A server with Extended Protection and one mail, and its endpoint: it lets in only who says that he saw its certificate."""
    with trusted(folder, "127.0.0.1") as (context, _):
        server = Server(Store(ADDRESS).with_folders(), tls=context)
        server.handshake = handshake
        server.store.add(mail(1))
        with serving(server) as endpoint:
            server.certificate = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", server.port)))
            yield server, endpoint


class Link:
    """A symbolic link to a database, and another database that it can be pointed at."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "current.db"
        for name in ("p.db", "other.db"):
            open_database(folder / name).close()
        self.path.symlink_to("p.db")

    def point_elsewhere(self) -> None:
        self.path.unlink()
        self.path.symlink_to("other.db")


@pytest.fixture
def desk(polled: Path, tmp_path: Path) -> Iterator[Desk]:
    found = Desk(polled, tmp_path / "p.db")
    yield found
    found.remote.close()
    found.connection.close()


@pytest.fixture
def again(polled: Path, tmp_path: Path) -> Callable[[], Desk]:
    """A new process on the same database, as far as that goes within one."""
    return lambda: Desk(polled, tmp_path / "p.db")


def with_oauth(rules: Path, exchange: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The help mailbox signs in with a client secret, and only its token opens the door."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the token comes over plain HTTP, on loopback only
    monkeypatch.setenv("APP_SECRET", "app-secret")
    exchange.user = "nobody"
    new = "auth: oauth2\n    tenant: t\n    client_id: app\n    client_secret: ${env:APP_SECRET}\n"
    edit(rules / "mailboxes/help.yaml", "auth: basic", f"{new}    token_url: {exchange.token_url}")


@pytest.fixture
def start(polled: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    running: list[subprocess.Popen[str]] = []

    def run(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", "poll", "--rules", str(polled), "--db", str(tmp_path / "p.db"), *words],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


def wait_for(what: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


def rows(db: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(db)
    try:
        return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()
