"""Paragraphs of `format=flowed` (RFC 3676): a line that ends in a space goes on in the next one."""

from __future__ import annotations

from io import StringIO

_LONGEST = 500_000  # characters: a line takes half a microsecond
_SIGNATURE = "-- "


def unflowed(text: str, *, deletes_space: bool) -> str:
    """Each paragraph as one line, with the `>` of its quotation; a text that is very long stays as it is.

    `deletes_space`: the space at a line's end is no part of the paragraph (`delsp=yes`).
    """
    if len(text) > _LONGEST:
        return text
    result = StringIO()
    going: int | None = None  # how deep the paragraph is quoted that goes on
    for number, line in enumerate(StringIO(text)):
        line = line.removesuffix("\n")
        said = line.lstrip(">")
        depth = len(line) - len(said)
        said = said.removeprefix(" ")
        is_flowed = said.endswith(" ") and said != _SIGNATURE
        if going != depth or said == _SIGNATURE:
            if number:
                result.write("\n")
            result.write(">" * depth)
            if said and (depth or said.startswith(">")):  # without quotation, a space before `>` says that it is none
                result.write(" ")
        result.write(said[:-1] if is_flowed and deletes_space else said)
        going = depth if is_flowed else None
    return result.getvalue() + ("\n" if text.endswith("\n") else "")
