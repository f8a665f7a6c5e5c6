"""The table at the end of a run: how many became what, which rules ran how often, what was held back."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.processing import Summary
from engine.report.safe import printable

_ORDER = ("created", "appended", "duplicate", "ignored", "refused", "quarantined")


def print_summary(summary: Summary, console: Console) -> None:
    taken = sum(summary.outcomes.values())
    table = Table(title=f"{taken} messages", title_justify="left", show_header=True, box=None, pad_edge=False)
    table.add_column("outcome")
    table.add_column("as / because")
    table.add_column("messages", justify="right")
    for key, count in sorted(summary.outcomes.items(), key=lambda pair: (_ORDER.index(pair[0].split(":")[0]), -pair[1])):
        outcome, _, what = key.partition(": ")
        table.add_row(outcome, what, str(count))
    console.print(table)
    if summary.known:
        console.print(f"{summary.known} were processed before and were passed over")
    if summary.rules:
        console.print()
        rules = Table(title="Rules that ran", title_justify="left", box=None, pad_edge=False, show_header=False)
        rules.add_column("rule")
        rules.add_column("times", justify="right")
        for rule, count in summary.rules.most_common():
            rules.add_row(Text(rule), str(count))
        console.print(rules)
    if summary.held:
        console.print()
        held = Table(title="Held back", title_justify="left", box=None, pad_edge=False, show_header=False)
        for decision in summary.held[:20]:
            held.add_row(Text(printable(decision.envelope.source_id)), Text(printable(decision.detail or decision.reason or "")))
        if len(summary.held) > 20:
            held.add_row(f"and {len(summary.held) - 20} more", "")
        console.print(held)
