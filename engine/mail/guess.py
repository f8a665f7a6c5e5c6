"""The charset of bytes of which nobody says it, or says it wrongly."""

from __future__ import annotations

import codecs
import re

SAMPLE = 16_384  # bytes that tell the charset of all
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FEW = 4
# Letters and signs of Western Europe's languages, as cp1252 has them.
_WESTERN = re.compile(
    "[\\x00-\\x7f\\xa0ÀÁÂÃÄÅÆÇÈÉÊËÍÎÏÑÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüœŒÿ–—‘’“”„…•€£§°©®«»¿¡]*".encode("cp1252").decode(
        "latin-1"
    )
)


def wide_of(data: bytes) -> str | None:
    """UTF-16, as PowerShell writes what is then mailed: a mark, or every other byte is mostly nothing. Its codec, or None."""
    if data.startswith(_WIDE_MARKS):
        return "utf-16"
    if b"\0" not in data:
        return None
    sample = data[:SAMPLE]
    first, second = sample[0::2].count(0), sample[1::2].count(0)
    least = len(sample) // 4
    if second > least and not first:
        return "utf-16-le"
    return "utf-16-be" if first > least and not second else None


def guess(data: bytes) -> str:
    """The name of a codec, maybe one that Python has not. A few letters are taken for Western ones where they can be."""
    sample = data[:SAMPLE]
    letters = sample.decode("latin-1")
    if sum(letter > "\x7f" for letter in letters) < _FEW and _WESTERN.fullmatch(letters):
        return "cp1252"
    # Seldom needed. It was right where charset-normalizer took every fourth text of ours in a Western language for another's.
    from chardet import detect
    from chardet.enums import EncodingEra

    return detect(sample, encoding_era=EncodingEra.MODERN_WEB, prefer_superset=True)["encoding"] or "cp1252"
