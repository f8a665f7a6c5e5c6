"""What mail programs put before a subject when they answer or pass a message on, in their languages: `Re:`, `AW:`, `RE[2]:`, `Fwd:`."""

from __future__ import annotations

import re

from engine.late import late_pattern

_REPLY = (
    "re|aw|antw|antwort|sv|va|vá|válasz|res|r|ref|rif|reply|rép|rép.|réf|réf.|odp|odg|bls|balas|atb|ats|ynt|tel|răsp|απ|σχετ|отв|ответ|отг|відп"
    "|回复|回覆|答复|答覆|返信|답장|회신|השב|תגובה|رد|ตอบกลับ|trả lời"
)
_FORWARD = (
    "fw|fwd|wg|wtr|tr|tr.|trans|rv|i|enc|doorst|vb|vl|ilt|pd|trs|továbbítás|posredovano|proslj|prosl|πρθ|пер|пер.|пересл|прен"
    "|转发|轉寄|轉發|転送|전달|הועבר|העבר|إعادة توجيه|ส่งต่อ|chuyển tiếp"
    "|vs"  # Finnish for an answer, Danish and Norwegian for what is passed on
)
_COUNTER = r"\s*+(?:[\[(^]?\d{1,3}[\])]?)?\s*+"
_BEFORE = r"\s*+(?:\[[^\]]{0,80}\]\s*+)?"  # a gateway's `[EXTERNAL]`


def _prefix(listed: str) -> str:
    return f"(?:{'|'.join(re.escape(word) for word in listed.split('|'))}){_COUNTER}[:：]"


_EITHER = _prefix(f"{_REPLY}|{_FORWARD}")
_PREFIXES = late_pattern(rf"\s*+(?:{_EITHER}\s*+)+", re.IGNORECASE)
_TAG = re.compile(r"\[[^\]]{1,80}\]")
_MOST_TAGS = 10
_ANY = late_pattern(_BEFORE + _EITHER, re.IGNORECASE)
_OF_FORWARDS = late_pattern(_BEFORE + _prefix(_FORWARD), re.IGNORECASE)


def strip_prefixes(subject: str) -> str:
    """A subject without reply and forward prefixes in any language. What gateways and lists put before them in brackets stays once:
    `[EXTERNAL] Re: [EXTERNAL] x` is `[EXTERNAL] x`."""
    rest = _without(subject)
    tags: dict[str, str] = {}
    for _ in range(_MOST_TAGS):
        found = _TAG.match(rest)
        if found is None:
            break
        tags.setdefault(found[0].casefold(), found[0])
        rest = _without(rest[found.end() :])
    return " ".join(filter(None, [*tags.values(), rest]))


def _without(text: str) -> str:
    found = _PREFIXES.match(text) if _may_have(text) else None
    return (text[found.end() :] if found else text).strip()


def is_forward(subject: str) -> bool:
    """Whether it says that somebody passed the message on."""
    return _may_have(subject) and bool(_OF_FORWARDS.match(subject))


def is_passed_on(subject: str) -> bool:
    """Whether it says that somebody answered the message, or passed it on."""
    return _may_have(subject) and bool(_ANY.match(subject))


def _may_have(subject: str) -> bool:
    """Each ends with a colon; most subjects have none, and need none of these words compared."""
    return ":" in subject or "：" in subject
