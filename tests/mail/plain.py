"""Mail by its lines."""

from __future__ import annotations


def plain(subject: str, text: str = "x", more: str = "") -> bytes:
    head = "From: ana@brightwater.example\nTo: help@x.example\nMessage-ID: <1@b>\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n"
    return f"{head}Subject: {subject}\n{more}\n{text}\n".encode()


def mail(*lines: str, body: str = "hello\n") -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("utf-8")
