"""Coverage-guided fuzzing of parsing, deciding and storing, with atheris: `make fuzz`, `make fuzz SECONDS=3600`.

Each input is a message. It is a finding when processing raises (a message in quarantine with reason `error`), when parsing meets an
error of its own and leaves something out, when a message takes over two seconds, or memory grows beyond the limit; libFuzzer then
writes the message into `fuzz/`, and ends with a status other than 0.
Seeds: the sample, and real mail where `../shared/corpus` is at hand.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["engine"]):
    from tools.hostile import ROOT, Desk

SEEDS = [ROOT / "sample", ROOT.parent / "shared/corpus"]
LARGEST = 200_000


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
    desk = Desk()

    def one(data: bytes) -> None:
        for mailbox in ("help", "alerts"):
            desk.throw(data, mailbox)

    options = ["-timeout=2", "-rss_limit_mb=1024", f"-max_len={LARGEST}", f"-artifact_prefix={place}/", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:], str(place / "corpus")], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
