"""Conditions that compare an address or a domain with what none can be: `*@contoso.com`, a domain for an address, a link for a domain."""

from __future__ import annotations

from collections.abc import Iterator

from engine.dsl.tree import Test, texts_of
from engine.errors import Problem, warn
from engine.mail.links import domain_of

_ADDRESSES = ("sender.address", "contact.address", "recipient.address")
_DOMAINS = ("sender.domain", "recipient.domain", "link.domain")
_WHOLE = ("is", "in")


def check_addresses(test: Test) -> Iterator[Problem]:
    if test.operand.name not in _ADDRESSES + _DOMAINS:
        return
    for text in texts_of(test.value):
        fix = _fix(test, text.text.strip().lower())
        if fix:
            kind = "address" if test.operand.name in _ADDRESSES else "domain"
            yield warn("PR113", text.position, f"no {kind} is '{text.text}'", fix)


def _fix(test: Test, text: str) -> str | None:
    name = f"any {test.operand.name}" if test.operand.kind == "any" else test.operand.name
    words = text.strip("*")
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
    if test.operator in _WHOLE and "@" not in text and "." in text:
        return f'write: {name} ends with "@{text}"'
    return None
