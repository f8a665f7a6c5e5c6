"""Lets connections of `postroom poll --once` break, one call or many, anywhere, as it reads the mailboxes of a loopback Exchange in TLS and sends
through them, and looks what became of the mail.

`python -m tools.lines --faults 100`. Says what is wrong and exits with 1, or says that all is well. Needs what `tools.faults` needs.
"""

from __future__ import annotations

import argparse
import errno
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.ews.server import Server
from tools.faults import Fault, any_fault, environment
from tools.mailbox_servers import certificate
from tools.soak import ROOT, boxes, configure, mail, send_by_mailbox, waited, wrong

MESSAGES = 40
ERRORS = (0, errno.ECONNRESET, errno.ECONNREFUSED, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.EMFILE)
TCP = Path("tcp")  # what faults.c calls all connections


class _Desk:
    """Two mailboxes full of mail, and what reads them."""

    def __init__(self, folder: Path) -> None:
        self.stores = boxes(2)
        context, authority = certificate()
        authority.cert_pem.write_to_path(folder / "ca.pem")
        self.server = Server(self.stores[0], tls=context)
        self.server.stores = {store.address: store for store in self.stores}
        self.db = folder / "p.db"
        self._rules = configure(folder, self.server.start(), self.stores)
        send_by_mailbox(self._rules)
        with (self._rules / "settings.yaml").open("a") as file:
            file.write(f"exchange: {{ca_file: {folder / 'ca.pem'}}}\n")
        for number in range(MESSAGES):
            self.stores[number % 2].add(mail(number))

    def call(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "HELP_USER": "help", "HELP_PASSWORD": "secret", "PYTHONPATH": str(ROOT), **more}
        command = [sys.executable, "-m", "engine", *words, "--rules", str(self._rules), "--db", str(self.db)]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=300)

    def __enter__(self) -> _Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()


def _calls() -> list[list[int]]:
    """The places of the calls of each function, where none fails."""
    with tempfile.TemporaryDirectory() as name, _Desk(Path(name)) as desk:
        told = Path(name, "told")
        desk.call("poll", "--once", **environment(TCP, told=told))
        found: dict[str, list[int]] = {}
        for place, call in enumerate(told.read_text().splitlines()):
            found.setdefault(call, []).append(place)
        return list(found.values())


def _wrong(fault: Fault) -> list[str]:
    """What is, after `poll` met the fault, and was called again without."""
    with tempfile.TemporaryDirectory() as name, _Desk(Path(name)) as desk:
        done = desk.call("poll", "--once", **environment(TCP, fault))
        found = []
        if done.returncode not in (0, 1) or "fault of postroom" in done.stderr or "Traceback" in done.stderr:
            found.append(f"it ended with {done.returncode} and said {done.stderr[-300:]}")
        again = desk.call("poll", "--once")
        if again.returncode != 0:
            found.append(f"called again it ended with {again.returncode} and said {again.stderr[-300:]}")
        waited(desk.db)
        desk.call("send", "--again")
        return found + wrong(desk.stores, desk.db, MESSAGES)


def broken(count: int, seed: int) -> list[str]:
    """What is wrong: nothing, one hopes."""
    chooser = random.Random(seed)
    kinds = _calls()
    faults = [any_fault(kinds, chooser, ERRORS) for _ in range(count)]
    return [f"{fault}: {what}" for fault in faults for what in _wrong(fault)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    problems = broken(words.faults, words.seed)
    print(
        "\n".join(problems)
        or f"all is well after {words.faults} faults: each message once and in its place, each notification sent"
    )
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
