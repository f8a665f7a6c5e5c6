"""Conditions that compare with what cannot be: `*@contoso.com`, a domain for an address, a link for a domain, `pdf` for a content type,
and a `*` for any letters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.dsl.tree import Test
from engine.dsl.values import texts_of
from engine.errors import Problem, warn
from engine.mail.links import domain_of

_ADDRESSES = ("sender.address", "contact.address", "recipient.address")
_DOMAINS = ("sender.domain", "recipient.domain", "link.domain")
_TYPE = "attachment.type"
_WHOLE = ("is", "in")
# At an end and next to a letter: `*** SPAM ***` is what mail servers write.
_WILDCARD = re.compile(r"\*(?=[^*\s])|.*[^*\s]\*$", re.DOTALL)


def check_addresses(test: Test) -> Iterator[Problem]:
    for text in texts_of(test.value):
        wrong = _wrong(test, text.text)
        if wrong:
            yield warn("PR113", text.position, *wrong)


def _wrong(test: Test, text: str) -> tuple[str, str] | None:
    """(what is wrong, and how to mend it)."""
    name, words = test.operand.name, text.strip()
    if name in _ADDRESSES + _DOMAINS:
        kind, fix = "address" if name in _ADDRESSES else "domain", _fix(test, words.lower())
    elif name == _TYPE:
        kind, fix = "content type", _fix_type(test, words.lower())
    elif test.operator != "matches" and _WILDCARD.match(words):
        return f"`*` in '{text}' stands for itself only", _fix_wildcard(test, words)
    else:
        return None
    return (f"no {kind} is '{text}'", fix) if fix else None


def _name(test: Test) -> str:
    match test.operand.kind:
        case "any":
            return f"any {test.operand.name}"
        case "header":
            return f'header "{test.operand.name}"'
    return test.operand.name


def _fix_type(test: Test, text: str) -> str | None:
    if test.operator not in _WHOLE or "/" in text:
        return None
    return f'write: any attachment.name ends with ".{text.lstrip("*.")}", or a type such as "application/pdf"'


def _fix_wildcard(test: Test, text: str) -> str:
    words = text.strip("*")
    if test.operator not in _WHOLE:
        return f'write it without: "{words}"'
    before, behind = text.startswith("*"), text.endswith("*")
    return f'write: {_name(test)} {"contains" if before and behind else "ends with" if before else "starts with"} "{words}"'


def _fix(test: Test, text: str) -> str | None:
    name, words = _name(test), text.strip("*")
    if test.operand.name in _DOMAINS:
        if "/" in text:
            return f'write: {name} is "{domain_of(text) or text.partition("/")[0]}"'
        if "@" in text:
            return f'write: {name} is "{words.rpartition("@")[2]}"'
        return f'write: {name} ends with "{words}"' if "*" in text else None
    if "*" in text:
        return f'write: {name} ends with "{words}"' if words.startswith("@") else f'write: {name} contains "{words}"'
    if test.operator in _WHOLE and text.startswith("@"):
        return f'write: {name} ends with "{text}"'
    if test.operator in _WHOLE and text and "@" not in text:
        return f'write: {name} ends with "@{text}"' if "." in text else f'write: {name} starts with "{text}@"'
    return None
