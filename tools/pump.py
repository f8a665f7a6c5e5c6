"""Messages with one piece of text repeated, in a header or in the body, up to thirty megabytes of it: where a pattern or a parser
takes quadratic time, or an object for each line, this finds it sooner than coverage does. Part of `make fuzz`;
`python -m tools.pump --seconds 600 --seed 7`.

Says what took over two seconds, or more than ten times its size in memory, or ended in quarantine with an error, and exits with 1 then.
"""

from __future__ import annotations

import argparse
import base64
import random
import sys
import time
from dataclasses import dataclass

from tools.hostile import Desk, surely

SLOW_SECONDS = 2.0
MOST_MEMORY = 10  # times the message
_LITTLE = 3_000_000  # what smaller ones take says nothing: SQLite's own pages, tables that are read once
HEADER, SMALL, LARGE = 60_000, 100_000, 500_000
HUGE = [6_000_000, 15_000_000, 30_000_000]  # bytes
PIECES = [
    *" \t a1<>()[]{}\"'\\/;:,.@=?!#*-_|~&%+^$é", "\u00a0", "\u202e", "\u0301", "\u0327", "\ufdfa", "ﬁ", "\0", "\x1b$B", "\x1b(B",
    "=?utf-8?q?a?=", "=?", "?=", "a@b.example", "<a@b>", "Re: ", "Fwd: ", "T20261102.0001 ", "On ", "wrote:", "From: ", "> ", "-- ", "--",
    "\r\n ", "\r\n\t", "a b", "a;b=", "#T=1 ", "#S=x", "1:00", "2026-11-02 ", "a:", "-----", "**", "::", "HTML ",
    "<p>", "<br>", "<div>", "</div>", "<table>", "<tr>", "<td>", "</td>", "</table>", "<ul>", "<li>", "<a href=x>", "&amp;", "&#1;", "<!--",
    "-->", "<![CDATA[", "<style>", "</style>", "<textarea>", "<blockquote type=cite>", "<div style='padding-left:9999em'>",
    "<p style='margin-top:9999em'>", "<?xml", "<!DOCTYPE", "<Autotask", "user unknown ", "550 ", "5.1.1 ", "out of office", "Sent from my ",
    "Original Message", "dkim=pass ", "header.d=", "by x; ", "name*0*=", "charset=", "=20", "=\r\n", "AAAA", "begin 644 x", f"M{'A' * 60}",
    "--b", "--b--", "boundary=b;", "Content-Type: text/html", "Content-Type: message/rfc822", "Content-Type: multipart/mixed; boundary=b",
]  # fmt: skip
LINES = ["\r\n", "\r\n\r\n", "\n"] * 6
HEADERS = [
    "Subject", "From", "To", "Cc", "Date", "Message-ID", "In-Reply-To", "References", "Received", "Return-Path", "List-Id", "X-Foo",
    "Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "Authentication-Results", "Auto-Submitted",
]  # fmt: skip
PART_HEADERS = ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "Content-ID", "Subject", "From"]
TYPES = ["text/plain", "text/html", "text/calendar", *["message/rfc822"] * 8]
CHARSETS = [
    "utf-8", "utf-7", "utf-16", "utf-32", "gb2312", "gb18030", "hz", "big5", "iso-2022-jp", "iso-2022-kr", "iso-2022-jp-2004", "euc-kr",
    "shift_jis", "johab", "windows-1252", "windows-1251", "cp437", "unknown-8bit",
]  # fmt: skip
TYPES += [f"text/{kind}; charset={charset}" for charset in CHARSETS for kind in ("plain", "html")]
WHOLE = [
    *TYPES, *[f"multipart/{kind}; boundary=b" for kind in ("mixed", "alternative", "report", "digest")] * 6, "message/delivery-status",
    "application/ms-tnef; name=winmail.dat", "application/pkcs7-mime", "application/octet-stream; name=x",
]  # fmt: skip
PARTS = ["message/delivery-status", "text/rfc822-headers", "application/octet-stream; name=x", "image/png"]
ENCODINGS = ["7bit", "7bit", "base64", "quoted-printable"]
SENDERS = ["maya@brightwater.example", "lotte@harbourhill.example", "mailer-daemon@x.example", "x@nowhere.example"]


