"""Whether a trusted server says that a message really comes from its sender's domain (RFC 8601)."""

from __future__ import annotations

import re
from typing import Literal

from engine.config.model import SenderAuthentication
from engine.mail.message import Message

Verdict = Literal["pass", "fail", "none"]
_COMMENT = re.compile(r"\([^()]*\)")
_METHOD = re.compile(r"^\s*([a-z0-9-]+)(?:/\d+)?\s*=\s*([a-z]+)\b(.*)$", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"\b(?:header\.(?:d|i|from)|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


def authentication(message: Message, settings: SenderAuthentication) -> tuple[Verdict, str]:
    """(verdict, what told so). Only the topmost header of a trusted host counts: those below it a sender may have written."""
    for value in message.headers.get_all("Authentication-Results"):
        plain = _COMMENT.sub(" ", value[:8_000])
        host, *results = plain.split(";")
        name = (host.split() or [""])[0].lower()
        if name in settings.trust:
            return _verdict(results, message.sender.domain), f"Authentication-Results of {name}"
    return "none", "no Authentication-Results of a trusted host"


def _verdict(results: list[str], domain: str) -> Verdict:
    """DMARC's word is final; without it, SPF or DKIM that pass for the sender's own domain."""
    found: dict[str, list[tuple[str, str]]] = {}
    for result in results[:30]:
        match = _METHOD.match(result)
        if match:
            found.setdefault(match[1].lower(), []).append((match[2].lower(), match[3]))
    if "dmarc" in found:
        said = found["dmarc"][0][0]
        if said == "pass":
            return "pass"
        if said == "fail":
            return "fail"
    methods = [*found.get("dkim", []), *found.get("spf", [])]
    if any(said == "pass" and _aligned(rest, domain) for said, rest in methods):
        return "pass"
    return "fail" if methods and all(said in ("fail", "softfail", "permerror") for said, _ in methods) else "none"


def _aligned(rest: str, domain: str) -> bool:
    """The domain that passed is the sender's, or a parent or child of it."""
    for value in _PROPERTY.findall(rest):
        passed = value.rpartition("@")[2].lower().strip(".")
        if passed and domain and (domain == passed or domain.endswith(f".{passed}") or passed.endswith(f".{domain}")):
            return True
    return False
