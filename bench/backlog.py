"""Memory and speed of `poll` with a large backlog on a loopback Exchange: `python -m bench.backlog 50000`, messages of 4 KB;
`python -m bench.backlog 20 28000000`, of 28 MB; `python -m bench.backlog 600 4000 600`, in 600 mailboxes that one user reads.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.generate import ROOT
from tests.ews.server import Server
from tests.ews.store import Store
from tools.soak import boxes, configure, mail


def configured(folder: Path, endpoint: str, stores: list[Store]) -> Path:
    """The configuration of the soak, for larger messages."""
    rules = configure(folder, endpoint, stores)
    settings = rules / "settings.yaml"
    settings.write_text(settings.read_text("utf-8").replace("message: 600 KB", "message: 60 MB"), "utf-8")
    return rules


def main() -> None:
    count, size, mailboxes = (int(word) for word in [*sys.argv[1:], *("50000", "4000", "1")[len(sys.argv) - 1 :]])
    stores = boxes(mailboxes)
    for number in range(count):
        stores[number % mailboxes].add(mail(number) + b"A line of ordinary text.\r\n" * (size // 26))
    server = Server(stores[0])
    server.stores.update({store.address: store for store in stores})
    endpoint = server.start()
    with tempfile.TemporaryDirectory() as folder:
        rules, db = configured(Path(folder), endpoint, stores), Path(folder) / "p.db"
        environment = {**os.environ, "HELP_USER": "help", "HELP_PASSWORD": "secret"}
        command = [sys.executable, "-m", "engine", "poll", "--once", "--rules", str(rules), "--db", str(db)]
        began, peak = time.monotonic(), 0
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = max([peak, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))])
            time.sleep(0.5)
        took = time.monotonic() - began
    left = sum(len(store.in_folder("inbox")) for store in stores)
    print(f"{count:,} messages in {took:.0f} s ({count / took:,.1f} a second); at most {peak / 1024:.0f} MB; {left} left")


if __name__ == "__main__":
    main()
