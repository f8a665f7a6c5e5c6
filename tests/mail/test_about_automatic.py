"""Who writes about automatic mail, answers it or passes it on is a person, and heard."""

from __future__ import annotations

import pytest

from engine.mail.parse import parse_message
from tests.mail.plain import plain

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
        ("Nachricht nicht zustellbar", "Meine Nachricht an Kim konnte nicht zugestellt werden, 550 5.1.1."),
        ("Mailbox full", "Your mailbox exceeds its limit, says Outlook. What do I do?"),
        ("Message rejected", "Could you deliver the message to the following people by hand? The mailbox exceeds the quota."),
        ("반송 신청", "주문한 상품을 반송하고 싶습니다."),
        ("Please add an autoreply", "x"),
        ("Out of office reply for Kim, please", "x"),
        ("We get an automatic e-mail reply each hour", "x"),
        ("Autorespuesta no funciona", "x"),
        ("Delivery report", "Your mail was sent to the wrong person, who says 550 is no price."),
        ("RE: Report Domain: brightwater.example Submitter: mail.example Report-ID: <1>", "What is this?"),
    ],
)
def test_what_people_write_about_such_mail_is_theirs(subject: str, text: str) -> None:
    assert parse_message(plain(subject, text)).automatic is None


@pytest.mark.parametrize(
    "subject",
    ["Urlaub", "Abwesenheitsnotiz", "Out of office - please set it up", "Kim Lee is out of the office until Friday", "OOO: Kim"],
)
@pytest.mark.parametrize("more", ["Thread-Index: AdxQ\n", "Content-Type: text/html\n", "User-Agent: Mozilla Thunderbird\n"])
def test_who_asks_for_an_answer_to_be_set_up_is_heard(subject: str, more: str) -> None:
    assert parse_message(plain(subject, "Please set it up.", more)).automatic is None
    # Exchange's own answer, and an older program's.
    for signs in ("X-Auto-Response-Suppress: All\n", "In-Reply-To: <1@us.example>\n"):
        found = parse_message(plain(subject, "I am away.", "Content-Type: text/html\n" + signs)).automatic
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
    assert parse_message(plain(subject, words + BOUNCES[system])).automatic is None
    quoted = words + BOUNCES[system].replace("\n", "\n> ")
    assert parse_message(plain(subject, quoted)).automatic is None
    bare = parse_message(plain(subject, BOUNCES[system])).automatic
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
    assert parse_message(plain(subject, text, more)).automatic is None


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
