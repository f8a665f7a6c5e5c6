"""HTML to text where the layout engine is not asked, and what is too dear to sanitise."""

from __future__ import annotations

import pytest

from engine.mail.html import html_to_text
from engine.mail.layout import laid_out
from engine.mail.safe_html import sanitise


def test_deep_html_becomes_text_without_layout() -> None:
    source = "<div>" * 300 + "<style>p {color: red}</style><p>First &amp; last</p><p>Second<br>third</p>" + "</div>" * 300
    assert [line.strip() for line in html_to_text(source).split("\n") if line.strip()] == ["First & last", "Second", "third"]


def test_paragraphs_and_cells_that_are_not_ended_are_not_deep() -> None:
    """Old programs write so: it is laid out, and kept."""
    source = "<table>" + "<tr><td>a<td>b" * 400 + "</table>" + "<p>x" * 1_000
    assert "a  b" in html_to_text(source)
    assert sanitise(source).count("<p>") == 1_000


def test_a_large_table_with_many_hard_spaces_is_kept() -> None:
    assert sanitise("<tr><td>10 °C</td><td>&nbsp;</td></tr>" * 7_000)


@pytest.mark.parametrize(
    "source",
    [
        *["<div>" * 20_000, "<div></span>" * 20_000, "".join(f"<b id={n}>" for n in range(2_000)) + "<p>x</p>" * 20_000],
        *["€€€€€©" * 100_000, "€€€€€&" * 100_000],
    ],
    ids=["deep", "deep behind ends of nothing", "elements that come again", "letters like the hard space", "references"],
)
def test_html_that_is_too_dear_to_sanitise_is_left_out(source: str) -> None:
    assert sanitise(source) == ""


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<style>a</style>b<script>c</script>d", ["b", "d"]),
        ("<style>a<style>b</style>c", ["c"]),
        ("<style>never ended", ["never ended"]),
        ("<title>a</title >b<head>c</head>", ["b"]),
    ],
)
def test_what_nobody_sees_is_no_text(source: str, text: list[str]) -> None:
    deep = "<i>" * 300 + source
    assert html_to_text(deep).split() == " ".join(text).split()


def test_a_long_text_without_an_element_is_not_laid_out() -> None:
    """The layout engine makes an object of each letter. An end of nothing parts no text."""
    piece = "x" * 40_000
    assert (laid_out(f"<b>{piece}</b><i>{piece}</i>") or "").count("x") == 80_000
    for source in (f"<b>a</b>{piece}</div>{piece}", f"<b>{piece}{piece}</b>", f"<textarea>{piece}<b>{piece}</b></textarea>"):
        assert laid_out(source) is None
        assert html_to_text(source).count("x") == 80_000


def test_an_entity_is_decoded_once() -> None:
    """inscriptis decodes them again, and once more for each table around."""
    link = "https://shop.example/?a=1&amp;region=2&amp;copy=3"
    for around in (
        "{}",
        "<table><tr><td>{}</td></tr></table>",
        "<table><tr><td><table><tr><td>{}</table></table>",
        "<pre>{}</pre>",
        "<i>" * 300 + "{}",
    ):
        assert (
            html_to_text(around.format(f"<p>{link} &amp;lt;b&amp;gt;</p>")).strip()
            == "https://shop.example/?a=1&region=2&copy=3 &lt;b&gt;"
        )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Total<hr>Kim", "Total\nKim"),
        ("<center>Offer</center>Dear Kim", "Offer\nDear Kim"),
        ("<dl><dt>host<dd>srv1</dl>", "host\nsrv1"),
        ("a<section>b</section>c", "a\nb\nc"),
        ("<form>a</form>b", "a\nb"),
        ("<select><option>a<option>b</select>", "a\nb"),
        ("<table><caption>Hosts</caption><tr><td>srv1</td></tr></table>", "Hosts\nsrv1"),
        ("a<b>b</b><span>c</span>", "abc"),
        ("<ol start=9><li>a<li>b</ol>", " 9. a\n10. b"),
        ("<ol start='x²'><li>a</ol>", " 1. a"),
        ("<ul start=2><li>a</ul>", "  * a"),
    ],
)
def test_what_stands_on_lines_of_its_own_is_not_run_together(source: str, text: str) -> None:
    assert html_to_text(source) == text


def test_styles_and_images_in_the_html_do_not_keep_it_from_being_laid_out() -> None:
    image = f"<img src='data:image/png;base64,{'A' * 80_000}'>"
    source = f"<head><style>{'p {color: red} ' * 6_000}</style></head><table><tr><td>a</td><td>b</td></tr></table>{image}"
    assert html_to_text(source) == "a  b"
