"""JSON Schema validation of a document, each failure as a problem with its position and a fix in plain words."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from engine.config.document import Document
from engine.errors import Problem, did_you_mean

UNDERSTOOD_VERSION = 1
_HERE = Path(__file__).resolve().parent.parent
# In a checkout the schemas stand beside `engine/`; an installed wheel carries them inside.
SCHEMA_FOLDER = _HERE.parent / "schema" if (_HERE.parent / "schema").is_dir() else _HERE / "schema"

_TYPES = {
    "object": "a map of keys",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMA_FOLDER / f"{name}.schema.json").read_text("utf-8"))
    return Draft202012Validator(schema)


def validate(document: Document, schema: str) -> list[Problem]:
    """Problems of a document under `schema/NAME.schema.json`. A version not understood is the only problem then."""
    data = document.data
    if not isinstance(data, dict):
        return [Problem(document.where(), "the file must be a map of keys", "start it with `version: 1`")]
    if "version" in data and data["version"] != UNDERSTOOD_VERSION:
        return [
            Problem(
                document.where("version"),
                f"version {data['version']} is not understood",
                f"this postroom understands version {UNDERSTOOD_VERSION}",
            )
        ]
    problems = [problem for error in _validator(schema).iter_errors(data) for problem in _problems(document, error)]
    return sorted(set(problems))


_LOGIN = re.compile(r"https?://[^\s/]*@")


def _problems(document: Document, error: ValidationError) -> list[Problem]:
    path = tuple(error.absolute_path)
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    key = next((str(part) for part in reversed(path) if isinstance(part, str)), "the file")
    where = document.where(*path)
    kind, value = error.validator, cast(Any, error.validator_value)
    instance = cast(Any, error.instance)
    if kind == "additionalProperties":
        known = list(schema.get("properties", {}))
        unknown = [name for name in instance if name not in known]
        return [Problem(document.where_key(*path, name), f"unknown key '{name}'", did_you_mean(name, known)) for name in unknown]
    if kind == "required":
        missing = [name for name in value if name not in instance]
        described = schema.get("properties", {})
        return [
            Problem(where, f"the key '{name}' is missing", f"add it: {described.get(name, {}).get('description', '')}")
            for name in missing
        ]
    if isinstance(instance, str) and (schema.get("x-secret") or (kind == "pattern" and _LOGIN.match(instance))):
        # Neither the value nor its line is shown: what CI prints is read by many.
        what = "is a secret" if schema.get("x-secret") else "has a login in it"
        fix = f"write {schema.get('x-expected', 'it without')}"
        return [Problem(where, f"'{key}' {what}, and secrets never stand in files", fix, excerpt="    (the line is not shown)")]
    return [Problem(where, *_wording(key, error, schema))]


def _wording(key: str, error: ValidationError, schema: dict[str, Any]) -> tuple[str, str]:
    kind, value, found = error.validator, cast(Any, error.validator_value), error.instance
    expected = schema.get("x-expected")
    if kind == "type" or (expected and kind in ("pattern", "minLength")):
        types = value if isinstance(value, list) else [value]
        words = expected or " or ".join(_TYPES.get(str(one), str(one)) for one in types)
        fix = f"write {words}"
        if kind == "type" and "boolean" in types and isinstance(found, str):
            fix = "write true or false"
        return f"'{key}' cannot be {_show(found)}", fix
    if kind in ("enum", "const"):
        values = value if isinstance(value, list) else [value]
        texts = [json.dumps(one) if not isinstance(one, str) else one for one in values]
        if isinstance(found, str):
            return f"'{key}' cannot be {_show(found)}", did_you_mean(found, texts)
        return f"'{key}' cannot be {_show(found)}", "write one of: " + ", ".join(texts)
    if kind == "pattern":
        return f"'{key}' cannot be {_show(found)}", f"it must match {value}"
    if kind in ("minLength", "minItems", "minProperties"):
        return f"'{key}' is empty", "give it at least one value, or remove the key"
    if kind == "maxLength":
        return f"'{key}' is too long", f"{value} characters at the most"
    if kind in ("minimum", "exclusiveMinimum", "maximum"):
        word = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}[str(kind)]
        return f"'{key}' cannot be {_show(found)}", f"write {word} {value}"
    if kind == "uniqueItems":
        return f"'{key}' lists something twice", "remove one"
    if kind in ("oneOf", "anyOf") and expected:
        return f"'{key}' cannot be {_show(found)}", f"write {expected}"
    if kind == "dependentRequired":
        return f"'{key}': {error.message}", "add it, or remove the other"
    if kind == "anyOf":
        keys = [name for one in value for name in one.get("required", [])]
        return f"'{key}' needs one of the keys: {', '.join(keys)}", "add one"
    return f"'{key}': {error.message}", "see the schema"


def _show(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value[:60]}'"
    return json.dumps(value, ensure_ascii=False)[:60]
