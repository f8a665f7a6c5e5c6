"""Signs that a person wrote a message: people write about automatic mail too, answer it and pass it on, and are heard."""

from __future__ import annotations

from engine.mail.automatic_words import PERSONS_PROGRAM
from engine.mail.message import Headers
from engine.prefixes import is_passed_on


def a_persons_program(headers: Headers) -> bool:
    return bool(PERSONS_PROGRAM.search(headers.get("X-Mailer") + headers.get("User-Agent")))


def by_a_person(headers: Headers) -> bool:
    """Whether it answers something, or was written with a person's mail program."""
    return "In-Reply-To" in headers or a_persons_program(headers)


def looks_personal(headers: Headers, types: list[str]) -> bool:
    """Whether it has what people's mail has as a rule: that, Outlook's thread, HTML. A report that its header calls one may have these too."""
    return by_a_person(headers) or "Thread-Index" in headers or "text/html" in types


def passes_a_report_on(headers: Headers, subject: str, daemon: bool) -> bool:
    """Thunderbird and Apple Mail put the parts of a report that a person forwards into his message."""
    if headers.get("Content-Type").lower().startswith("multipart/report"):
        return False
    return a_persons_program(headers) or (not daemon and is_passed_on(subject))
