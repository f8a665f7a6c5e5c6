"""The bytes of a message without the passwords of alerts tokens, and with them again (`behaviour.md` 5: they are never stored).

A password is exchanged for a mark, wherever it stands in header, text or HTML, whatever the transfer encoding. The mark is made
from the message's own digest, so no message can have it: nobody can write one and be given a password in its place.
"""

from __future__ import annotations

import base64
import hashlib
import quopri
from collections.abc import Iterator, Mapping
from email.message import Message as Parsed

from engine.mail.content import charset_of, parts_of, type_of
from engine.mail.decode import codec_of
from engine.mail.message import Message
from engine.mail.parse import parse_message
from engine.mail.part import Part
from engine.mail.split import split
from engine.mail.transfer import as_it_came, decoded, encoding_of

_MOST_PARTS = 100
_MOST_PLACES = 1_000


class Passwords:
    """What is to stand in no stored message: the passwords, by mailbox."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        # (what it is called, how it may stand there): as it is, as XML has it, and as HTML has that XML.
        named: list[tuple[str, str]] = []
        for mailbox, password in passwords.items():
            once = _escaped(password)
            named += [(f"{mailbox} {number}", form) for number, form in enumerate((password, once, _escaped(once)))]
        # The longest first: one may begin as another does.
        self._named = sorted(named, key=lambda pair: len(pair[1]), reverse=True)
        self._forms = list(dict.fromkeys(form for _, form in self._named))
        self._coded = [form.encode() for form in self._forms]

    def withhold(self, raw: bytes, message: Message) -> bytes | None:
        """`raw` without any of them, itself where it has none. None where one stands in a way that it cannot be taken out of.

        Never raises, as nothing that looks into mail does.
        """
        if not self._stands_in(message) and not any(coded in raw for coded in self._coded):
            return raw
        in_texts, elsewhere = self._marks(message.sha256, "in a text"), self._marks(message.sha256, "elsewhere")
        if any(form in mark for form in self._forms for mark, _ in (*in_texts, *elsewhere)):
            return None  # a few letters that any text has
        # First in texts, as each has them; then in the header and wherever else, which may leave parts that cannot be told apart.
        try:
            without = _exchanged(_in_texts(raw, _turned(in_texts)), _turned(elsewhere), "utf-8")
        except Exception:
            return None
        return None if self._stands_in(parse_message(without)) else without

    def restore(self, raw: bytes, sha256: str) -> bytes:
        """What `withhold` took out of the message with this digest. A password that was changed since is the new one."""
        if not self._forms:
            return raw
        try:
            return _in_texts(_exchanged(raw, self._marks(sha256, "elsewhere"), "utf-8"), self._marks(sha256, "in a text"))
        except Exception:
            return raw

    def hidden(self, text: str) -> str:
        """A text of which there is no need to know it again."""
        for form in self._forms:
            text = text.replace(form, "[withheld]")
        return text

    def _stands_in(self, message: Message) -> bool:
        return any(form in message.text or form in message.html or form in message.subject for form in self._forms)

    def _marks(self, sha256: str, where: str) -> list[tuple[str, str]]:
        """Each mark with what it stands for."""
        return [
            (f"withheld-{hashlib.sha256(f'{sha256} {where} {what}'.encode()).hexdigest()[:32]}", form)
            for what, form in self._named
        ]


def _turned(marks: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What the marks stand for, with the first mark of each."""
    return list({form: mark for mark, form in reversed(marks)}.items())[::-1]


def _escaped(text: str) -> str:
    from html import escape  # seldom needed

    return escape(text, quote=False).replace('"', "&quot;")


def _in_texts(raw: bytes, pairs: list[tuple[str, str]]) -> bytes:
    """In each part that is text, as its charset and its transfer encoding have it."""
    pieces: list[bytes] = []
    start = 0
    for part in _texts(split(raw, [])):
        codec = codec_of(charset_of(part) or "utf-8") or "utf-8"
        data = decoded(part)
        changed = _exchanged(data, pairs, codec)
        if changed != data:
            old = as_it_came(part)
            place = part.place_in(raw)
            if place is None:
                place = _place(raw, old, start)
            if place is not None:
                # Without another look at its lines, if that comes to the same.
                new = _exchanged(old, pairs, codec)
                if decoded(part.with_lines(new)) != changed:
                    new = _encoded(changed, part, old)
                pieces += (raw[start:place], new)
                start = place + len(old)
    return b"".join((*pieces, raw[start:])) if pieces else raw


def _place(raw: bytes, payload: bytes, start: int) -> int | None:
    """Where a part's lines begin: behind the blank line after its header (RFC 5322 2.1), and behind the parts before it."""
    places = [found + len(blank) for blank in (b"\n\n", b"\r\n\r\n") if (found := raw.find(blank + payload, start)) >= 0]
    return min(places, default=None)


def _exchanged(data: bytes, pairs: list[tuple[str, str]], codec: str) -> bytes:
    """Raises `ValueError` where one stands in more places than a message has: with a mark for each, it could become many times as large."""
    for old, new in pairs:
        try:
            sought, given = old.encode(codec), new.encode(codec)
        except UnicodeError:  # what the charset cannot say does not stand there
            continue
        if data.count(sought) > _MOST_PLACES:
            raise ValueError(f"more than {_MOST_PLACES} places")
        data = data.replace(sought, given)
    return data


def _texts(root: Part) -> Iterator[Part]:
    """Parts that are text, in their order. An attached message is one file, and left as it is."""
    waiting: list[Parsed] = [root]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        children = parts_of(part)
        if children is None and isinstance(part, Part) and type_of(part).startswith(("text/", "multipart/")):
            yield part
        elif children is not None and not type_of(part).startswith("message/"):
            waiting += reversed(children)


def _encoded(data: bytes, part: Part, old: bytes) -> bytes:
    match encoding_of(part):
        case "base64":
            line_end = b"\r\n" if b"\r\n" in old else b"\n"
            behind = old[len(old.rstrip()) :]
            return base64.encodebytes(data).rstrip().replace(b"\n", line_end) + behind
        case "quoted-printable":
            return quopri.encodestring(data)
        case _:
            return data
