"""Writing files so that each is there whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """On disk, under its name, before this returns. A crash leaves the old file, or none. Raises `OSError`."""
    write_all({path: (data,)})


def write_all(files: Mapping[Path, Iterable[bytes]]) -> None:
    """The same for several files, each in parts, which are never all in memory.

    Each step is taken for all of them before the next: the disk then has more to do at once, and each folder is waited for once.
    """
    written = {path.with_name(f".{path.name}.{os.getpid()}"): path for path in files}
    try:
        for part, path in written.items():
            with part.open("wb") as file:
                file.writelines(files[path])
        for part in written:
            sync(part)
        for part, path in written.items():
            if path.exists():
                part.chmod(path.stat().st_mode)
            part.replace(path)
    finally:
        for part in written:
            part.unlink(missing_ok=True)
    for folder in {path.parent for path in files}:
        sync(folder)


def sync(path: Path) -> None:
    """What the file holds, or which names the folder has, is on disk before this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
