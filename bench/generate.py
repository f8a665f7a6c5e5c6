"""Mail, configurations and databases of a given size, always the same for the same arguments."""

from __future__ import annotations

import base64
import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from engine.store.database import open_database

ROOT = Path(__file__).resolve().parent.parent
SEED = 20261125
SECOND = datetime(2021, 11, 1, 8)
WORDS = [
    "printer",
    "screen",
    "laptop",
    "mail",
    "server",
    "office",
    "user",
    "account",
    "password",
    "drive",
    "network",
    "cable",
    "phone",
    "meeting",
    "invoice",
    "update",
    "version",
    "error",
    "message",
    "folder",
    "window",
    "button",
    "report",
    "monday",
    "morning",
    "nobody",
    "can",
    "open",
    "since",
    "works",
    "again",
    "please",
    "thank",
    "you",
    "the",
    "a",
    "of",
    "to",
    "in",
    "and",
    "is",
    "it",
    "for",
    "with",
    "that",
    "this",
    "on",
    "was",
    "are",
    "be",
    "have",
    "from",
    "or",
    "but",
    "not",
    "what",
    "when",
    "where",
    "who",
    "will",
    "would",
    "could",
    "there",
    "their",
]


def _words(rng: random.Random, size: int) -> str:
    """Lines of ordinary length, `size` bytes of them at least."""
    lines: list[str] = []
    have = 0
    while have < size:
        line = " ".join(rng.choices(WORDS, k=rng.randint(5, 13))).capitalize() + "."
        lines.append(line)
        have += len(line) + 2
    return "\r\n".join(lines)


def sender(number: int, contacts: int) -> str:
    """A contact of the directory that `configure` writes."""
    one = number * 7919 % contacts
    return f"contact{one}@customer{one % customers(contacts)}.example"


def customers(contacts: int) -> int:
    return max(4, contacts // 50)


def _head(number: int, rng: random.Random, contacts: int) -> str:
    at = SECOND + timedelta(seconds=97 * number)
    return (
        f"Received: from mail.example by mx.harbourhill.example; {at:%a, %d %b %Y %H:%M:%S} +0000\r\n"
        f"From: Contact {number} <{sender(number, contacts)}>\r\nTo: help@harbourhill.example\r\n"
        f"Message-ID: <{number}.{rng.getrandbits(48):x}@bench.example>\r\nDate: {at:%a, %d %b %Y %H:%M:%S} +0000\r\n"
        "MIME-Version: 1.0\r\n"
    )


def plain(number: int, contacts: int = 100) -> bytes:
    """4 KB of plain text about one thing."""
    rng = random.Random(SEED + number)
    body = _words(rng, 3_400)
    text = (
        f"{_head(number, rng, contacts)}Subject: {' '.join(rng.choices(WORDS, k=5))} s{number}x\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\nb{number}x\r\n"
    )
    return text.encode()


def mixed(number: int, contacts: int = 100) -> bytes:
    """Of 50 messages: 20 of HTML, 10 replies, 10 with attachments, 9 of 50 KB, one of 1 MB."""
    rng = random.Random(-SEED - number)
    kind = number % 50
    head, subject = _head(number, rng, contacts), " ".join(rng.choices(WORDS, k=5))
    if kind < 20:
        body = _words(rng, 6_000)
        page = "".join(f"<tr><td style='font:11pt Calibri'>{line}</td><td>&nbsp;</td></tr>" for line in body.split("\r\n"))
        return (
            f'{head}Subject: {subject}\r\nContent-Type: multipart/alternative; boundary="=b"\r\n\r\n'
            f"--=b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
            f"--=b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><table>{page}</table></body></html>\r\n--=b--\r\n"
        ).encode()
    if kind < 30:
        quoted = "\r\n".join(f"> {line}" for line in _words(rng, 2_000).split("\r\n"))
        return (
            f"{head}Subject: Re: {subject}\r\nIn-Reply-To: <{number - 1}@elsewhere.example>\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{_words(rng, 800)}\r\n\r\n"
            f"On Mon, 1 Nov 2021 at 08:00, Help desk <help@harbourhill.example> wrote:\r\n{quoted}\r\n"
        ).encode()
    if kind < 40:
        data = base64.encodebytes(rng.randbytes(20_000)).decode().replace("\n", "\r\n")
        return (
            f'{head}Subject: {subject}\r\nContent-Type: multipart/mixed; boundary="=b"\r\n\r\n'
            f"--=b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{_words(rng, 2_000)}\r\n"
            f'--=b\r\nContent-Type: application/pdf; name="scan{number}.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
            f'Content-Disposition: attachment; filename="scan{number}.pdf"\r\n\r\n{data}--=b--\r\n'
        ).encode()
    size = 50_000 if kind < 49 else 1_000_000
    return f"{head}Subject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{_words(rng, size)}\r\n".encode()


KINDS = {"plain": plain, "mixed": mixed}


def maildir(folder: Path, kind: str, messages: int, contacts: int = 100) -> Path:
    """A Maildir with the messages in `cur/`, in the order of their names."""
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for number in range(messages):
        (folder / "cur" / f"{number:08}.bench:2,").write_bytes(KINDS[kind](number, contacts))
    return folder


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
            names = ", ".join(f"alias number {one}" for one in range(n, min(n + 10, aliases)))
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
    """A database in which `tickets` messages have become tickets, up to the moment before the generated mail."""
    connection = open_database(path)
    owners = customers(contacts)
    started = (SECOND - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    connection.create_function("words", 2, lambda seed, size: _words(random.Random(seed), size), deterministic=True)
    texts = [(n, _words(random.Random(n), 300)) for n in range(1_000)]
    connection.execute("CREATE TEMP TABLE texts (n INTEGER PRIMARY KEY, body TEXT)")
    connection.executemany("INSERT INTO texts VALUES (?, ?)", texts)
    count = f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {tickets})"
    # One every 30 seconds, backwards.
    at = f"strftime('%Y-%m-%dT%H:%M:%SZ', '{started}', '-' || (n * 30) || ' seconds')"
    one = f"(n * 7919 % {contacts})"
    connection.execute(
        f"INSERT INTO messages SELECT n, 'help', '<old' || n || '@bench.example>', printf('%064x', n), 'old ' || n, {at},"
        f" 'contact' || {one} || '@customer' || ({one} % {owners}) || '.example', 'old subject ' || n, 4000, printf('%064x', n),"
        f" 'created', 'new', printf('T20200101.%07d', n), '{{}}', 'bench', {at}, 'old subject ' || n, printf('%064x', n)"
        f" FROM ({count} SELECT n FROM c)"
    )
    connection.execute(
        "INSERT INTO tickets (number, title, description, organization, contact, mailbox, queue, status, priority, source,"
        " occurrences, sender, html, created_at, updated_at, message, title_key, description_key)"
        f" SELECT printf('T20200101.%07d', c.n), 'old subject ' || c.n, t.body, 'customer' || ({one.replace('n *', 'c.n *')} % {owners}),"
        f" 'contact' || {one.replace('n *', 'c.n *')}, 'help', 'Front desk', 'New', 'Normal', 'Email', 1,"
        f" 'contact' || {one.replace('n *', 'c.n *')} || '@customer.example', '', {at.replace('(n *', '(c.n *')}, {at.replace('(n *', '(c.n *')},"
        f" c.n, 'old subject ' || c.n, printf('%064x', c.n)"
        f" FROM ({count} SELECT n FROM c) c JOIN texts t ON t.n = c.n % 1000"
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path
