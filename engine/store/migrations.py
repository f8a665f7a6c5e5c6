"""The database's tables, as numbered migrations. A migration that has landed is never edited: add the next one."""

from __future__ import annotations

import sqlite3

from engine.errors import StoreError
from engine.store.atomic import atomically
from engine.store.indexes import USUAL

_FIRST = """
CREATE TABLE messages (
  id INTEGER PRIMARY KEY, mailbox TEXT NOT NULL, message_id TEXT NOT NULL, identity TEXT NOT NULL,
  source_id TEXT NOT NULL, received_at TEXT NOT NULL, sender TEXT NOT NULL, subject TEXT NOT NULL, size INTEGER NOT NULL,
  raw_sha256 TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT, number TEXT, decision TEXT NOT NULL,
  config_version TEXT NOT NULL, processed_at TEXT NOT NULL, subject_key TEXT NOT NULL, body_key TEXT NOT NULL,
  UNIQUE (mailbox, identity)
);
CREATE INDEX messages_by_message_id ON messages (message_id);
CREATE INDEX messages_by_identity ON messages (identity);
CREATE INDEX messages_alike ON messages (mailbox, sender, subject_key, received_at);
CREATE INDEX messages_by_receipt ON messages (mailbox, received_at);
CREATE INDEX messages_by_number ON messages (number);
CREATE TABLE raw_messages (sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, zlib BLOB NOT NULL);
CREATE TABLE tickets (
  number TEXT PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL, organization TEXT, contact TEXT,
  mailbox TEXT NOT NULL, queue TEXT, status TEXT, priority TEXT, source TEXT, issue_type TEXT, sub_issue_type TEXT,
  assigned TEXT, approval TEXT, due_at TEXT, occurrences INTEGER NOT NULL, sender TEXT NOT NULL, html TEXT NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, completed_at TEXT, message INTEGER REFERENCES messages (id),
  title_key TEXT NOT NULL, description_key TEXT NOT NULL
);
CREATE INDEX tickets_by_organization ON tickets (organization, created_at);
CREATE INDEX tickets_by_title ON tickets (organization, title_key);
CREATE TABLE ticket_fields (
  ticket TEXT NOT NULL REFERENCES tickets (number), name TEXT NOT NULL, value TEXT NOT NULL, value_key TEXT NOT NULL,
  PRIMARY KEY (ticket, name)
);
CREATE INDEX ticket_fields_by_value ON ticket_fields (name, value_key);
CREATE TABLE ticket_notes (
  id INTEGER PRIMARY KEY, ticket TEXT NOT NULL REFERENCES tickets (number), type TEXT, publish TEXT NOT NULL,
  author TEXT NOT NULL, author_id TEXT, author_address TEXT NOT NULL, description TEXT NOT NULL, removed TEXT NOT NULL,
  html TEXT NOT NULL, created_at TEXT NOT NULL, message INTEGER REFERENCES messages (id)
);
CREATE INDEX ticket_notes_by_ticket ON ticket_notes (ticket);
CREATE TABLE ticket_time_entries (
  id INTEGER PRIMARY KEY, ticket TEXT NOT NULL REFERENCES tickets (number), resource TEXT NOT NULL, hours REAL NOT NULL,
  role TEXT, work_type TEXT, summary TEXT NOT NULL, publish TEXT NOT NULL, removed TEXT NOT NULL,
  created_at TEXT NOT NULL, message INTEGER REFERENCES messages (id)
);
CREATE INDEX ticket_time_entries_by_ticket ON ticket_time_entries (ticket);
CREATE TABLE projects (number TEXT PRIMARY KEY, name TEXT NOT NULL, organization TEXT NOT NULL, active INTEGER NOT NULL);
CREATE TABLE tasks (
  number TEXT PRIMARY KEY, project TEXT NOT NULL, title TEXT NOT NULL, organization TEXT NOT NULL, status TEXT NOT NULL
);
CREATE TABLE project_notes (
  id INTEGER PRIMARY KEY, project TEXT NOT NULL, type TEXT, publish TEXT NOT NULL, author TEXT NOT NULL, author_id TEXT,
  author_address TEXT NOT NULL, description TEXT NOT NULL, removed TEXT NOT NULL, html TEXT NOT NULL,
  created_at TEXT NOT NULL, message INTEGER REFERENCES messages (id)
);
CREATE INDEX project_notes_by_project ON project_notes (project);
CREATE TABLE task_notes (
  id INTEGER PRIMARY KEY, task TEXT NOT NULL, type TEXT, publish TEXT NOT NULL, author TEXT NOT NULL, author_id TEXT,
  author_address TEXT NOT NULL, description TEXT NOT NULL, removed TEXT NOT NULL, html TEXT NOT NULL,
  created_at TEXT NOT NULL, message INTEGER REFERENCES messages (id)
);
CREATE INDEX task_notes_by_task ON task_notes (task);
CREATE TABLE task_time_entries (
  id INTEGER PRIMARY KEY, task TEXT NOT NULL, resource TEXT NOT NULL, hours REAL NOT NULL, role TEXT, work_type TEXT,
  summary TEXT NOT NULL, publish TEXT NOT NULL, removed TEXT NOT NULL, created_at TEXT NOT NULL,
  message INTEGER REFERENCES messages (id)
);
CREATE INDEX task_time_entries_by_task ON task_time_entries (task);
CREATE TABLE contacts (
  id TEXT PRIMARY KEY, organization TEXT NOT NULL, first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT NOT NULL,
  email2 TEXT NOT NULL DEFAULT '', email3 TEXT NOT NULL DEFAULT '', active INTEGER NOT NULL DEFAULT 1,
  origin TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX contacts_by_email ON contacts (email);
CREATE TABLE attachments (
  id INTEGER PRIMARY KEY, message INTEGER NOT NULL REFERENCES messages (id), number TEXT NOT NULL, name TEXT NOT NULL,
  content_type TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL
);
CREATE INDEX attachments_by_number ON attachments (number);
CREATE TABLE ticket_tags (ticket TEXT NOT NULL REFERENCES tickets (number), tag TEXT NOT NULL, PRIMARY KEY (ticket, tag));
CREATE TABLE additional_contacts (
  ticket TEXT NOT NULL REFERENCES tickets (number), contact TEXT NOT NULL, PRIMARY KEY (ticket, contact)
);
CREATE TABLE related_tickets (
  ticket TEXT NOT NULL REFERENCES tickets (number), related TEXT NOT NULL REFERENCES tickets (number), how TEXT NOT NULL,
  PRIMARY KEY (ticket, related)
);
CREATE TABLE reopenings (ticket TEXT NOT NULL REFERENCES tickets (number), reopened_at TEXT NOT NULL, message INTEGER);
CREATE INDEX reopenings_by_ticket ON reopenings (ticket, reopened_at);
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY, message INTEGER REFERENCES messages (id), mailbox TEXT NOT NULL, event TEXT NOT NULL,
  recipient TEXT NOT NULL, template TEXT NOT NULL, number TEXT, reason TEXT NOT NULL, to_sender INTEGER NOT NULL,
  message_id TEXT NOT NULL UNIQUE, status TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX outbox_by_message_id ON outbox (message_id);
CREATE TABLE waiting_rules (
  id INTEGER PRIMARY KEY, rule TEXT NOT NULL, ticket TEXT NOT NULL REFERENCES tickets (number), due_at TEXT NOT NULL,
  status TEXT NOT NULL, because TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL, finished_at TEXT
);
CREATE INDEX waiting_rules_due ON waiting_rules (status, due_at);
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY, message INTEGER NOT NULL UNIQUE REFERENCES messages (id), mailbox TEXT NOT NULL,
  source_id TEXT NOT NULL, raw_sha256 TEXT NOT NULL REFERENCES raw_messages (sha256), reason TEXT NOT NULL,
  error TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE rule_hits (
  message INTEGER NOT NULL REFERENCES messages (id), rule TEXT NOT NULL, event TEXT NOT NULL, place TEXT NOT NULL,
  PRIMARY KEY (message, rule)
);
CREATE INDEX rule_hits_by_rule ON rule_hits (rule);
"""

