"""Changes to files of a configuration, as an administrator makes them."""

from __future__ import annotations

from pathlib import Path


def edit(path: Path, old: str, new: str, count: int = 1) -> None:
    """`count` as `str.replace` has it: -1 for every place."""
    text = path.read_text("utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, count), "utf-8")


def add_column(rules: Path, table: str, column: str, **values: str) -> None:
    """To a file of `directory/`: `values` by the rows' ids, empty for all others."""
    path = rules / f"directory/{table}.csv"
    header, *lines = path.read_text("utf-8").splitlines()
    rows = [f"{line},{values.get(line.partition(',')[0], '')}" for line in lines]
    path.write_text("\n".join([f"{header},{column}", *rows]) + "\n", "utf-8")
