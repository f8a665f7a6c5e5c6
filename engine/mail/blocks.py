"""Lines that stand above somebody else's text: header blocks (From:, Sent: ...), `On ... wrote:`, separators.

In the seven languages of `behaviour.md` and those that are near: line by line, each in linear time.
"""

from __future__ import annotations

import re

from msgspec import Struct

# Labels of a quoted header block, by what they mean.
_LABELS = {
    "from": "from von de da van od fra från lähettäjä från",
    "sent": "sent date gesendet datum enviado enviada envoyé envoye fecha inviato data verzonden sendt skickat wysłano"
    " lähetetty enviado_el enviado_em enviada_em envoyé_le dato",
    "to": "to an para à a aan til till do pour vastaanottaja",
    "cc": "cc kopie copie copia kopi",
    "subject": "subject betreff asunto objet oggetto assunto onderwerp emne ämne temat aihe",
    "reply-to": "reply-to antwort_an responder_a répondre_à rispondi_a responder_para antwoord_aan",
}
_KIND_OF = {word.replace("_", " "): kind for kind, words in _LABELS.items() for word in words.split()}
_LABEL = r"^[ \t>*_|]{0,20}(" + "|".join(sorted((re.escape(word) for word in _KIND_OF), key=len, reverse=True)) + ")"
_LABEL_LINE = re.compile(_LABEL + r"[ \t*_\u00a0]{0,5}:[ \t*_\u00a0]{0,5}(.{0,1000})", re.IGNORECASE)
_ANY_LABEL = re.compile(_LABEL + r"[ \t*_\u00a0]{0,5}:", re.IGNORECASE | re.MULTILINE)
_FARTHEST_COLON = 20 + max(map(len, _KIND_OF)) + 6
_QUOTE = re.compile(r"^[ \t]{0,3}>")
_RULE = re.compile(r"^[ \t]*[-_=*─—]{3,}[ \t]*$")
ORIGINAL = re.compile(
    r"^[ \t>]*+[-_─—]{2,}+[ \t]*+(original[ -]?(message|appointment)|reply[ -]?message|ursprüngliche (nachricht|e-?mail)|originalnachricht"
    r"|mensaje original|message d['’]origine|message original|messaggio originale|mensagem original"
    r"|oorspronkelijk bericht|originele bericht|oprindelig (?:meddelelse|besked)|opprinnelig melding|original meddelelse|ursprungligt meddelande"
    r"|wiadomość oryginalna|alkuperäinen viesti)[ \t]*+[-_─—]*+[ \t]*+$",
    re.IGNORECASE,
)
FORWARDED = re.compile(
    r"^[ \t>]*+[-_─—]*+[ \t]*+(forwarded message|begin forwarded message|weitergeleitete nachricht"
    r"|anfang der weitergeleiteten (nachricht|e-?mail)|mensaje reenviado|inicio del mensaje reenviado|message transféré"
    r"|début du message (réexpédié|transféré)|message réexpédié|messaggio inoltrato|inizio messaggio inoltrato"
    r"|mensagem encaminhada|mensagem reencaminhada|início da mensagem (encaminhada|reencaminhada)"
    r"|início de mensagem reenviada|doorgestuurd bericht|begin doorgestuurd bericht)[ \t]*+:?+[ \t]*+[-_─—]*+[ \t]*+$",
    re.IGNORECASE,
)
FORWARD_SUBJECT = re.compile(
    r"^\s*+(?:\[[^\]]{0,80}\]\s*+)?(?:fwd?|wg|tr|rv|i|enc|doorst|vs|vb|trans)\s*+(?:\[\d++\])?\s*+:", re.IGNORECASE
)

