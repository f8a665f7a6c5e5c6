"""Header fields to values: addresses, dates, Message-IDs. Bounded, so that no header can take long."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice

from engine.addresses import comparable
from engine.mail.decode import decode_header, plain_header
from engine.mail.message import Address

# What a notification carries beside its Message-ID, which Exchange Online and other services replace by one of their own.
NOTIFICATION_ID = "X-Postroom-Message-ID"
NOTIFICATION = "postroom."  # so the Message-ID of one begins
# And this stands before it where its References end with it. Exchange keeps these, and drops a header until it has received one of that name.
REFERENCE = "ref."
LONGEST_FIELD = 65_536
MOST_ADDRESSES = 1_000
_MOST_LETTERS = 250_000  # of all fields of a name: a thousand addresses with long names
MOST_REFERENCES = 32  # `behaviour.md` 3.2
_MESSAGE_ID = re.compile(rf"<(?:{re.escape(REFERENCE)}(?={re.escape(NOTIFICATION)}))?([^<>\s]{{1,998}})>")
_ADDRESS = re.compile(r"[^\s<>\"(),:;\[\]\\]{1,200}@[^\s<>\"(),:;\\]{1,255}")
_DOMAIN = re.compile(r'@\s{0,20}([^\s<>"(),:;\[\]\\@]{1,255})')
# One that needs no quotation marks, and has them (RFC 5321 4.1.2: it is the same).
_QUOTED_LOCAL = re.compile(r'"([A-Za-z0-9_+-]{1,64}(?:\.[A-Za-z0-9_+-]{1,64}){0,20})"@([^\s<>"(),:;\\@]{1,255})')
# `Ana Diaz <ana@contoso.example>`, with the name in quotes or not, or the address alone: most of all fields.
_SIMPLE = re.compile(
    r' ?(?:(?:"([A-Za-z0-9 ,.-]*)"|((?:[A-Za-z0-9-]+ )*[A-Za-z0-9-]+)) ?<([a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)+)>'
    r"|([a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)+))",
    re.IGNORECASE | re.ASCII,
)
# What a list of addresses is made of (RFC 5322 3.2 and 3.4): quoted strings, comments, addresses in brackets, what parts them. What
# never ends is a token too: to look for its end again from each of its letters would take quadratic time.
_STRING = r'"(?:[^"\\]|\\.)*+'
_TOKEN = re.compile(_STRING + r'"?|\((?:[^()\\]|\\.)*+\)?|<[^<>]*>?|[,;]|[^"(<,;]+|.', re.DOTALL)
_QUOTED = re.compile(_STRING + '("?)', re.DOTALL)  # what never ends is matched too, as above
_NAME = re.compile(r'"(?:[^"\\]|\\.)*"|[\w .=?*+/-]*')  # one that needs no quotation marks, or has them
_SHORT = 200
_PARTS = re.compile(r"[<>(),;:\\]")
# `Mon, 02 Nov 2026 10:00:00 +0000`: most of all dates (RFC 5322 3.3).
_USUAL_DATE = re.compile(
    r"(?:[A-Z][a-z]{2}, ?)?(\d{1,2}) ([A-Z][a-z]{2}) ([1-9]\d{3}) (\d\d):(\d\d):(\d\d) ([+-])([01]\d)([0-5]\d)(?: \([A-Z]+\))?",
    re.ASCII,
)
_MONTHS = {
    name: number
    for number, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)
}
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d", re.ASCII)
# Newer Pythons (and Debian's) read no address at all of a field in which anything is odd; older ones do not know the word.
_AS_WRITTEN: dict[str, bool] = {"strict": False} if getattr(email.utils, "supports_strict_parsing", False) else {}
_AFTER_ADDRESS = re.compile(r"(?:>|@[A-Za-z0-9.-]{1,100})[ \t]{0,20},")
_PIECE = 2_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]+")


def addresses(values: list[str]) -> tuple[Address, ...]:
    """Addresses of raw header values in their order. What is no address is left out; a display name never counts as one."""
    found: list[Address] = []
    left = _MOST_LETTERS
    for value in values:
        found += _few(value) if len(value) < _SHORT else _listed(value[:left])
        left -= len(value)
        if len(found) >= MOST_ADDRESSES or left <= 0:
            break
    return tuple(found[:MOST_ADDRESSES])


def _listed(value: str) -> list[Address]:
    found: list[Address] = []
    for piece in _pieces(_unfold(value[:LONGEST_FIELD])):
        for name, address in _pairs(piece):
            parsed = _address(name, address)
            if parsed is not None:
                found.append(parsed)
        if len(found) >= MOST_ADDRESSES:
            break
    return found[:MOST_ADDRESSES]


def _pieces(value: str) -> Iterator[str]:
    """A long list cut after addresses: Python's parser takes quadratic time for one that is none."""
    start = 0
    for comma in _AFTER_ADDRESS.finditer(value):
        if comma.end() - start >= _PIECE:
            yield value[start : comma.end()]
            start = comma.end()
    yield value[start:]


def _pairs(value: str) -> list[tuple[str, str]]:
    """(name, address) of each. Python's parser recurses with each bracket: where it gives up, only addresses are looked for."""
    if (lone := _lone(value)) is not None:
        return [lone]
    if len(value) < 2 * _PIECE:
        try:
            return email.utils.getaddresses([_names_in_quotes(value)], **_AS_WRITTEN)
        except Exception:  # RecursionError, and what else it may meet
            pass
    bare = _QUOTED.sub(lambda quoted: '""' if quoted[1] else quoted[0], value)
    return [("", match[0]) for match in islice(_ADDRESS.finditer(bare), MOST_ADDRESSES)]