@dataclass(frozen=True)
class Pumped:
    raw: bytes
    mailbox: str
    words: str


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def pumped(chooser: random.Random, number: int, ticket: str, sizes: list[int]) -> Pumped:
    """One message of about such a size, and in words what is repeated in it."""

    def repeated(pieces: list[str], size: int) -> str:
        odd = [chr(chooser.randrange(0xA0, 0xD800)), chr(chooser.randrange(0xE000, 0x1FFFF))]
        odd.append(chooser.randbytes(chooser.randint(1, 4)).decode("utf-8", "surrogateescape"))
        some = [*pieces, *odd * (len(pieces) // 12)]
        before, unit, after = ("".join(chooser.choices(some, k=chooser.randint(low, 3))) for low in (0, 1, 0))
        often = size // len(_bytes(unit))
        words.append(f"{before!r} + {unit!r} × {often} + {after!r}")
        return before + unit * often + after

    words: list[str] = []
    size = chooser.choice(sizes)
    subject = chooser.choice(["x", f"Re: {ticket} x", "Undelivered mail returned", "Fwd: x"])
    head = {
        "From": chooser.choice(SENDERS),
        "To": "help@harbourhill.example",
        "Subject": subject,
        "Message-ID": f"<{number}@pump>",
    }
    head["Content-Type"] = chooser.choice(WHOLE)
    head["Content-Transfer-Encoding"] = chooser.choice(ENCODINGS)
    if chooser.random() < 0.6:
        name = chooser.choice(HEADERS)
        words.append(f"in {name}:")
        large = size > LARGE and chooser.random() < 0.4
        fields = chooser.choice([1, 400]) if large else 1
        value = repeated(PIECES, size // 2 // fields if large else HEADER)
        head[name] = f"{head.get(name, '')} {value}" + f"\r\n{name}: {value}" * (fields - 1)
        size //= 2 if large else 1
    words.append(f"in a body of {head['Content-Type'][:40]}, {head['Content-Transfer-Encoding'][:20]}:")
    if "boundary=b" in head["Content-Type"]:
        count = chooser.choice([1, 1, 20, 20, 480])
        words.append(f"{count} parts of")
        kind = chooser.choice([*TYPES, *PARTS])
        field = ""
        if chooser.random() < 0.4:
            name = chooser.choice(PART_HEADERS)
            words.append(f"with {name}:")
            field = f"{name}: x{repeated(PIECES, 4_000)}\r\n"
        part = f"{field}Content-Type: {kind}\r\n\r\n{repeated([*PIECES, *LINES], size // count)}\r\n"
        if kind == "message/rfc822":
            name = chooser.choice(HEADERS)
            words.append(f"in {name} of each, in base64:")
            inner = base64.encodebytes(_bytes(f"{name}: {repeated(PIECES, size // count)}\r\n\r\nx")).decode()
            part = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n{inner}"
        body = f"--b\r\n{part}" * count + "--b--"
        if count > 20:  # in twenties: more than a multipart has as a rule
            inner = f"--c\r\n{part}" * 20
            body = f"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{inner}--c--\r\n" * (count // 20) + "--b--"
    else:
        body = repeated([*PIECES, *LINES], size)
    odd = "no field\r\n" if chooser.random() < 0.2 else ""
    text = odd + "".join(f"{name}: {value}\r\n" for name, value in head.items()) + f"\r\n{body}"
    mailbox = chooser.choice(["help", "help", "alerts"])
    return Pumped(_bytes(text), mailbox, f"{mailbox}: {odd.strip()} {subject}: {' '.join(words)}")


def thrown(desk: Desk, one: Pumped) -> tuple[float, float]:
    """(seconds, memory as times of the message). Raises `AssertionError` as `Desk.throw` does."""
    size = max(len(one.raw), _LITTLE)
    _, took, memory = surely(SLOW_SECONDS, MOST_MEMORY * size, desk.throw, one.raw, one.mailbox)
    return took, memory / size


def pump(seconds: float, seed: int, sizes: list[int]) -> tuple[int, list[str]]:
    """(how many messages, what is wrong)."""
    chooser = random.Random(seed)
    desk = Desk()
    wrong: list[str] = []
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        count += 1
        one = pumped(chooser, count, desk.ticket, sizes)
        try:
            took, memory = thrown(desk, one)
        except AssertionError as failed:
            wrong.append(f"{failed}: {one.words}"[:600])
            continue
        if took > SLOW_SECONDS or memory > MOST_MEMORY:
            wrong.append(f"{took:.1f} s, {memory:.0f} times {len(one.raw):,} bytes: {one.words}"[:600])
    return count, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="half of them for messages of megabytes")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = False
    for what, sizes in (("small", [10, SMALL, LARGE]), ("huge", HUGE)):
        count, wrong = pump(options.seconds / 2, options.seed, sizes)
        print("\n".join([*wrong, f"{count:,} {what} messages, {len(wrong)} of them slow, too large or failed"]), flush=True)
        failed |= bool(wrong)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
