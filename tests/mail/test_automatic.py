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
        ("Subject: Out of the office supplies order\nX: y", "We need paper.", "auto_reply", "Subject"),
        ("Return-Path: <>\nSubject: x", "y", "bounce", "Return-Path: <>"),
        ("Return-Path: <>\nSubject: x\nAuto-Submitted: auto-replied", "y", "auto_reply", "Auto-Submitted"),
        ("Return-Path: <>\nSubject: x\nList-Id: <l.x>", "y", "mailing_list", "List-Id"),
        ("Subject: x\nAuto-Submitted: auto-notified; owner-email=a@b", "y", "auto_reply", "Auto-Submitted"),
        ("Subject: x\nAuto-Submitted: no", "y", None, ""),
        ("Subject: x\nX-Autoreply: yes", "y", "auto_reply", "X-Autoreply"),
        ("Subject: x\nX-Autorespond: z", "y", "auto_reply", "X-Autorespond"),
        ("Subject: x\nPrecedence: auto_reply", "y", "auto_reply", "Precedence"),
        ("Subject: x\nX-MS-Exchange-Inbox-Rules-Loop: a@b", "y", "auto_reply", "X-MS-Exchange-Inbox-Rules-Loop"),
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
        ("Subject: Automatic reply: Order", "y", "auto_reply", "Subject"),
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
