"""How long `plan` takes for 10,000 recorded messages. `make bench`."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path

from bench.generate import configure
from bench.mail import plain
from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.plan.replay import replay_recorded
from engine.processing import Processor
from engine.sources.item import Item
from engine.state.past import recorded
from engine.store.database import open_database


def main(count: int = 10_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rules = configure(Path(folder) / "rules")
        setup = prepare(load_config(rules))
        connection = open_database(Path(folder) / "plan.db")
        Processor(connection, setup).run([Item(str(n), partial(plain, n)) for n in range(count)], "help")
        other = prepare(load_config(rules))
        identities, _ = recorded(connection, None, None)
        start = time.perf_counter()
        found = replay_recorded(connection, identities, setup, other, lambda: None)
        print(f"{found.messages:,} messages replayed under two configurations in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
