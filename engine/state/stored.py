"""Values in the forms in which the database keeps them. What is no longer as it was written, for a disk failed or another program wrote
it, is told as that."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import Any, TypeVar

from msgspec import DecodeError, json

from engine.errors import FROM_A_BACKUP, Damaged
from engine.mail.withhold import Passwords

T = TypeVar("T")


def damaged(what: str, otherwise: str = "") -> Damaged:
    return Damaged.of(f"the database is damaged: {what}", f"mend it by hand, or {FROM_A_BACKUP}{otherwise}")


def moment(text: str) -> datetime:
    """A time. SQLite's own form (`datetime('now')`), which other programs write, says no zone: it is UTC. Raises `Damaged`."""
    try:
        found = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise damaged(f"'{text}' stands where a time should") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def from_json(text: str, what: str, kind: type[T]) -> T:
    """Raises `Damaged`, with `what` it is."""
    try:
        return json.decode(text, type=kind)
    except DecodeError as error:
        raise damaged(f"{what} cannot be read: {error}") from error


def read_kept(text: str, message: int) -> dict[str, Any]:
    """What `Decision.as_kept` wrote of a message, with all that `Decision.as_dict` has. Raises `Damaged`."""
    found = from_json(text, f"the Decision of message {message}", dict[str, Any])
    if found["entity"] == "ticket":
        found["ticket"] = found["fields"]
    return found


def unpacked(packed: bytes, message: int) -> bytes:
    """The bytes of a message as they are kept. Raises `Damaged`."""
    try:
        return zlib.decompress(packed)
    except zlib.error as error:
        otherwise = f"; where it is in quarantine, `postroom retry {message} --forget` lets it go"
        raise damaged(f"the bytes of message {message} cannot be unpacked", otherwise) from error


def unpacks(packed: bytes | None) -> bool:
    """Whether there are bytes, and `unpacked` gives them."""
    if packed is None:
        return False
    try:
        zlib.decompress(packed)
    except zlib.error:
        return False
    return True


def unpacked_whole(packed: bytes, message: int, passwords: Passwords, sha256: str) -> bytes:
    """As it came: what was withheld is put back. Raises `Damaged`."""
    return passwords.restore(unpacked(packed, message), sha256)
