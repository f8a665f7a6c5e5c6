"""Who wrote the message that this one forwards: an attached message, or a forwarded block in the text."""

from __future__ import annotations

from engine.mail.blocks import (
    header_block,
    is_quoted,
    may_have_header_block,
    may_say_forwarded,
    says_forwarded,
    says_original,
)
from engine.mail.headers import first_address
from engine.mail.message import Address, Forwarded
from engine.prefixes import is_forward

_MOST_LINES = 2_000


def find_forwarded(subject: str, text: str, attached: tuple[Address, ...]) -> Forwarded | None:
    """`attached`: the senders of attached messages. A reply that quotes is no forward: the subject or a separator says so."""
    says_forward = is_forward(subject)
    start = text[:200_000]
    # Most answers have a header block above what they quote, and no such line.
    looked_at = may_have_header_block(start) and (says_forward or may_say_forwarded(start))
    lines = start.split("\n")[:_MOST_LINES] if looked_at else []
    separator = False
    for index, line in enumerate(lines):
        if says_forwarded(line):
            separator = True
            continue
        if says_original(line) or not line.strip():
            continue
        block = header_block(lines, index)
        if block is None:
            continue
        if separator or (says_forward and not is_quoted(line)):
            sender = first_address(block.fields["from"] + " " + _continued(lines, index, block.end))
            if sender is not None:
                how = "a forwarded block" if separator else "a header block under a forward's subject"
                return Forwarded(sender, f"{how} in line {index + 1} of the text")
        if not says_forward and not separator:
            break
    if attached and (says_forward or not text.strip() or len(attached) == 1):
        return Forwarded(attached[0], "an attached message")
    return None


def _continued(lines: list[str], start: int, end: int) -> str:
    """The next line of the block, where a client wraps the address of a long From."""
    following = lines[start + 1] if start + 1 < end else ""
    return following if "@" in following and ":" not in following.split("@")[0] else ""
