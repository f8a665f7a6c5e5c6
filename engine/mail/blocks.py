"""Lines that stand above somebody else's text: header blocks (From:, Sent: ...), `On ... wrote:`, separators.

In the languages of `header_words.py`: line by line, each in linear time.
"""

from __future__ import annotations

import re

from msgspec import Struct

from engine.late import late_pattern
from engine.mail.header_words import (
    FORWARDED_MESSAGE,
    JOINED_VERBS,
    LABELS,
    OPENERS,
    ORIGINAL_MESSAGE,
    QUOTING,
    SAID,
    VERBS,
)
from engine.mail.linear import linear

_KIND_OF = {word: kind for kind, words in LABELS.items() for word in words.split("|")}
_LONGEST_LABEL = max(map(len, _KIND_OF))
# Whatever stands before a colon near the start of a line: looking it up takes a fifth of the time of trying each label.
_BEFORE_COLON = rf"[ \t>*_|]{{0,20}}([^\s>*_|:：][^\n:：]{{0,{_LONGEST_LABEL}}}?)[ \t*_\u00a0]{{0,5}}[:：]"
_ANY_LABEL = re.compile(_BEFORE_COLON)
_LABEL_LINE = late_pattern(_BEFORE_COLON + r"[ \t*_\u00a0]{0,5}(.{0,1000})")
_FARTHEST_COLON = 20 + _LONGEST_LABEL + 6
# GroupWise writes `>>> Ana Vento <ana@x.example> 03.11.2026 10:00 >>>` above what it quotes, and no marks before that.
_QUOTE = late_pattern(r"^[ \t]{0,3}>(?!>> [^\n]{1,300} >>>[ \t]*$)")
_GROUPWISE = late_pattern(r"^>>> [^\n]{0,280}\d{1,2}[:.]\d{2}[^\n]{0,20} >>>[ \t]*$")
_RULE = late_pattern(r"^[ \t]*[-_=*─—]{3,}[ \t]*$")
_ORIGINAL = late_pattern(rf"^[ \t>]*+[-_─—]{{2,}}+[ \t]*+(?:{ORIGINAL_MESSAGE})[ \t]*+[-_─—]*+[ \t]*+$", re.IGNORECASE)
_FORWARDED = late_pattern(rf"^[ \t>]*+[-_─—]*+[ \t]*+(?:{FORWARDED_MESSAGE})[ \t]*+[:：]?+[ \t]*+[-_─—]*+[ \t]*+$", re.IGNORECASE)
_FORWARDED_WORDS = linear(f"(?:{FORWARDED_MESSAGE})")
_AROUND_LABELS = " \t>*"
_MOST_WRAPPED = 2  # lines without a label, within a header block
_SHORTEST, _LONGEST_SEPARATOR = 4, 200  # of a separator: most lines need no look at its words

