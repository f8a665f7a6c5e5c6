"""However much mail was processed before, a question to it goes through an index."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.decide.setup import Setup
from engine.mail.parse import parse_message
from engine.processing import Processor
from engine.sources.files import open_source
from engine.store import database
from engine.store.database import open_database
from engine.store.prune import _STEPS

SAMPLE = Path(__file__).parents[2] / "sample"
_CONNECT = sqlite3.connect
# A table from end to end, or by what nearly all of its rows have.
_MOST = re.compile(r"^SCAN|by_outcome|number>\?")


class _Asked(sqlite3.Connection):
    """Writes down what it is asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked: dict[str, Any] = {}

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        if sql.startswith(("SELECT", "UPDATE", "DELETE")):
            self.asked[sql] = values
        return super().execute(sql, values)


def test_no_question_of_deciding_and_storing_reads_a_whole_table(
    tmp_path: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.sqlite3, "connect", lambda *args, **kwargs: _CONNECT(*args, **kwargs, factory=_Asked))
    with closing(open_database(tmp_path / "p.db")) as connection:
        assert isinstance(connection, _Asked)
        processor = Processor(connection, setup)
        connection.asked.clear()
        processor.run(open_source(str(SAMPLE), 30_000_000), None)
        held = [row[0] for row in connection.execute("SELECT id FROM messages WHERE outcome = 'quarantined'")]
        connection.asked.pop("SELECT id FROM messages WHERE outcome = 'quarantined'")
        processor.retry(held)
        processor.state.seen_elsewhere("another", parse_message(b"Message-ID: <1@olivar.example>\r\n\r\n"))
        questions = dict(connection.asked)
        assert held and len(questions) > 20
        questions |= {change: {"key": 1, "last": 1} for _, _, change in _STEPS.values()}
        plans = {one: connection.execute(f"EXPLAIN QUERY PLAN {one}", values).fetchall() for one, values in questions.items()}
    whole = {one: [row[3] for row in plan if _MOST.search(row[3])] for one, plan in plans.items()}
    assert {one: steps for one, steps in whole.items() if steps} == {}
