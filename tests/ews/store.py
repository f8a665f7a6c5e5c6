"""What the small Exchange server of the tests keeps: folders, items, and the changes that a client syncs."""

from __future__ import annotations

import email
import itertools
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


@dataclass
class Item:
    """One message. `mime` None: the server cannot give its MIME; `shown_size` is what it says of a size; `kind`: what it is to Exchange."""

    id: str
    folder: str
    mime: bytes | None
    received: datetime
    is_read: bool = False
    version: int = 1
    shown_size: int | None = None
    properties: dict[str, str] = field(default_factory=dict)
    kind: str = "Message"

    @property
    def size(self) -> int:
        return self.shown_size if self.shown_size is not None else len(self.mime or b"")

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What `properties` has of its header, as it came: lines of `Name: value`."""
        return [
            (name, value) for line in self.properties.get("headers", "").splitlines() for name, _, value in [line.partition(": ")]
        ]

    @property
    def message_id(self) -> str:
        """In its brackets."""
        if self.mime is None:
            return self.properties.get("message_id", "")
        head = _BLANK_LINE.split(self.mime, maxsplit=1)[0]
        return str(email.message_from_bytes(head)["Message-ID"] or "")


@dataclass
class Folder:
    """`changes`: (create, update or delete; item id) in order; a sync state is a place in them."""

    id: str
    name: str
    parent: str | None
    changes: list[tuple[str, str]] = field(default_factory=list)


class Store:
    """All of one mailbox. Every method is one step under a lock, as a server's is."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.lock = threading.RLock()
        self.items: dict[str, Item] = {}
        self.folders: dict[str, Folder] = {}
        self.sent: list[bytes] = []
        self.refused: dict[str, str] = {}  # recipients to whom nothing is sent, and the error
        self.stuck: set[str] = set()  # items that no folder takes
        self.silent: set[str] = set()  # items that are not given
        self.may_not: dict[str, str] = {}  # a folder's id, or "items", and a right that the user lacks there
        self.hidden: set[str] = set()  # folders that the user may not even look at
        self.why_stuck = "ErrorMoveCopyFailed"
        self.why_silent = "ErrorInternalServerError"
        self.epoch = 1
        self._ids = itertools.count(1)
        self.add_folder("root", None, "root")
        self.add_folder("Inbox", "root", "inbox")
        self.add_folder("Sent Items", "root", "sentitems")

    def with_folders(self) -> Self:
        """And with those in the inbox that mail is filed into."""
        for name in ("Processed", "Failed"):
            self.add_folder(name, "inbox", name.lower())
        return self

    def add_folder(self, name: str, parent: str | None, identity: str = "") -> Folder:
        with self.lock:
            folder = Folder(identity or f"folder-{next(self._ids)}", name, parent)
            self.folders[folder.id] = folder
            return folder

    def folder_named(self, name: str, parent: str = "inbox") -> Folder | None:
        return next((one for one in self.folders.values() if one.parent == parent and one.name.lower() == name.lower()), None)

    def add(self, mime: bytes | None, folder: str = "inbox", received: datetime | None = None, **more: object) -> Item:
        with self.lock:
            item = Item(f"item-{next(self._ids)}", folder, mime, received or datetime.now(UTC).replace(microsecond=0), **more)  # type: ignore[arg-type]
            self.items[item.id] = item
            self.folders[folder].changes.append(("create", item.id))
            return item

    def move(self, identity: str, folder: str) -> Item | None:
        """As on Exchange, a moved item has another id."""
        with self.lock:
            old = self.items.pop(identity, None)
            if old is None:
                return None
            self.folders[old.folder].changes.append(("delete", identity))
            new = Item(
                f"item-{next(self._ids)}",
                folder,
                old.mime,
                old.received,
                old.is_read,
                shown_size=old.shown_size,
                properties=old.properties,
                kind=old.kind,
            )
            self.items[new.id] = new
            self.folders[folder].changes.append(("create", new.id))
            return new

    def mark_read(self, identity: str) -> bool:
        with self.lock:
            item = self.items.get(identity)
            if item is None:
                return False
            item.is_read = True
            item.version += 1
            self.folders[item.folder].changes.append(("update", identity))
            return True

    def delete(self, identity: str) -> None:
        with self.lock:
            item = self.items.pop(identity)
            self.folders[item.folder].changes.append(("delete", identity))

    def changes(self, folder: str, start: int, most: int) -> tuple[list[tuple[str, str]], int, bool]:
        """(changes with items that still are there, the new place, whether these were the last)."""
        with self.lock:
            log = self.folders[folder].changes
            end = min(start + most, len(log))
            shown, seen = [], set()
            for kind, identity in log[start:end]:
                there = identity in self.items and self.items[identity].folder == folder
                if (kind == "delete") == there or (kind, identity) in seen:
                    continue
                seen.add((kind, identity))
                shown.append((kind, identity))
            return shown, end, end >= len(log)

    def in_folder(self, folder: str) -> list[Item]:
        with self.lock:
            return [item for item in self.items.values() if item.folder == folder]

    def send(self, mime: bytes) -> str | None:
        """The error, or None where it was taken."""
        with self.lock:
            error = self.refused.get(str(email.message_from_bytes(mime)["To"]))
            if error is None:
                self.sent.append(mime)
            return error

    def lose_sync_states(self) -> None:
        """As after a move of the mailbox to another server."""
        self.epoch += 1
