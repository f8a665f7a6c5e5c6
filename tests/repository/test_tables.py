"""docs/tables.md names every table and column, and its questions can be asked."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from engine.store.database import open_database

PAGE = (Path(__file__).resolve().parents[2] / "docs/tables.md").read_text("utf-8")


def test_every_table_and_column_is_named_and_none_that_is_not_there() -> None:
    told: dict[str, set[str]] = {}
    for line in PAGE.splitlines():
        if line.startswith("| `"):
            tables, columns = line.strip("| ").split(" | ", 1)
            for table in re.findall(r"`(\w+)`", tables):
                told[table] = set(re.findall(r"`(\w+)`", columns))
    own = PAGE.partition("## What is postroom's own")[2].partition("##")[0]
    told |= {table: set(re.findall(r"`(\w+)`", columns)) for table, columns in re.findall(r"`(\w+)` \(([^)]+)\)", own)}
    with closing(open_database(None)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            keys = {name for name in columns if name.endswith("_key")}
            assert columns - keys <= told[table] | {"value_key"}, table
            assert all(f"`{key}`" in PAGE for key in keys)
        assert set(tables) == {table for table in told if not table.endswith("_key")}


def test_its_questions_can_be_asked() -> None:
    (sql,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    questions = [one for one in sql.split(";") if one.strip()]
    assert len(questions) == 4
    with closing(open_database(None)) as connection:
        for one in questions:
            connection.execute(one).fetchall()
