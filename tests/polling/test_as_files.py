"""Mail becomes the same whether it comes out of files, from Exchange or by Graph."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.processing import Processor
from engine.sources.remote import Remote
from engine.store.database import open_database
from tests.ews.server import Server
from tests.ews.store import Store
from tests.graph.conftest import authority, graph, remote
from tests.graph.server import GraphServer
from tests.polling.conftest import Desk

__all__ = ["authority", "graph"]  # fixtures
ROOT = Path(__file__).resolve().parents[2]
FIRST = datetime(2026, 11, 2, 8, tzinfo=UTC)


def became(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    what = "identity, outcome, reason, number, sender, subject, size, received_at, raw_sha256"
    return connection.execute(f"SELECT {what} FROM messages ORDER BY id").fetchall()


@pytest.fixture(params=["exchange", "graph"])
def server(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Store, Remote | None]]:
    """What the server holds, and who reads it; None for Exchange, of which the mailbox file says where it is."""
    if request.param == "graph":
        by_graph: GraphServer = request.getfixturevalue("graph")
        yield by_graph.store, remote(by_graph, tmp_path, monkeypatch)
    else:
        exchange: Server = request.getfixturevalue("exchange")
        yield exchange.store, None


@pytest.mark.parametrize("where", ["sample", "corpus"])
def test_mail_becomes_what_it_becomes_out_of_files(
    where: str, server: tuple[Store, Remote | None], polled: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = ROOT / "sample" if where == "sample" else request.getfixturevalue("corpus")
    # A file of no bytes is no item of any server.
    mails = [
        data
        for path in sorted(folder.rglob("*"))
        if path.suffix in ("", ".eml", ".sample") and path.is_file() and (data := path.read_bytes())
    ]
    connection = open_database(tmp_path / "files.db")
    processor = Processor(connection, prepare(load_config(polled)))
    store, reader = server
    for number, raw in enumerate(mails):
        received = FIRST + timedelta(minutes=7 * number)
        connection.execute("BEGIN")
        processor.take(raw, f"{number}", "help", received)
        connection.execute("COMMIT")
        store.add(raw, received=received)
    desk = Desk(polled, tmp_path / "server.db", reader)
    desk.until_done()
    assert len(mails) > 60 and became(desk.connection) == became(connection)
    desk.remote.close()
    desk.connection.close()
