"""Whether a person wrote a message, and which header or part tells so (`behaviour.md` 1.4)."""

from __future__ import annotations

import re
from email.message import Message as Parsed

from engine.mail.about import gave_up, reported_on
from engine.mail.automatic_words import (
    ABUSE_SUBJECT,
    ABUSE_TEXT,
    ALWAYS_DAEMON,
    BEGINS,
    BOUNCE_SUBJECT,
    COPY,
    DAEMON,
    DAEMONS_NAME,
    DMARC_SUBJECT,
    GREETS,
    LIST_SERVER,
    NOBODYS,
    NOBODYS_NAME,
    POSTMASTER,
    PROGRAMS_SUBJECT,
    STATUS,
)
from engine.mail.away_words import AUTOMATIC_SUBJECT, AWAY_SUBJECT, GENERATED_ANSWER
from engine.mail.content import own_parts
from engine.mail.message import Address, Automatic, AutomaticKind, Headers
from engine.mail.old_bounces import is_old_bounce
from engine.mail.personal import a_persons_program, by_a_person, looks_personal, passes_a_report_on
from engine.mail.reaction import reaction
from engine.prefixes import is_forward, is_passed_on
from engine.text import collapse


def classify(headers: Headers, sender: Address, subject: str, text: str, parsed: Parsed | None) -> Automatic | None:
    """The kind with its evidence, or None for mail from people. `parsed` gives the parts; None where there are none."""
    types = [kind for _, kind in own_parts(parsed)]
    subject = collapse(subject)  # RE2 takes only ASCII's white space for such
    daemon = _is_daemon(headers, sender)
    found = (
        _report(headers, subject, text, types, daemon)
        or _bounce_headers(headers, sender, subject, text, daemon)
        or _auto_reply(headers, subject)
        or _reaction(headers, text, types)
        or _old_bounce(headers, sender, subject, text, daemon, parsed, types)
        or _null_return_path(headers, subject)
        or _list_or_bulk(headers, subject)
        or _by_subject_alone(headers, subject, text, types)
        or _by_address(sender)
    )
    if found is None:
        return None
    kind, evidence = found
    about = reported_on(headers, text, parsed) if kind in ("bounce", "auto_reply", "feedback_report") else ()
    return Automatic(kind, evidence, about, kind == "bounce" and gave_up(subject, parsed))


Found = tuple[AutomaticKind, str] | None


# What a part's type says.
_REPORTS: dict[str, tuple[AutomaticKind, str]] = {
    "message/feedback-report": ("feedback_report", "a message/feedback-report part (RFC 5965)"),
    "message/delivery-status": ("bounce", "a message/delivery-status part (RFC 3464)"),
    "message/global-delivery-status": ("bounce", "a message/delivery-status part (RFC 3464)"),
    "message/disposition-notification": ("auto_reply", "a message/disposition-notification part (RFC 8098)"),
}
_RECEIPT = _REPORTS["message/disposition-notification"]


def _report(headers: Headers, subject: str, text: str, types: list[str], daemon: bool) -> Found:
    content_type = headers.get("Content-Type").lower()
    if "feedback-report" in content_type:
        return _REPORTS["message/feedback-report"]
    told = next((said for kind, said in _REPORTS.items() if kind in types), None)
    if told and not passes_a_report_on(headers, subject, daemon):
        if told == _RECEIPT and daemon and _begins_as_failure(text):
            # Dovecot refuses so, for want of space or by a rule of the recipient's: nobody has the message.
            return "bounce", f"{told[1]}, with a delivery failure"
        return told
    if content_type.startswith("multipart/report"):
        if "tlsrpt" in content_type:
            return "auto_generated", "Content-Type: multipart/report; report-type=tlsrpt (RFC 8460)"
        return "bounce", "Content-Type: multipart/report (RFC 6522)"
    return None


def _bounce_headers(headers: Headers, sender: Address, subject: str, text: str, daemon: bool) -> Found:
    for name in ("X-Failed-Recipients", "X-Actual-Recipient-Failed"):
        if name in headers:
            return "bounce", f"{name}: {headers.get(name)[:80]}"
    if headers.get("X-MS-Exchange-Message-Is-Ndr") or "X-MS-Exchange-Report-Format" in headers:
        return "bounce", "Exchange's own header for a delivery report"
    if daemon and (BOUNCE_SUBJECT.search(subject) or STATUS.search(text[:20_000])):
        return "bounce", f"From: {sender.address or headers.get('From')[:80]}, with a delivery failure"
    by_postmaster = POSTMASTER.match(sender.address.partition("@")[0]) and not looks_personal(headers, [])
    if by_postmaster and _says_so(subject) and _begins_as_failure(text):
        # In HTML too, as Exchange 5.5 writes, and whatever it says of itself: MailEnable's are `auto-replied`.
        return "bounce", f"From: {sender.address}, with a text that begins as a delivery failure"
    if headers.get("Received").lower().startswith("(qmail") and "for bounce" in headers.get("Received")[:200]:
        return "bounce", "Received: (qmail ... invoked for bounce)"
    return None


