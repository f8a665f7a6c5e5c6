"""What a test gives: its message as bytes, and its past as rows of an empty database."""

from __future__ import annotations

import sqlite3
import zlib
from datetime import UTC, datetime
from email.message import EmailMessage, MIMEPart
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from engine.addresses import comparable
from engine.config.mailbox import Mailbox
from engine.config.model import Config
from engine.decide.decision import iso
from engine.dsl.scope import PICKLIST_OF, Names, one_of
from engine.entities import TIMES, Ticket
from engine.errors import ConfigError, Problem, unknown
from engine.mail.parse import parse_message
from engine.quantity import parse_duration, parse_size
from engine.store.entities import count_number, insert_ticket
from engine.text import text_key, title_key
from engine.trial.case import Case

_LARGEST = 200 * 1024**2
DEFAULT_NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


def now_of(case: Case) -> datetime:
    """The time of receipt. Raises `ConfigError`."""
    text = case.data.get("given", {}).get("now")
    if text is None:
        return DEFAULT_NOW
    return _moment(case, text, "given", "now")


def _moment(case: Case, text: str, *path: str | int) -> datetime:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        raise ConfigError(Problem(case.where(*path), f"'{text}' is no time", "write 2026-11-01T10:00:00Z")) from None
    if not 1900 <= found.year <= 9000:  # so that an age before it, or a day after it, is a moment too
        raise ConfigError(Problem(case.where(*path), f"'{text}' is no time of ours", "write a year from 1900 on, up to 9000"))
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


# --- the message ------------------------------------------------------------------------------------------------


def message_of(case: Case, mailbox: Mailbox, now: datetime) -> bytes:
    """The bytes of the test's message. Raises `ConfigError` where a file is not there or a header cannot be."""
    data = case.data["message"]
    if "file" in data:
        return _bytes_of(case, case.folder / data["file"])
    lines = [
        ("From", data.get("from", "")),
        ("To", _joined(data.get("to", mailbox.address))),
        ("Cc", _joined(data.get("cc", ""))),
        ("Subject", data.get("subject", "")),
        ("Date", format_datetime(now)),
        ("Message-ID", f"<test.{zlib.crc32(case.name.encode())}.{case.index}@rule-test.invalid>"),
    ]
    extra = [(name, value) for name, values in data.get("headers", {}).items() for value in _listed(values)]
    replaced = {name.lower() for name, _ in extra}
    head = [(name, value) for name, value in lines if value and name.lower() not in replaced] + extra
    # Header lines as a sender would write them, for the parser to read: nothing is checked or folded here.
    encoded = "".join(f"{name}: {value}\r\n" for name, value in head).encode("utf-8")
    own_type = "content-type" in replaced
    if own_type:
        return encoded + b"\r\n" + str(data.get("body", "")).encode("utf-8")
    return encoded + _content(case).as_bytes()


def _bytes_of(case: Case, path: Path) -> bytes:
    where = case.where("message", "file")
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ConfigError(Problem(where, f"{path} is no file", "name one with one message"))
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(Problem(where, f"{path}: {error.strerror}", "the path starts at the test file")) from None


def _joined(value: Any) -> str:
    return ", ".join(_listed(value)) if value else ""


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _content(case: Case) -> MIMEPart:
    data = case.data["message"]
    content = EmailMessage()
    if "body" in data or "html" not in data:
        content.set_content(data.get("body", ""), cte="base64")
        if "html" in data:
            content.add_alternative(data["html"], subtype="html", cte="base64")
    else:
        content.set_content(data["html"], subtype="html", cte="base64")
    for index, one in enumerate(data.get("attachments", ())):
        main, _, sub = one.get("type", "application/octet-stream").partition("/")
        size = one.get("size", 1024)
        where = case.where("message", "attachments", index, "size")
        try:
            length = size if isinstance(size, int) else parse_size(size)
        except ValueError:
            raise ConfigError(Problem(where, f"'{size}' is no size", "write one such as 6 MB")) from None
        if not 0 <= length <= _LARGEST:
            raise ConfigError(Problem(where, f"no attachment of a test can have {size}", "write one of at most 200 MB"))
        try:
            content.add_attachment(b"x" * length, maintype=main, subtype=sub or "octet-stream", filename=one["name"])
        except ValueError:
            where = case.where("message", "attachments", index)
            raise ConfigError(Problem(where, "no header can have this name or type", "leave out its line breaks")) from None
    return content


# --- the past ---------------------------------------------------------------------------------------------------


