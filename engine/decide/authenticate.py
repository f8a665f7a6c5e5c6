"""Whether a trusted server says that a message really comes from its sender's domain (RFC 8601)."""

from __future__ import annotations

import re
from typing import Literal

from engine.config.model import EXCHANGE_ONLINE, EXCHANGES, SenderAuthentication
from engine.entities import Sender
from engine.late import late_pattern
from engine.mail.headers import domains_in
from engine.mail.message import Message

Verdict = Literal["pass", "fail", "none"]
_AUTH_AS = "X-MS-Exchange-Organization-AuthAs"
# A quoted string, or a comment, in which quotes count too (RFC 5322 3.2). The sender chooses what stands in either. What never ends is
# matched too, in no group: to look for its end again from each of its letters would take quadratic time.
_STRING = r'"(?:[^"\\]|\\.)*+"'
_COMMENT = rf'\((?:[^()"\\]|\\.|{_STRING})*+'
_OPAQUE = late_pattern(rf'({_STRING})|({_COMMENT}\))|{_COMMENT}|".*', re.DOTALL)
# Fields that stand once (RFC 5322 3.6, RFC 2045), and of which deciding takes the first. A signature is about the last one (RFC 6376 5.4.2):
# who puts another on top of a technician's old mail, signed as ever, must not write in his name.
_ONCE = ("From", "Subject", "Message-ID", "Date", "In-Reply-To", "References", "Content-Type", "Content-Transfer-Encoding")
_MOST = 50  # each server on the way writes one, on top
_LEFT_OVER = late_pattern(r'["()\\]')
_METHOD = late_pattern(r"^\s*([a-z0-9-]+)(?:/\d+)?\s*=\s*([a-z]+)\b(.*)$", re.IGNORECASE | re.DOTALL)
# Which domain a method's result is about.
_ABOUT = {
    "dmarc": late_pattern(r"\bheader\.from\s*=\s*([^\s;]+)", re.IGNORECASE),
    "dkim": late_pattern(r"\bheader\.[di]\s*=\s*([^\s;]+)", re.IGNORECASE),
    "spf": late_pattern(r"\bsmtp\.mailfrom\s*=\s*([^\s;]+)", re.IGNORECASE),
}


def authentication(message: Message, settings: SenderAuthentication) -> tuple[Verdict, str]:
    """(verdict, what told so; empty where nothing did)."""
    verdict, told = _results(message, settings.trust)
    if verdict == "none" and settings.trust & EXCHANGES and _is_internal(message):
        verdict, told = "pass", f"{_AUTH_AS}: Internal"
    if verdict == "pass" and (doubt := _doubt(message)):
        return "none", f"{told}, but {doubt}: what it is about cannot be told for certain"
    return verdict, told


def _results(message: Message, trust: frozenset[str]) -> tuple[Verdict, str]:
    """By Authentication-Results. Only the topmost of a trusted host counts: those below it a sender may have written."""
    hosts = trust - EXCHANGES
    for value in message.headers.get_all("Authentication-Results")[:_MOST]:
        host, *results = _plain(value[:8_000]).split(";")
        name = (host.split() or [""])[0].lower()
        if "=" in name and EXCHANGE_ONLINE in trust:
            # Exchange Online leaves the host out: the first result stands where it should.
            name, results = "Exchange Online", [host, *results]
        elif name not in hosts:
            continue
        told = f"Authentication-Results of {name}"
        if _LEFT_OVER.search(";".join(results)):
            return "none", f"{told}, which cannot be read for certain"
        return _verdict(results, message.sender.domain), told
    return "none", ""


def _is_internal(message: Message) -> bool:
    """Exchange itself took it from one of its own users. It takes headers of this name out of what comes from outside."""
    return [value.strip().lower() for value in message.headers.get_all(_AUTH_AS)] == ["internal"]


def is_doubtful(sender: Sender, settings: SenderAuthentication) -> bool:
    """Somebody who writes as a resource, where it could be known that he is one, and is not.

    Indicators ask for more: where no server is trusted, they are text, while a resource's note is still one.
    """
    could = settings.indicators_need == "pass" and bool(settings.trust)
    return sender.kind == "resource" and could and not sender.authenticated


def _doubt(message: Message) -> str:
    """Why the server may have seen another message than is seen here; empty where all is well."""
    if message.defects:
        return message.defects[0]
    if len({sender.address for sender in message.senders}) != 1:
        return "there is not one sender"
    if domains_in(message.headers.get("From")) - {message.sender.domain}:
        return "From names two addresses"
    return next((f"{name} stands twice" for name in _ONCE if len(message.headers.get_all(name)) > 1), "")


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


def _verdict(results: list[str], domain: str) -> Verdict:
    """DMARC's word is final; without it, SPF or DKIM that pass for the sender's own domain.

    DMARC's word counts for the domain that it is about: a server may take another address for the sender than is taken here.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for result in results[:30]:
        match = _METHOD.match(result)
        if match:
            found.setdefault(match[1].lower(), []).append((match[2].lower(), match[3]))
    dmarc = found.get("dmarc", [])
    if dmarc and all(said == "pass" for said, _ in dmarc):
        about = [name for _, rest in dmarc for name in _ABOUT["dmarc"].findall(rest)]
        return "pass" if all(_is_for(name, domain) for name in about) else "fail"
    if any(said == "fail" for said, _ in dmarc):
        return "fail"
    methods = [(method, said, rest) for method in ("dkim", "spf") for said, rest in found.get(method, [])]
    if any(said == "pass" and _aligned(_ABOUT[method].findall(rest), domain) for method, said, rest in methods):
        return "pass"
    return "fail" if methods and all(said in ("fail", "softfail", "permerror") for _, said, _ in methods) else "none"


def _is_for(name: str, domain: str) -> bool:
    """The domain is the sender's, or a parent of it: some servers name the organization's."""
    passed = name.rpartition("@")[2].lower().strip(".")
    return bool(passed) and (domain == passed or domain.endswith(f".{passed}"))


def _aligned(names: list[str], domain: str) -> bool:
    """All that passed is the sender's domain, a parent or a child of it (RFC 7489 3.1: relaxed alignment)."""
    return bool(names and domain) and all(
        _is_for(name, domain) or _is_for(domain, name.rpartition("@")[2].lower()) for name in names
    )