def _lone(value: str) -> tuple[str, str] | None:
    """`"Ana Diaz" ana@contoso.example` lacks the brackets only, for there is one `@` and it stands in a word of its own.

    Python's parser would read the words as one.
    """
    if len(value) > _SHORT or value.count("@") != 1 or _PARTS.search(value):
        return None
    bare = _QUOTED.sub(" ", value).split()
    address = next((word for word in bare if _ADDRESS.fullmatch(word)), None)
    if address is None or value.strip() == address:
        return None
    return " ".join(value.replace(address, " ").replace('"', " ").split()), address


def _names_in_quotes(value: str) -> str:
    """What stands before the brackets is a name, whatever it looks like.

    `tom@contoso.example <eve@evil.example>` is Eve's, and `Diaz, Ana [IT] <ana@contoso.example>` lacks the quotation marks only.
    """
    if "<" not in value:
        return value
    result: list[str] = []
    mailbox: list[str] = []
    begun = ended = False  # a name, in which a comma may stand; a colon ends the name of a group of addresses
    for piece in [*_TOKEN.findall(value), ";"]:
        if piece == ";" or (piece == "," and (ended or not begun)):
            result += [_name_in_quotes(mailbox), piece]
            mailbox, begun, ended = [], False, False
        else:
            begun = begun or bool(piece.strip())
            ended = ended or "@" in piece or ":" in piece
            mailbox.append(piece)
    return "".join(result[:-1])


def _name_in_quotes(tokens: list[str]) -> str:
    address = next((place for place, token in enumerate(tokens) if token[0] == "<" and "@" in token), None)
    name = "".join(tokens[:address]).strip() if address else ""
    if not name or _NAME.fullmatch(name) or (":" in name and "@" not in name):
        return "".join(tokens)
    unquoted = re.sub(r'["\\]', "", name).rstrip(", ")
    return f'"{unquoted}" {"".join(tokens[address:])}'


# The same people write again and again, and to the same mailboxes.
@lru_cache(maxsize=4096)
def _few(value: str) -> tuple[Address, ...]:
    simple = _SIMPLE.fullmatch(value)
    if simple is not None:
        name = (simple[1] or simple[2] or "").strip()
        return (Address(name, (simple[3] or simple[4]).lower()),)
    return tuple(_listed(value))


def _unfold(value: str) -> str:
    return re.sub(r"[\r\n]+[ \t]*", " ", value)


def _address(name: str, address: str) -> Address | None:
    # Encoded as a whole, a broken program may have done it; encoded in part, it is made to be read in two ways.
    text = plain_header(address) if "@" in address else decode_header(address)
    if '"' in text:  # what stands in quotation marks before the `@` is no address, whatever it looks like
        quoted = _QUOTED_LOCAL.fullmatch(text)
        text = f"{quoted[1]}@{quoted[2]}" if quoted else ""
    match = _ADDRESS.search(text)
    if match is None:
        return None
    found = match[0].rstrip(".>")
    if found.endswith("'"):  # no domain's last letter: somebody quoted it so
        found = found.strip("'")
    return Address(_CONTROL.sub("", decode_header(name)).strip(" \"'"), comparable(found))


def domains_in(value: str) -> set[str]:
    """Of all that another program may take for an address in a field, in names, comments and routes too."""
    found = (match[1].strip(".'").lower() for match in islice(_DOMAIN.finditer(value), MOST_ADDRESSES))
    return {comparable(domain) for domain in found if "." in domain}


def first_address(text: str) -> Address | None:
    """The address in a line of text such as `Ana García <ana@contoso.example>` or `Ana [mailto:ana@contoso.example]`."""
    text = text[:1000].replace("mailto:", "").replace("[", "<").replace("]", ">")
    match = _ADDRESS.search(text)
    if match is None:
        return None
    name = text[: match.start()].strip(" <\"'*\t")
    return Address(_CONTROL.sub("", name), comparable(match[0].rstrip(".>*")))


def message_ids(values: list[str], most: int = MOST_REFERENCES) -> tuple[str, ...]:
    """Message-IDs without their brackets, the last `most` of them. A reference to a notification is its Message-ID."""
    found: list[str] = []
    for value in values:
        found += _MESSAGE_ID.findall(value[-LONGEST_FIELD:])
    return tuple(found[-most:])


def message_id(value: str) -> str:
    """One Message-ID: in brackets, or what stands there where a sender left the brackets out."""
    match = _MESSAGE_ID.search(value[:LONGEST_FIELD])
    if match:
        return match[1]
    words = value.split()
    return words[0].strip("<>")[:998] if words else ""


def date(value: str) -> datetime | None:
    """A Date header in UTC, also one as ISO 8601 has it, which scripts write; or None where it makes no sense."""
    value = value[:200].strip()
    try:
        usual = _USUAL_DATE.fullmatch(value)
        if usual is not None and usual[2] in _MONTHS:
            day, month, year, hour, minute, second, sign, hours, minutes = usual.groups()
            moment = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
            ahead = timedelta(hours=int(hours), minutes=int(minutes))
            return moment - ahead if sign == "+" else moment + ahead
        parsed = datetime.fromisoformat(value) if _ISO_DATE.match(value) else email.utils.parsedate_to_datetime(value)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        return parsed.astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError, AttributeError):
        return None


def received_at(values: list[str]) -> datetime | None:
    """When the topmost Received header, our own server's, says that the message came in (RFC 5321 4.4)."""
    for value in values[:1]:
        return date(value.rpartition(";")[2])
    return None
