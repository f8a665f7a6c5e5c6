"""How long 1,000 generated rules take to load and compile, and how fast mail is processed with them. `make bench`."""

from __future__ import annotations

import shutil
import tempfile
import time
from functools import partial
from pathlib import Path

from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.processing import Processor
from engine.sources.item import Item
from engine.store.database import open_database

ROOT = Path(__file__).resolve().parent.parent
BODY = "A line of ordinary text about nothing.\r\n" * 95


def mail(number: int) -> bytes:
    sender = f"user{number}@{('olivar', 'kessler', 'vandijk', 'lumiere')[number % 4]}.example"
    return (
        f"From: {sender}\r\nTo: help@harbourhill.example\r\nSubject: about s{number % 1000}x\r\nMessage-ID: <{number}@bench>\r\n"
        f"Date: Mon, {number % 27 + 1} Nov 2021 {number % 24:02}:{number % 60:02}:00 +0000\r\n\r\n{BODY}b{number % 1000}x\r\n"
    ).encode()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for count in (10, 100, 1_000):
            rules = Path(shutil.copytree(ROOT / "rules", Path(folder) / f"rules-{count}"))
            text = "\n".join(
                f'rule "Generated {n}"\n  priority {n}\n  on message\n  when subject contains "s{n}x" and body contains "b{n}x"\n'
                f'  then notify "desk@harbourhill.example" using urgent\n'
                for n in range(count)
            )
            (rules / "workflow/90-generated.rules").write_text(text)
            start = time.perf_counter()
            setup = prepare(load_config(rules))
            loaded = time.perf_counter() - start
            connection = open_database(Path(folder) / f"{count}.db")
            items = [Item(str(n), partial(mail, n)) for n in range(1_000)]
            start = time.perf_counter()
            summary = Processor(connection, setup).run(items, "help")
            took = time.perf_counter() - start
            connection.close()
            ran = sum(times for rule, times in summary.rules.items() if rule.startswith("Generated"))
            print(
                f"{count:>6} rules: loaded in {loaded:.2f} s; {len(items) / took:,.0f} messages/s stored; generated rules ran {ran} times"
            )


if __name__ == "__main__":
    main()
