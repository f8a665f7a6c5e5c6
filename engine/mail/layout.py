"""HTML to lines, as inscriptis lays it out, unless it is made to take more room than mail does.

Cells are filled up to the width of their column and the height of their row, and lists are indented: 280 KB of HTML with one long
cell and 8,000 short ones were 390 MB of text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscriptis.model.config import ParserConfig
    from inscriptis.model.html_document_state import HtmlDocumentState
    from inscriptis.model.html_element import HtmlElement
    from inscriptis.model.table import Table

# The largest of the tables in 88 real mails had 96,000.
_MOST_IN_TABLES = 1_000_000  # characters, spaces that fill up with them
_MOST_COPIED = 20_000_000  # characters: what stands in a table is written again, letter by letter, for each that is around it
_LONGEST_RUN = 50_000  # characters: inscriptis makes an object of each
_MOST_INDENTED = 1_000_000  # spaces
_INDENTED_BY = 4  # in inscriptis' profile, for each list
_SEPARATOR = "  "
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
_AMPERSAND = "\ue002"  # stands for it (Unicode's private use: nobody's letter)
# What begins and ends a line (HTML 15.3.3) and inscriptis takes for a part of one: `Total<hr>Kim` was one word.
BLOCKS = "caption center dd details dialog dir dl dt fieldset form hr legend menu optgroup option search section summary"
# Nobody sees them (Outlook's `<?xml:namespace ... />`), and libxml2 takes quadratic time for one that does not end.
_INSTRUCTION = re.compile(r"<\?[^<>]{0,1000}>?")


class _TooLarge(Exception):
    """A text without an element in it, or what tables or lists would be filled up to."""


def laid_out(source: str) -> str | None:
    """None where the layout engine gives up, or would write too much."""
    # Imported when mail first has no plain text: lxml alone is a tenth of a start.
    from inscriptis.html_engine import Inscriptis

    try:
        layout = _layout(sum(map(source.count, "<\n&")), len(source))
        return str(Inscriptis(_tree(_INSTRUCTION.sub(" ", source).strip()), layout).get_text()).replace(_AMPERSAND, "&")
    except Exception:  # inscriptis and lxml raise what they like on hostile input, and a body is never worth a failure
        return None


def _tree(source: str) -> Any:
    """What is to be laid out. Raises `_TooLarge`.

    In what lxml has decoded, inscriptis decodes entities again, and so wrote `?a=1®ion=2` of `?a=1&amp;region=2`.
    """
    from lxml.etree import ParserError
    from lxml.html import document_fromstring

    try:
        tree = document_fromstring(source)
    except ParserError:  # nothing but comments
        tree = document_fromstring(f"<pre>{source}</pre>")
    for node in tree.iter():
        for place in ("text", "tail") if isinstance(node.tag, str) else ("tail",):  # a comment's text is nobody's
            said = getattr(node, place) or ""
            if len(said) > _LONGEST_RUN:
                raise _TooLarge
            if "&" in said:
                setattr(node, place, said.replace("&", _AMPERSAND))
    return tree


@cache
def _styles() -> dict[str, HtmlElement]:
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.html_properties import Display
    from inscriptis.model.html_element import HtmlElement

    styles: dict[str, HtmlElement] = CSS_PROFILES["strict"] | {tag: HtmlElement(display=Display.block) for tag in BLOCKS.split()}
    return styles


def _layout(lines: int, letters: int) -> ParserConfig:
    """Made anew for each text: it counts. `lines` and `letters`: that the text has at the most."""
    from inscriptis.model.config import ParserConfig
    from inscriptis.model.tag import CustomHtmlTagHandlerMapping, list_tag

    room = _Room(lines, letters)
    begin = {"ul": partial(room.begin_list, list_tag.ul_start_handler), "ol": partial(room.begin_list, list_tag.ol_start_handler)}
    tags = CustomHtmlTagHandlerMapping(begin, {"table": room.end_table})
    config = ParserConfig(css=_styles(), table_cell_separator=_SEPARATOR, custom_html_tag_handler_mapping=tags)
    handlers: dict[str, Any] = {**config.attribute_handler.attribute_mapping, "style": _style}
    config.attribute_handler.attribute_mapping = handlers
    return config


def _style(said: str, element: HtmlElement) -> None:
    """What is hidden stays so. Room that is left around it may be as large as its sender likes."""
    from inscriptis.model.css import CssParse

    padding = element.padding_inline
    CssParse.attr_style(said.lower().replace("!important", ""), element)
    element.padding_inline = padding
    element.margin_before = min(element.margin_before, 1)
    element.margin_after = min(element.margin_after, 1)


class _Room:
    """What one text takes. Asked of the tree while it is written: what its source says can be made to look like less."""

    def __init__(self, lines: int, letters: int) -> None:
        self._lines, self._letters = lines, letters
        self._held: dict[int, int] = {}  # by tables, by how many tables are around them

    def begin_list(self, handler: Callable[..., None], state: HtmlDocumentState, attributes: dict[str, str]) -> None:
        """Raises `_TooLarge`."""
        handler(state, attributes)
        start = attributes.get("start", "")
        # Word begins each list anew that a paragraph interrupts: `<ol start=2>`.
        if isinstance(state.li_counter[-1], int) and _NUMBER.fullmatch(start):
            state.li_counter[-1] = int(start)
        if _INDENTED_BY * len(state.li_counter) * self._lines > _MOST_INDENTED:
            raise _TooLarge

    def end_table(self, state: HtmlDocumentState) -> None:
        """Raises `_TooLarge`."""
        from inscriptis.model.tag.table_tag import table_end_handler

        depth = len(state.current_table)
        if depth:
            self._held[depth + 1] = 0  # those are within this one
            self._held[depth] = self._held.get(depth, 0) + _size(state.current_table[-1])
            if sum(self._held.values()) > _MOST_IN_TABLES or depth * self._letters > _MOST_COPIED:
                raise _TooLarge
        table_end_handler(state)


def _size(table: Table) -> int:
    """Characters that it will be written in."""
    height = 0
    widths: dict[int, int] = {}
    for row in table.rows:
        # A row without cells is a line too, and inscriptis goes through all rows for each column.
        height += max((cell.normalize_blocks() for cell in row.columns), default=1)
        for column, cell in enumerate(row.columns):
            widths[column] = max(widths.get(column, 0), *map(len, cell.blocks))
    return height * (sum(widths.values()) + len(_SEPARATOR) * len(widths))
