"""The lines at the end of a run: how many became what, which rules ran how often, what was held back."""

from __future__ import annotations

from collections.abc import Iterator

from engine.decide.decision import Decision
from engine.printable import printable
from engine.quantity import counted, further
from engine.summary import Summary

_ORDER = ("created", "appended", "duplicate", "ignored", "refused", "quarantined")


def as_text(summary: Summary) -> str:
    """Numbers stand first, so that a long name bends no column and nothing needs to be cut."""
    return printable("\n".join(_lines(summary)))


def _lines(summary: Summary) -> Iterator[str]:
    yield counted(sum(summary.outcomes.values()), "message")
    for key, count in sorted(summary.outcomes.items(), key=lambda pair: (_ORDER.index(pair[0].partition(":")[0]), -pair[1])):
        outcome, _, what = key.partition(": ")
        yield f"{count:>7,}  {outcome:<11}  {what}".rstrip()
    if summary.known:
        yield f"{counted(summary.known, 'message')} processed before, passed over"
    if summary.rules:
        yield from ("", "Rules that ran, and how often")
        yield from (f"{count:>7,}  {rule}" for rule, count in summary.rules.most_common())
    if summary.held:
        yield from ("", "Held back")
        yield from (f"  {_held(decision)}" for decision in summary.shown)
        yield from (f"  {words}" for words in further(summary.held, len(summary.shown)))


def _held(decision: Decision) -> str:
    return " ".join(f"{decision.envelope.source_id}: {decision.detail or decision.reason or ''}".split())
