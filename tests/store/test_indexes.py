"""Whatever a configuration compares, an index finds it; and there are no others."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.processing import Processor
from engine.store.database import open_database
from engine.store.indexes import fit_indexes
from tests.edit import edit
from tests.faults import needs_faults
from tests.store.conftest import items, listening, mail, run
from tools.faults import Fault, environment

ROOT = Path(__file__).parents[2]
STRANGER = "x@nowhere.example"
DO = "when_open: {do: append_note}, when_complete: {do: create}"


@pytest.fixture
def connection(db: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(db)) as opened:
        yield opened


def configured(rules: Path, criterion: str, alike: str = "[sender, subject]") -> None:
    (rules / "duplicates.yaml").write_text(f"version: 1\nduplicates:\n  - {{name: one, {criterion}, {DO}}}\n")
    edit(rules / "settings.yaml", "alike: [sender, subject]", f"alike: {alike}")


def found_by(connection: sqlite3.Connection, rules: Path, raw: bytes, begins: str) -> set[str]:
    """How SQLite finds what the message is compared with: the index, and the columns that it finds by."""
    processor = Processor(connection, prepare(load_config(rules)))
    with listening(connection) as asked:
        processor.run(items(raw), "help")
    questions = [one for one in asked if one.startswith(begins)]
    plans = (connection.execute(f"EXPLAIN QUERY PLAN {one}").fetchall() for one in questions)
    return {steps[0][3].partition("INDEX ")[2] for steps in plans}


@pytest.mark.parametrize(
    ("criterion", "of_customer", "of_stranger"),
    [
        ("same: [title]", "title_key", "title_key_sender"),
        ("similar: {title: 0.9}", "", "sender"),
        ("same: [sender]", "sender", "sender"),
        ("same: [contact], similar: {title: 0.9}", "contact", None),
        ("same: [contact, title, description]", "title_key", None),
        ("same: [contact, description]", "contact_description_key", None),
        ("same: [description]", "description_key", "description_key_sender"),
    ],
)
@pytest.mark.parametrize("within", ["within: 2 days", "within: 30 days", ""])
def test_tickets_are_found_by_what_is_compared(
    within: str, criterion: str, of_customer: str, of_stranger: str | None, rules: Path, connection: sqlite3.Connection
) -> None:
    configured(rules, f"{criterion}, {within}".removesuffix(", "))
    day = within == "within: 2 days"
    for raw, columns in ((mail(1), of_customer), (mail(2, sender=STRANGER), of_stranger)):
        if columns is not None:
            names = ("title_key", "contact", "description_key", "sender")
            compared = "".join(f"{name}=? AND " for name in names if name in columns)
            name = "_".join(filter(None, ("tickets_same", "day" if day else "" if columns else "organization", columns)))
            time = "created_at>? AND created_at<?" if within else "created_at<?"
            expected = f"{name} ({'<expr>=? AND ' if day else ''}organization=? AND {compared}{time})"
            assert found_by(connection, rules, raw, "SELECT t.number, t.title") == {expected}


@pytest.mark.parametrize(
    ("same", "found"),
    [
        ("device, contact", "ticket_fields_by_value (name=? AND value_key=? AND {})"),
        ("title, device", "tickets_same_day_title_key (<expr>=? AND organization=? AND title_key=? AND {})"),
    ],
)
def test_what_is_extracted_is_found_by_its_value_and_time(
    same: str, found: str, rules: Path, connection: sqlite3.Connection
) -> None:
    configured(rules, f"same: [{same}], within: 2 days")
    edit(rules / "mailboxes/help.yaml", "defaults:", "extract:\n  device: '(?m)^Host: (?P<device>.+)'\ndefaults:")
    how = found_by(connection, rules, mail(1, body="Host: srv"), "SELECT t.number, t.title")
    assert how == {found.format("created_at>? AND created_at<?")}
    assert connection.execute("SELECT f.created_at = t.created_at FROM ticket_fields f JOIN tickets t").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("alike", "columns"),
    [
        ("[sender, subject]", "sender subject_key"),
        ("[sender, subject, body]", "sender subject_key"),
        ("[sender]", "sender"),
        ("[body]", "body_key"),
        ("[body, subject]", "subject_key body_key"),
    ],
)
@pytest.mark.parametrize("window", ["10 minutes", "8 days"])
def test_messages_alike_are_found_by_what_is_alike(
    window: str, alike: str, columns: str, rules: Path, connection: sqlite3.Connection
) -> None:
    configured(rules, "same: [contact, title]", alike)
    edit(rules / "settings.yaml", "window: 10 minutes", f"window: {window}")
    how = found_by(connection, rules, mail(1), "SELECT COUNT(*) FROM messages")
    day, found = ("day_", "<expr>=? AND ") if window == "10 minutes" else ("", "")
    name = f"messages_same_{day}{columns.replace(' ', '_')}"
    compared = "".join(f"{one}=? AND " for one in columns.split())
    assert how == {f"{name} (mailbox=? AND {found}{compared}received_at>? AND received_at<?)"}


def test_they_come_and_go_with_the_configuration(rules: Path, db: Path) -> None:
    def there() -> list[str]:
        query = "SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE '%\\_same\\_%' ESCAPE '\\' ORDER BY name"
        with closing(sqlite3.connect(db)) as connection:
            return [name for (name,) in connection.execute(query)]

    def version() -> int:
        with closing(sqlite3.connect(db)) as connection:
            return int(connection.execute("PRAGMA schema_version").fetchone()[0])

    configured(rules, "same: [description]", "[body]")
    edit(rules / "settings.yaml", "window: 10 minutes", "window: 30 days")
    run(db, prepare(load_config(rules)), mail(1))
    wanted = ["messages_same_body_key", "tickets_same_day"]
    wanted += ["tickets_same_description_key", "tickets_same_description_key_sender"]
    assert there() == wanted
    before = version()
    run(db, prepare(load_config(rules)), mail(2))
    assert (there(), version()) == (wanted, before)  # nothing is made anew
    edit(rules / "duplicates.yaml", "same: [description], ", "same: [contact, title], within: 2 days, ")
    edit(rules / "settings.yaml", "alike: [body]", "alike: [sender, subject]")
    run(db, prepare(load_config(rules)), mail(3))
    assert there() == ["messages_same_sender_subject_key", "tickets_same_day", "tickets_same_day_title_key"]


def test_a_new_database_has_what_most_configurations_ask_for(rules: Path, connection: sqlite3.Connection) -> None:
    """So nothing is made where another program has filled it."""
    Processor(connection, prepare(load_config(rules)))
    with listening(connection) as asked:
        fit_indexes(connection, load_config(rules))
    assert not any("INDEX" in one for one in asked[1:]) and len(asked) == 1


MADE = """
import sqlite3, sys
from pathlib import Path
from engine.config.load import load_config
from engine.store.database import open_database
from engine.store.indexes import fit_indexes

