"""Lets connections of `postroom poll --once` break, one call or many, anywhere, as it reads mailboxes on loopback in TLS and sends, and looks what
became of the mail: from Exchange by EWS, and by Graph, through the mailboxes, and from Exchange with a mail server beside it.

`python -m tools.lines --faults 100`. Says what is wrong and exits with 1, or says that all is well. Needs what `tools.faults` needs.
"""

from __future__ import annotations

import argparse
import errno
import os
import random
import re
import ssl
import subprocess
import sys
import tempfile
from email.message import Message
from itertools import cycle, islice
from pathlib import Path

from tests.ews.server import Server
from tests.graph.server import GraphServer
from tests.loopback import Loopback
from tests.smtp import SmtpServer
from tools.faults import Fault, any_fault, environment
from tools.mailbox_servers import certificate
from tools.soak import ROOT, boxes, configure, mail, send_by_mailbox, send_without_limit, sent_by, waited, wrong

MESSAGES = 40
PASSWORD = "secret"
ERRORS = (0, errno.ECONNRESET, errno.ECONNREFUSED, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.EMFILE)
TCP = Path("tcp")  # what faults.c calls all connections


class _Ews:
    """Two mailboxes on an Exchange, through which it sends."""

    mailboxes = 2

    def __init__(self, folder: Path, tls: ssl.SSLContext) -> None:
        self.stores = boxes(self.mailboxes)
        self._server, self.endpoint = self._begun(tls)
        self.rules = configure(folder, self.endpoint, self.stores)

    def _begun(self, tls: ssl.SSLContext) -> tuple[Loopback, str]:
        server = Server(self.stores[0], tls=tls)
        server.stores = {store.address: store for store in self.stores}
        return server, server.start()

    def sends(self) -> None:
        send_by_mailbox(self.rules)

    def sent(self) -> list[Message]:
        return sent_by(self.stores)

    def stop(self) -> None:
        self._server.stop()


class _Graph(_Ews):
    """One on Exchange Online."""

    mailboxes = 1

    def __init__(self, folder: Path, tls: ssl.SSLContext) -> None:
        super().__init__(folder, tls)
        at = self.endpoint
        path = self.rules / "mailboxes/help.yaml"
        source = f"  graph:\n    {{tenant: tenant, client_id: app, client_secret: '${{env:HELP_PASSWORD}}', authority: '{at}', endpoint: '{at}/v1.0',"
        folders = " folder: Inbox, processed: Inbox/Processed, failed: Inbox/Failed}\n"
        path.write_text(re.sub(r"  exchange:\n(    .*\n)+", lambda _: source + folders, path.read_text("utf-8")), "utf-8")

    def _begun(self, tls: ssl.SSLContext) -> tuple[Loopback, str]:
        server = GraphServer(self.stores[0], tls)
        server.secret = PASSWORD
        return server, server.start()


class _EwsAndSmtp(_Ews):
    """Two mailboxes on an Exchange, and a mail server by which it sends."""

    def __init__(self, folder: Path, tls: ssl.SSLContext) -> None:
        super().__init__(folder, tls)
        self._smtp = SmtpServer()
        self._port = self._smtp.start(tls_context=tls, require_starttls=True)

    def sends(self) -> None:
        send_without_limit(self.rules)
        with (self.rules / "settings.yaml").open("a") as file:
            server = f"host: 127.0.0.1, port: {self._port}, tls: starttls, ca_file: {self.rules.parent / 'ca.pem'}"
            file.write(f"sending: {{smtp: {{{server}}}}}\n")

    def sent(self) -> list[Message]:
        return self._smtp.messages

    def stop(self) -> None:
        self._smtp.stop()
        super().stop()


WAYS = (_Ews, _Graph, _EwsAndSmtp)


class _Desk:
    """Mailboxes full of mail, and what reads them."""

    def __init__(self, folder: Path, way: type[_Ews]) -> None:
        context, authority = certificate()
        authority.cert_pem.write_to_path(folder / "ca.pem")
        self.way = way(folder, context)
        self.way.sends()
        self.db = folder / "p.db"
        with (self.way.rules / "settings.yaml").open("a") as file:
            file.write(f"exchange: {{ca_file: {folder / 'ca.pem'}}}\n")
        for number in range(MESSAGES):
            self.way.stores[number % way.mailboxes].add(mail(number))

    def call(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "HELP_USER": "help", "HELP_PASSWORD": PASSWORD, "PYTHONPATH": str(ROOT), **more}
        command = [sys.executable, "-m", "engine", *words, "--rules", str(self.way.rules), "--db", str(self.db)]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=300)

    def __enter__(self) -> _Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.way.stop()


def _calls(way: type[_Ews]) -> list[list[int]]:
    """The places of the calls of each function, where none fails."""
    with tempfile.TemporaryDirectory() as name, _Desk(Path(name), way) as desk:
        told = Path(name, "told")
        desk.call("poll", "--once", **environment(TCP, told=told))
        found: dict[str, list[int]] = {}
        for place, call in enumerate(told.read_text().splitlines()):
            found.setdefault(call, []).append(place)
        return list(found.values())


def _wrong(way: type[_Ews], fault: Fault) -> list[str]:
    """What is, after `poll` met the fault, and was called again without."""
    with tempfile.TemporaryDirectory() as name, _Desk(Path(name), way) as desk:
        done = desk.call("poll", "--once", **environment(TCP, fault))
        found = []
        if done.returncode not in (0, 1) or "fault of postroom" in done.stderr or "Traceback" in done.stderr:
            found.append(f"it ended with {done.returncode} and said {done.stderr[-300:]}")
        waited(desk.db)
        again = desk.call("poll", "--once")
        if again.returncode != 0:
            found.append(f"called again it ended with {again.returncode} and said {again.stderr[-300:]}")
        desk.call("send", "--again")
        return found + wrong(desk.way.stores, desk.db, MESSAGES, desk.way.sent())


def broken(count: int, seed: int) -> list[str]:
    """What is wrong: nothing, one hopes. Each way in its turn."""
    chooser = random.Random(seed)
    found = []
    for way, kinds in islice(cycle([(way, _calls(way)) for way in WAYS]), count):
        fault = any_fault(kinds, chooser, ERRORS)
        found += [f"{way.__name__}, {fault}: {what}" for what in _wrong(way, fault)]
    return found


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
