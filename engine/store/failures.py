"""What goes wrong with the database, or with one message on its way there: whose fault it is, in words that a person can act on."""

from __future__ import annotations

import sqlite3
from errno import ENOSPC
from pathlib import Path

from engine.errors import FROM_A_BACKUP, Damaged, Position, StoreError
from engine.state.stored import damaged

_LEAST_ROOM = 65_536  # bytes: what readers and writers share takes half of it
_OF_A_VALUE = ("Could not decode", "malformed JSON")  # how Python, and SQLite, begin to say that a text is none, or no JSON


def explain_error(error: sqlite3.Error | OSError, path: Path | None) -> StoreError:
    """What went wrong with the database or its folder of attachments, and what to do."""
    text = str(error)
    if _is_of_value(error):
        return _damaged(text)
    where = Position(str(path) if path else "the database")
    said = error.strerror if isinstance(error, OSError) else None  # without the path, whose words say nothing
    low = (said or text).lower()
    if "full" in low or getattr(error, "errno", None) == ENOSPC or ("i/o error" in low and path and _is_full(path)):
        fix = "the disk is full: make room, then run the same command again; nothing is lost"
    elif "locked" in low or "busy" in low:
        fix = "another process holds it: try again when that has ended"
    elif path is not None and path.is_dir():
        fix = "this is a folder; name a file with --db"
    elif "readonly" in low or "read-only" in low or "permission" in low or ("unable to open" in low and path and path.exists()):
        fix = "mend the rights of the file and its folder, or name another with --db"
    elif any(words in low for words in ("not a database", "unsupported file format")):
        fix = "restore it from a backup, or name another with --db"
    elif any(words in low for words in ("malformed", "corrupt")):
        fix = FROM_A_BACKUP
    elif "unable to open" in low:
        fix = "does its folder exist, and may you write there?"
    else:
        fix = "nothing of the message in hand was stored; run the same command again when the cause is mended"
    return StoreError.of(f"the database cannot be used: {text}", fix, where)


def is_of_database(error: Exception) -> bool:
    """Whether the database or the disk failed, and nothing that was done with it: then it is to go on when that is mended."""
    if isinstance(error, Damaged) or _is_of_value(error):
        return False
    if isinstance(error, sqlite3.DatabaseError):
        # Its other children say that a statement was wrong. A damaged file has none of its own.
        return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError
    return isinstance(error, (StoreError, OSError))


def as_held(error: Exception) -> str:
    """What went wrong with a message, as it is kept with it in quarantine."""
    from traceback import format_exception_only  # seldom needed

    return _as_damage(error) or "".join(format_exception_only(error)).strip()


def our_fault(error: Exception) -> str:
    """What nobody thought of, as it is kept with the one thing that it stopped."""
    return (_as_damage(error) or f"it failed, and that is a fault of postroom's: {type(error).__name__}: {error}")[:500]


def _as_damage(error: Exception) -> str | None:
    if _is_of_value(error):
        return str(_damaged(str(error)))
    return str(error) if isinstance(error, Damaged) else None


def _is_of_value(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and str(error).startswith(_OF_A_VALUE)


def _damaged(said: str) -> Damaged:
    """Without the value itself, which may be anything."""
    return damaged(said.partition(" with text ")[0])


def _is_full(path: Path) -> bool:
    """Of some files that it needs, SQLite says no more than that it cannot write them."""
    import shutil  # seldom needed

    try:
        return shutil.disk_usage(path.parent).free < _LEAST_ROOM
    except OSError:
        return False
