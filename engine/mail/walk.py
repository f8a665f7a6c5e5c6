"""A walk over a message's parts: what it says, its files, and what else they tell. Every step is bounded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import Message as Parsed
from functools import cached_property
from io import IncrementalNewlineDecoder

from msgspec import Struct, field

from engine.mail import headers as fields
from engine.mail.armour import unarmoured
from engine.mail.attachments import attachment
from engine.mail.banner import without_banner, without_banner_in_html
from engine.mail.cms import read_cms
from engine.mail.content import (
    calendar_method_of,
    charset_of,
    charset_of_headers,
    disposition_and_filename,
    flow_of,
    parts_of,
    type_of,
)
from engine.mail.data_images import without_images
from engine.mail.decode import decode_bytes
from engine.mail.enclosed import as_file, opened
from engine.mail.flowed import unflowed
from engine.mail.html import html_to_text
from engine.mail.known import read_head
from engine.mail.leaf import ANY, FOR_MACHINES, SMALLEST_INLINE_IMAGE, TEXTS, Leaf
from engine.mail.message import Address, Attachment
from engine.mail.reaction import REACTION
from engine.mail.split import Room, split
from engine.mail.texts import Texts
from engine.mail.tnef import Tnef, read_tnef
from engine.mail.transfer import decoded
from engine.mail.uuencoded import without_files

DEEPEST = 20
MOST_PARTS = 500
MOST_FILES = 500  # each is one on the disk
MOST_TEXT = 5_000_000  # bytes: of those that a charset has not, each takes a tenth of a microsecond
MOST_OPENED = 2  # signed by the sender, and again by a gateway; each is another copy in memory
# Every kind of line's end to "\n", in a third of the time that two `replace` take, but with two more copies of the text. With `final`
# nothing is kept between texts.
_LINES = IncrementalNewlineDecoder(None, translate=True)
_SMALL = 100_000
_OF_ENCLOSED = frozenset({"from", "subject"})
# A script that forgot to say that it writes HTML; who shows HTML to somebody says something before it.
_IS_HTML = re.compile(r"\s*<(?:!doctype\s+html|html)\b[^>]*>.*</(?:html|body)>\s*", re.IGNORECASE | re.DOTALL)
_MESSAGES = {"message/rfc822", "message/global", "message/news"}  # RFC 2046, 6532, 5537


class Walked(Struct, frozen=True):
    """`attached`: who wrote the messages that are attached, of the first two; `calendar` as in `Message`."""

    text: str
    html: str
    attachments: tuple[Attachment, ...]
    attached: tuple[Address, ...]
    encrypted: bool
    calendar: str
    defects: tuple[str, ...]


class _Body(Struct, dict=True):
    """What a walk over the parts gathers.

    `named`: a text that is the first in `attachments`, yet does not say that it is one. `outlook`: what Outlook said in its own way.
    `text_left`: the bytes of text still to read. `room`: of all messages that stand encoded in it.
    """

    message: Parsed
    texts: Texts = field(default_factory=Texts)
    named: Parsed | None = None
    outlook: Tnef | None = None
    attachments: list[Attachment] = field(default_factory=list)
    attached: list[Address] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    encrypted: bool = False
    calendar: str = ""
    parts: int = 0
    opened: int = 0
    text_left: int = MOST_TEXT
    room: Room = field(default_factory=Room)

    @cached_property
    def charset(self) -> str | None:
        """Of bare bytes in headers. Guessing it takes milliseconds, and each of 500 names of files may ask."""
        return charset_of_headers(self.message)

    def left_out(self, words: str) -> None:
        """Says it once, however often it happens."""
        if words not in self.defects:
            self.defects.append(words)

    def takes_a_file(self) -> bool:
        """Whether there is room for one more; where there is none, `defects` says so."""
        if len(self.attachments) < MOST_FILES:
            return True
        self.left_out(f"more than {MOST_FILES} files: the rest is left out")
        return False


def walk(message: Parsed) -> Walked:
    """What fails in it is a defect, and what was found before stands."""
    body = _Body(message)
    try:
        _walk(message, body)
    except Exception as error:
        body.defects.insert(0, f"the structure cannot be read: {error!r}"[:200])
    if body.outlook is not None and not body.texts.all:
        _said_in(body.outlook, body)
    html, text = body.texts.as_html(), body.texts.as_text()
    if not text.strip() and body.named is not None:
        text = _letters(decoded(body.named), charset_of(body.named), body)
        del body.attachments[0]
        if type_of(body.named) == "text/html":
            html, text = text, html_to_text(text)
    return Walked(text, html, tuple(body.attachments), tuple(body.attached), body.encrypted, body.calendar, tuple(body.defects))


class _Place(Struct, frozen=True):
    """`alternative`: the number of the outermost `multipart/alternative` around it, or 0."""

    depth: int = 0
    attached: bool = False
    alternative: int = 0

    def within(self, *, attached: bool = False, alternative: int = 0) -> _Place:
        return _Place(self.depth + 1, self.attached or attached, self.alternative or alternative)


def _walk(root: Parsed, body: _Body) -> None:
    waiting = [(root, _Place())]
    while waiting:
        part, place = waiting.pop()
        body.parts += 1
        if body.parts > MOST_PARTS:
            body.defects.append(f"more than {MOST_PARTS} parts: the rest is left out")
            return
        kind = type_of(part)
        children = parts_of(part)
        if children is None:
            signed = _leaf(part, kind, body, place)
            if signed is not None:
                waiting += [(signed, place.within())]
        elif kind in _MESSAGES:
            for inner in children[:1]:
                message = _enclosed(part, inner, body, kind)
                if not place.attached:
                    waiting += [(message, place.within(attached=True))]
        elif kind.startswith("message/"):
            for inner in children[:1] if not FOR_MACHINES.search(kind) else ():
                _enclosed(part, inner, body, kind)
        elif place.depth >= DEEPEST:
            body.defects.append(f"nested deeper than {DEEPEST}: the rest is left out")
        else:
            if kind == "multipart/appledouble":  # RFC 1740: what only a Mac has of the file, under its name
                children = [child for child in children if type_of(child) != "application/applefile"] or children
            within = place.within(alternative=body.parts if kind == "multipart/alternative" else 0)
            waiting += [(child, within) for child in reversed(children[: MOST_PARTS + 1])]


def _leaf(part: Parsed, kind: str, body: _Body, place: _Place) -> Parsed | None:
    """A text or a file; or, to be walked on into, the mail that was signed into this one."""
    disposition, name = disposition_and_filename(part, lambda: body.charset)
    if kind.startswith("multipart/"):
        kind = "text/plain"  # its boundary is missing or broken: what is there is read as it stands
    is_shown = disposition != "attachment"
    if is_shown and kind in TEXTS and (not name or place.depth == 0):
        if not place.attached:  # an attached message's own text stays in its attachment
            _shown(part, kind, body, place)
        return None
    if kind == REACTION and place.depth:  # its words stand beside it
        return None
    inline = disposition == "inline" or bool(part.get("Content-ID"))
    return _file(part, Leaf(kind, name, is_shown, inline, decoded(part)), body, place)


def _file(part: Parsed, leaf: Leaf, body: _Body, place: _Place) -> Parsed | None:
    if not place.attached:
        body.encrypted |= leaf.is_encrypted
        if leaf.kind == "text/calendar":
            body.calendar = body.calendar or calendar_method_of(part)
    signed = _signed(leaf, body, place) if leaf.is_smime else None
    if signed is None and not leaf.is_nothing and not (leaf.is_tnef and _unpacked(leaf, body, place)):
        if leaf.can_be_read and not body.attachments:  # an attached message is one itself
            body.named = part  # the message itself, where it has no other text
        _add([(leaf.name, leaf.kind, leaf.data)], body, inline=leaf.inline)
    return signed


def _unpacked(leaf: Leaf, body: _Body, place: _Place) -> bool:
    """Whether files were in it; what Outlook says in it is kept for where nothing else says anything."""
    tnef = read_tnef(leaf.data)
    if not place.attached:
        body.outlook = body.outlook or tnef
    _add(((name, ANY, data) for name, data in tnef.files), body)
    return bool(tnef.files)


def _shown(part: Parsed, kind: str, body: _Body, place: _Place) -> None:
    """A text that is part of what the message says; files in it are attachments."""
    data, charset = decoded(part), charset_of(part)
    if kind == "text/html":
        _html(data, charset, body, place.alternative)
        return
    data, files = without_files(data)
    _add(((decode_bytes(name, charset), ANY, content) for name, content in files), body)
    text = without_banner(_letters(data, charset, body))
    is_flowed, deletes_space = flow_of(part)
    if is_flowed:
        text = unflowed(text, deletes_space=deletes_space)
    read = unarmoured(text)
    if read.encrypted:
        body.encrypted = True
        _add([("encrypted.asc", ANY, read.encrypted.encode("utf-8", "surrogatepass"))], body)
    is_html = not place.alternative and bool(_IS_HTML.fullmatch(read.text))
    body.texts.add(read.text, is_html=is_html, alternative=place.alternative)


def _html(data: bytes, charset: str | None, body: _Body, alternative: int) -> None:
    data, images = without_images(data, SMALLEST_INLINE_IMAGE)
    _add((("", image, content) for image, content in images), body, inline=True)
    body.texts.add(without_banner_in_html(_letters(data, charset, body)), is_html=True, alternative=alternative)


def _said_in(outlook: Tnef, body: _Body) -> None:
    """The text of a message that has none but in its winmail.dat."""
    if outlook.text is not None:
        body.texts.add(without_banner(_letters(*outlook.text, body)), is_html=False, alternative=1)
    if outlook.html is not None:
        _html(*outlook.html, body, 1)


def _letters(data: bytes, charset: str | None, body: _Body) -> str:
    """A text, as far as there is room for it: nothing looks at more, and one emoji makes all of it four times as large as it came."""
    if len(data) > body.text_left:
        body.left_out(f"only the first {MOST_TEXT // 1_000_000} MB of the text are read")
        data = data[: body.text_left]
    body.text_left -= len(data)
    text = decode_bytes(data, charset).removeprefix("\ufeff")  # a mark of the byte order is no letter of it
    if len(text) <= _SMALL:
        return _LINES.decode(text, final=True)
    text = text.replace("\r\n", "\n")
    return text.replace("\r", "\n")


def _add(files: Iterable[tuple[str, str, bytes]], body: _Body, *, inline: bool = False) -> None:
    """Files that came out of a part: the name, what it is, and the bytes of each."""
    for name, kind, data in files:
        if not body.takes_a_file():
            return
        body.attachments.append(attachment(name, kind, data, inline=inline, number=len(body.attachments) + 1))


def _signed(leaf: Leaf, body: _Body, place: _Place) -> Parsed | None:
    """The mail that is signed here; None where none is: what somebody signed for himself stays a file."""
    cms = read_cms(leaf.data)
    body.encrypted |= cms.encrypted and not place.attached
    if cms.signed is None or body.opened == MOST_OPENED:
        return None
    defects: list[str] = []
    inner = split(cms.signed, defects, body.room)
    if "Content-Type" not in inner:
        return None
    body.opened += 1
    body.defects += defects
    return inner


def _enclosed(part: Parsed, inner: Parsed, body: _Body, kind: str) -> Parsed:
    """The message in this part, once it stands among the attachments."""
    message, data = opened(part, inner, body.room)
    head = read_head(message, [], _OF_ENCLOSED)
    if len(body.attached) < 2:  # who wrote it, where it is the only one
        body.attached += fields.addresses(head.letters["from"][:5])[:1]
    if body.takes_a_file():
        body.attachments.append(as_file(part, message, head, data, kind, len(body.attachments) + 1))
    return message