def set_up(case: Case, connection: sqlite3.Connection, config: Config, names: Names, mailbox: str, now: datetime) -> None:
    """Rows for the given tickets, tasks, projects, notifications and mail seen before. `names`: those of the configuration. Raises
    `ConfigError`.
    """
    given = case.data.get("given", {})
    for kind in ("tasks", "projects", "tickets", "seen"):
        _check_names(case, names, kind)
    for row in given.get("tasks", ()):
        values = [row.get(name, "") for name in ("number", "project", "title", "organization", "status")]
        connection.execute("INSERT OR REPLACE INTO tasks VALUES (?, ?, ?, ?, ?)", values)
        count_number(connection, "task", values[0], config, iso(now))
    for row in given.get("projects", ()):
        active = int(row.get("active", True) not in (False, "no"))
        values = [row.get(name, "") for name in ("number", "name", "organization")]
        connection.execute("INSERT OR REPLACE INTO projects VALUES (?, ?, ?, ?)", [*values, active])
    for index, row in enumerate(given.get("tickets", ())):
        _ticket(case, index, row, connection, config, mailbox, now)
    for index, row in enumerate(given.get("notifications", ())):
        bounce = _message(connection, mailbox, "", f"given bounce {index}", "", "", now, None) if row.get("came_back") else None
        connection.execute(
            "INSERT OR IGNORE INTO outbox"
            " (mailbox, event, recipient, template, number, reason, to_sender, message_id, status, created_at, sent_at, came_back)"
            " VALUES (?, 'given', ?, '', ?, '', 0, ?, 'sent', ?, ?, ?)",
            (mailbox, comparable(row.get("to", "")), row["number"], row["message_id"].strip("<>"), iso(now), iso(now), bounce),
        )
    for index, row in enumerate(given.get("seen", ())):
        _seen(case, index, row, connection, row.get("mailbox", mailbox), now)


def _check_names(case: Case, names: Names, kind: str) -> None:
    """A misspelt status would make a test of a ticket that no rule looks at, and so one that cannot fail."""
    numbers: set[str] = set()
    for index, row in enumerate(case.data.get("given", {}).get(kind, ())):
        _check_row(case, names, row, "given", kind, index)
        number = row.get("number")
        if number in numbers:
            again = f"the number '{number}' stands twice"
            raise ConfigError(Problem(case.where("given", kind, index, "number"), again, "give it another"))
        if number:
            numbers.add(number)


def _check_row(case: Case, names: Names, row: dict[str, Any], *path: str | int) -> None:
    for column, picklist in PICKLIST_OF.items():
        if row.get(column) and row[column] not in names.picklists[picklist]:
            raise ConfigError(unknown(case.where(*path, column), one_of(picklist), row[column], names.picklists[picklist]))
    for position, tag in enumerate(row.get("tags", ())):
        if tag not in names.tags:
            raise ConfigError(unknown(case.where(*path, "tags", position), "tag", tag, names.tags))
    contact, contacts = row.get("contact"), names.picklists["contacts"]
    if contact and contact not in contacts and "@" not in contact:  # one that mail brought has his address as id
        raise ConfigError(unknown(case.where(*path, "contact"), "contact", contact, contacts))


def _ticket(
    case: Case, index: int, row: dict[str, Any], connection: sqlite3.Connection, config: Config, mailbox: str, now: datetime
) -> None:
    created = now - parse_duration(row["ago"]) if "ago" in row else now
    values: dict[str, Any] = {
        "title": "",
        "organization": None,
        "mailbox": mailbox,
        "status": config.mailboxes[mailbox].ticket.status,
        "created_at": created,
        "updated_at": created,
    }
    for name, value in row.items():
        if name in TIMES:
            values[name] = _moment(case, value, "given", "tickets", index, name)
        elif name in ("tags", "additional_contacts"):
            values[name] = tuple(value)
        elif name not in ("ago", "message_id"):
            values[name] = value
    if config.is_complete(values["status"]):
        values.setdefault("completed_at", values["updated_at"])
    ticket = Ticket(**values)
    message = _message(
        connection, mailbox, row.get("message_id", ""), f"given ticket {index}", "", "", ticket.created_at, ticket.number
    )
    insert_ticket(connection, ticket, message, config)


def _seen(case: Case, index: int, row: dict[str, Any], connection: sqlite3.Connection, mailbox: str, now: datetime) -> None:
    received = now - parse_duration(row["ago"]) if "ago" in row else now
    sender = parse_message(f"From: {row['from']}\n\n".encode()).sender.address
    identity = f"given mail {index}"
    _message(
        connection,
        mailbox,
        row.get("message_id", ""),
        identity,
        sender,
        row.get("subject", ""),
        received,
        None,
        row.get("body", ""),
    )


def _message(
    connection: sqlite3.Connection,
    mailbox: str,
    message_id: str,
    identity: str,
    sender: str,
    subject: str,
    received: datetime,
    number: str | None,
    body: str = "",
) -> int:
    cursor = connection.execute(
        "INSERT INTO messages (mailbox, message_id, identity, source_id, received_at, sender, subject, size, raw_sha256, outcome,"
        " number, decision, config_version, processed_at, subject_key, body_key)"
        " VALUES (?, ?, ?, 'given', ?, ?, ?, 0, '', 'created', ?, '{}', '', ?, ?, ?)",
        (
            mailbox,
            message_id.strip("<>"),
            identity,
            iso(received),
            sender,
            subject,
            number,
            iso(received),
            title_key(subject),
            text_key(body),
        ),
    )
    return cursor.lastrowid or 0


# --- what comes after -------------------------------------------------------------------------------------------


def meanwhile(case: Case, ticket: Ticket, config: Config, names: Names) -> Ticket:
    """The ticket as it is before its rules that wait are due: with what somebody changed on it. Raises `ConfigError`."""
    row = case.data.get("meanwhile")
    if row is None:
        return ticket
    _check_row(case, names, row, "meanwhile")
    values = {name: tuple(value) if name == "tags" else value for name, value in row.items()}
    if "status" in row:
        values["completed_at"] = ticket.updated_at if config.is_complete(row["status"]) else None
    return replace(ticket, **values)
