"""`postroom schema`: the JSON Schemas, as they ship or with this configuration's own names in them, for editors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import click

from engine.commands.options import common
from engine.config.load import load_config
from engine.config.references import names_of
from engine.config.schema import SCHEMA_FOLDER
from engine.dsl.scope import PICKLIST_OF, Names
from engine.errors import PostroomError

NAMES = ("settings", "picklists", "mailbox", "duplicates", "tags", "tests")
# Keys whose values are names of this configuration: an editor offers them.
_NAMED = PICKLIST_OF | {
    "extends": "mailboxes",
    "mailboxes": "mailboxes",
    "local": "organizations",
    "unattributed": "organizations",
}


@click.command()
@click.argument("name", required=False, type=click.Choice(NAMES))
@click.option(
    "--for-editor",
    is_flag=True,
    help="With the queues, statuses, templates ... of this configuration as the values to choose from.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write all of them into this folder instead.")
@common
def schema(name: str | None, for_editor: bool, out: Path | None, rules: Path, db: Path, verbose: bool) -> None:
    """Print a schema, or write all of them into a folder.

    \b
    Examples:
      postroom schema mailbox
      postroom schema --for-editor --out .postroom/schema
    """
    if (name is None) == (out is None):
        raise click.UsageError("name one schema, or a folder for all of them with --out")
    names = names_of(load_config(rules)) if for_editor else None
    if name is not None:
        click.echo(json.dumps(_schema(name, names), ensure_ascii=False, indent=2))
        return
    assert out is not None
    try:
        out.mkdir(parents=True, exist_ok=True)
        for one in NAMES:
            path = out / f"{one}.schema.json"
            if names is None:
                shutil.copyfile(SCHEMA_FOLDER / path.name, path)
            else:
                path.write_text(json.dumps(_schema(one, names), ensure_ascii=False, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise PostroomError.of(f"{out} cannot be written: {error.strerror}", "name another folder with --out") from error
    click.echo(f"{len(NAMES)} schemas in {out}")


def _schema(name: str, names: Names | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMA_FOLDER / f"{name}.schema.json").read_text("utf-8"))
    if names is not None and name != "picklists":
        _fill(found, names)
    return found


def _fill(node: Any, names: Names) -> None:
    """Every text key that names something of the configuration gets the names as its values."""
    if isinstance(node, list):
        for one in node:
            _fill(one, names)
        return
    if not isinstance(node, dict):
        return
    for key, value in node.get("properties", {}).items():
        if not isinstance(value, dict):
            continue
        known = _known(key, names)
        if known and value.get("type") == "string":
            value["enum"] = [*known, "none"] if key == "unattributed" else list(known)
            value.pop("pattern", None)
        elif known and value.get("type") == ["string", "null"]:
            value["enum"] = [*known, None]
        elif known and value.get("type") == "array" and value.get("items", {}).get("type") == "string":
            value["items"]["enum"] = list(known)
    for value in node.values():
        _fill(value, names)


def _known(key: str, names: Names) -> tuple[str, ...]:
    if key == "tags":
        return names.tags
    if key == "template":
        return names.templates
    return names.picklists.get(_NAMED.get(key, ""), ())
