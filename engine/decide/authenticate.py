"""Whether a trusted server says that a message really comes from its sender's domain (RFC 8601)."""

from __future__ import annotations

import re
from typing import Literal

from engine.config.model import SenderAuthentication
from engine.mail.message import Message

Verdict = Literal["pass", "fail", "none"]
# A quoted string, or a comment, in which quotes count too (RFC 5322 3.2). The sender chooses what stands in either. What never ends is
# matched too, in no group: to look for its end again from each of its letters would take quadratic time.
_STRING = r'"(?:[^"\\]|\\.)*+"'
_COMMENT = rf'\((?:[^()"\\]|\\.|{_STRING})*+'
_OPAQUE = re.compile(rf'({_STRING})|({_COMMENT}\))|{_COMMENT}|".*', re.DOTALL)
_MOST = 50  # each server on the way writes one, on top
_LEFT_OVER = re.compile(r'["()\\]')
_METHOD = re.compile(r"^\s*([a-z0-9-]+)(?:/\d+)?\s*=\s*([a-z]+)\b(.*)$", re.IGNORECASE | re.DOTALL)
# Which domain a method's result is about.
_ABOUT = {
    "dmarc": re.compile(r"\bheader\.from\s*=\s*([^\s;]+)", re.IGNORECASE),
    "dkim": re.compile(r"\bheader\.[di]\s*=\s*([^\s;]+)", re.IGNORECASE),
    "spf": re.compile(r"\bsmtp\.mailfrom\s*=\s*([^\s;]+)", re.IGNORECASE),
}


def authentication(message: Message, settings: SenderAuthentication) -> tuple[Verdict, str]:
    """(verdict, what told so). Only the topmost header of a trusted host counts: those below it a sender may have written."""
    for value in message.headers.get_all("Authentication-Results")[:_MOST]:
        host, *results = _plain(value[:8_000]).split(";")
        name = (host.split() or [""])[0].lower()
        if name in settings.trust:
            if _LEFT_OVER.search(";".join(results)):
                return "none", f"Authentication-Results of {name}, which cannot be read for certain"
            verdict = _verdict(results, message.sender.domain, alone=len(message.senders) == 1)
            return verdict, f"Authentication-Results of {name}"
    return "none", "no Authentication-Results of a trusted host"


def _plain(value: str) -> str:
    """Without comments, and with nothing in a quoted string that parts results or words."""
    for _ in range(3):  # comments nest
        if not _LEFT_OVER.search(value):
            break
        value = _OPAQUE.sub(_without_marks, value)
    return value


def _without_marks(found: re.Match[str]) -> str:
    if found[1]:
        return re.sub(r'["();=\s\\]', "", found[1])
    return " " if found[2] else found[0]


def _verdict(results: list[str], domain: str, *, alone: bool) -> Verdict:
    """DMARC's word is final; without it, SPF or DKIM that pass for the sender's own domain.

    DMARC's word counts for the domain that it is about: a server may take another address for the sender than is taken here, of a
    From with several or with a broken one. Where it does not say which, there must be one address only (`alone`).
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for result in results[:30]:
        match = _METHOD.match(result)
        if match:
            found.setdefault(match[1].lower(), []).append((match[2].lower(), match[3]))
    dmarc = found.get("dmarc", [])
    if dmarc and all(said == "pass" for said, _ in dmarc):
        about = [name for _, rest in dmarc for name in _ABOUT["dmarc"].findall(rest)]
        if about:
            return "pass" if all(_is_of(name, domain) for name in about) else "fail"
        return "pass" if alone else "none"
    if any(said == "fail" for said, _ in dmarc):
        return "fail"
    methods = [(method, said, rest) for method in ("dkim", "spf") for said, rest in found.get(method, [])]
    if any(
        said == "pass" and any(_is_of(name, domain) for name in _ABOUT[method].findall(rest)) for method, said, rest in methods
    ):
        return "pass"
    return "fail" if methods and all(said in ("fail", "softfail", "permerror") for _, said, _ in methods) else "none"


def _is_of(name: str, domain: str) -> bool:
    """The domain that passed is the sender's, or a parent or child of it."""
    passed = name.rpartition("@")[2].lower().strip(".")
    return bool(passed and domain) and (domain == passed or domain.endswith(f".{passed}") or passed.endswith(f".{domain}"))
