"""Configurations and databases of a given size, always the same for the same arguments."""

from __future__ import annotations

import random
import shutil
from datetime import timedelta
from pathlib import Path

import yaml

from bench.words import SECOND, WORDS, customers, words
from engine.store.database import open_database

ROOT = Path(__file__).resolve().parent.parent


def rule_texts(count: int) -> str:
    """Rules of two literals. None matches: looking is what is paid for."""
    return "\n".join(
        f'rule "Generated {n}"\n  on message\n  when subject contains "s{n}y" and body contains "b{n}y"\n  then discard "x"\n'
        for n in range(count)
    )


def pattern_texts(count: int) -> str:
    """Rules of two patterns. None matches."""
    return "\n".join(
        f'rule "Pattern {n}"\n  on message\n  when body matches /(printer|order){n}\\s+(no|nr)\\.?\\s*\\d+/i or subject matches /^ticket-{n}-\\w+$/i\n'
        '  then discard "x"\n'
        for n in range(count)
    )


def _alias(number: int) -> str:
    """What no mail has, made of words that all mail has: a search cannot pass over it at the first letter."""
    return f"{WORDS[number * 7 % len(WORDS)]} {WORDS[number * 13 // len(WORDS) % len(WORDS)]} {number}"


def configure(folder: Path, *, rules: int = 100, contacts: int = 100, aliases: int = 100, patterns: int = 0) -> Path:
    """The project's own configuration, with generated rules, contacts and tag aliases."""
    shutil.copytree(ROOT / "rules", folder)
    shutil.rmtree(folder / "tests")
    for old in (folder / "workflow").iterdir():
        old.unlink()
    (folder / "workflow/generated.rules").write_text(rule_texts(rules) + pattern_texts(patterns))
    settings = yaml.safe_load((folder / "settings.yaml").read_text())
    settings["limits"] |= {"message": "30 MB", "attachment": "30 MB", "attachments": "30 MB"}
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    owners = customers(contacts)
    with (folder / "directory/organizations.csv").open("a") as out:
        out.writelines(f"customer{n},Customer {n},customer{n}.example,Standard,,yes\n" for n in range(owners))
    with (folder / "directory/contacts.csv").open("a") as out:
        out.writelines(
            f"contact{n},customer{n % owners},First{n},Last{n},contact{n}@customer{n % owners}.example,,,yes\n"
            for n in range(contacts)
        )
    with (folder / "tags.yaml").open("a") as out:
        for n in range(0, aliases, 10):
            names = ", ".join(_alias(one) for one in range(n, min(n + 10, aliases)))
            out.write(f"  - {{label: Generated {n}, aliases: [{names}]}}\n")
    return folder


def rules_alone(folder: Path) -> Path:
    """The same without tags, duplicates and notifications: what is left is what a sorter of mail does."""
    (folder / "duplicates.yaml").write_text("version: 1\nduplicates: []\n")
    (folder / "tags.yaml").write_text("version: 1\ntags: []\n")
    for other in (folder / "mailboxes").iterdir():
        if other.name != "help.yaml":
            other.unlink()
    mailbox = yaml.safe_load((folder / "mailboxes/help.yaml").read_text())
    del mailbox["notify"]
    (folder / "mailboxes/help.yaml").write_text(yaml.safe_dump(mailbox, sort_keys=False))
    return folder


def database(path: Path, tickets: int, contacts: int = 100) -> Path:
    """A database in which `tickets` messages have become tickets, up to the moment before the generated mail, and their senders were told. The
    bytes of the messages, and the words of the notifications, are let go.
    """
    connection = open_database(path)
    owners = customers(contacts)
    started = (SECOND - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    texts = [(n, words(random.Random(n), 300)) for n in range(1_000)]
    connection.execute("CREATE TEMP TABLE texts (n INTEGER PRIMARY KEY, body TEXT)")
    connection.executemany("INSERT INTO texts VALUES (?, ?)", texts)
    count = f"WITH RECURSIVE c(n) AS (SELECT 1 WHERE {tickets} UNION ALL SELECT n + 1 FROM c WHERE n < {tickets})"
    # One every 30 seconds, in the order in which they came: that is how a database grows.
    at = f"strftime('%Y-%m-%dT%H:%M:%SZ', '{started}', '-' || (({tickets} - n) * 30) || ' seconds')"
    one = f"(n * 7919 % {contacts})"
    # What a message is known by is a digest: wherever it falls in an index.
    digest = "printf('%08x%056x', n * 2654435761 & 4294967295, n)"
    connection.execute(
        f"INSERT INTO messages SELECT n, 'help', '<' || {digest} || '@bench.example>', {digest}, 'old ' || n, {at},"
        f" 'contact' || {one} || '@customer' || ({one} % {owners}) || '.example', 'old subject ' || n, 4000, {digest},"
        f" 'created', 'new', printf('T20200101.%07d', n), '{{}}', 'bench', {at}, 'old subject ' || n, {digest}"
        f" FROM ({count} SELECT n FROM c)"
    )
    connection.execute(
        "INSERT INTO tickets (number, title, description, organization, contact, mailbox, queue, status, priority, source,"
        " occurrences, sender, html, created_at, updated_at, message, title_key, description_key)"
        f" SELECT printf('T20200101.%07d', c.n), 'old subject ' || c.n, t.body, 'customer' || ({one.replace('n *', 'c.n *')} % {owners}),"
        f" 'contact' || {one.replace('n *', 'c.n *')}, 'help', 'Front desk', 'New', 'Normal', 'Email', 1,"
        f" 'contact' || {one.replace('n *', 'c.n *')} || '@customer.example', '', {at.replace('- n)', '- c.n)')}, {at.replace('- n)', '- c.n)')},"
        f" c.n, 'old subject ' || c.n, printf('%064x', c.n)"
        f" FROM ({count} SELECT n FROM c) c JOIN texts t ON t.n = c.n % 1000"
    )
    connection.execute(
        "INSERT INTO outbox (message, mailbox, event, recipient, template, number, reason, to_sender, message_id, status, created_at, sent_at)"
        " SELECT id, 'help', 'ticket created', sender, 'received', number, '', 1, 'postroom.' || replace(substr(received_at, 1, 10), '-', '') || '.'"
        " || substr(identity, 1, 8) || id || '@harbourhill.example', 'pruned', received_at, received_at FROM messages"
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path
