"""Automatic mail by kind, with the evidence (`behaviour.md` 1.4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.mail.parse import parse_message

PLAIN = "From: Ana <ana@x.example>\nTo: help@us.example\nMessage-ID: <1@x.example>\n"


@pytest.mark.parametrize(
    ("headers", "body", "kind", "evidence"),
    [
        ("Subject: Printer", "It is broken.", None, ""),
        ("Subject: Undeliverable parcel", "Where is it? The delivery failed.", None, ""),
        ("Subject: Mail server rejected my login", "Please help, 550 people wait.", None, ""),
        ("Subject: Out of the office supplies order\nX: y", "We need paper.", None, ""),
        ("Return-Path: <>\nSubject: x", "y", "bounce", "Return-Path: <>"),
        ("Return-Path: <>\nSubject: x\nAuto-Submitted: auto-replied", "y", "auto_reply", "Auto-Submitted"),
        ("Return-Path: <>\nSubject: x\nList-Id: <l.x>", "y", "mailing_list", "List-Id"),
        ("Subject: x\nAuto-Submitted: auto-notified; owner-email=a@b", "y", "auto_reply", "Auto-Submitted"),
        ("Subject: x\nAuto-Submitted: no", "y", None, ""),
        ("Subject: x\nX-Autoreply: yes", "y", "auto_reply", "X-Autoreply"),
        ("Subject: x\nX-Autorespond: z", "y", "auto_reply", "X-Autorespond"),
        ("Subject: x\nPrecedence: auto_reply", "y", "auto_reply", "Precedence"),
        ("Subject: x\nX-MS-Exchange-Inbox-Rules-Loop: a@b", "y", "auto_reply", "X-MS-Exchange-Inbox-Rules-Loop"),
        ("Subject: x\nContent-Type: multipart/report; report-type=tlsrpt; boundary=b", "--b--", "auto_generated", "Content-Type"),
        ("Subject: x\nContent-Type: multipart/report; boundary=b", "--b--", "bounce", "Content-Type"),
        ("Subject: FW: Offer\nX-MS-Exchange-Inbox-Rules-Loop: a@b", "y", "auto_generated", "X-MS-Exchange-Inbox-Rules-Loop"),
        ("Subject: Offer\nResent-From: a@b\nX-MS-Exchange-Inbox-Rules-Loop: a@b", "y", "auto_generated", "X-MS-Exchange-Inbox-Rules-Loop"),
        ("Subject: x\nX-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent", "y", "auto_reply", "X-MS-Exchange-Generated"),
        ("Subject: x\nX-MS-Exchange-Generated-Message-Source: Journal", "y", None, ""),
        ("Subject: x\nList-Unsubscribe: <mailto:a@b>", "y", "mailing_list", "List-Unsubscribe"),
        ("Subject: x\nPrecedence: list", "y", "mailing_list", "Precedence"),
        ("Subject: x\nAuto-Submitted: auto-generated", "y", "auto_generated", "Auto-Submitted"),
        ("Subject: x\nPrecedence: bulk", "y", "auto_generated", "Precedence"),
        ("Subject: x\nPrecedence: junk", "y", "auto_generated", "Precedence"),
        ("Subject: x\nX-Failed-Recipients: a@b", "y", "bounce", "X-Failed-Recipients"),
        ("Subject: Abwesenheitsnotiz: Urlaub", "y", "auto_reply", "Subject"),
        ("Subject: Respuesta automática: Pedido", "y", "auto_reply", "Subject"),
        ("Subject: Réponse automatique : Commande", "y", "auto_reply", "Subject"),
        ("Subject: Risposta automatica: Ordine", "y", "auto_reply", "Subject"),
        ("Subject: Resposta automática: Pedido", "y", "auto_reply", "Subject"),
        ("Subject: Automatisch antwoord: Order", "y", "auto_reply", "Subject"),
        ("Subject: [Automatyczna odpowiedź] zamówienie\r\nPrecedence: junk", "y", "auto_reply", "Subject"),
        ("Subject: Automatic reply: Order", "y", "auto_reply", "Subject"),
        ("Subject: [EXTERNAL] Automatic reply: Order", "y", "auto_reply", "Subject"),
        ("Subject: [support #33575] AutoReply: Order", "y", "auto_reply", "Subject"),
    ],
)  # fmt: skip
def test_each_sign_of_automatic_mail(headers: str, body: str, kind: str | None, evidence: str) -> None:
    found = parse_message(f"{PLAIN}{headers}\n\n{body}\n".encode()).automatic
    assert (found.kind if found else None) == kind
    if found:
        assert found.evidence.startswith(evidence)


def test_a_postmasters_failure_in_plain_text_is_a_bounce_and_names_the_original() -> None:
    raw = (
        b"From: Mail Delivery System <MAILER-DAEMON@mx.example>\nSubject: failure notice\n\nSorry, no mailbox here by that name (#5.1.1)\n\n"
        b"--- Below this line is a copy of the message.\n\nMessage-ID: <ours@us.example>\nSubject: [T1]\n"
    )
    found = parse_message(raw).automatic
    assert found is not None and found.kind == "bounce" and found.about == ("ours@us.example",)


def test_a_mail_systems_failure_is_told_by_its_subject_alone() -> None:
    found = parse_message(
        b"From: mailer-daemon@mx.example\nSubject: Mail failure.\n\nThe following address(es) failed:\n"
    ).automatic
    assert found is not None and found.kind == "bounce"


@pytest.mark.parametrize(
    "subject",
    [
        "メールエラー通知",
        "配信不能: 見積",
        "Nedoručitelné: Nabídka",
        "Kézbesíthetetlen: Ajánlat",
        "Teslim edilemedi: Teklif",
        "无法送达: 报价",
    ],
)
def test_a_failure_in_another_language_is_a_bounce(subject: str) -> None:
    """No header says so, and the sender is nobody in particular: it is known by its subject, its text and its copy of ours."""
    raw = (
        f"From: no-reply@mail.example\nTo: help@us.example\nSubject: {subject}\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
        "Content-Type: text/plain; charset=utf-8\n\nCould not be delivered to: <kim@x.example>\nAs their mailbox is full.\n--b\n"
        "Content-Type: message/rfc822\n\nMessage-ID: <ours@us.example>\nSubject: [T1]\n\nx\n--b--\n"
    )
    found = parse_message(raw.encode()).automatic
    assert found is not None and found.kind == "bounce" and found.about == ("ours@us.example",)


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("bounce", "message/delivery-status"),
        ("feedback_report", "message/feedback-report"),
        ("auto_reply", "message/disposition-notification"),
    ],
)
def test_a_report_is_known_by_its_parts(kind: str, part: str) -> None:
    raw = f"From: x@y.example\nSubject: z\nContent-Type: multipart/report; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: {part}\n\nA: b\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <o@us.example>\n--b--\n"
    found = parse_message(raw.encode()).automatic
    assert found is not None and found.kind == kind and found.about == ("o@us.example",)


def test_every_real_bounce_is_automatic_and_hardly_any_other_mail(corpus: Path) -> None:
    bounces = [parse_message(path.read_bytes()) for path in sorted((corpus / "bounces").glob("*.eml"))]
    assert len(bounces) == 120
    missed = [
        message.subject
        for message in bounces
        if message.automatic is None or message.automatic.kind not in ("bounce", "auto_reply", "feedback_report")
    ]
    assert missed == []
    others = [parse_message(path.read_bytes()) for path in sorted((corpus / "redmine").glob("*.eml"))]
    assert [message.subject for message in others if message.automatic] == []


def _plain(subject: str, text: str = "x", more: str = "") -> bytes:
    head = "From: ana@brightwater.example\nTo: help@x.example\nMessage-ID: <1@b>\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n"
    return f"{head}Subject: {subject}\n{more}\n{text}\n".encode()


@pytest.mark.parametrize(
    "subject",
    [
        "Report Domain: brightwater.example Submitter: mail.example Report-ID: <2026.1>",
        "Report domain: brightwater.example Submitter: mail.example Report-ID: 77",
        "Dmarc Aggregate Report Domain: {brightwater.example}  Submitter: {Mail SES}  Date: {2026-11-01}  Report-ID: {7}",
        "[Preview] Report Domain: brightwater.example Submitter: mail.example Report-ID: 8",
    ],
)
def test_reports_on_authentication_are_known_as_generated(subject: str) -> None:
    found = parse_message(_plain(subject)).automatic
    assert found is not None and found.kind == "auto_generated"


PASTED = """Hi,

