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
from html import escape

from engine.mail.bounded import bounded
from engine.mail.content import charset_of, decoded, type_of
from engine.mail.decode import codec_of
from engine.mail.message import Message
from engine.mail.parse import parse_message
from engine.mail.split import split

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
        """`raw` without any of them, itself where it has none. None where one stands in a way that it cannot be taken out of."""
        if not self._stands_in(message) and not any(coded in raw for coded in self._coded):
            return raw
        marks = {form: mark for mark, form in reversed(self._marks(message.sha256))}
        if any(form in mark for form in marks for mark in marks.values()):
            return None  # a few letters that any text has
        if any(raw.count(coded) > _MOST_PLACES for coded in self._coded):
            return None  # with a mark for each, the message could become many times as large
        without = _exchanged(raw, [(form, marks[form]) for form in self._forms])
        return None if self._stands_in(parse_message(without)) else without

    def restore(self, raw: bytes, sha256: str) -> bytes:
        """What `withhold` took out of the message with this digest. A password that was changed since is the new one."""
        return _exchanged(raw, self._marks(sha256)) if self._forms else raw

    def hidden(self, text: str) -> str:
        """A text of which there is no need to know it again."""
        for form in self._forms:
            text = text.replace(form, "[withheld]")
        return text

    def _stands_in(self, message: Message) -> bool:
        return any(form in message.text or form in message.html or form in message.subject for form in self._forms)

    def _marks(self, sha256: str) -> list[tuple[str, str]]:
        """Each mark with what it stands for."""
        return [(f"withheld-{hashlib.sha256(f'{sha256} {what}'.encode()).hexdigest()[:32]}", form) for what, form in self._named]


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace('"', "&quot;")


def _exchanged(raw: bytes, pairs: list[tuple[str, str]]) -> bytes:
    for old, new in pairs:
        raw = raw.replace(old.encode(), new.encode())
    for part in _texts(split(bounded(raw, []), [])):
        data = decoded(part)
        changed = _exchanged_in(data, pairs, codec_of(charset_of(part) or "utf-8") or "utf-8")
        if changed != data:
            as_it_came = str(part.get_payload()).encode("utf-8", "surrogateescape")
            raw = raw.replace(as_it_came, _encoded(changed, part, as_it_came), 1)
    return raw


def _exchanged_in(data: bytes, pairs: list[tuple[str, str]], codec: str) -> bytes:
    for old, new in pairs:
        try:
            data = data.replace(old.encode(codec), new.encode(codec))
        except UnicodeError:  # what the charset cannot say does not stand there
            continue
    return data


def _texts(root: Parsed) -> Iterator[Parsed]:
    """Parts that are text. An attached message is one file, and left as it is."""
    waiting = [root]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        payload = part.get_payload()
        if isinstance(payload, str):
            if type_of(part).startswith(("text/", "multipart/")):
                yield part
        elif isinstance(payload, list) and not type_of(part).startswith("message/"):
            waiting += [child for child in payload if not isinstance(child, str)]


def _encoded(data: bytes, part: Parsed, as_it_came: bytes) -> bytes:
    match str(part.get("Content-Transfer-Encoding", "")).strip().lower():
        case "base64":
            line_end = b"\r\n" if b"\r\n" in as_it_came else b"\n"
            behind = as_it_came[len(as_it_came.rstrip()) :]
            return base64.encodebytes(data).rstrip().replace(b"\n", line_end) + behind
        case "quoted-printable":
            return quopri.encodestring(data)
        case _:
            return data
