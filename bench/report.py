"""Results as tables, with ratios to earlier ones, as the tables of docs/performance.md, and as plots."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_SERIES = {
    "rules": "Rules",
    "patterns": "Rules with patterns",
    "contacts": "Contacts",
    "aliases": "Tag aliases",
    "tickets": "Tickets in the database",
}
_TITLES = {
    **_SERIES,
    "desk": "100 rules, 100,000 contacts and aliases, 1,000,000 tickets",
    "largest": "10,000 rules, 100,000 contacts and aliases, 1,000,000 tickets",
    "mixed": "Mixed mail; rules",
    "outlook": "Mail from Outlook; rules",
}
_STAGES = {"parse": "parse[{}]", "decide": "decide[100-rules-{}]", "store": "store[100-rules-{}]"}
_KINDS = {"plain": "plain, 4 KB", "mixed": "mixed", "outlook": "from Outlook, 40 KB"}


def show(results: dict[str, Any], before: dict[str, Any]) -> str:
    """Markdown. `before` may be empty: then there are no ratios."""
    old = {(one["series"], one["size"]): one for one in before.get("cells", [])}
    lines = [
        "| | | messages/s | | start, s | first start, s | MB at most | |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in results["cells"]:
        then = old.get((one["series"], one["size"]), {})
        lines.append(
            f"| {_what(one)} | {one['per_second']:,.0f} | {_ratio(one, then, 'per_second')} |"
            f" {one['start']:.2f} | {one['first_start']:.2f} | {one['megabytes']:.0f} | {_ratio(one, then, 'megabytes')} |"
        )
    stages = results["stages"]
    if stages:
        lines += ["", "| stage | microseconds a message | |", "|---|--:|--:|"]
        lines += [f"| {name} | {took:,.0f} | {_ratio(stages, before.get('stages', {}), name)} |" for name, took in stages.items()]
    return "\n".join(lines)


def filled(page: str, results: dict[str, Any]) -> str:
    """The Markdown page with its tables, each between `<!-- bench: NAME -->` and `<!-- end -->`, as the results are.

    Raises ValueError where the page has no place for a table."""
    for name, table in (("sizes", _sizes(results["cells"])), ("stages", _stages(results["stages"]))):
        place = re.compile(f"(<!-- bench: {name} -->\n).*?(?=<!-- end -->)", re.DOTALL)
        page, places = place.subn(lambda found, table=table: f"{found[1]}{table}\n", page)
        if places != 1:
            raise ValueError(
                f"the page has {places} places for the table {name}: write one '<!-- bench: {name} -->' and '<!-- end -->'"
            )
    return page


def _sizes(cells: list[dict[str, Any]]) -> str:
    lines = ["| | | messages/s | start, s | first start, s | MB at most |", "|---|--:|--:|--:|--:|--:|"]
    lines += [
        f"| {_what(one)} | {one['per_second']:,.0f} | {one['start']:.2f} | {one['first_start']:.2f} | {one['megabytes']:.0f} |"
        for one in cells
    ]
    return "\n".join(lines)


def _stages(stages: dict[str, float]) -> str:
    lines = [f"| | {' | '.join(_STAGES)} |", "|---|--:|--:|--:|"]
    for kind, title in _KINDS.items():
        took = " | ".join(f"{stages[form.format(kind)]:,.0f}" for form in _STAGES.values())
        lines.append(f"| {title} | {took} |")
    return "\n".join(lines)


def _what(cell: dict[str, Any]) -> str:
    return f"{_TITLES[cell['series']]} | {'' if cell['series'] in ('desk', 'largest') else format(cell['size'], ',')}"


def _ratio(now: dict[str, Any], then: dict[str, Any], name: str) -> str:
    return f"×{now[name] / then[name]:.2f}" if then.get(name) else ""


def draw(results: dict[str, Any], folder: Path) -> None:
    """speed.svg, start.svg and memory.svg: each series over its sizes."""
    import pygal  # here, for its hook in `sys.meta_path` is of an old form, over which pytest stumbles in what it collects after it
    from pygal.style import CleanStyle

    for file, title, field in (
        ("speed", "Messages a second, stored, by the size of one thing", "per_second"),
        ("start", "Seconds to start", "start"),
        ("memory", "Megabytes at most", "megabytes"),
    ):
        chart = pygal.XY(
            title=title, logarithmic=False, x_title="number (powers of ten)", style=CleanStyle, js=(), no_prefix=True, truncate_legend=-1,
            disable_xml_declaration=False, width=760, height=420, range=None, include_x_axis=True, dots_size=3,
            x_value_formatter=lambda power: f"{round(10**power):,}",
        )  # fmt: skip
        for series, label in _SERIES.items():
            points = [
                (len(str(one["size"])) - 1 if one["size"] else 0, one[field])
                for one in results["cells"]
                if one["series"] == series
            ]
            chart.add(label, points)
        chart.render_to_file(str(folder / f"{file}.svg"))
    if results["stages"]:
        bars = pygal.StackedBar(
            title="Microseconds a message in each stage, 100 rules",
            style=CleanStyle,
            js=(),
            no_prefix=True,
            width=760,
            height=420,
        )
        stages = results["stages"]
        bars.x_labels = list(_KINDS)
        for stage, form in _STAGES.items():
            bars.add(stage, [stages[form.format(kind)] for kind in _KINDS])
        bars.render_to_file(str(folder / "stages.svg"))
