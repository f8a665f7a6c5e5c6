"""Starts a loopback Exchange with the sample's mail, and polls it: `make demo-exchange`. No Exchange server is needed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.mail.parse import parse_message  # noqa: E402
from engine.sources.route import received_at  # noqa: E402
from tests.ews.server import Server  # noqa: E402
from tests.ews.store import Store  # noqa: E402
from tools.soak import ADDRESS, configure  # noqa: E402


def main() -> None:
    store = Store(ADDRESS)
    for path in sorted((ROOT / "sample/new").glob("[0-9]*"))[:30]:
        raw = path.read_bytes()
        store.add(raw, received=received_at(parse_message(raw), datetime.now(UTC)))
    server = Server(store)
    endpoint = server.start()
    print(f"A small Exchange server listens at {endpoint}, with {len(store.in_folder('inbox'))} messages in its inbox.\n")
    with tempfile.TemporaryDirectory() as folder:
        rules, db = configure(Path(folder), endpoint), Path(folder) / "demo.db"
        environment = {
            **os.environ,
            "HELP_USER": "help",
            "HELP_PASSWORD": "secret",
            "POSTROOM_RULES": str(rules),
            "POSTROOM_DB": str(db),
        }
        for words in (("poll", "--check", "--fix"), ("poll", "--once"), ("status",)):
            print(f"$ postroom {' '.join(words)}", flush=True)
            subprocess.run([sys.executable, "-m", "engine", *words], env=environment, cwd=ROOT, check=False)
            print()
    names = {identity: folder.name for identity, folder in store.folders.items()}
    for identity, name in names.items():
        if identity not in ("root", "sentitems"):
            print(f"{name}: {len(store.in_folder(identity))} messages")
    server.stop()


if __name__ == "__main__":
    main()
