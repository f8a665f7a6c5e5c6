"""A checked configuration kept ready for the next start, by the digest of its files and of postroom itself.

With 10,000 rules and 100,000 contacts reading and checking takes seconds, taking it from here a fraction of one.
Only what passed every check is kept. The file is a pickle, so it is taken only where nobody else can have written it:
it and its folder belong to this user and nobody else may write them; and it may name postroom's own classes only.
Secrets are no part of it: `${env:NAME}` is resolved later.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from engine.config.columns import Contacts, Owners
from engine.config.files import Contents, as_texts, read_contents
from engine.config.model import Config
from engine.config.people import Contact
from engine.config.unread import unread
from engine.dsl.tree import Rule
from engine.files import write_all
from engine.garbage import no_garbage_collection

MOST_KEPT = 8
_PART = 1_000
# What a configuration holds beside postroom's own classes.
_ELSEWHERE = {
    ("zoneinfo", "ZoneInfo"),
    ("pathlib", "PosixPath"),
    ("datetime", "timedelta"),
    ("datetime", "time"),
    ("datetime", "date"),
}


def load_cached(root: Path) -> Config:
    """As `load_config`, but checked only when the files have changed since. Raises `ConfigError`."""
    contents = read_contents(root)
    place = _place()
    path = place / f"{_key(contents)}.config" if place and not contents.problems and not any(unread(contents)) else None
    if path is not None:
        found = _read(path)
        if found is not None:
            return replace(found, root=root)
    from engine.config.load import load_folder  # only now: it brings the checkers of all files

    config = load_folder(as_texts(contents))
    if path is not None:
        _keep(path, config)
    return config


def _place() -> Path | None:
    """The folder of the cache; None where it is switched off with `POSTROOM_CACHE=off`, or there is no home."""
    named = os.environ.get("POSTROOM_CACHE")
    if named:
        return None if named == "off" else Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    with contextlib.suppress(RuntimeError):
        return (Path(base) if base else Path.home() / ".cache") / "postroom"
    return None


def _key(contents: Contents) -> str:
    """Other files, another postroom or another Python make another key."""
    digest = hashlib.sha256(f"{contents.digest}\0{sys.version}".encode())
    for path, known in sorted(_own_files(str(Path(__file__).parents[1]))):
        digest.update(f"\0{path}\0{known.st_size}\0{known.st_mtime_ns}".encode())
    return digest.hexdigest()[:32]


def _own_files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """Postroom's own. `Path.rglob` takes seven times as long, a sixteenth of a start."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _own_files(entry.path)
            elif entry.name.endswith((".py", ".lark")):
                yield entry.path, entry.stat()


class _Unpickler(pickle.Unpickler):
    """Takes postroom's own classes, and the few of Python's that a configuration is made of."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("engine.") or (module, name) in _ELSEWHERE:
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a configuration")


def _pickled(part: object) -> bytes:
    data = io.BytesIO()
    _Pickler(data, pickle.HIGHEST_PROTOCOL).dump(part)
    return data.getvalue()


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        """A time zone by its name: its own form calls a function."""
        return (ZoneInfo, (value.key,)) if isinstance(value, ZoneInfo) else NotImplemented


def _read(path: Path) -> Config | None:
    try:
        with _own(path) as file, no_garbage_collection():
            found, contacts, owners = (_Unpickler(file).load() for _ in range(3))
            rules: list[Rule] = []
            while (part := _Unpickler(file).load()) is not None:
                rules += part
    except Exception:  # half written, of another version, or no longer readable: then it is made anew
        return None
    return _with(found, contacts, owners, tuple(rules)) if isinstance(found, Config) else None


def _with(config: Config, contacts: Mapping[str, Contact], owners: Mapping[str, str], rules: tuple[Rule, ...]) -> Config:
    directory = config.directory
    directory = replace(directory, contacts=contacts, addresses=replace(directory.addresses, primary=owners))
    return replace(config, directory=directory, rules=replace(config.rules, rules=rules))


def _parts(config: Config) -> Iterator[object]:
    """What there may be much of stands in parts: a pickle keeps all that it has read, or is to write, until its end."""
    yield _with(config, {}, {}, ())
    yield Contacts.of(config.directory.contacts)
    yield Owners.of(config.directory.addresses.primary)
    rules = config.rules.rules
    for start in range(0, len(rules), _PART):
        yield rules[start : start + _PART]
    yield None


def _own(path: Path) -> BinaryIO:
    """The open file, if it and its folder are this user's and nobody else may write them. Raises `OSError`."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
    if not (_is_ours(path.parent.lstat(), stat.S_ISDIR) and _is_ours(os.fstat(file.fileno()), stat.S_ISREG)):
        file.close()
        raise PermissionError(f"{path} may be somebody else's")
    return file


def _is_ours(known: os.stat_result, is_kind: Any) -> bool:
    return bool(is_kind(known.st_mode)) and known.st_uid == os.geteuid() and not known.st_mode & 0o022


def _keep(path: Path, config: Config) -> None:
    """Where it cannot be kept (a full disk, no rights) the next start takes longer: no more than that."""
    with contextlib.suppress(OSError, pickle.PicklingError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_all({path: map(_pickled, _parts(config))})
        kept = sorted(path.parent.glob("*.config"), key=lambda one: one.stat().st_mtime_ns)
        for old in kept[:-MOST_KEPT]:
            old.unlink(missing_ok=True)
