"""HTML is laid out as far as that takes no more room than mail does; what is beyond is text without a layout."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mail.html import html_to_text
from engine.mail.layout import laid_out
from tools.hostile import traced
from tools.pump_html import is_too_long, made

LONG = "a" * 40_000
ROWS = "<tr><td>x</td><td>y</td></tr>" * 8_000
LARGE = {
    "a long cell above many": f"<table><tr><td>{LONG}</td><td>b</td></tr>{ROWS}</table>",
    "many cells beside a high one": f"<table><tr><td>{'x<br>' * 10_000}</td>{'<td>y</td>' * 5_000}</tr></table>",
    "small tables without number": f"<table><tr><td>{LONG}</td></tr>{'<tr><td>x</td></tr>' * 20}</table>" * 12,
    "tables in tables": f"<table><tr><td>{LONG}</td></tr><tr><td>x</td></tr>" * 100,
    "lists in lists": f"{'<ul>' * 150}{'<li>x<br>y' * 8_000}",
    "the ends of other lists": f"{'<ul></ol>' * 150}{'<li>x<br>y' * 8_000}",
    "lists whose ends are in comments": f"{'<ul><!--</ul>-->' * 150}{'<li>x<br>y' * 8_000}",
    "lists with lines that are references": f"{'<ul>' * 150}<pre>{'x&#10;' * 50_000}",
    "room beside": f"<div style='padding-left: 99999em'>{'x<br>' * 3_000}",
    "room above": "<div style='margin-top: 99999em'>x</div>" * 5_000,
    "room below": "<div style='margin-bottom: 99999em'>x</div>" * 5_000,
}


@pytest.mark.parametrize("name", LARGE)
def test_no_text_is_much_longer_than_its_html(name: str) -> None:
    text = html_to_text(LARGE[name])
    assert "x" in text and len(text) < 2 * len(LARGE[name])


@given(seed=st.integers(0, 2**32), size=st.sampled_from([300, 5_000, 50_000]))
def test_no_html_of_repeated_pieces_does_either(seed: int, size: int) -> None:
    """The short form of `python -m tools.pump_html`."""
    source = made(random.Random(seed), size)
    assert not is_too_long(source, html_to_text(source))


def test_a_table_that_is_too_large_is_a_line_for_each_row() -> None:
    lines = html_to_text(LARGE["a long cell above many"]).split("\n")
    assert lines[0].split() == [LONG, "b"]
    assert [line.split() for line in lines[1:] if line] == [["x", "y"]] * 8_000


def test_rows_without_cells_count() -> None:
    """4,000 columns and 8,000 rows are 32 million looks, whatever stands in them."""
    assert laid_out(f"<table><tr>{'<td>' * 4_000}{'<tr>' * 8_000}</table>") is None


def test_a_table_as_people_send_it_has_columns() -> None:
    row = "<tr><td>{}</td><td>up</td></tr>"
    text = html_to_text(f"<table>{row.format('mail.harbourhill.example')}{row.format('www') * 500}</table>")
    assert text.split("\n")[:2] == ["mail.harbourhill.example  up", f"www{' ' * 23}up"]


def test_nested_tables_and_lists_as_newsletters_have_them_are_laid_out() -> None:
    inner = f"<p>{'word ' * 200}</p><ul><li>one<ul><li>two</ul></ul>" * 20
    source = f"{'<table><tr><td>' * 8}{inner}{'</td></tr></table>' * 8}"
    assert html_to_text(source).count("  * one") == 20


@pytest.mark.parametrize("name", ["textarea", "iframe", "noembed", "noframes", "xmp"])
def test_a_tag_where_all_is_text_parts_no_run_of_text(name: str) -> None:
    source = f"<p>hello<{name}>{('ᔬ' * 50 + '<b>' + 'ᔬ' * 50 + '</b>') * 1_000}-->"
    html_to_text("<p>x")
    text, peak = traced(html_to_text, source)
    assert "hello" in text
    assert peak < 20 * len(source)


@pytest.mark.parametrize(
    "style", ["display:none", "DISPLAY: none !important; color: red", "mso-hide: all; display:none!important"]
)
def test_what_is_hidden_is_no_text(style: str) -> None:
    assert html_to_text(f"<div style='{style}'>preheader</div><p>Hello</p>") == "Hello"
