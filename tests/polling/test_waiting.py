"""`poll` runs the rules that waited, some at a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.polling import poller as polling
from engine.polling.observe import Observer
from engine.processing import Processor
from engine.sources.item import Item
from engine.store.database import open_database
from tests.polling.conftest import mail

RULE = 'rule "Nobody answered"\n  after 30 minutes from ticket created\n  then add note "nobody answered" as internal\n'


@pytest.fixture
def poller(polled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> polling.Poller:
    """Three tickets of long ago, each with a rule that is due."""
    (polled / "workflow/30-follow-up.rules").write_text(RULE, "utf-8")
    with closing(open_database(tmp_path / "p.db")) as connection:
        items = [Item(str(number), partial(mail, number)) for number in (1, 2, 3)]
        Processor(connection, prepare(load_config(polled))).run(items, "help")
    monkeypatch.setattr(polling, "WAITING_AT_ONCE", 1)
    return polling.Poller(polled, tmp_path / "p.db", Observer(), once=True)


def finished(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "p.db")) as connection:
        return [row[0] for row in connection.execute("SELECT status FROM waiting_rules WHERE status <> 'waiting'")]


def test_all_that_is_due_is_run(poller: polling.Poller, tmp_path: Path) -> None:
    assert poller.run()
    assert finished(tmp_path) == ["ran"] * 3


def test_whoever_is_told_to_stop_runs_no_more(poller: polling.Poller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = Observer.info

    def stopping(observer: Observer, message: str, **more: object) -> None:
        info(observer, message, **more)
        if message == "waiting rule":
            poller.stop()

    monkeypatch.setattr(Observer, "info", stopping)
    poller.run()
    assert finished(tmp_path) == ["ran"]
