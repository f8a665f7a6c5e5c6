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
from tests.edit import edit
from tests.faults import needs_faults
from tests.store.conftest import items, listening, mail, run
from tools.faults import Fault, environment

ROOT = Path(__file__).parents[2]
STRANGER = "x@nowhere.example"
ORGANIZATION = "organization=? AND "
DO = "when_open: {do: append_note}, when_complete: {do: create}"


@pytest.fixture
def connection(db: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(db)) as opened:
        yield opened


def configured(rules: Path, criterion: str, alike: str = "[sender, subject]") -> None:
    (rules / "duplicates.yaml").write_text(f"version: 1\nduplicates:\n  - {{name: one, {criterion}, {DO}}}\n")
    edit(rules / "settings.yaml", "alike: [sender, subject]", f"alike: {alike}")


def found_by(connection: sqlite3.Connection, rules: Path, raw: bytes, begins: str) -> str:
    """How SQLite finds what the message is compared with."""
    processor = Processor(connection, prepare(load_config(rules)))
    with listening(connection) as asked:
        processor.run(items(raw), "help")
    (question,) = (one for one in asked if one.startswith(begins))
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {question}")]
    return steps[0].partition("INDEX ")[2]


@pytest.mark.parametrize(
    ("criterion", "of_customer", "of_stranger"),
    [
        ("same: [title]", "tickets_by_title ({}title_key=? AND {})", "tickets_same_title_key_sender ({}title_key=? AND sender=? AND {})"),
        ("similar: {title: 0.9}", "tickets_by_organization ({}{})", "tickets_same_sender ({}sender=? AND {})"),
        ("same: [sender]", "tickets_same_sender ({}sender=? AND {})", "tickets_same_sender ({}sender=? AND {})"),
        ("same: [contact], similar: {title: 0.9}", "tickets_same_contact ({}contact=? AND {})", None),
        ("same: [contact, description]", "tickets_same_contact_description_key ({}contact=? AND description_key=? AND {})", None),
        (
            "same: [description]",
            "tickets_same_description_key ({}description_key=? AND {})",
            "tickets_same_description_key_sender ({}description_key=? AND sender=? AND {})",
        ),
    ],
)  # fmt: skip
def test_tickets_are_found_by_what_is_compared(
    criterion: str, of_customer: str, of_stranger: str | None, rules: Path, connection: sqlite3.Connection
) -> None:
    configured(rules, f"{criterion}, within: 2 days")
    time = "created_at>? AND created_at<?"
    tickets = "SELECT t.number, t.title"
    assert found_by(connection, rules, mail(1), tickets) == of_customer.format(ORGANIZATION, time)
    if of_stranger is not None:
        assert found_by(connection, rules, mail(2, sender=STRANGER), tickets) == of_stranger.format(ORGANIZATION, time)


@pytest.mark.parametrize(
    ("same", "found"),
    [
        ("device, contact", "ticket_fields_by_value (name=? AND value_key=? AND created_at>? AND created_at<?)"),
        ("title, device", "tickets_by_title (organization=? AND title_key=? AND created_at>? AND created_at<?)"),
    ],
)
def test_what_is_extracted_is_found_by_its_value_and_time(
    same: str, found: str, rules: Path, connection: sqlite3.Connection
) -> None:
    configured(rules, f"same: [{same}], within: 2 days")
    edit(rules / "mailboxes/help.yaml", "defaults:", "extract:\n  device: '(?m)^Host: (?P<device>.+)'\ndefaults:")
    how = found_by(connection, rules, mail(1, body="Host: srv"), "SELECT t.number, t.title")
    assert how == found
    assert connection.execute("SELECT f.created_at = t.created_at FROM ticket_fields f JOIN tickets t").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("alike", "found"),
    [
        ("[sender, subject]", "messages_alike (mailbox=? AND sender=? AND subject_key=? AND {})"),
        ("[sender, subject, body]", "messages_alike (mailbox=? AND sender=? AND subject_key=? AND {})"),
        ("[sender]", "messages_same_sender (mailbox=? AND sender=? AND {})"),
        ("[body]", "messages_same_body_key (mailbox=? AND body_key=? AND {})"),
        ("[body, subject]", "messages_same_subject_key_body_key (mailbox=? AND subject_key=? AND body_key=? AND {})"),
    ],
)
def test_messages_alike_are_found_by_what_is_alike(alike: str, found: str, rules: Path, connection: sqlite3.Connection) -> None:
    configured(rules, "same: [contact, title]", alike)
    how = found_by(connection, rules, mail(1), "SELECT COUNT(*) FROM messages")
    assert how == found.format("received_at>? AND received_at<?")


def test_they_come_and_go_with_the_configuration(rules: Path, db: Path) -> None:
    def there() -> list[str]:
        query = "SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE '%\\_same\\_%' ESCAPE '\\' ORDER BY name"
        with closing(sqlite3.connect(db)) as connection:
            return [name for (name,) in connection.execute(query)]

    def version() -> int:
        with closing(sqlite3.connect(db)) as connection:
            return int(connection.execute("PRAGMA schema_version").fetchone()[0])

    configured(rules, "same: [description]", "[body]")
    run(db, prepare(load_config(rules)), mail(1))
    wanted = ["messages_same_body_key", "tickets_same_description_key", "tickets_same_description_key_sender"]
    assert there() == wanted
    before = version()
    run(db, prepare(load_config(rules)), mail(2))
    assert (there(), version()) == (wanted, before)  # nothing is made anew
    edit(rules / "duplicates.yaml", "same: [description]", "same: [contact, title]")
    edit(rules / "settings.yaml", "alike: [body]", "alike: [sender, subject]")
    run(db, prepare(load_config(rules)), mail(3))
    assert there() == []


MADE = """
import sqlite3, sys
from pathlib import Path
from engine.config.load import load_config
from engine.store.database import open_database
from engine.store.indexes import fit_indexes

connection = open_database(Path(sys.argv[1]))
connection.execute("PRAGMA cache_size = 10")  # so that a megabyte is sorted in memory, and no more
fit_indexes(connection, load_config(Path(sys.argv[2])))
print(connection.execute("SELECT COUNT(*) FROM tickets INDEXED BY tickets_same_sender WHERE organization = 'olivar' AND sender > ''").fetchone())
print(connection.execute("PRAGMA temp_store").fetchone())
"""


@needs_faults
@pytest.mark.parametrize("fails", [False, True])
def test_where_there_is_no_room_for_files_they_are_made_in_memory(
    fails: bool, rules: Path, connection: sqlite3.Connection, db: Path, tmp_path: Path
) -> None:
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
