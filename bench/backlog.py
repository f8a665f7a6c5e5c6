"""Memory and speed of `poll` with a large backlog on a loopback Exchange: `python -m bench.backlog 50000`, messages of 4 KB;
`python -m bench.backlog 20 28000000`, of 28 MB.
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
from tools.soak import ADDRESS, configure, mail


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 4_000
    store = Store(ADDRESS)
    store.add_folder("Processed", "inbox", "processed")
    store.add_folder("Failed", "inbox", "failed")
    for number in range(count):
        store.add(mail(number) + b"A line of ordinary text.\r\n" * (size // 26))
    server = Server(store)
    endpoint = server.start()
    with tempfile.TemporaryDirectory() as folder:
        rules, db = configure(Path(folder), endpoint), Path(folder) / "p.db"
        settings = rules / "settings.yaml"
        settings.write_text(settings.read_text("utf-8").replace("message: 600 KB", "message: 60 MB"), "utf-8")
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
        f"{count:,} messages in {took:.0f} s ({count / took:,.1f} a second); at most {peak / 1024:.0f} MB; {len(store.in_folder('inbox'))} left"
    )


if __name__ == "__main__":
    main()