# Notifications with their words, and how sending them goes. Those of before have none: they can only be given up.
_SENDING = """
ALTER TABLE outbox ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN body TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN body_values TEXT NOT NULL DEFAULT '[]';
ALTER TABLE outbox ADD COLUMN in_reply_to TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN refs TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN next_attempt_at TEXT;
ALTER TABLE outbox ADD COLUMN sent_at TEXT;
ALTER TABLE outbox ADD COLUMN error TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_due ON outbox (status, next_attempt_at);
CREATE INDEX outbox_by_recipient ON outbox (recipient, sent_at);
UPDATE outbox SET status = 'failed', error = 'queued by a version that could not word it' WHERE status = 'queued';
"""

# Items of polled mailboxes between listing and filing, and how each mailbox is doing.
_POLLING = """
CREATE TABLE poll_items (
  mailbox TEXT NOT NULL, item TEXT NOT NULL, size INTEGER NOT NULL, status TEXT NOT NULL, place TEXT NOT NULL DEFAULT '',
  tries INTEGER NOT NULL DEFAULT 0, listed_at TEXT NOT NULL, error TEXT NOT NULL DEFAULT '', PRIMARY KEY (mailbox, item)
);
CREATE INDEX poll_items_by_status ON poll_items (mailbox, status, tries);
CREATE TABLE mailbox_status (
  mailbox TEXT PRIMARY KEY, last_contact TEXT, unread INTEGER, oldest_unread TEXT, error TEXT NOT NULL DEFAULT '',
  error_since TEXT, updated_at TEXT NOT NULL
);
"""

