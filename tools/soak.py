"""Kills `postroom poll` at random while it reads mailboxes of a loopback Exchange that fails at random, and sends through them, and looks what became of it.

`python -m tools.soak --messages 2000 --kills 100`. Says what is wrong and exits with 1, or says that all is well.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from tests.ews.server import Server
from tests.ews.store import Store
from tools.consistent import inconsistent

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = "help@harbourhill.example"


def mail(number: int) -> bytes:
    # Replies and odd ones between them, so that each outcome is among them.
    kind = number % 20
    sender = ("maya@brightwater.example", "carmen@olivar.example", "jan@kessler.example", "x@nowhere.example")[number % 4]
    more = "Sensitivity: Private\r\n" if kind == 7 else "Auto-Submitted: auto-replied\r\n" if kind == 8 else ""
    name = "virus.exe" if kind == 9 else ""
    subject = f"{number} about {'qwertzuiop'[number % 10] * (3 + number % 50)} {number * 7919 % 100000}"
    head = f"From: {sender}\r\nTo: {ADDRESS}\r\nSubject: {subject}\r\nMessage-ID: <{number}@soak>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n{more}"
    if name:
        return f'{head}MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\nx\r\n'.encode()
    return f"{head}\r\nbody {number}\r\n".encode()


def roomy_rules(folder: Path) -> Path:
    """The shipped configuration without its loop protection: much of this mail is alike."""
    rules = Path(shutil.copytree(ROOT / "rules", folder / "rules"))
    settings = rules / "settings.yaml"
    settings.write_text(settings.read_text().replace("  messages: 2\n", "  messages: 100000\n"), "utf-8")
    return rules


def boxes(number: int) -> list[Store]:
    """So many mailboxes that one user reads."""
    addresses = [ADDRESS, *(f"box{one}@harbourhill.example" for one in range(1, number))]
    return [Store(address).with_folders() for address in addresses]


def configure(folder: Path, endpoint: str, stores: Sequence[Store] = ()) -> Path:
    """The shipped configuration with the help desk's mailbox, which is the first of the stores, and one for each other."""
    rules = roomy_rules(folder)
    path = rules / "mailboxes/help.yaml"
    text = path.read_text("utf-8").replace("https://mail.harbourhill.example/EWS/Exchange.asmx", endpoint)
    text = text.replace("auth: ntlm", "auth: basic\n    access: impersonation").replace("every: 60 seconds", "every: 0.2 seconds")
    path.write_text(text, "utf-8")
    for name in ("priority", "alerts"):
        with (rules / f"mailboxes/{name}.yaml").open("a") as file:
            file.write("active: false\n")
    for number, store in enumerate(stores[1:], 1):
        other = text.replace(ADDRESS, store.address).replace("aliases: [support@harbourhill.example]\n", "")
        (rules / f"mailboxes/box{number}.yaml").write_text(other, "utf-8")
    return rules


def send_by_mailbox(rules: Path) -> None:
    """All of them, and as many as there are."""
    for path in (rules / "mailboxes").glob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace("notify:\n", "notify:\n  via: mailbox\n"), "utf-8")
    send_without_limit(rules)


def send_without_limit(rules: Path) -> None:
    with (rules / "settings.yaml").open("a") as file:
        file.write("notification_limits: [{messages: 1000000, within: 1 day}]\n")


def soak(messages: int, kills: int, seed: int, chance: float, mailboxes: int = 6) -> list[str]:
    """What is wrong in the end: nothing, one hopes."""
    chooser = random.Random(seed)
    stores = boxes(mailboxes)
    server = Server(stores[0])
    server.stores = {store.address: store for store in stores}
    endpoint = server.start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rules, db = configure(folder, endpoint, stores), folder / "p.db"
        send_by_mailbox(rules)
        for number in range(messages):
            stores[number % mailboxes].add(mail(number))
        server.fail_at_random(chance, seed)
        environment = {**os.environ, "HELP_USER": "help", "HELP_PASSWORD": "secret", "PYTHONPATH": str(ROOT)}

        def start(word: str, *more: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "engine", word, "--rules", str(rules), "--db", str(db), *more]
            return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        for _ in range(kills):
            process = start("poll")
            time.sleep(chooser.uniform(0.8, 2.2))
            process.send_signal(signal.SIGKILL)
            process.wait()
        server.fail_at_random(0.0, seed)
        process = start("poll")
        deadline = time.monotonic() + 600
        while any(store.in_folder("inbox") for store in stores) and time.monotonic() < deadline:
            time.sleep(0.3)
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        waited(db)
        start("send", "--again").wait(300)
        server.stop()
        return wrong(stores, db, messages, sent_by(stores))


def waited(db: Path) -> None:
    """As if what was being sent, when a process was killed or a connection broke, had waited its ten minutes."""
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("UPDATE outbox SET next_attempt_at = created_at WHERE status = 'queued'")


def sent_by(stores: Sequence[Store]) -> list[Message]:
    """What left through these mailboxes."""
    return [message_from_bytes(mime) for store in stores for mime in store.sent]


def wrong(stores: Sequence[Store], db: Path, messages: int, sent_messages: Sequence[Message]) -> list[str]:
    found = inconsistent(db, messages)
    with closing(sqlite3.connect(db)) as connection:
        (waiting,) = connection.execute("SELECT COUNT(*) FROM poll_items").fetchone()
        (quarantined,) = connection.execute("SELECT COUNT(*) FROM quarantine").fetchone()
        notifications = {f"<{one}>": status for one, status in connection.execute("SELECT message_id, status FROM outbox")}
    if waiting:
        found.append("items are still on their way")
    sent = {str(one["Message-ID"]) for one in sent_messages}
    if sent != set(notifications) or {*notifications.values()} != {"sent"}:
        found.append(f"of {len(notifications)} notifications {len(sent)} were sent; they are {Counter(notifications.values())}")
    places = {place: sum(len(store.in_folder(place)) for store in stores) for place in ("inbox", "processed", "failed")}
    if places != {"inbox": 0, "processed": messages - quarantined, "failed": quarantined}:
        found.append(f"items are in the wrong place: {places}, {quarantined} in quarantine")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--chance", type=float, default=0.05)
    parser.add_argument("--mailboxes", type=int, default=6)
    words = parser.parse_args()
    problems = soak(words.messages, words.kills, words.seed, words.chance, words.mailboxes)
    print("\n".join(problems) or f"all is well after {words.kills} kills: {words.messages} messages, each once and in its place")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
