"""Each header field, of the message, of a part and of an attached message, and the body, with one or two pieces of text repeated: where
four times the text takes more than nine times as long, this finds it, long before it takes seconds. Part of `make fuzz`;
`python -m tools.pump_fields --seconds 600 --seed 7`.

Says what grows so, and exits with 1 then.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from msgspec import Struct

from tools import pump
from tools.hostile import Desk, measured, search

LONG = 10_000
SUSPICIOUS_SECONDS = 0.04  # of the processor's time; ordinary ones take 0.004
SLOW_SECONDS = 0.3
TIMES, MOST_GROWTH = 4, 9
FIELDS = [
    *pump.HEADERS, "Sender", "Reply-To", "Resent-From", "X-Failed-Recipients", "Thread-Index", "Thread-Topic", "Precedence", "Sensitivity", "X-Priority", "X-Mailer",
]  # fmt: skip
BODIES = [
    "text/plain", "text/plain; format=flowed; delsp=yes", "text/html", "text/calendar", "text/enriched", "message/delivery-status",
    "text/rfc822-headers", "message/rfc822", "multipart/mixed; boundary=b", "multipart/report; boundary=b",
]  # fmt: skip
SUBJECTS = ["x", "Re: T20261102.0001 x", "Undelivered mail returned", "Fwd: x", "Automatic reply: x"]


class Pumped(Struct, frozen=True):
    """`place`: `body`, or a field of the message, of a part (`part Subject`) or of an attached message (`inner Subject`)."""

    place: str
    before: str
    unit: str
    after: str
    subject: str
    sender: str
    body: str
    coding: str

    def raw(self, size: int) -> bytes:
        value = f"{self.before}{self.unit * (size // len(self.unit))}{self.after}"
        head = {"From": self.sender, "Subject": self.subject, "Message-ID": "<1@pump>", "Content-Type": self.body}
        head["Content-Transfer-Encoding"] = self.coding
        where, _, field = self.place.rpartition(" ")
        text = "Hello\r\n\r\nit is broken"
        match where:
            case "part":
                head |= {"Content-Type": "multipart/mixed; boundary=b", "Content-Transfer-Encoding": "7bit"}
                text = f"--b\r\n{field}: x{value}\r\n\r\n{text}\r\n--b--"
            case "inner":
                head |= {"Content-Type": "message/rfc822", "Content-Transfer-Encoding": "7bit"}
                text = f"{field}: {value}\r\n\r\n{text}"
            case _ if field == "body":
                text = value
            case _:
                head[field] = f"{self.body if field == 'Content-Type' else ''} {value}"
        return ("".join(f"{name}: {said}\r\n" for name, said in head.items()) + f"\r\n{text}").encode("utf-8", "surrogateescape")


def pairs(dice: random.Random) -> Iterator[tuple[str, str]]:
    """Each place with each pair of single characters, in no order, for ever."""
    places = ["body", *FIELDS, *(f"part {field}" for field in pump.PART_HEADERS)]
    single = [piece for piece in pump.PIECES if len(piece) == 1]
    every = [(place, one + two) for place in places for one in single for two in single]
    while True:
        yield from dice.sample(every, len(every))


def anything(dice: random.Random) -> tuple[str, str]:
    """A place, and one or two pieces that are repeated there."""
    place = dice.choice(
        ["body", f"part {dice.choice(pump.PART_HEADERS)}", f"inner {dice.choice(FIELDS)}", *dice.choices(FIELDS, k=3)]
    )
    return place, "".join(dice.choices([*pump.PIECES, *(pump.LINES if place == "body" else [])], k=dice.randint(1, 2)))


def pumped(dice: random.Random, place: str, unit: str) -> Pumped:
    before, after = ("".join(dice.choices(pump.PIECES, k=dice.randint(0, most))) for most in (2, 1))
    sender, body = dice.choice(pump.SENDERS), dice.choice(BODIES)
    return Pumped(place, before, unit, after, dice.choice(SUBJECTS), sender, body, dice.choice(pump.ENCODINGS))


def search_fields(most_seconds: float, seed: int) -> tuple[int, list[str]]:
    """(how many messages, what is wrong)."""
    dice, desk = random.Random(seed), Desk()
    systematic = pairs(dice)
    wrong: list[str] = []
    count, until = 0, time.monotonic() + most_seconds
    while time.monotonic() < until:
        count += 1
        one = pumped(dice, *(next(systematic) if count % 3 else anything(dice)))
        try:
            _, took, _ = measured(desk.throw, one.raw(LONG))
            if took > SUSPICIOUS_SECONDS:
                _, longer, _ = measured(desk.throw, one.raw(TIMES * LONG))
                if longer > max(SLOW_SECONDS, MOST_GROWTH * took):
                    wrong.append(f"{took:.2f} s, then {longer:.2f}: {one}")
        except AssertionError as failed:
            wrong.append(f"{failed}: {one}"[:600])
    return count, wrong


if __name__ == "__main__":
    search(__doc__, search_fields, "messages", "slow or failed")
