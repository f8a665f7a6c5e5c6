"""Mail taken one after the other, without a database's file, and what the trace says of it."""

from __future__ import annotations

from pathlib import Path

from engine.config.load import load_config
from engine.decide.decision import Decision
from engine.decide.setup import prepare
from engine.processing import Processor
from engine.store.database import open_database


def bounce(
    copy: str,
    server: str = "mx.olivar.example",
    *,
    subject: str = "Undelivered Mail Returned to Sender",
    fields: str = "Action: failed",
) -> str:
    """Of the mail with this header, from a server that says what became of it."""
    return (
        f"Return-Path: <>\r\nFrom: MAILER-DAEMON@{server}\r\nSubject: {subject}\r\nMessage-ID: <2@{server}>\r\n"
        "Date: Mon, 2 Nov 2026 11:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n"
        f"\r\n--b\r\n\r\nfailed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n{fields}\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{copy}\r\nSubject: x\r\n--b--\r\n"
    )


def take(rules: Path, *mails: tuple[str, str, str], mailbox: str = "help", more: str = "") -> Decision:
    """What became of the last of them: (sender, subject, body)."""
    processor = Processor(open_database(None), prepare(load_config(rules)))
    decision = None
    for number, (sender, subject, body) in enumerate(mails):
        head = (
            f"From: {sender}\r\nSubject: {subject}\r\nMessage-ID: <{number}@x>\r\nDate: Mon, 2 Nov 2026 1{number}:00:00 +0000\r\n"
        )
        decision = processor.take(f"{head}{more}\r\n{body}\r\n".encode(), f"{number}", mailbox)
    assert decision is not None
    return decision


def traced(decision: Decision, step: str) -> list[str]:
    return [one.found for one in decision.trace if one.step == step]