connection = open_database(Path(sys.argv[1]))
connection.execute("PRAGMA cache_size = 10")  # so that a megabyte is sorted in memory, and no more
fit_indexes(connection, load_config(Path(sys.argv[2])))
print(connection.execute("SELECT COUNT(*) FROM tickets INDEXED BY tickets_same_day_description_key WHERE substr(created_at, 1, 10) = '2026-11-02'").fetchone())
print(connection.execute("PRAGMA temp_store").fetchone())
"""


@needs_faults
@pytest.mark.parametrize("fails", [False, True])
def test_where_there_is_no_room_for_files_they_are_made_in_memory(
    fails: bool, rules: Path, connection: sqlite3.Connection, db: Path, tmp_path: Path
) -> None:
    configured(rules, "same: [description], within: 2 days")
    values = [(f"T{n}", f"p{n}@nowhere.example", "x" * 2_000) for n in range(2_000)]
    connection.executemany(
        "INSERT INTO tickets (number, sender, title, organization, mailbox, status, occurrences, description, html, created_at, updated_at,"
        " title_key, description_key) VALUES (?, ?, ?, 'olivar', 'help', 'New', 1, '', '', '2026-11-02', '2026-11-02', '', '')",
        values,
    )
    told = tmp_path / "told"
    files = environment(tmp_path / "etilqs", Fault(0, 1_000_000 if fails else 0, errno.ENOSPC), told)
    variables = {**os.environ, **files, "SQLITE_TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", MADE, db, rules], env=variables, capture_output=True, text=True, check=False)
    assert done.stdout == "(2000,)\n(2,)\n", done.stderr
    assert "open64" in told.read_text()