# --- `On 3 May 2026, Ana wrote:` ---
_DIGIT = re.compile(r"\d")
_TIME = re.compile(r"\d{1,2}[:.h]\d{2}")
_DATED = late_pattern(rf"{_TIME.pattern}|\d{{4}}|\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}")
_OPENING = late_pattern(
    rf"^[ \t*]{{0,4}}(?:(?:{OPENERS})\b|\d|\w{{2,12}}[.,]?[ \t]+\d|(?:mo|di|mi|do|fr|sa|so)\.?,)", re.IGNORECASE
)
_VERB = rf"(?:\b(?:{VERBS})\b(?:\([ao]\))?|(?:{JOINED_VERBS}))"
_WROTE = late_pattern(
    rf"(?:{_VERB}(?:[ \t\u00a0][^\n]{{0,120}})?[ \t\u00a0]*[:：]|{_VERB}[ \t]*-{{2,}})[ \t\u00a0*]*$", re.IGNORECASE
)
_NAMING = late_pattern(rf"(?:{QUOTING})[ \t][^!?;]+|[^.,!?;:]+[ \t](?:{_VERB}|{SAID})", re.IGNORECASE)
_SAID = late_pattern(rf"[ \t]{SAID}[ \t\u00a0]*:[ \t\u00a0*]*$", re.IGNORECASE)
_AROUND = " \t\u00a0*"
_LONGEST_NAMING = 120
_IN_BRACKETS = r"<[^<>\s][^<>\s@]*+@[^<>\s]++>"
_DATE_AND_ADDRESS = late_pattern(r"\d{1,2}[:.]\d{2}.{0,200}" + _IN_BRACKETS + r"[ \t]*+:[ \t]*+$")
_WITHOUT_COLON = late_pattern(rf"\d{{1,2}}[:.]\d{{2}}.{{0,200}}{_IN_BRACKETS}[ \t]*+{_VERB}$", re.IGNORECASE)
# Tuta's: `3 Nov 2026, 10:00 by ana@x.example:`
_DATE_BY_ADDRESS = late_pattern(r"^\d[^\n:]{4,30}\b\d{1,2}[:.]\d{2}[ \t]+\w{1,8}[ \t]+[^\s@<>]{1,100}@[^\s@<>:]{1,200}:$")
_DASHED = late_pattern(r"[ \t]*+--.*--[ \t]*$")  # of `-{2,}.*-{2,}` a line of dashes took half a second
_BRACKETED = late_pattern(_IN_BRACKETS)
_CLOSING = late_pattern(r"^>[ \t]*[^:]{0,20}:$")  # the end of a wrapped address, not a quoted line
_MOST_LINES = 5  # a header of this kind is wrapped over so many lines at the most
_LONGEST_HEADER = 600
_ENDINGS = (":", "：", "--")
_LONGEST_ENDING = 200  # of `_WROTE`


class Block(Struct, frozen=True):
    """A header block in lines[start:end]: its fields by kind (`from`, `sent`, `to`, `cc`, `subject`)."""

    start: int
    end: int
    fields: dict[str, str]


def may_have_header_block(text: str) -> bool:
    """Whether any line looks like a label. Only the few lines with a colon near their start are looked at."""
    return _has_label(text, ":") or _has_label(text, "：")


def _has_label(text: str, colon: str) -> bool:
    place = text.find(colon)
    while place >= 0:
        start = text.rfind("\n", max(place - _FARTHEST_COLON, 0), place) + 1
        near = start or place <= _FARTHEST_COLON
        if near and (before := _ANY_LABEL.match(text, start)) and before[1].lower() in _KIND_OF:
            return True
        # The first colon of a line says it; a label has none in it.
        place = text.find("\n", place)
        if place >= 0:
            place = text.find(colon, place)
    return False


def header_block(lines: list[str], start: int) -> Block | None:
    """The header block that begins in this line with a From, if one does: From and two more labels within a few lines."""
    first = _field(lines[start])[0]
    if first not in ("from", "sent", "subject"):
        return None
    fields: dict[str, str] = {}
    end, blanks, wrapped = start, 0, 0
    for index in range(start, min(start + 16, len(lines))):
        line = lines[index]
        kind, value = _field(line)
        if kind:
            if kind == "from" and "from" in fields:
                break
            if kind == first and kind in fields and not lines[start + 1].strip(_AROUND_LABELS):
                return None  # the first stands alone: the writer's own last line (`Date: tomorrow`), with the block below it
            fields.setdefault(kind, value)
            end, blanks, wrapped = index + 1, 0, 0
        elif not line.strip(_AROUND_LABELS):
            blanks += 1
            if blanks > 1:
                break
        else:  # a value that is wrapped: a list of recipients over many lines, another over few
            wrapped += "@" not in line and ";" not in line
            if blanks or wrapped > _MOST_WRAPPED:
                break
            end = index + 1
    needed = {"from", "subject"} <= fields.keys() or ({"from", "sent", "to"} <= fields.keys() and _is_mails(fields))
    return Block(start, end, fields) if needed and len(fields) >= 3 else None


def _field(line: str) -> tuple[str, str]:
    """The kind of its label, and its value; empty where it begins with no label."""
    match = _LABEL_LINE.match(line)
    kind = _KIND_OF.get(match[1].lower()) if match else None
    return (kind, match[2].strip(" \t*_")) if match and kind else ("", "")