def _is_daemon(headers: Headers, sender: Address) -> bool:
    """Whether a mail system is the sender: by the address, by a name that only such have, or, where the address is empty or broken, by any name."""
    written = headers.get("From")
    if "mailer-daemon" in written.lower():
        return True
    if a_persons_program(headers):
        return False
    name = written.strip(' "<').partition("@")[0].partition("<")[0].strip(' "\\')
    if DAEMON.match(sender.address.partition("@")[0]) or DAEMONS_NAME.match(name):
        return True
    broken = not sender.address or "\\" in written
    return broken and bool(DAEMON.match(name) or NOBODYS_NAME.match(name))


def _begins_as_failure(text: str) -> bool:
    return bool(BEGINS.match(text[:1_000]) and STATUS.search(text[:20_000]))


_LISTS_OWN = re.compile(r"-(?:admin|request|ctl)$|^owner-")
# What Exchange writes where a mailbox's rule made the message, and the word in it that says so.
_BY_A_RULE = {"X-MS-Exchange-Inbox-Rules-Loop": "", "X-MS-Exchange-Generated-Message-Source": "rule"}
# Names that autoresponders give their own header: X-Autoreply, X-Mail-Autoreply, X-Auto-Response-To, ...
_ANSWERS_NAME = re.compile(r"x-(?:[\w-]+-)?auto-?(?:repl(?:y|ied)|respon[ds])(?!\w*-suppress)")
# What others say in headers that say other things too, and the word that means an answer.
_ANSWERS = {
    "X-Apple-Action": "vacation",
    "X-Autogenerated": "reply",
    "X-POST-MessageClass": "autorespon",
    "Precedence": "auto_reply",
    "Preference": "auto_reply",
    "X-Precedence": "auto_reply",
}
_SAY_SO = frozenset(name.lower() for name in (*_BY_A_RULE, *_ANSWERS))


def _auto_reply(headers: Headers, subject: str) -> Found:
    submitted = headers.get("Auto-Submitted").lower()
    if submitted.startswith(("auto-replied", "auto-notified")):
        return "auto_reply", f"Auto-Submitted: {submitted[:40]} (RFC 3834)"
    for name in headers.names:
        if "auto" in name and _ANSWERS_NAME.match(name) and headers.get(name).lower() not in ("no", "false"):
            return "auto_reply", f"{name.title()}: {headers.get(name)[:80]}"
    return _says_so_elsewhere(headers, subject) if headers.has_any(_SAY_SO) else None


def _says_so_elsewhere(headers: Headers, subject: str) -> Found:
    """In a header that says other things too."""
    for name, word in _BY_A_RULE.items():
        value = headers.get(name)[:80]
        if value and value.lower() not in ("no", "false") and word in value.lower():
            # A rule may also pass mail on: that wants to be read, though nobody wants an answer.
            passed_on = is_forward(subject) or "Resent-From" in headers
            return "auto_generated" if passed_on else "auto_reply", f"{name}: {value}"
    for name, word in _ANSWERS.items():
        if (value := headers.get(name)[:80]) and word in value.lower().replace("-", "_"):
            return "auto_reply", f"{name}: {value}"
    return None


def _old_bounce(
    headers: Headers, sender: Address, subject: str, text: str, daemon: bool, parsed: Parsed | None, types: list[str]
) -> Found:
    """Formats from before RFC 3464: only where something already looks like one, for their patterns are loose."""
    local = sender.address.partition("@")[0]
    start = text[:20_000]
    if not (daemon or _is_null(headers)):
        if ("X-MLServer" in headers or "X-ML-Info" in headers) and _LISTS_OWN.search(local):
            return "bounce", "X-MLServer: a list server's own notice"
        return _bounce_of_nobody_known(headers, subject, start, local, parsed, types)
    if parsed is not None and is_old_bounce(parsed):
        return "bounce", "a delivery failure in a format from before RFC 3464"
    if daemon and COPY.search(start):  # `_bounce_headers` asked for all else
        return "bounce", f"From: {sender.address}, with a delivery failure"
    if _says_so(subject) and STATUS.search(start) and not by_a_person(headers):
        return "bounce", f"Subject: {subject[:60]}, with a delivery failure in the text"
    return None


