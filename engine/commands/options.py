"""Options that commands share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click

from engine import interrupts, loading
from engine.config.model import Config
from engine.decide.setup import Setup
from engine.errors import PostroomError, did_you_mean
from engine.garbage import leave_alone, no_garbage_collection
from engine.quantity import parse_since
from engine.store.failures import explain_error


def common(function: Callable[..., None]) -> Callable[..., None]:
    """`--rules`, `--db`, `--verbose` on every command. What the database fails at is told in words."""

    @wraps(function)
    def command(**given: Any) -> None:
        interrupts.begin()
        try:
            function(**given)
        except sqlite3.Error as error:
            raise explain_error(error, given["db"]) from error

    for option in (
        click.option("--verbose", is_flag=True, help="Show the traceback of an error."),
        click.option(
            "--db",
            type=click.Path(path_type=Path, dir_okay=False),
            default="postroom.db",
            envvar="POSTROOM_DB",
            show_default=True,
            help="The database.  [env: POSTROOM_DB]",
        ),
        click.option(
            "--rules",
            type=click.Path(path_type=Path),
            default="rules",
            envvar="POSTROOM_RULES",
            show_default=True,
            help="The configuration's folder.  [env: POSTROOM_RULES]",
        ),
    ):
        command = option(command)
    return command


def load_setup(rules: Path) -> Setup:
    """For a command that keeps what it loads until its end. Raises `ConfigError` with every problem."""
    with no_garbage_collection():
        setup = loading.load_setup(rules)
        leave_alone()
    return setup


def moment_of(age: str | None) -> datetime | None:
    """`7d`, `12h` or a day, as the moment that it means. Raises `PostroomError`."""
    if age is None:
        return None
    try:
        found = parse_since(age)
    except ValueError:
        raise PostroomError.of(f"'{age}' is no time", "write 7d, 12h, 30m, or a day such as 2026-11-01") from None
    return datetime.now(UTC) - found if isinstance(found, timedelta) else found


def chosen_mailbox(name: str | None, config: Config) -> str | None:
    """A mailbox named with --mailbox: it must exist and be read. Raises `PostroomError`."""
    if name is None:
        return None
    if name not in config.mailboxes:
        raise PostroomError.of(f"unknown mailbox '{name}'", did_you_mean(name, config.mailboxes))
    if not config.mailboxes[name].active:
        raise PostroomError.of(
            f"the mailbox '{name}' is not active", "name another, or set `active: true`", config.mailboxes[name].where("active")
        )
    return name