def _is_mails(fields: dict[str, str]) -> bool:
    """Of a mail, and not of a journey: `From: Lisbon`, `To: Porto`, `Date: 3 May`."""
    # Windows Mail puts a mark of direction around each number.
    return bool(_TIME.search(fields["sent"].replace("\u200e", ""))) or any("@" in value for value in fields.values())


def header_starts(lines: list[str]) -> set[int]:
    """Lines in which `On ... wrote:` may begin: a few above one that ends so.

    Far fewer lines end so than might begin so, each asked with the four below it: 400 KB of `a:` took 2.4 s.
    """
    found: set[int] = set()
    for index, line in enumerate(lines):
        if "@" in line or line.rstrip().endswith(">>>"):
            found.add(index)  # it may be all in one line, and end otherwise
        if line.rstrip(_AROUND).endswith(_ENDINGS):
            first = max(index - _MOST_LINES + 1, 0)
            above = " ".join(piece.strip() for piece in lines[first : index + 1])
            ending = above[-_LONGEST_ENDING:]
            if _WROTE.search(ending) or _SAID.search(ending):
                found.update(range(first, index + 1))
    return found


def wrote_header(lines: list[str], start: int) -> int | None:
    """The line after `On ... wrote:` where that begins in this line and ends a few lines on; else None."""
    line = lines[start]
    if len(line) > _LONGEST_HEADER or not line.strip() or _QUOTE.match(line):
        return None
    if _GROUPWISE.match(line) or _DATE_BY_ADDRESS.match(line.rstrip()):
        return start + 1
    if not (_OPENING.match(line) or _DASHED.match(line) or _BRACKETED.search(line)):
        return None
    if "@" in line and _WITHOUT_COLON.search(line.strip()):
        # French has a space before its colon, and so it may be wrapped onto a line of its own.
        return start + (2 if "".join(lines[start + 1 : start + 2]).strip() in (":", "：") else 1)
    joined = ""
    for index in range(start, min(start + _MOST_LINES, len(lines))):
        piece = lines[index].strip()
        if not piece or (_QUOTE.match(lines[index]) and not _CLOSING.match(piece)):
            return None
        joined = f"{joined} {piece}".strip()
        if len(joined) > _LONGEST_HEADER:
            return None
        if not piece.rstrip(_AROUND).endswith(_ENDINGS):
            continue  # all patterns end so: the search is spared for ordinary text
        if (_DIGIT.search(joined) and _WROTE.search(joined)) or (index == start and _DATE_AND_ADDRESS.search(joined)):
            # A header names a time or a person: a sentence that happens to end so does not.
            return index + 1 if _looks_like_header(joined) else None
        if _SAID.search(joined):
            return index + 1 if _looks_like_header(joined) and _is_above_quotation(lines, index + 1) else None
    return None


def _is_above_quotation(lines: list[str], start: int) -> bool:
    return is_quoted(next((line for line in lines[start : start + 3] if line.strip()), ""))


def says_original(line: str) -> bool:
    """`-----Original Message-----`"""
    return _SHORTEST <= len(line) <= _LONGEST_SEPARATOR and bool(_ORIGINAL.match(line))


def says_forwarded(line: str) -> bool:
    """`---------- Forwarded message ---------`, `Begin forwarded message:`"""
    return _SHORTEST <= len(line) <= _LONGEST_SEPARATOR and bool(_FORWARDED.match(line))


def may_say_forwarded(text: str) -> bool:
    """Whether the words of such a line stand in it anywhere: a fiftieth of the time of asking each line."""
    return bool(_FORWARDED_WORDS.search(text))


def names_writer(line: str) -> bool:
    """Whether it says only who wrote what follows (`Ana Vento wrote:`): above quoted lines that is a header, elsewhere a sentence may be so."""
    said = line.strip(_AROUND)
    return said.endswith((":", "：")) and len(said) <= _LONGEST_NAMING and bool(_NAMING.fullmatch(said[:-1].rstrip(_AROUND)))


def _looks_like_header(joined: str) -> bool:
    return bool(_DATED.search(joined)) or "@" in joined


def is_quoted(line: str) -> bool:
    return bool(_QUOTE.match(line))


def is_rule(line: str) -> bool:
    """A line of dashes or underscores and nothing else."""
    return bool(_RULE.match(line))
