"""`postroom init DIR`: a fresh configuration repository that passes its own checks."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from engine.config.load import load_config
from engine.errors import PostroomError


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Write a small configuration with tests, checks for pull requests and editor settings into a new folder.

    \b
    Example:
      postroom init our-desk && cd our-desk && git init && postroom check && postroom test
    """
    if folder.exists() and any(one.name != ".git" for one in folder.iterdir()):
        raise PostroomError.of(f"{folder} is not empty", "name a new folder")
    try:
        written = _copy(files("engine") / "starter", folder)
    except OSError as error:
        raise PostroomError.of(f"{folder} cannot be written: {error.strerror}", "name another folder") from error
    load_config(folder / "rules")
    click.echo(f"{written} files in {folder}. Next: cd {folder} && git init && postroom check && postroom test")
    click.echo("Then put your own organizations, people and mailboxes into rules/, and read docs/pull-requests.md.")


def _copy(source: Traversable, target: Path) -> int:
    """How many files. A leading `dot-` stands for the dot that packaging tools leave out."""
    target.mkdir(parents=True, exist_ok=True)
    count = 0
    for one in source.iterdir():
        name = one.name.replace("dot-", ".", 1) if one.name.startswith("dot-") else one.name
        if one.is_dir():
            if name != "__pycache__":
                count += _copy(one, target / name)
        elif name != "__init__.py":
            (target / name).write_bytes(one.read_bytes())
            count += 1
    return count