# --- `On 3 May 2026, Ana wrote:` ---
_DIGIT = re.compile(r"\d")
_TIME = re.compile(r"\d{1,2}[:.h]\d{2}")
_DATED = re.compile(rf"{_TIME.pattern}|\d{{4}}|\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}")
_VERBS = (
    "wrote|writes|schrieb|geschrieben|escribió|escribio|a écrit|ecrit|écrit|ha scritto|scrisse|scrive|escreveu|schreef"
    "|skrev|napisał|napisała|kirjoitti|пишет|написал|írta|napsal|yazdı"
)
_OPENERS = (
    "on|am|um|el|le|il|em|no dia|na|a|op|den|w dniu|dnia|på|ma|ti|ke|to|pe|la|su|man|tir|ons|tor|fre|lör|sön|mån|tis|lør|søn"
)
_OPENING = re.compile(
    rf"^[ \t*]{{0,4}}(?:(?:{_OPENERS})\b|\d|\w{{2,12}}[.,]?[ \t]+\d|(?:mo|di|mi|do|fr|sa|so)\.?,)", re.IGNORECASE
)
_WROTE = re.compile(
    rf"(?:\b(?:{_VERBS})\b(?:[ \t\u00a0][^\n]{{0,120}})?[ \t\u00a0]*[:：]|\b(?:{_VERBS})[ \t]*-{{2,}})[ \t\u00a0*]*$",
    re.IGNORECASE,
)
_IN_BRACKETS = r"<[^<>\s][^<>\s@]*+@[^<>\s]++>"
_DATE_AND_ADDRESS = re.compile(r"\d{1,2}[:.]\d{2}.{0,200}" + _IN_BRACKETS + r"[ \t]*+:[ \t]*+$")
_DASHED = re.compile(r"[ \t]*+--.*--[ \t]*$")  # of `-{2,}.*-{2,}` a line of dashes took half a second
_BRACKETED = re.compile(_IN_BRACKETS)
_CLOSING = re.compile(r"^>[ \t]*[^:]{0,20}:$")  # the end of a wrapped address, not a quoted line
_MOST_LINES = 5  # a header of this kind is wrapped over so many lines at the most
_LONGEST_HEADER = 600


class Block(Struct, frozen=True):
    """A header block in lines[start:end]: its fields by kind (`from`, `sent`, `to`, `cc`, `subject`)."""

    start: int
    end: int
    fields: dict[str, str]


def may_have_header_block(text: str) -> bool:
    """Whether any line looks like a label. Only the few lines with a colon near their start are looked at."""
    place = text.find(":")
    while place >= 0:
        start = text.rfind("\n", max(place - _FARTHEST_COLON, 0), place) + 1
        near = start or place <= _FARTHEST_COLON
        if near and _ANY_LABEL.match(text, start):
            return True
        # The first colon of a line says it; a label has none in it.
        place = text.find("\n", place)
        if place >= 0:
            place = text.find(":", place)
    return False


def header_block(lines: list[str], start: int) -> Block | None:
    """The header block that begins in this line with a From, if one does: From and two more labels within a few lines."""
    first = _LABEL_LINE.match(lines[start])
    if not first or _KIND_OF[first[1].lower()] not in ("from", "sent", "subject"):
        return None
    fields: dict[str, str] = {}
    end, blanks = start, 0
    for index in range(start, min(start + 16, len(lines))):
        line = lines[index]
        match = _LABEL_LINE.match(line)
        if match:
            kind = _KIND_OF[match[1].lower()]
            if kind == "from" and "from" in fields:
                break
            fields.setdefault(kind, match[2].strip(" \t*_"))
            end, blanks = index + 1, 0
        elif not line.strip(" \t>*"):
            blanks += 1
            if blanks > 1:
                break
        elif blanks or index - end >= 3:
            break
        else:
            end = index + 1  # a value that is wrapped
    needed = {"from", "subject"} <= fields.keys() or ({"from", "sent", "to"} <= fields.keys() and _is_mails(fields))
    return Block(start, end, fields) if needed and len(fields) >= 3 else None


def _is_mails(fields: dict[str, str]) -> bool:
    """Of a mail, and not of a journey: `From: Lisbon`, `To: Porto`, `Date: 3 May`."""
    return bool(_TIME.search(fields["sent"])) or any("@" in value for value in fields.values())


def wrote_header(lines: list[str], start: int) -> int | None:
    """The line after `On ... wrote:` where that begins in this line and ends a few lines on; else None."""
    line = lines[start]
    if len(line) > _LONGEST_HEADER or not line.strip() or _QUOTE.match(line):
        return None
    if not (_OPENING.match(line) or _DASHED.match(line) or _BRACKETED.search(line)):
        return None
    joined = ""
    for index in range(start, min(start + _MOST_LINES, len(lines))):
        piece = lines[index].strip()
        if not piece or (_QUOTE.match(lines[index]) and not _CLOSING.match(piece)):
            return None
        joined = f"{joined} {piece}".strip()
        if len(joined) > _LONGEST_HEADER:
            return None
        if not piece.rstrip(" \t\u00a0*").endswith((":", "：", "--")):
            continue  # all patterns end so: the search is spared for ordinary text
        if (_WROTE.search(joined) and _DIGIT.search(joined)) or (index == start and _DATE_AND_ADDRESS.search(joined)):
            # A header names a time or a person: a sentence that happens to end so does not.
            return index + 1 if _looks_like_header(joined) else None
    return None


def _looks_like_header(joined: str) -> bool:
    return bool(_DATED.search(joined)) or "@" in joined


def is_quoted(line: str) -> bool:
    return bool(_QUOTE.match(line))


def is_rule(line: str) -> bool:
    """A line of dashes or underscores and nothing else."""
    return bool(_RULE.match(line))
