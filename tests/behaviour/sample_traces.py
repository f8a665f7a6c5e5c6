"""Why each message of the sample became what it did, as text to read and to compare with.

After a change that is meant: `python -m tests.behaviour.sample_traces`, and read what git says has changed.
"""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from engine.decide.decision import Decision
from engine.loading import load_setup
from engine.processing import Processor
from engine.sources.files import open_source
from engine.store.database import open_database

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).with_name("sample-traces.txt")
_LINES = re.compile(r"(?<=[a-z])(?::\d+)+\b")  # of a file: they move with every line that is put before


def written() -> str:
    """One block a message, in the order of their receipt."""
    setup = load_setup(ROOT / "rules")
    decisions: list[Decision] = []
    with closing(open_database(None)) as connection:
        items = open_source(str(ROOT / "sample"), setup.config.settings.limits.message)
        Processor(connection, setup).run(items, None, on_decision=decisions.append)
    return "\n".join(map(_block, decisions))


def _block(decision: Decision) -> str:
    head = f"{Path(decision.envelope.source_id).name}: {decision.outcome} {decision.entity or decision.reason or ''} {decision.number or ''}"
    lines = [head.rstrip()]
    for step in decision.trace:
        where = f"  [{step.where}]" if step.where else ""
        lines.append(_LINES.sub("", f"  {step.step}: {step.found}{where}"))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    KEPT.write_text(written(), "utf-8")