since this morning our mails to kunde@x.example come back:

<kunde@x.example>: host mx.x.example said: 550 5.1.1 user unknown

----- Original message -----
Received: from a by b
Message-ID: <a@b>
Subject: Offer
"""


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("FW: Undeliverable: Offer", PASTED),
        ("Fwd: Undelivered Mail Returned to Sender", PASTED),
        ("WG: Unzustellbar: Angebot", PASTED),
        ("Mails to a customer are rejected", "They say 550 5.7.1 blocked. Please help"),
        ("Delivery failure when we write to Kessler", "We get 550 5.1.1 user unknown. Can you help?"),
        ("Email delivery problem", "mails are delayed, the mailbox is full"),
        ("Server error", "500 internal error"),
        ("Message blocked by the firewall", "It was rejected"),
        ("RE: Delivery delayed", "the laptops could not be delivered"),
        ("Out of office does not work in Outlook", "x"),
        ("Out of office message for Ana please", "x"),
        ("Automatic reply is not sent", "x"),
        ("[EXTERNAL] Automatic reply is not sent", "x"),
        ("Absent user's account", "x"),
        ("Absence management tool is slow", "x"),
        ("On vacation from Monday, forward my mail please", "x"),
        ("I am out of disk space", "x"),
        ("Vacation calendar is broken", "x"),
        ("Abwesenheitsassistent einrichten", "x"),
        ("Abwesenheit von Frau Meier eintragen", "x"),
        ("Urlaubsvertretung einrichten", "x"),
        ("Ausente la impresora", "x"),
        ("Fuori sede: collegamento VPN non funziona", "x"),
        ("Auto: leasing question", "x"),
        ("Abuse report form is offline", "x"),
        ("Spam report: how do I report spam?", "x"),
        ("Report domain: who is the submitter?", "x"),
        ("Mail could not be delivered", "The message I sent to Kim could not be delivered. I get 550 5.1.1 user unknown."),
        ("Rejected mail", "The following addresses were rejected, 550 5.7.1: a@x.example. Please allow them."),
        ("Delivery failed", "Unable to deliver message to Kim since Monday, 550 5.1.1, can you look?"),
        ("Delivery report", "Your mail was sent to the wrong person, who says 550 is no price."),
        ("RE: Report Domain: brightwater.example Submitter: mail.example Report-ID: <1>", "What is this?"),
    ],
)
def test_what_people_write_about_such_mail_is_theirs(subject: str, text: str) -> None:
    assert parse_message(_plain(subject, text)).automatic is None


@pytest.mark.parametrize(
    "subject",
    ["Urlaub", "Abwesenheitsnotiz", "Out of office - please set it up", "Kim Lee is out of the office until Friday", "OOO: Kim"],
)
@pytest.mark.parametrize("more", ["Thread-Index: AdxQ\n", "Content-Type: text/html\n", "User-Agent: Mozilla Thunderbird\n"])
def test_who_asks_for_an_answer_to_be_set_up_is_heard(subject: str, more: str) -> None:
    assert parse_message(_plain(subject, "Please set it up.", more)).automatic is None
    # Exchange's own answer, and an older program's.
    for signs in ("X-Auto-Response-Suppress: All\n", "In-Reply-To: <1@us.example>\n"):
        found = parse_message(_plain(subject, "I am away.", "Content-Type: text/html\n" + signs)).automatic
        assert found is not None and found.kind == "auto_reply"


BOUNCES = {
    "qmail": "Hi. This is the qmail-send program at mx.example.\nI wasn't able to deliver your message.\n\n<kim@x.example>:\nSorry, no mailbox "
    "here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <ana@c.example>\n",
    "exim": "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of "
    "its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  kim@x.example\n    550 5.1.1 unknown\n",
    "sendmail": "   ----- The following addresses had permanent fatal errors -----\n<kim@x.example>\n    (reason: 550 5.1.1 User unknown)\n\n"
    "   ----- Transcript of session follows -----\n550 5.1.1 <kim@x.example>... User unknown\n",
}


@pytest.mark.parametrize("subject", ["Mail delivery failed", "Undeliverable mail", "Our mails are rejected"])
@pytest.mark.parametrize("words", ["Hi,\n\nwe cannot write to Kim any more:\n\n", "Kim does not get our mails, see below.\n\n"])
@pytest.mark.parametrize("system", list(BOUNCES))
def test_who_asks_about_a_bounce_and_puts_it_below_is_heard(system: str, words: str, subject: str) -> None:
    assert parse_message(_plain(subject, words + BOUNCES[system])).automatic is None
    quoted = words + BOUNCES[system].replace("\n", "\n> ")
    assert parse_message(_plain(subject, quoted)).automatic is None
    bare = parse_message(_plain(subject, BOUNCES[system])).automatic
    assert bare is not None and bare.kind == "bounce"


@pytest.mark.parametrize("more", ["User-Agent: Mozilla Thunderbird\n", ""])
def test_who_forwards_a_report_with_its_parts_is_heard(more: str) -> None:
    head = f"From: ana@brightwater.example\nSubject: Fwd: Undelivered Mail\n{more}Content-Type: multipart/mixed; boundary=b\n\n"
    parts = "--b\n\nWhat is this?\n--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n"
    assert parse_message(f"{head}{parts}".encode()).automatic is None
    of_a_system = head.replace("ana@", "mailer-daemon@").replace(more or "\0", "")
    assert parse_message(f"{of_a_system}{parts}".encode()).automatic is not None


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("RE: Automatic reply: Offer", "When are you back?"),
        ("TR: Réponse automatique : Offre", "Qui la remplace ?"),
        ("Abuse report", "198.51.100.7 attacks our shop, can you block it?"),
    ],
)
@pytest.mark.parametrize("more", ["In-Reply-To: <ooo@x.example>\n", "Thread-Index: AdxQ\n", "X-Mailer: Apple Mail (2.3)\n"])
def test_who_answers_automatic_mail_or_passes_it_on_is_heard(subject: str, text: str, more: str) -> None:
    assert parse_message(_plain(subject, text, more)).automatic is None


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Your ticket",
        "Out of Office: Re: x",
        "Out of office",
        "Out of Office AutoReply: x",
        "Re: Automatische Antwort: x",
        "Abwesenheit: Re: T1",
        "Abwesenheitsnotiz",
        "Ana Ruiz is out of the office (returning 2026-12-01)",
        "I am out of the office until Monday",
        "Ich bin im Urlaub",
        "Respuesta automática: x",
        "Réponse automatique : x",
        "Risposta automatica: x",
        "Automatisch antwoord: x",
        "Resposta automática: x",
        "[Auto-Reply] Your message",
        "Your message [auto-reply]",
        "Vacation reply",
        "OOO: back on Monday",
        "Away from my mail",
        "Auto-reply from Bob",
        "自动回复: x",
        "自动答复: x",
        "Automatiskt svar: x",
        "Afwezigheidsmelding: x",
        "Αυτόματη απάντηση: x",
        "Răspuns automat: x",
        "Arpus biroja atrasanas automatiska atbilde: x",
        "Автоматична відповідь: x",
        "תשובה אוטומטית: x",
        "Auto: Re: hello",
        "AUTO: Kim Lee ist außer Haus (Rückkehr am 12.11.2026)",
        "Out-of-Office Notification from Kim",
        "Abwesenheits-Benachrichtigung: x",
        "Absent du bureau : Re: x",
        "OOF: x",
        "自動返信: x",
        "Thank you for your mail - Automatic reply",
    ],
)
def test_an_automatic_answer_is_known_by_its_subject(subject: str) -> None:
    found = parse_message(_plain(subject)).automatic
    assert found is not None and found.kind == "auto_reply"


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        ("noreply@shop.example", "Your parcel could not be delivered: address unknown."),
        ("noreply@form.example", "Your message:\nFrom: Ana\nTo: support\n\nThe printer is broken"),
        ("noreply@form.example", "Your mail was sent to support. Your number is 4711."),
        ("noreply@monitor.example", "Mailbox kim is full: quota exceeded."),
        ("Mail Delivery Service Ltd <info@couriers.example>", "Our scanners do not work."),
        ("postmaster@brightwater.example\nX-Mailer: Microsoft Outlook 16.0", "Our customers get 550 5.7.1 from you."),
    ],
)
def test_programs_that_send_other_things_than_bounces_are_heard(sender: str, text: str) -> None:
    assert parse_message(f"From: {sender}\nSubject: Delivery notification\n\n{text}\n".encode()).automatic is None


@pytest.mark.parametrize("sender", ["mail", "postmaster", "system", "nobody", "return", "info"])
@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Papier", "Bitte 500 Blatt Papier bestellen"),
        ("Server error", "The printer shows 530 Error"),
        ("Rechnung", "550 Euro sind falsch"),
        ("Mail is rejected", "Hello,\n\nthey say 550 5.7.1 blocked. Can you help?"),
    ],
)
def test_an_address_that_people_share_is_no_mail_system(sender: str, subject: str, text: str) -> None:
    raw = f"From: Ana <{sender}@brightwater.example>\nSubject: {subject}\n\n{text}\n".encode()
    assert parse_message(raw).automatic is None


def test_a_postmasters_bounce_without_any_header_of_one() -> None:
    raw = b"From: postmaster@mx.example\nSubject: Returned mail: Mailbox full\n\nkim@x.example: over quota\n"
    found = parse_message(raw).automatic
    assert found is not None and found.kind == "bounce"


@pytest.mark.parametrize("sender", ["listserv@lists.example", "Majordomo@lists.example"])
def test_the_answer_of_a_list_server_is_one(sender: str) -> None:
    found = parse_message(f"From: {sender}\nSubject: Results of your command\n\nsubscribe: unknown list\n".encode()).automatic
    assert found is not None and found.kind == "auto_reply"


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Kim Lee ist nicht im Büro", "auto_reply"),
        ("AUTO: Kim rentre le 12/11", "auto_reply"),
        ("Außer Haus: Re: x", "auto_reply"),
        ("On annual leave", "auto_reply"),
        ("不在: Re: x", "auto_reply"),
        ("Nepřítomnost", "auto_reply"),
        ("Absence: 3 days asked for", "auto_generated"),
        ("Automatische E-Mail: Backup fehlgeschlagen", "auto_generated"),
        ("Nicht erreichbar: srv1", "auto_generated"),
        ("Out of memory: srv1", "auto_generated"),
    ],
)
def test_what_calls_itself_generated_needs_fewer_words_to_be_an_answer(subject: str, kind: str) -> None:
    found = parse_message(_plain(subject, more="Auto-Submitted: auto-generated\n")).automatic
    assert found is not None and found.kind == kind
    found = parse_message(_plain(subject, more="Return-Path: <>\n")).automatic
    assert found is not None and found.kind == ("auto_reply" if kind == "auto_reply" else "bounce")
    assert parse_message(_plain(subject)).automatic is None


def test_an_automatic_answer_that_calls_itself_generated_is_an_answer() -> None:
    found = parse_message(_plain("Automatic reply: T1", more="Auto-Submitted: auto-generated\n")).automatic
    assert found is not None and found.kind == "auto_reply"


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (
            "From: ndr@some.example\nSubject: Mail delivery failed: returning message to sender\n",
            "A message could not be delivered.\n\n----- Original message -----\nReceived: from a\n",
        ),
        ("From: Postmaster <>\nSubject: Undeliverable: x@y.example\n", "Did not reach the following recipient: x@y.example"),
        (
            "From: <Postmaster\\@a.example@b.example>\nSubject: Mail Delivery Warning\n",
            "has been postponed due to a full mailbox.",
        ),
        ("From: MAILER-DAEMON@mx.example\nSubject: Message frozen\n", "Message 1abc-0 stays in the queue."),
        (
            'From: "Mail Deliver System" <notice@mx.example>\nSubject: Returned Mail: User unknown\n',
            "---The addresses---\nkim@x.example",
        ),
        ('From: "Courier mail server at mx.example" <@mx.example>\nSubject: WARNING: delayed mail.\n', "kim@x.example: not yet"),
        (
            "From: no-reply@phones.example\nSubject: \n",
            "Your mail sent on: Thu, 2 Nov 2026\n   Could not be delivered to: <kim@x>\n   As their mailbox is full.",
        ),
        (
            'From: gate@mx.example\nSubject: Undeliverable Mail: "Offer"\n',
            "Your message:\n   From:    us@x\n   Subject: Offer\nCould not be delivered because of\n\n550 5.1.1 User unknown",
        ),
        ("From: gate@mx.example\nSubject: Delivery Status Notification (Failure)\n", "kim@x.example"),
        (
            "From: gate@mx.example\nSubject: Failure notice\n",
            "Sorry, we were unable to deliver your message to the following address.\n\n<kim@x>: 550 no such user",
        ),
        (
            "From: gate@mx.example\nSubject: Undeliverable: Offer\n",
            "Your message did not reach some of the intended recipients.\n\nkim@x: 5.1.1",
        ),
        (
            "From: gate@mx.example\nSubject: Delivery failed\n",
            "An error occurred while trying to deliver the mail to the following recipients:\nkim@x\n550 5.1.1 unknown",
        ),
        (
            "From: gate@mx.example\nSubject: Delivery Status\n",
            "--- The following addresses had delivery problems ---\n\n<kim@x>   (User unknown)",
        ),
        (
            "From: notes@mx.example\nSubject: Undeliverable message\n",
            "------- Failure Reasons  --------\n\nUser not listed\nkim@x",
        ),
        (
            "From: gate@mx.example\nSubject: Mail could not be delivered\n",
            "Sent >>> RCPT TO:<kim@x>\nReceived <<< 550 5.1.1 user unknown",
        ),
        (
            "From: System <admin@mx.example>\nSubject: Message status - undeliverable\n",
            "The message that you sent was undeliverable to the following:\n\tkim (User not found)",
        ),
        (
            "From: surf@mx.example\nSubject: Message delivery failed\n",
            "Your message could not be delivered.\n\nFailed to send to identified host,\nkim@x: 550 No such user",
        ),
    ],
)
def test_a_bounce_of_a_system_with_odd_headers_is_one(head: str, text: str) -> None:
    found = parse_message(f"{head}Message-ID: <1@b>\n\n{text}\n".encode()).automatic
    assert found is not None and found.kind == "bounce"


@pytest.mark.parametrize(
    ("more", "text", "kind"),
    [
        ("", "This is an abuse report for mail from 192.0.2.7.", "feedback_report"),
        ("", "Please stop this.", None),
        ("X-Mailer: Microsoft Outlook 16.0\n", "This is an abuse report for mail from 192.0.2.7.", None),
    ],
)
def test_a_complaint_without_a_copy_is_known_by_its_words_unless_a_person_wrote_them(
    more: str, text: str, kind: str | None
) -> None:
    found = parse_message(_plain("Abuse report: 192.0.2.7", text, more)).automatic
    assert (found.kind if found else None) == kind


@pytest.mark.parametrize("more", ["X-MS-Exchange-Message-Is-Ndr: 1\n", "X-MS-Exchange-Report-Format: rfc3464\n"])
def test_exchange_says_itself_that_it_is_a_report(more: str) -> None:
    found = parse_message(_plain("Undeliverable", "x", more)).automatic
    assert found is not None and found.kind == "bounce"


@pytest.mark.parametrize(
    ("subject", "text", "kind"),
    [
        ("Two shirts", "They came back to us today.", None),
        ("Two shirts", "They came back.\n\n--- Original message ---\nReceived: from mx\n", "bounce"),
        ("Returned mail: user unknown", "x", "bounce"),
    ],
)
def test_an_address_for_what_comes_back_says_nothing_by_itself(subject: str, text: str, kind: str | None) -> None:
    raw = _plain(subject, text).replace(b"ana@brightwater.example", b"returned@shop.example")
    found = parse_message(raw).automatic
    assert (found.kind if found else None) == kind
