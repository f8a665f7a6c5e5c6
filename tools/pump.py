"""Messages with one piece of text repeated thousands of times, in a header or in the body: where a pattern or a parser takes
quadratic time, this finds it sooner than coverage does. Part of `make fuzz`; `python -m tools.pump --seconds 600 --seed 7`.

Says what took over two seconds or ended in quarantine with an error, and exits with 1 then.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import dataclass

from tools.hostile import Desk

SLOW_SECONDS = 2.0
HEADER, SMALL, LARGE = 60_000, 100_000, 500_000  # under the 600 KB that the shipped configuration takes
PIECES = [
    *" \t a1<>()[]{}\"'\\/;:,.@=?!#*-_|~&%+^$é",
    *["\u00a0", "\u202e", "\u0308", "ﬁ", "=?utf-8?q?a?=", "=?", "?=", "a@b.example", "<a@b>", "Re: ", "Fwd: ", "T20261102.0001 "],
    *["On ", "wrote:", "From: ", "> ", "-- ", "--", "\r\n ", "\r\n\t", "a b", "a;b=", "#T=1 ", "#S=x", "1:00", "2026-11-02 "],
    *["<p>", "<br>", "<div>", "</div>", "<table>", "<td>", "<a href=x>", "&amp;", "&#1;", "<!--", "-->", "<![CDATA[", "<style>"],
    *["</style>", "<?xml", "<!DOCTYPE", "<Autotask", "user unknown ", "550 ", "5.1.1 ", "Sent from my ", "out of office"],
    *[
        "dkim=pass ",
        "header.d=",
        "by x; ",
        "Original Message",
        "-----",
        "**",
        "::",
        "name*0*=",
        "charset=",
        "=20",
        "=\r\n",
        "AAAA",
        "begin 644 x",
        f"M{'A' * 60}",
        "--b",
        "--b--",
        "boundary=b;",
        "Content-Type: text/html",
        "\x1b$B",
        "\x1b(B",
        "\0",
        "HTML ",
    ],
]
LINES = ["\r\n", "\r\n\r\n", "\n"]
HEADERS = [
    "Subject",
    "From",
    "To",
    "Cc",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Content-Type",
    "Content-Disposition",
]
HEADERS += [
    "Content-Transfer-Encoding",
    "Authentication-Results",
    "Received",
    "Return-Path",
    "Auto-Submitted",
    "List-Id",
    "X-Foo",
]
TYPES = ["text/plain", "text/html", "text/plain; charset=utf-8", "text/html; charset=gb2312", "text/calendar", "message/rfc822"]
WHOLE = [
    *TYPES,
    "multipart/mixed; boundary=b",
    "multipart/report; boundary=b",
    "application/ms-tnef; name=winmail.dat",
    "application/pkcs7-mime",
]
SENDERS = ["maya@brightwater.example", "lotte@harbourhill.example", "mailer-daemon@x.example", "x@nowhere.example"]


@dataclass(frozen=True)
class Pumped:
    raw: bytes
    words: str


def pumped(chooser: random.Random, number: int, ticket: str) -> Pumped:
    """One message, and in words what is repeated in it."""

    def repeated(pieces: list[str], size: int) -> str:
        before, unit, after = ("".join(chooser.choices(pieces, k=chooser.randint(low, 3))) for low in (0, 1, 0))
        words.append(f"{before!r} + {unit!r} × {size // len(unit)} + {after!r}")
        return before + unit * (size // len(unit)) + after

    words: list[str] = []
    subject = chooser.choice(["x", f"Re: {ticket} x", "Undelivered mail returned", "Fwd: x"])
    head = {
        "From": chooser.choice(SENDERS),
        "To": "help@harbourhill.example",
        "Subject": subject,
        "Message-ID": f"<{number}@pump>",
    }
    head["Content-Type"] = chooser.choice(WHOLE)
    if chooser.random() < 0.6:
        name = chooser.choice(HEADERS)
        words.append(f"in {name}:")
        head[name] = f"{head.get(name, '')} {repeated(PIECES, HEADER)}"
    words.append(f"in a body of {head['Content-Type'][:40]}:")
    body = repeated([*PIECES, *LINES], chooser.choice([10, SMALL, LARGE]))
    if "boundary=b" in head["Content-Type"]:
        body = f"--b\r\nContent-Type: {chooser.choice([*TYPES, 'message/delivery-status'])}\r\n\r\n{body}\r\n--b--"
    text = "".join(f"{name}: {value}\r\n" for name, value in head.items()) + f"\r\n{body}"
    return Pumped(text.encode("utf-8", "surrogatepass"), f"{subject}: {' '.join(words)}")


def pump(seconds: float, seed: int) -> tuple[int, list[str]]:
    """(how many messages, what is wrong)."""
    chooser = random.Random(seed)
    desk = Desk()
    wrong: list[str] = []
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        count += 1
        one = pumped(chooser, count, desk.ticket)
        began = time.perf_counter()
        try:
            desk.throw(one.raw)
        except AssertionError as failed:
            wrong.append(f"{failed}: {one.words}"[:600])
        took = time.perf_counter() - began
        if took > SLOW_SECONDS:
            wrong.append(f"{took:.1f} s: {one.words}"[:600])
    return count, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    count, wrong = pump(options.seconds, options.seed)
    print("\n".join(wrong) or f"{count:,} messages: none took over {SLOW_SECONDS:g} s, none failed")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