# UNIQUE has an index of its own.
_ONE_INDEX_LESS = "DROP INDEX outbox_by_message_id;\n"

# Duplicates ask for the same title within a time: with the time in the index, no ticket is read to say that there is none.
_TITLES_BY_TIME = """
DROP INDEX tickets_by_title;
CREATE INDEX tickets_by_title ON tickets (organization, title_key, created_at);
"""

# And the titles of some hours are in the index that finds them: no ticket is read, which in a large database lies anywhere on the disk.
_TITLES_OF_A_TIME = """
DROP INDEX tickets_by_organization;
CREATE INDEX tickets_by_organization ON tickets (organization, created_at, number, title);
DROP INDEX tickets_by_title;
CREATE INDEX tickets_by_title ON tickets (organization, title_key, created_at, number);
"""

# What waits for a ticket is asked for when it is updated, and by `show`.
_WAITING_BY_TICKET = "CREATE INDEX waiting_rules_by_ticket ON waiting_rules (ticket);\n"

# The ticket as a rule that waited left it, where it changed it, and the last message before: for `plan`, which goes back in time.
_LEFT_BY_RULES = """
ALTER TABLE waiting_rules ADD COLUMN after_message INTEGER;
ALTER TABLE waiting_rules ADD COLUMN changed TEXT;
"""

# What stands in the server's folder `failed`, so that it leaves when its message leaves quarantine.
_FAILED_ITEMS = """
ALTER TABLE poll_items ADD COLUMN identity TEXT NOT NULL DEFAULT '';
CREATE TABLE failed_items (mailbox TEXT NOT NULL, item TEXT NOT NULL, identity TEXT NOT NULL, PRIMARY KEY (mailbox, item));
"""

# The Message-ID that a mail server gave a notification instead of ours.
_WENT_AS = """
ALTER TABLE outbox ADD COLUMN went_as TEXT;
CREATE INDEX outbox_by_went_as ON outbox (went_as) WHERE went_as IS NOT NULL;
"""

# When the server got an item: by what is looked for once it has another id, in another account.
_ITEMS_BY_TIME = "ALTER TABLE poll_items ADD COLUMN received_at TEXT;\n"

# What lies in the folder `failed`, also where its id is not known: then it is looked for by its Message-ID.
_FAILED_BY_IDENTITY = """
CREATE TABLE lying (mailbox TEXT NOT NULL, identity TEXT NOT NULL, item TEXT, UNIQUE (mailbox, item));
INSERT INTO lying SELECT mailbox, identity, item FROM failed_items;
DROP TABLE failed_items;
ALTER TABLE lying RENAME TO failed_items;
"""

# What `status` counts, without a look at each message with its Decision.
_BY_OUTCOME = """
CREATE INDEX messages_by_outcome ON messages (outcome, reason);
"""

# Who looks for an identity knows its Message-ID. Each index of digests has every message write a page of its own in a large database.
_ONE_INDEX_OF_DIGESTS = """
DROP INDEX messages_by_identity;
DROP INDEX messages_by_message_id;
CREATE INDEX messages_by_message_id ON messages (message_id, identity);
"""

# What refers to a message, or to its bytes, is looked for when it is taken out to be tried again: SQLite read all tickets for each.
_BY_MESSAGE = """
CREATE INDEX tickets_by_message ON tickets (message);
CREATE INDEX ticket_notes_by_message ON ticket_notes (message);
CREATE INDEX ticket_time_entries_by_message ON ticket_time_entries (message);
CREATE INDEX project_notes_by_message ON project_notes (message);
CREATE INDEX task_notes_by_message ON task_notes (message);
CREATE INDEX task_time_entries_by_message ON task_time_entries (message);
CREATE INDEX attachments_by_message ON attachments (message);
CREATE INDEX outbox_by_message ON outbox (message);
CREATE INDEX quarantine_by_raw ON quarantine (raw_sha256);
"""

