"""How long `check` takes for large configurations of the shapes that administrators give them. `python -m bench.check`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.generate import configure
from bench.process import measured
from bench.words import customers

RULES = 10_000
CONTACTS = 100_000
WORDS = 100_000


def _rules(condition: str, count: int = RULES) -> str:
    """`count` rules; `#` in the condition is the number of each."""
    return "".join(
        f'\nrule "Checked {n}"\n  on ticket created\n  when {condition.replace("#", str(n))}\n  then set priority to "Urgent"\n'
        for n in range(count)
    )


def _with_list(condition: str) -> str:
    """A hundred rules that name one long list."""
    words = ",\n  ".join(f'"a{n}@x{n}.example"' for n in range(WORDS))
    return f"list many =\n  {words}\n{_rules(condition, 100)}"


SHAPES: dict[str, Callable[[], str]] = {
    "two texts": lambda: _rules('subject contains "x#y" and body contains "b#y"'),
    "a word that all share, and a text": lambda: _rules('status is "New" and subject contains "x#y"'),
    "alternatives": lambda: _rules(
        '(subject contains "x#y" or body contains "x#y") and (subject contains "z#" or sender.domain is "d#.example")'
    ),
    "a pattern": lambda: _rules("subject matches /host#-[a-z]+ is (down|up)/i"),
    "a number": lambda: _rules("message.size > # KB"),
    "one of 20,000 organizations": lambda: _rules('organization is "customer#" and body contains "b#y"'),
    "a list of 100,000 texts, in 100 rules": lambda: _with_list('sender.address in many and body contains "b#y"'),
    "a misspelt word in each": lambda: _rules('subject contain "x#y"'),
    "an unknown queue in each": lambda: _rules('queue is "Nowhere" and subject contains "x#y"'),
}


def main() -> None:
    print(f"{RULES:,} rules each, {CONTACTS:,} contacts of {customers(CONTACTS):,} organizations")
    with tempfile.TemporaryDirectory() as folder:
        base = configure(Path(folder) / "base", rules=0, contacts=CONTACTS)
        for name, text in SHAPES.items():
            rules = Path(folder) / "rules"
            shutil.copytree(base, rules)
            (rules / "workflow/generated.rules").write_text(text())
            found = measured(["check", "--rules", str(rules)], ends_with=(0, 1, 2))  # 1: with warnings, 2: with problems
            print(f"{name}: {found.seconds:.1f} s, {found.megabytes:.0f} MB at most", flush=True)
            shutil.rmtree(rules)


if __name__ == "__main__":
    main()
