"""Coverage-guided fuzzing of parsing, deciding and storing, with atheris: `make fuzz`, `make fuzz SECONDS=3600`.

Each input is a message. It is a finding when processing raises (a message in quarantine with reason `error`), takes over two
seconds, or memory grows beyond the limit; libFuzzer then writes the message into `fuzz/`, and ends with a status other than 0.
Seeds: the sample, and real mail where `../shared/corpus` is at hand.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["engine"]):
    from engine.config.load import load_config
    from engine.decide.setup import prepare
    from engine.processing import Processor
    from engine.store.database import open_database

ROOT = Path(__file__).resolve().parent.parent
SEEDS = [ROOT / "sample", ROOT.parent / "shared/corpus"]
LARGEST = 200_000
NOW = datetime(2026, 11, 25, tzinfo=UTC)
# What a reply, an indicator, a number in a subject can be about.
FIRST = (
    b"From: maya@brightwater.example\r\nTo: help@harbourhill.example\r\nSubject: printer\r\nMessage-ID: <first@fuzz>\r\n"
    b"Date: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nIt is broken.\r\n"
)


def seeds(folder: Path) -> None:
    """Each seed as a file of its own, named so that a second run finds it again."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [path for place in SEEDS if place.is_dir() for path in sorted(place.rglob("*")) if path.is_file()]
    for number, path in enumerate(paths):
        if path.stat().st_size <= LARGEST:
            (folder / f"seed-{number:04}").write_bytes(path.read_bytes())


def main() -> None:
    place = ROOT / "fuzz"
    seeds(place / "corpus")
    processor = Processor(open_database(None), prepare(load_config(ROOT / "rules")))
    connection = processor.connection
    connection.execute("BEGIN")
    processor.take(FIRST, "first", "help", NOW)
    connection.execute("COMMIT")

    def one(data: bytes) -> None:
        connection.execute("BEGIN")
        try:
            for mailbox in ("help", "alerts"):
                decision = processor.take(data, "fuzz", mailbox, NOW)
                if decision is not None and decision.reason == "error":
                    raise AssertionError(decision.detail)
        finally:
            connection.execute("ROLLBACK")

    options = ["-timeout=2", "-rss_limit_mb=1024", f"-max_len={LARGEST}", f"-artifact_prefix={place}/", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:], str(place / "corpus")], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