# NULL: its file is kept.
_FILES_LET_GO = "ALTER TABLE attachments ADD COLUMN let_go_at TEXT"

# The bounce that returned it.
_CAME_BACK = """
ALTER TABLE outbox ADD COLUMN came_back INTEGER REFERENCES messages (id);
CREATE INDEX outbox_by_came_back ON outbox (came_back) WHERE came_back IS NOT NULL;
"""

# Without what a loop brought: of a thousand alike within minutes, two are counted.
_ALIKE_BUT_FOR_LOOPS = """
DROP INDEX messages_alike;
CREATE INDEX messages_alike ON messages (mailbox, sender, subject_key, received_at) WHERE COALESCE(reason, '') NOT IN ('loop', 'several_mailboxes');
"""

# With the time, as titles have it: of a host there are thousands of alerts, and of a desk's tickets in a week as many.
_FIELDS_BY_TIME = """
ALTER TABLE ticket_fields ADD COLUMN created_at TEXT NOT NULL DEFAULT '';
UPDATE ticket_fields SET created_at = COALESCE((SELECT created_at FROM tickets WHERE number = ticket), '');
DROP INDEX ticket_fields_by_value;
CREATE INDEX ticket_fields_by_value ON ticket_fields (name, value_key, created_at, ticket);
"""

# The message that brought a contact: for `plan`, which asked all mail of his address.
_BROUGHT_BY = """
ALTER TABLE contacts ADD COLUMN message INTEGER;
UPDATE contacts SET message = (SELECT MIN(id) FROM messages WHERE mailbox IN (SELECT DISTINCT mailbox FROM messages) AND sender = email
  AND COALESCE(reason, '') NOT IN ('loop', 'several_mailboxes') AND outcome IN ('created', 'appended')
  AND CASE WHEN json_valid(decision) THEN json_extract(decision, '$.sender.via') END = 'created') WHERE origin = 'mail';
"""

# A ticket that a rule made beside another, as it was then: no Decision has it, and `plan` goes back in time.
_AS_MADE = "ALTER TABLE tickets ADD COLUMN as_made TEXT;\n"

# Indexes that begin with a day are made in their stead, when a configuration is first used (`indexes.py`).
_DAYS_FIRST = """
DROP INDEX tickets_by_organization;
DROP INDEX tickets_by_title;
DROP INDEX messages_alike;
"""

MIGRATIONS: tuple[str, ...] = (
    _FIRST,
    _SENDING,
    _POLLING,
    _ONE_INDEX_LESS,
    _TITLES_BY_TIME,
    _TITLES_OF_A_TIME,
    _WAITING_BY_TICKET,
    _LEFT_BY_RULES,
    _FAILED_ITEMS,
    _WENT_AS,
    _ITEMS_BY_TIME,
    _FAILED_BY_IDENTITY,
    _BY_OUTCOME,
    _FILES_LET_GO,
    _ONE_INDEX_OF_DIGESTS,
    _BY_MESSAGE,
    _CAME_BACK,
    _ALIKE_BUT_FOR_LOOPS,
    _FIELDS_BY_TIME,
    _BROUGHT_BY,
    _AS_MADE,
    _DAYS_FIRST,
)


def migrate(connection: sqlite3.Connection, now: str) -> None:
    """Bring the database to the newest version, all steps in one transaction. Raises `StoreError` for a newer one."""
    with atomically(connection):
        connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)")
        have = version_of(connection)
        if have > len(MIGRATIONS):
            raise StoreError.of(
                f"the database has version {have}, this postroom understands {len(MIGRATIONS)}", "upgrade postroom"
            )
        for version, script in enumerate(MIGRATIONS[have:], have + 1):
            for statement in script.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute("INSERT INTO schema_version VALUES (?, ?)", (version, now))
        if have == 0:
            for statement in USUAL.values():
                connection.execute(statement)


def version_of(connection: sqlite3.Connection) -> int:
    """The version of the database, 0 for an empty one."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE name = 'schema_version'").fetchone()
    if found is None:
        return 0
    return int(connection.execute("SELECT COALESCE(MAX(version), 0) FROM schema_version").fetchone()[0])
