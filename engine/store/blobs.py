"""Attachments in a folder beside the database, once by their SHA-256, on disk before the row that names them."""

from __future__ import annotations

from pathlib import Path

from engine.files import write_whole
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

    def keep(self, attachment: Attachment) -> None:
        """Raises `OSError`, such as for a full disk; then nothing of the message is stored."""
        path = self.path(attachment.sha256)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, attachment.data)
