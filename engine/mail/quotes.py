"""A reply's text to what its writer wrote, and what was taken out: quotation and signature (`behaviour.md` 4.2).

Lost text is worse than a quotation kept, so whatever stands between or below quoted lines stays. mail-parser-reply was
measured first: on the corpus it lost answers that stand between quoted lines, and missed Italian, Portuguese and wrapped
French headers.
"""

from __future__ import annotations

import re

from msgspec import Struct

from engine.mail.blocks import (
    header_block,
    header_starts,
    is_quoted,
    is_rule,
    may_have_header_block,
    names_writer,
    says_forwarded,
    says_original,
    wrote_header,
)
from engine.mail.sent_from import is_sent_from

_SIGNATURE = re.compile(r"^--[ \u00a0]?$")
_DASH = re.compile(r"^[—–―]{1,30}[ \u00a0]?$")  # some programs' own: what stands below it must look like a signature
_LONGEST_IN_SIGNATURE = 60
_MOST_SIGNATURE_LINES = 15
_LONGEST = 400_000
_LINK = re.compile(r"<?https?://[^\s<>]{1,2000}>?[.,)]?\s{0,10}")
_UNQUOTED = re.compile(r"^(?![ \t]{0,3}>)[ \t]*[^\s]", re.MULTILINE)


class Reply(Struct, frozen=True):
    """`text` is what the writer wrote, `removed` what was taken out, both without blank ends."""

    text: str
    removed: str


def strip_reply(text: str) -> Reply:
    """Without quotation and signature; the whole text where nothing else would be left.

    Only the beginning of a very long text is looked at line by line. What follows goes with a quotation if it is one, and
    stays if it is not.
    """
    text = text.replace("\r\n", "\n")
    end = text.rfind("\n", 0, _LONGEST) + 1 if len(text) > _LONGEST else len(text)
    reply = _stripped(text[: end or _LONGEST])
    rest = text[end or _LONGEST :].strip("\n")
    if not rest:
        return reply
    if reply.removed and not _UNQUOTED.search(rest):
        return Reply(reply.text, f"{reply.removed}\n{rest}")
    return Reply(f"{reply.text}\n{rest}", reply.removed)


def _stripped(text: str) -> Reply:
    lines = text.split("\n")
    kept, removed = _without_quotation(lines)
    kept, signature = _without_signature(kept)
    # What an answer between quoted lines leaves below it may have stood above the signature.
    kept, below = _cut_trailing_quote(kept) if signature else (kept, [])
    result = _joined(kept)
    if not result:
        return Reply(text.strip(), "")
    return Reply(result, "\n\n".join(part for part in map(_joined, (signature, below, removed)) if part))


def _joined(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _without_quotation(lines: list[str]) -> tuple[list[str], list[str]]:
    """(what stays, what goes). The first header of a quotation decides; without one, quoted lines at the end go."""
    blocks = may_have_header_block("\n".join(lines))
    starts = header_starts(lines)
    top = 0  # above it stands nothing but a header: what follows that one is all there is to read
    for index, line in enumerate(lines):
        if index < top or is_quoted(line) or not line.strip():
            continue
        if says_forwarded(line):
            return lines, []  # what a writer forwards is what he wants to be read
        if says_original(line):
            return _cut(lines, index, index + 1)
        if index in starts and (after := wrote_header(lines, index)) is not None:
            return _cut(lines, index, after)
        if blocks and (block := header_block(lines, index)) is not None:
            start = _above(lines, index)
            if _joined(lines[:start]):
                return _cut(lines, start, block.end, unquoted=True)
            top = block.end
    return _cut_trailing_quote(lines)


def _above(lines: list[str], index: int) -> int:
    """A ruler above a header block belongs to it."""
    before = index - 1
    while before >= 0 and not lines[before].strip():
        before -= 1
    return before if before >= 0 and is_rule(lines[before]) else index


def _cut(lines: list[str], start: int, after: int, *, unquoted: bool = False) -> tuple[list[str], list[str]]:
    """A header stands in lines[start:after]. What follows it is the quotation, unless the writer answered in or below it."""
    above = lines[:start]
    rest = lines[after:]
    first = next((line for line in rest if line.strip()), "")
    if unquoted or not is_quoted(first):
        if not _joined(above):
            return lines, []
        return above, lines[start:]
    end_of_quote = _quote_end(rest, 0)
    below = rest[end_of_quote:]
    if not _joined(below):
        return above, lines[start:]
    if any(is_quoted(line) for line in below):
        # Answers stand between the quoted lines: without these they make no sense.
        kept, removed = _cut_trailing_quote(lines)
        return kept, removed
    return [*above, *below], [*lines[start:after], *rest[:end_of_quote]]


def _quote_end(lines: list[str], start: int) -> int:
    """Where a run of quoted and blank lines ends. A line wrapped by a careless client goes on with the quotation."""
    end = start
    for index in range(start, len(lines)):
        if is_quoted(lines[index]):
            end = index + 1
        elif lines[index].strip():
            break
    return end


def _cut_trailing_quote(lines: list[str]) -> tuple[list[str], list[str]]:
    """Quoted lines at the very end go; those above an answer stay."""
    end = len(lines)
    while end and (is_quoted(lines[end - 1]) or not lines[end - 1].strip() or _is_wrapped(lines, end - 1)):
        end -= 1
    if not end or not any(is_quoted(line) for line in lines[end:]):
        return lines, []
    # The header above the last quotation, if any, goes with it.
    for start in range(max(end - 5, 0), end):
        if wrote_header(lines, start) == end and any(line.strip() for line in lines[:start]):
            return lines[:start], lines[start:]
    if names_writer(lines[end - 1]) and _joined(lines[: end - 1]):
        end -= 1
    return lines[:end], lines[end:]


def _is_wrapped(lines: list[str], index: int) -> bool:
    """A link between quoted lines, before which Apple Mail has written no mark."""
    within = 0 < index < len(lines) - 1 and is_quoted(lines[index - 1]) and is_quoted(lines[index + 1])
    return within and bool(_LINK.fullmatch(lines[index]))


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """`-- ` and what follows it (RFC 3676 4.3), and `Sent from my ...` as the last line."""
    lines, taken = _without_sent_from(lines)
    for index in range(len(lines) - 1, max(len(lines) - _MOST_SIGNATURE_LINES - 2, -1), -1):
        dash = bool(_DASH.match(lines[index]))
        if (dash or _SIGNATURE.match(lines[index])) and _joined(lines[:index]):
            below = [line.strip() for line in lines[index + 1 :] if line.strip()]
            if len(below) <= _MOST_SIGNATURE_LINES and not (dash and any(map(_is_said, below))):
                return lines[:index], [*lines[index:], *taken]
    return lines, taken


def _is_said(line: str) -> bool:
    """Whether it is a sentence rather than a name, a role or a number."""
    return len(line) > _LONGEST_IN_SIGNATURE or line.endswith((".", "!", "?", ":", ",", ";"))


def _without_sent_from(lines: list[str]) -> tuple[list[str], list[str]]:
    last = next((index for index in range(len(lines) - 1, -1, -1) if lines[index].strip()), None)
    if last is None or not _joined(lines[:last]):
        return lines, []
    return (lines[:last], lines[last:]) if is_sent_from(lines[last]) else (lines, [])
