"""`postroom schema`: the JSON Schemas, as they ship or with this configuration's own names in them, for editors."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import click

from engine.commands.options import common
from engine.config.load import load_config
from engine.config.model import Config
from engine.config.references import names_of
from engine.config.schema import SCHEMA_FOLDER
from engine.dsl.scope import PICKLIST_OF
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
    known = _values(load_config(rules)) if for_editor else None
    if name is not None:
        click.echo(json.dumps(_schema(name, known), ensure_ascii=False, indent=2))
        return
    assert out is not None
    try:
        out.mkdir(parents=True, exist_ok=True)
        for one in NAMES:
            path = out / f"{one}.schema.json"
            if known is None:
                shutil.copyfile(SCHEMA_FOLDER / path.name, path)
            else:
                path.write_text(json.dumps(_schema(one, known), ensure_ascii=False, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise PostroomError.of(f"{out} cannot be written: {error.strerror}", "name another folder with --out") from error
    click.echo(f"{len(NAMES)} schemas in {out}")


def _values(config: Config) -> dict[str, Collection[str]]:
    """What a key may name, by the key."""
    names = names_of(config)
    rules = tuple(rule.name for rule in config.rules.rules)
    return {
        **{key: names.picklists[kind] for key, kind in _NAMED.items() if kind in names.picklists},
        "tags": names.tags,
        "template": names.templates,
        **dict.fromkeys(("fired", "not_fired", "waiting"), rules),
    }


def _schema(name: str, known: Mapping[str, Collection[str]] | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMA_FOLDER / f"{name}.schema.json").read_text("utf-8"))
    if known is not None and name != "picklists":
        _fill(found, known)
    return found


def _fill(node: Any, known: Mapping[str, Collection[str]]) -> None:
    """Every text key that names something of the configuration gets the names as its values."""
    if isinstance(node, list):
        for one in node:
            _fill(one, known)
        return
    if not isinstance(node, dict):
        return
    for key, value in node.get("properties", {}).items():
        values = known.get(key)
        if not isinstance(value, dict) or not values:
            continue
        if value.get("type") == "string":
            value["enum"] = [*values, "none"] if key == "unattributed" else list(values)
            value.pop("pattern", None)
        elif value.get("type") == ["string", "null"]:
            value["enum"] = [*values, None]
        elif value.get("type") == "array" and value.get("items", {}).get("type") == "string":
            value["items"]["enum"] = list(values)
    for value in node.values():
        _fill(value, known)
