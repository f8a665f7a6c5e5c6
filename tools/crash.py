"""Kills `postroom run` at random, and looks after each kill what became of the mail.

`python -m tools.crash --messages 2000 --kills 100`, over mail made up here, or `--source MAIL`, over some of your own.
Says what is wrong and exits with 1, or says that all is well.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.consistent import inconsistent, outcomes
from tools.soak import ROOT, mail, roomy_rules


def with_attachment(number: int) -> bytes:
    """An attachment of its own, so that files are being written at any moment."""
    data = random.Random(number).randbytes(3_000).hex()
    return (
        f"From: maya@brightwater.example\r\nTo: help@harbourhill.example\r\nSubject: scan {number} {'abcdefgh'[number % 8] * 9} {number * 7919}\r\n"
        f"Message-ID: <scan{number}@crash>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhere it is\r\n'
        f"--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=s{number}.bin\r\n\r\n{data}\r\n--b--\r\n"
    ).encode()


def maildir(folder: Path, messages: int) -> Path:
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for number in range(messages):
        raw = with_attachment(number) if number % 10 == 0 else mail(number)
        (folder / "new" / f"{number:06}").write_bytes(raw)
    return folder


def command(source: Path, rules: Path, db: Path) -> list[str]:
    words = ["run", "--source", str(source), "--mailbox", "help", "--rules", str(rules), "--db", str(db)]
    return [sys.executable, "-m", "engine", *words]


def crash(messages: int, kills: int, seed: int, source: Path | None = None) -> list[str]:
    """What is wrong in the end: nothing, one hopes. Whenever all mail is done, it begins again with an empty database.

    `source`: mail to take instead of `messages` of our own.
    """
    chooser = random.Random(seed)
    done = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "POSTROOM_CACHE": str(folder / "cache")}
        once = "source_id" if source else "message_id"
        rules, mailbox = roomy_rules(folder), source.resolve() if source else maildir(folder / "mail", messages)

        def to_its_end(db: Path) -> list[str]:
            words = command(mailbox, rules, db)
            last = subprocess.run(words, cwd=folder, env=environment, capture_output=True, check=False)
            return [] if last.returncode in (0, 1) else [f"the last run failed: {last.stderr.decode()[-300:]}"]

        undisturbed = folder / "undisturbed.db"
        began = time.monotonic()
        wrong = to_its_end(undisturbed)
        took = time.monotonic() - began
        if wrong := wrong or inconsistent(undisturbed, None if source else messages, once):
            return wrong
        expected = outcomes(undisturbed)
        if not expected:
            return [f"there is no mail in {mailbox}"]
        turn = 0
        while done < kills:
            turn += 1
            db = folder / f"{turn}.db"
            while done < kills:
                process = subprocess.Popen(
                    command(mailbox, rules, db), cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
                try:
                    process.wait(chooser.uniform(0.2, 1.0) * took)
                    break  # it came to its end before the blow
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    done += 1
                if db.exists() and db.stat().st_size and (wrong := _wrong(db, once)):
                    return [f"after {done} kills: {one}" for one in wrong]
            if wrong := to_its_end(db) or inconsistent(db, len(expected), once):
                return wrong
            if outcomes(db) != expected:
                return ["what became of the mail is not what becomes of it undisturbed"]
    return []


def _wrong(db: Path, once: str) -> list[str]:
    """As it stands, once the tables are there at all."""
    with sqlite3.connect(db) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone() is None:
            return []
    return inconsistent(db, once=once)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--source", type=Path, help="a Maildir, an mbox or a folder of .eml files")
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    began = time.monotonic()
    problems = crash(words.messages, words.kills, words.seed, words.source)
    well = f"all is well after {words.kills} kills in {time.monotonic() - began:.0f} s: each message once, and as it would have been without"
    print("\n".join(problems) or well)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