def _says_so(subject: str) -> bool:
    return bool(BOUNCE_SUBJECT.search(subject)) and not is_passed_on(subject)


def _bounce_of_nobody_known(
    headers: Headers, subject: str, start: str, local: str, parsed: Parsed | None, types: list[str]
) -> Found:
    """A bounce by its subject, its text and its form alone.

    People ask about such mail, and put it below their own words: theirs is never taken for one.
    """
    says_so = _says_so(subject)
    if not (says_so or NOBODYS.match(local)) or looks_personal(headers, types):
        return None
    if _begins_as_failure(start):
        return "bounce", f"a text that begins as a delivery failure: {collapse(start[:100])[:60]}"
    if not says_so or GREETS.match(start):
        return None
    if PROGRAMS_SUBJECT.match(subject):
        return "bounce", f"Subject: {subject}"
    failure = bool(STATUS.search(start))
    if failure and any(kind in ("message/rfc822", "text/rfc822-headers") for kind in types):
        return "bounce", f"Subject: {subject[:60]}, with a delivery failure in the text, and a copy"
    if POSTMASTER.match(local) and (failure or (parsed is not None and is_old_bounce(parsed))):
        return "bounce", f"From: {local}, Subject: {subject[:60]}, with a delivery failure"
    return None


def _is_null(headers: Headers) -> bool:
    return any(value.strip() in ("<>", "<MAILER-DAEMON>", "MAILER-DAEMON") for value in headers.get_all("Return-Path"))


def _reaction(headers: Headers, text: str, types: list[str]) -> Found:
    """Nobody wrote it: it must not reopen what is done."""
    evidence = reaction(headers, text, types)
    return ("auto_reply", evidence) if evidence else None


def _null_return_path(headers: Headers, subject: str) -> Found:
    if not _is_null(headers):
        return None
    # A null Return-Path alone may be any automatic answer: another sign decides (`behaviour.md` 1.4).
    return _list_or_bulk(headers, subject) or _generated(subject) or ("bounce", "Return-Path: <>")


def _list_or_bulk(headers: Headers, subject: str) -> Found:
    precedence = headers.get("Precedence").lower().strip()
    for name in ("List-Id", "List-Unsubscribe"):
        if name in headers:
            return "mailing_list", f"{name}: {headers.get(name)[:80]}"
    if precedence == "list":
        return "mailing_list", "Precedence: list"
    submitted = headers.get("Auto-Submitted").lower()
    generated = submitted.startswith("auto-generated") or precedence in ("bulk", "junk")
    # Exchange's answers say that they want none.
    if (generated or "X-Auto-Response-Suppress" in headers) and (by_subject := _generated(subject)):
        return by_subject
    if submitted.startswith("auto-generated"):
        return "auto_generated", "Auto-Submitted: auto-generated (RFC 3834)"
    if precedence in ("bulk", "junk"):
        return "auto_generated", f"Precedence: {precedence}"
    return None


def _by_subject_alone(headers: Headers, subject: str, text: str, types: list[str]) -> Found:
    """No header says so, and people write about such mail too, answer it, pass it on, and ask for it to be set up."""
    personal = looks_personal(headers, types)
    if is_passed_on(subject) and personal:
        return None
    copied = "message/rfc822" in types
    if ABUSE_SUBJECT.match(subject) and (copied or (not personal and ABUSE_TEXT.search(text[:20_000]))):
        return "feedback_report", f"Subject: {subject[:60]}"
    if DMARC_SUBJECT.match(subject):
        return "auto_generated", f"Subject: {subject[:60]}"
    answers = "In-Reply-To" in headers and not a_persons_program(headers)  # and yet its subject is its own: a program's
    if AUTOMATIC_SUBJECT.search(subject) or ((answers or not personal) and AWAY_SUBJECT.search(subject)):
        return "auto_reply", f"Subject: {subject[:60]}"
    return None


def _generated(subject: str) -> Found:
    """For what says that a program wrote it: its subject tells the kind."""
    if any(words.search(subject) for words in (AUTOMATIC_SUBJECT, AWAY_SUBJECT, GENERATED_ANSWER)):
        return "auto_reply", f"Subject: {subject[:60]}"
    if DMARC_SUBJECT.match(subject):
        return "auto_generated", f"Subject: {subject[:60]}"
    return None


def _by_address(sender: Address) -> Found:
    """Nothing else told: a program that nobody writes to, or reads the answers of."""
    local = sender.address.partition("@")[0]
    if ALWAYS_DAEMON.match(local):
        return "bounce", f"From: {sender.address}"
    return ("auto_reply", f"From: {sender.address}, a list server") if LIST_SERVER.match(local) else None
