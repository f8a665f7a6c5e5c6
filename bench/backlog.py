"""Memory and speed of `poll` with a large backlog on a loopback Exchange: `python -m bench.backlog 50000`."""

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
from tools.soak import ADDRESS, configure, mail


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    store = Store(ADDRESS)
    store.add_folder("Processed", "inbox", "processed")
    store.add_folder("Failed", "inbox", "failed")
    for number in range(count):
        store.add(mail(number) + b"A line of ordinary text.\r\n" * 150)
    server = Server(store)
    endpoint = server.start()
    with tempfile.TemporaryDirectory() as folder:
        rules, db = configure(Path(folder), endpoint), Path(folder) / "p.db"
        environment = {**os.environ, "HELP_USER": "help", "HELP_PASSWORD": "secret"}
        command = [sys.executable, "-m", "engine", "poll", "--once", "--rules", str(rules), "--db", str(db)]
        began, peak = time.monotonic(), 0
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = max([peak, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))])
            time.sleep(0.5)
        took = time.monotonic() - began
    print(
        f"{count:,} messages in {took:.0f} s ({count / took:,.0f} a second); at most {peak / 1024:.0f} MB; {len(store.in_folder('inbox'))} left"
    )


if __name__ == "__main__":
    main()
