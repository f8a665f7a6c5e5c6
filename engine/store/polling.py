"""Items of a polled mailbox on their way: listed, stored, filed. A crash repeats only the step that it broke."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from engine.decide.decision import iso
from engine.sources.remote import Backlog, Place, RemoteItem
from engine.state.stored import moment
from engine.store.cursors import cursor, forget_cursor, keep_cursor
from engine.store.database import transaction


class ItemRow(Struct, frozen=True):
    """`size` in bytes, 0 where the server did not list it."""

    item: str
    size: int
    received_at: datetime | None
    tries: int


def sync_state(connection: sqlite3.Connection, mailbox: str) -> str | None:
    return cursor(connection, f"sync {mailbox}")


def is_another_place(connection: sqlite3.Connection, mailbox: str, account: str, folder: str, now: datetime) -> bool:
    """Whether the configuration names another account or folder than before: the sync state, which leads to the old one, is forgotten then.

    In another account, or read another way, no id means anything: what was not done yet is listed anew.
    """
    places = (f"account {mailbox}", account.casefold()), (f"folder {mailbox}", folder.casefold())
    had_account, had_folder = (cursor(connection, name) for name, _ in places)
    if (had_account, had_folder) == tuple(value for _, value in places):
        return False
    with transaction(connection):
        for name, value in places:
            keep_cursor(connection, name, value, now)
        if had_account is None:  # the very first time, or an older version kept none
            return False
        forget_state(connection, mailbox)
        if had_account != account.casefold():
            if _address(had_account) == _address(account.casefold()):
                _keep_without_ids(connection, mailbox)
            else:
                connection.execute("DELETE FROM failed_items WHERE mailbox = ?", (mailbox,))
            connection.execute("DELETE FROM poll_items WHERE mailbox = ?", (mailbox,))
    return True


def _address(account: str) -> str:
    return account.rpartition(" by ")[0]


def _keep_without_ids(connection: sqlite3.Connection, mailbox: str) -> None:
    """The same mailbox read another way: what is not done yet is new, whoever has read it meanwhile.

    What lies in the folder `failed`, or may lie there, is looked for by its Message-ID when it leaves.
    """
    connection.execute(
        "UPDATE cursors SET value = MIN(value, COALESCE((SELECT MIN(COALESCE(received_at, listed_at)) FROM poll_items"
        " WHERE mailbox = ?), value)) WHERE name = ?",
        (mailbox, f"looked {mailbox}"),
    )
    connection.execute("UPDATE failed_items SET item = NULL WHERE mailbox = ?", (mailbox,))
    connection.execute(
        "INSERT INTO failed_items SELECT mailbox, identity, NULL FROM poll_items WHERE mailbox = ? AND identity <> ''", (mailbox,)
    )


def keep_page(
    connection: sqlite3.Connection, mailbox: str, state: str, items: Iterable[RemoteItem], now: datetime, *, last: bool
) -> None:
    """The items and the state after them in one transaction: neither without the other. `last`: all that is there is listed."""
    with transaction(connection):
        if last:
            forget_cursor(connection, f"looked {mailbox}")
        connection.executemany(
            "INSERT OR IGNORE INTO poll_items (mailbox, item, size, status, listed_at, received_at) VALUES (?, ?, ?, 'listed', ?, ?)",
            [(mailbox, one.id, one.size, iso(now), iso(one.received_at) if one.received_at else None) for one in items],
        )
        keep_cursor(connection, f"sync {mailbox}", state, now)


def forget_state(connection: sqlite3.Connection, mailbox: str) -> None:
    """All is listed again. `looked_until` keeps when it was last known what came."""
    connection.execute(
        "INSERT OR IGNORE INTO cursors SELECT ?, updated_at, updated_at FROM cursors WHERE name = ?",
        (f"looked {mailbox}", f"sync {mailbox}"),
    )
    forget_cursor(connection, f"sync {mailbox}")


def looked_until(connection: sqlite3.Connection, mailbox: str) -> datetime | None:
    """While all is listed again: what came later is mail to us, whoever has read it. None where nothing was ever read from there."""
    found = cursor(connection, f"looked {mailbox}")
    return moment(found) if found else None


def waiting(connection: sqlite3.Connection, mailbox: str, place: Place | None, most: int) -> list[ItemRow]:
    """Items to be fetched, or to be filed in this place. Those that were tried least often come first, so that a broken one holds nobody up."""
    rows = connection.execute(
        "SELECT item, size, received_at, tries FROM poll_items WHERE mailbox = ? AND status = ? AND place = ?"
        " ORDER BY tries, rowid LIMIT ?",
        (mailbox, "stored" if place else "listed", place or "", most),
    )
    return [ItemRow(item, size, moment(received) if received else None, tries) for item, size, received, tries in rows.fetchall()]


def mark_stored(connection: sqlite3.Connection, mailbox: str, item: str, place: Place, identity: str) -> None:
    """In the transaction of the message itself, whose `identity` it is."""
    connection.execute(
        "UPDATE poll_items SET status = 'stored', place = ?, identity = ?, tries = 0, error = '' WHERE mailbox = ? AND item = ?",
        (place, identity, mailbox, item),
    )


def mark_filed(
    connection: sqlite3.Connection, mailbox: str, place: Place, items: Sequence[str], now_at: Mapping[str, str] | None
) -> None:
    """They are in their place, `now_at` other ids; those in a folder `failed` of its own are kept in mind until somebody mends them.

    One whose new id is not known has been moved before, and the answer was lost; or somebody else has taken it.
    """
    with transaction(connection):
        if place == "failed" and now_at is not None:
            connection.executemany(
                "INSERT OR REPLACE INTO failed_items SELECT mailbox, identity, ? FROM poll_items WHERE mailbox = ? AND item = ?",
                [(now_at.get(item), mailbox, item) for item in items],
            )
        drop(connection, mailbox, items)


class Mended(Struct, frozen=True):
    """What lies in the folder `failed`, and its message is no longer in quarantine. `item` is None where its id is not known."""

    row: int
    identity: str
    item: str | None
    message_id: str


def mended(connection: sqlite3.Connection, mailbox: str) -> list[Mended]:
    rows = connection.execute(
        "SELECT f.rowid, f.identity, f.item, (SELECT COALESCE(MAX(m.message_id), '') FROM messages m WHERE m.mailbox = f.mailbox AND m.identity = f.identity)"
        " FROM failed_items f WHERE f.mailbox = ? AND NOT EXISTS"
        " (SELECT 1 FROM messages m WHERE m.mailbox = f.mailbox AND m.identity = f.identity AND m.outcome = 'quarantined')",
        (mailbox,),
    )
    return [Mended(*row) for row in rows.fetchall()]


def take_up(connection: sqlite3.Connection, mailbox: str, one: Mended, items: Iterable[str], now: datetime) -> None:
    """These items of the folder `failed` are to be filed once more, as processed. But not those of another message: anybody can take its Message-ID."""
    with transaction(connection):
        connection.executemany(
            "INSERT OR IGNORE INTO poll_items (mailbox, item, size, status, place, listed_at, identity)"
            " SELECT ?, ?, 0, 'stored', 'processed', ?, ?"
            " WHERE NOT EXISTS (SELECT 1 FROM failed_items WHERE mailbox = ? AND item = ? AND identity <> ?)",
            [(mailbox, item, iso(now), one.identity, mailbox, item, one.identity) for item in items],
        )
        connection.execute("DELETE FROM failed_items WHERE rowid = ?", (one.row,))


def drop(connection: sqlite3.Connection, mailbox: str, items: Sequence[str]) -> None:
    """Done with: filed, or gone from the server."""
    connection.executemany("DELETE FROM poll_items WHERE mailbox = ? AND item = ?", [(mailbox, item) for item in items])


def count_try(connection: sqlite3.Connection, mailbox: str, items: Sequence[str], error: str) -> None:
    with transaction(connection):
        connection.executemany(
            "UPDATE poll_items SET tries = tries + 1, error = ? WHERE mailbox = ? AND item = ?",
            [(error, mailbox, item) for item in items],
        )


def place_of(connection: sqlite3.Connection, mailbox: str, identity: str) -> Place:
    """Where a message that was processed before belongs."""
    row = connection.execute("SELECT outcome FROM messages WHERE mailbox = ? AND identity = ?", (mailbox, identity)).fetchone()
    return "failed" if row and row[0] == "quarantined" else "processed"


def note_contact(connection: sqlite3.Connection, mailbox: str, backlog: Backlog | None, now: datetime) -> None:
    """The mailbox was read without an error."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO mailbox_status (mailbox, last_contact, unread, oldest_unread, updated_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (mailbox) DO UPDATE SET last_contact = excluded.last_contact, error = '', error_since = NULL,"
            " updated_at = excluded.updated_at",
            (mailbox, iso(now), None, None, iso(now)),
        )
        if backlog is not None:
            connection.execute(
                "UPDATE mailbox_status SET unread = ?, oldest_unread = ? WHERE mailbox = ?",
                (backlog.unread, iso(backlog.oldest) if backlog.oldest else None, mailbox),
            )


def note_error(connection: sqlite3.Connection, mailbox: str, error: str, now: datetime) -> None:
    connection.execute(
        "INSERT INTO mailbox_status (mailbox, error, error_since, updated_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (mailbox) DO UPDATE SET error = excluded.error, updated_at = excluded.updated_at,"
        " error_since = COALESCE(error_since, excluded.error_since)",
        (mailbox, error, iso(now), iso(now)),
    )
