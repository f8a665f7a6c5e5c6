"""Results as tables, with ratios to earlier ones, and as plots."""

from __future__ import annotations

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
    "desk": "All but the rules at their largest",
    "largest": "All at their largest",
    "mixed": "Mixed mail; rules",
    "outlook": "Mail from Outlook; rules",
}


def show(results: dict[str, Any], before: dict[str, Any]) -> str:
    """Markdown. `before` may be empty: then there are no ratios."""
    old = {(one["series"], one["size"]): one for one in before.get("cells", [])}
    lines = [
        "| | | messages/s | | start, s | first start, s | MB at most | |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in results["cells"]:
        then = old.get((one["series"], one["size"]), {})
        size = "" if one["series"] in ("desk", "largest") else f"{one['size']:,}"
        lines.append(
            f"| {_TITLES[one['series']]} | {size} | {one['per_second']:,.0f} | {_ratio(one, then, 'per_second')} |"
            f" {one['start']:.2f} | {one['first_start']:.2f} | {one['megabytes']:.0f} | {_ratio(one, then, 'megabytes')} |"
        )
    stages = results["stages"]
    if stages:
        lines += ["", "| stage | microseconds a message | |", "|---|--:|--:|"]
        lines += [f"| {name} | {took:,.0f} | {_ratio(stages, before.get('stages', {}), name)} |" for name, took in stages.items()]
    return "\n".join(lines)


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
        kinds = ["plain", "mixed", "outlook"]
        bars.x_labels = kinds
        bars.add("parse", [stages.get(f"parse[{kind}]") for kind in kinds])
        for stage in ("decide", "store"):
            bars.add(stage, [_of(stages, stage, kind) for kind in kinds])
        bars.render_to_file(str(folder / "stages.svg"))


def _of(stages: dict[str, float], stage: str, kind: str) -> float | None:
    return next(
        (took for name, took in stages.items() if name.startswith(f"{stage}[") and "100-rules" in name and kind in name), None
    )
