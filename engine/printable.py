"""Text from messages and files made safe for a terminal: no control characters, no escape sequences, nothing that turns text round;
and for XML 1.0, which has no letters U+FFFE, U+FFFF and no surrogates."""

from __future__ import annotations

from engine.late import late_pattern

_CONTROL = late_pattern(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
# What nobody sees: where a word may be parted, joins of no width, marks and turns of direction. Web pages, Teams and Windows' dialogs
# put such into what is copied from them, and HTML into its words.
UNSEEN = "\u00ad\u034f\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"


def printable(text: str) -> str:
    return _CONTROL.sub("\ufffd", text)


def one_line(text: str) -> str:
    """The same on one line, so that no text can pass for a line of ours."""
    return printable(" ".join(text.splitlines()))
