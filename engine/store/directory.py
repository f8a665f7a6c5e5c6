"""The configuration's directory into the tables that people read: contacts, projects and tasks."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from engine.config.model import Config
from engine.decide.decision import iso
from engine.store.database import transaction
from engine.store.entities import count_number


def sync_directory(connection: sqlite3.Connection, config: Config, now: datetime) -> None:
    """Only when the directory changed since the last time. A task's status stays as mail has set it."""
    digest = config.directory.digest
    row = connection.execute("SELECT value FROM cursors WHERE name = 'directory'").fetchone()
    if row is not None and row[0] == digest:
        return
    moment = iso(now)
    directory = config.directory
    with transaction(connection):
        connection.execute("DELETE FROM contacts WHERE origin = 'directory'")
        connection.executemany(
            "INSERT OR REPLACE INTO contacts (id, organization, first_name, last_name, email, email2, email3, active, origin, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'directory', ?)",
            [
                (one.id, one.organization, one.first_name, one.last_name, *one.emails, int(one.active), moment)
                for one in directory.contacts.values()
            ],
        )
        connection.execute("DELETE FROM projects")
        connection.executemany(
            "INSERT INTO projects VALUES (?, ?, ?, ?)",
            [(one.number, one.name, one.organization, int(one.active)) for one in directory.projects.values()],
        )
        connection.executemany(
            "INSERT INTO tasks VALUES (?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET project = excluded.project,"
            " title = excluded.title, organization = excluded.organization",
            [(one.number, one.project, one.title, one.organization, one.status) for one in directory.tasks.values()],
        )
        for number in directory.tasks:
            count_number(connection, "task", number, config, moment)
        connection.execute(
            "INSERT INTO cursors VALUES ('directory', ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value,"
            " updated_at = excluded.updated_at",
            (digest, moment),
        )
