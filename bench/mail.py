"""Mail of several kinds, always the same for the same number."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from bench.outlook import outlook
from bench.words import SEED, WORDS, encoded, sender, when, words


def _head(number: int, rng: random.Random, contacts: int) -> str:
    date = when(number)
    return (
        f"Received: from mail.example by mx.harbourhill.example; {date}\r\n"
        f"From: Contact {number} <{sender(number, contacts)}>\r\nTo: help@harbourhill.example\r\n"
        f"Message-ID: <{number}.{rng.getrandbits(48):x}@bench.example>\r\nDate: {date}\r\n"
        "MIME-Version: 1.0\r\n"
    )


def plain(number: int, contacts: int = 100) -> bytes:
    """4 KB of plain text about one thing."""
    rng = random.Random(SEED + number)
    body = words(rng, 3_400)
    text = (
        f"{_head(number, rng, contacts)}Subject: {' '.join(rng.choices(WORDS, k=5))} s{number}x\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\nb{number}x\r\n"
    )
    return text.encode()


def mixed(number: int, contacts: int = 100) -> bytes:
    """Of 50 messages: 20 of HTML, 10 replies, 10 with attachments, 9 of 50 KB, one of 1 MB."""
    rng = random.Random(-SEED - number)
    kind = number % 50
    head, subject = _head(number, rng, contacts), " ".join(rng.choices(WORDS, k=5))
    if kind < 20:
        body = words(rng, 6_000)
        page = "".join(f"<tr><td style='font:11pt Calibri'>{line}</td><td>&nbsp;</td></tr>" for line in body.split("\r\n"))
        return (
            f'{head}Subject: {subject}\r\nContent-Type: multipart/alternative; boundary="=b"\r\n\r\n'
            f"--=b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
            f"--=b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><table>{page}</table></body></html>\r\n--=b--\r\n"
        ).encode()
    if kind < 30:
        quoted = "\r\n".join(f"> {line}" for line in words(rng, 2_000).split("\r\n"))
        return (
            f"{head}Subject: Re: {subject}\r\nIn-Reply-To: <{number - 1}@elsewhere.example>\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{words(rng, 800)}\r\n\r\n"
            f"On Mon, 1 Nov 2021 at 08:00, Help desk <help@harbourhill.example> wrote:\r\n{quoted}\r\n"
        ).encode()
    if kind < 40:
        data = encoded(rng.randbytes(20_000))
        return (
            f'{head}Subject: {subject}\r\nContent-Type: multipart/mixed; boundary="=b"\r\n\r\n'
            f"--=b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words(rng, 2_000)}\r\n"
            f'--=b\r\nContent-Type: application/pdf; name="scan{number}.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
            f'Content-Disposition: attachment; filename="scan{number}.pdf"\r\n\r\n{data}--=b--\r\n'
        ).encode()
    size = 50_000 if kind < 49 else 1_000_000
    return f"{head}Subject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words(rng, size)}\r\n".encode()


KINDS = {"plain": plain, "mixed": mixed, "outlook": outlook}


def maildir(folder: Path, kind: str, messages: int, contacts: int = 100) -> Path:
    return maildir_of(folder, (KINDS[kind](number, contacts) for number in range(messages)))


def maildir_of(folder: Path, messages: Iterable[bytes]) -> Path:
    """A Maildir with the messages in `cur/`, in the order of their names."""
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for number, message in enumerate(messages):
        (folder / "cur" / f"{number:08}.bench:2,").write_bytes(message)
    return folder
