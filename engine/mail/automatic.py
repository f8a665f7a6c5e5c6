"""Whether a person wrote a message, and which header or part tells so (`behaviour.md` 1.4)."""

from __future__ import annotations

import logging
import re
from email.message import Message as Parsed

from flufl.bounce import all_failures

from engine.mail.headers import message_ids
from engine.mail.message import Address, Automatic, AutomaticKind, Headers

# Its detectors stumble over hostile mail and say so with tracebacks: what they find is all that matters here.
logging.getLogger("flufl.bounce").disabled = True

_DAEMON = re.compile(
    r"^(mailer[-_.]?daemon|mail[-_.]?daemon|post[-_.]?master|mmdf|bounces?|nobody|mail[-_.]delivery|mdaemon|uucp|mail(system)?"
    r"|smtp[-_.]?gateway|majordomo|returned?)([+_=-].*)?$",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|non[- ]?deliver|not deliver|un\w*zustell|nicht zugestellt|unzustellbar|fehlgeschlagen|delivery (status|fail|problem"
    r"|incomplete|error|has failed|unsuccess|delay|temporarily|notification|report)|mail (delivery|system error|could not)|failed mail|returned (mail|to sender|message)"
    r"|failure (notice|delivery)|message (you sent )?(blocked|rejected|delayed|could not)|undelivered|delivery to the following|warning: (could not send|message)"
    r"|mail (nicht|no) |no se pudo entregar|no entregado|devuelto|remis|non distribu|échec de (la )?remise|mancato recapito|mancata consegna|non recapit"
    r"|não (foi )?entreg|falha (na entrega|de entrega)|onbestelbaar|niet bezorgd|email (delivery )?(error|failure)|error sending|can't send|your mail (to|was)"
    r"|rejected|bounced?( message)?|failed delivery|mail error|server error|notification d.état|statusmeldung|status de entrega|недоставлен|未送達|配信エラー|退信|系统退信",
    re.IGNORECASE,
)
# A status code of RFC 3463, or an SMTP reply that means failure, as delivery reports quote them.
_STATUS = re.compile(
    r"\b[45]\.[0-9]{1,3}\.[0-9]{1,3}\b|\b(?:4[2-5]|5[0-5])\d[ -](?:[45]\.\d|<|[A-Za-z])|Remote host said:|Final-Recipient:|Diagnostic-Code:"
    r"|(?:user|mailbox|recipient|address|account)\b.{0,60}\b(?:unknown|unavailable|full|disabled|rejected|not found|does(?: not|n't) exist|inactive)"
    r"|over quota|quota exceeded|unknown user|no such (?:user|recipient|address|mailbox)|could(?: not|n't) be delivered|(?:was|were) not delivered"
    r"|unable to deliver|undeliverable|(?:can(?:not|'t)|could not) deliver|delivery (?:failed|to the following)|permanent(?: fatal)? error|had permanent|was rejected|were rejected"
    r"|returned to (?:you|sender)|host unknown|unrouteable|are not a member|isn't a member|message was blocked|is not accepting|nicht zugestellt|no se ha podido",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"^(?:-+ ?(?:below this line is a copy|this is a copy|original message|the (?:transcript|header|message|body)|returned message|message header)|received: |return-path: |message-id: )",
    re.IGNORECASE | re.MULTILINE,
)
_VACATION_SUBJECT = re.compile(
    r"^\s*(?:(?:re|aw|sv|rv|tr|antw)\s*:\s*)?(?:auto(?:matic)?[- ]?(?:reply|response|responder)|autoreply|auto:|out of (?:the )?office|ooo\b|on vacation|vacation (?:reply|message|response)|away from (?:the )?office|i am (?:out of|away)"
    r"|automatische (?:antwort|e-?mail)|abwesen(?:d|heit)|nicht im (?:büro|haus)|autom(?:atische)? antwort|urlaub(?:s(?:vertretung|meldung))?:"
    r"|respuesta autom[áa]tica|fuera de (?:la )?oficina|ausente?\b|estoy (?:fuera|de vacaciones)"
    r"|r[ée]ponse automatique|absen(?:ce|t) du bureau|absent[e]?(?: du)?\b|message d['’]absence|en cong[ée]s?\b"
    r"|risposta automatica|fuori (?:sede|ufficio)|assente\b|resposta autom[áa]tica|fora do escrit[óo]rio|ausência"
    r"|automatisch antwoord|afwezig(?:heid)?\b|niet aanwezig|autosvar|automatisk (?:svar|svarmeddelelse)|frånvaro|fravær|automaattinen vastaus|odpowiedź automatyczna|autoodpowied"
    r"|自动回复|自動回覆|自動応答|автоответ|автоматический ответ)",
    re.IGNORECASE,
)
_ABUSE_SUBJECT = re.compile(
    r"^\s*(?:abuse (?:report|complaint)|complaint about message|spam report|feedback report|\[?fbl\]?\b)", re.IGNORECASE
)


def classify(headers: Headers, sender: Address, subject: str, text: str, parsed: Parsed | None) -> Automatic | None:
    """The kind with its evidence, or None for mail from people. `parsed` gives the parts; None where there are none."""
    types = _part_types(parsed)
    found = (
        _report(headers, types)
        or _bounce_headers(headers, sender, subject, text)
        or _auto_reply(headers)
        or _old_bounce(headers, sender, subject, text, parsed)
        or _null_return_path(headers, subject)
        or _list_or_bulk(headers)
        or _by_subject(subject)
    )
    if found is None:
        return None
    kind, evidence = found
    about = _about(headers, text, parsed) if kind in ("bounce", "auto_reply", "feedback_report") else ()
    return Automatic(kind, evidence, about)


Found = tuple[AutomaticKind, str] | None


def _part_types(parsed: Parsed | None) -> list[str]:
    if parsed is None:
        return []
    types: list[str] = []
    waiting = [parsed]
    while waiting and len(types) < 50:
        part = waiting.pop()
        types.append(part.get_content_type())
        payload = part.get_payload()
        # A message that is attached is somebody else's: what it is made of says nothing of this one.
        if isinstance(payload, list) and not types[-1].startswith("message/"):
            waiting += [child for child in payload[:20] if not isinstance(child, str)]
    return types


def _report(headers: Headers, types: list[str]) -> Found:
    content_type = headers.get("Content-Type").lower()
    if ("feedback-report" in content_type and "report" in content_type) or "message/feedback-report" in types:
        return "feedback_report", "a message/feedback-report part (RFC 5965)"
    if "message/delivery-status" in types or "message/global-delivery-status" in types:
        return "bounce", "a message/delivery-status part (RFC 3464)"
    if "message/disposition-notification" in types:
        return "auto_reply", "a message/disposition-notification part (RFC 8098)"
    if content_type.startswith("multipart/report"):
        return "bounce", "Content-Type: multipart/report (RFC 6522)"
    return None


def _bounce_headers(headers: Headers, sender: Address, subject: str, text: str) -> Found:
    for name in ("X-Failed-Recipients", "X-Actual-Recipient-Failed"):
        if name in headers:
            return "bounce", f"{name}: {headers.get(name)[:80]}"
    if headers.get("X-MS-Exchange-Message-Is-Ndr") or "X-MS-Exchange-Report-Format" in headers:
        return "bounce", "Exchange's own header for a delivery report"
    if headers.get("Content-Type").lower().startswith("multipart/report"):
        return "bounce", "Content-Type: multipart/report"
    local = sender.address.partition("@")[0] or sender.address
    is_daemon = bool(_DAEMON.match(local)) or "mailer-daemon" in headers.get("From").lower()
    if is_daemon and (_BOUNCE_SUBJECT.search(subject) or _STATUS.search(text[:20_000])):
        return "bounce", f"From: {sender.address or headers.get('From')[:80]}, with a delivery failure"
    if headers.get("Received").lower().startswith("(qmail") and "for bounce" in headers.get("Received")[:200]:
        return "bounce", "Received: (qmail ... invoked for bounce)"
    return None


def _auto_reply(headers: Headers) -> Found:
    submitted = headers.get("Auto-Submitted").lower()
    if submitted.startswith(("auto-replied", "auto-notified")):
        return "auto_reply", f"Auto-Submitted: {submitted[:40]} (RFC 3834)"
    for name in (
        "X-Autoreply",
        "X-Autorespond",
        "X-Autoreply-From",
        "X-Autoresponder",
        "X-Auto-Reply",
        "X-AutoReply-From",
        "X-Mail-Autoreply",
        "X-MS-Exchange-Inbox-Rules-Loop",
        "X-MS-Exchange-Generated-Message-Source",
    ):
        if name in headers and headers.get(name).lower() not in ("no", "false"):
            value = headers.get(name)[:80]
            if name == "X-MS-Exchange-Generated-Message-Source" and "rule" not in value.lower():
                continue
            return "auto_reply", f"{name}: {value}"
    if headers.get("Precedence").lower().replace("-", "_") == "auto_reply":
        return "auto_reply", "Precedence: auto_reply"
    return None


def _old_bounce(headers: Headers, sender: Address, subject: str, text: str, parsed: Parsed | None) -> Found:
    """Formats from before RFC 3464: only where something already looks like one, for their patterns are loose."""
    local = sender.address.partition("@")[0]
    daemon = bool(_DAEMON.match(local)) or "mailer-daemon" in headers.get("From").lower()
    null = _is_null(headers)
    says_so = bool(_BOUNCE_SUBJECT.search(subject))
    start = text[:20_000]
    if not (daemon or null or says_so):
        is_list_server = "X-MLServer" in headers or "X-ML-Info" in headers
        if is_list_server and (local.endswith(("-admin", "-request", "-ctl")) or local.startswith("owner-")):
            return "bounce", "X-MLServer: a list server's own notice"
        return None
    if parsed is not None and (daemon or null or says_so):
        try:
            temporary, permanent = all_failures(parsed)
        except Exception:  # its detectors were not written for hostile mail
            temporary, permanent = frozenset(), frozenset()
        if (temporary or permanent) and (daemon or null or _STATUS.search(start)):
            return "bounce", "a delivery failure in a format from before RFC 3464"
    if daemon and (says_so or _STATUS.search(start) or _COPY.search(start)):
        return "bounce", f"From: {sender.address}, with a delivery failure"
    if says_so and _STATUS.search(start) and (_COPY.search(start) or null):
        return "bounce", f"Subject: {subject[:60]}, with a delivery failure in the text"
    return None


def _is_null(headers: Headers) -> bool:
    return any(value.strip() in ("<>", "<MAILER-DAEMON>", "MAILER-DAEMON") for value in headers.get_all("Return-Path"))


def _null_return_path(headers: Headers, subject: str) -> Found:
    if not _is_null(headers):
        return None
    # A null Return-Path alone may be any automatic answer: another sign decides (`behaviour.md` 1.4).
    return _list_or_bulk(headers) or _by_subject(subject) or ("bounce", "Return-Path: <>")


def _list_or_bulk(headers: Headers) -> Found:
    precedence = headers.get("Precedence").lower().strip()
    for name in ("List-Id", "List-Unsubscribe"):
        if name in headers:
            return "mailing_list", f"{name}: {headers.get(name)[:80]}"
    if precedence == "list":
        return "mailing_list", "Precedence: list"
    submitted = headers.get("Auto-Submitted").lower()
    if submitted.startswith("auto-generated"):
        return "auto_generated", "Auto-Submitted: auto-generated (RFC 3834)"
    if precedence in ("bulk", "junk"):
        return "auto_generated", f"Precedence: {precedence}"
    return None


def _by_subject(subject: str) -> Found:
    if _VACATION_SUBJECT.match(subject):
        return "auto_reply", f"Subject: {subject[:60]}"
    if _ABUSE_SUBJECT.match(subject):
        return "feedback_report", f"Subject: {subject[:60]}"
    return None


_MESSAGE_ID_LINE = re.compile(r"^(?:> ?)?(?:original-)?message-id:\s*(<[^<>\s]{1,400}>)", re.IGNORECASE | re.MULTILINE)


def _about(headers: Headers, text: str, parsed: Parsed | None) -> tuple[str, ...]:
    """Message-IDs of what a report or an answer is about: the copy inside it, then what it says it replies to."""
    found: list[str] = []
    if parsed is not None:
        waiting: list[Parsed] = [parsed]
        seen = 0
        while waiting and seen < 50:
            part, seen = waiting.pop(), seen + 1
            payload = part.get_payload()
            kind = part.get_content_type()
            if isinstance(payload, list):
                waiting += [child for child in payload[:20] if not isinstance(child, str)]
            elif kind in ("text/rfc822-headers", "message/rfc822-headers") and isinstance(payload, str):
                found += message_ids(_MESSAGE_ID_LINE.findall(payload[:50_000]))
            if part is not parsed:
                own = part.get("Message-ID") or part.get("Original-Message-ID")
                found += message_ids([str(own)]) if own else []
    found += message_ids(_MESSAGE_ID_LINE.findall(text[:50_000]))
    found += message_ids(headers.get_all("In-Reply-To")) + message_ids(headers.get_all("References"))
    return tuple(dict.fromkeys(found))[:32]
