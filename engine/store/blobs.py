"""Attachments in a folder beside the database, once by their SHA-256, on disk before the row that names them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.files import sync, write_all
from engine.mail.message import Attachment


class Blobs:
    """`FILE.files/ab/abcd...`: a file is complete or not there, for it is renamed into place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def files(self) -> list[Path]:
        """All files that are there, also what a crash left half written."""
        return [path for path in self.folder.rglob("*") if path.is_file()] if self.folder.is_dir() else []

    def keep(self, attachments: Iterable[Attachment]) -> None:
        """Raises `OSError`, such as for a full disk; then nothing of the message is stored."""
        new = {path: (one.data,) for one in attachments if not (path := self.path(one.sha256)).exists()}
        if new and not self.folder.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            sync(self.folder.parent)
        folders = {path.parent for path in new if not path.parent.exists()}
        for folder in folders:
            folder.mkdir(exist_ok=True)
        if folders:
            sync(self.folder)
        write_all(new)
