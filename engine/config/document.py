"""YAML text to plain data with the position of every key and value; strict where YAML is treacherous."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import yaml
from msgspec import Struct, field

from engine.config.files import SourceFile
from engine.config.yaml_errors import explain
from engine.errors import Position, Problem

Path = tuple[str | int, ...]
MOST_REPEATED = 200_000  # values that a file may have by anchors, beside those that are written out


class _CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: `yes` and `on` are text, `1:30` is no number, dates are text."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}  # type: ignore[misc]


class _CoreCLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same on libyaml, eight times as fast, where PyYAML was built with it."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


for _loader in (_CoreLoader, _CoreCLoader):
    for _tag, _pattern, _first in (
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
        ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+)$", "-+.0123456789"),
        ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
    ):
        _loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), [*_first, ""])


class Document(Struct):
    """One YAML file: its data, and where each value (and each key) stands, by path."""

    file: str
    data: Any = None
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def where(self, *path: str | int) -> Position:
        """Where the value at this path stands, or the nearest thing around it that does."""
        while path:
            if path in self.values:
                return self.values[path]
            path = path[:-1]
        return self.values.get((), Position(self.file, 1, 1))

    def where_key(self, *path: str | int) -> Position:
        return self.keys.get(path) or self.where(*path)


def read_document(source: SourceFile) -> Document:
    """Parse one file. Never raises: what is wrong is in `problems`, and `data` is then None."""
    document = Document(source.name)
    try:
        loader = _CoreCLoader(source.text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except (yaml.YAMLError, RecursionError) as error:
        document.problems.append(explain(error, source))
        return document
    if root is None:
        document.problems.append(Problem(Position(source.name, 1, 1), "the file is empty", "start it with `version: 1`"))
        return document
    document.data = _Builder(document).build(root, (), ())
    if document.problems:
        document.data = None
    return document


class _Builder:
    """Walks YAML's nodes once; counts what anchors expand to, so that a few lines cannot fill the memory."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[int] = set()
        self.repeated = 0
        self.constructor = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, path: Path, above: tuple[int, ...]) -> Any:
        position = Position(self.document.file, node.start_mark.line + 1, node.start_mark.column + 1)
        self.repeated += id(node) in self.seen
        if self.repeated > MOST_REPEATED:
            if self.repeated == MOST_REPEATED + 1:
                self._problem(position, f"anchors stand for more than {MOST_REPEATED} values", "use fewer of them")
            return None
        self.seen.add(id(node))
        if id(node) in above:
            self._problem(position, "an anchor contains itself", "write the value out")
            return None
        self.document.values[path] = position
        inner = (*above, id(node))
        if len(inner) > 60:
            self._problem(position, "nested deeper than 60 levels", "make it flatter")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, inner)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*path, index), inner) for index, child in enumerate(node.value)]
        return self._scalar(node, position)

    def _mapping(self, node: yaml.MappingNode, path: Path, above: tuple[int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            position = Position(self.document.file, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(position, "a key must be a word", "put the key in quotes")
                continue
            key = str(key_node.value)
            if key == "<<":
                self._problem(position, "merge keys (<<) are not understood", "use `extends`, or write the keys out")
                continue
            if key in result:
                first = self.document.keys[(*path, key)]
                self._problem(position, f"the key '{key}' stands twice (first in line {first.line})", "remove one")
                continue
            self.document.keys[(*path, key)] = position
            result[key] = self.build(value_node, (*path, key), above)
        return result

    def _scalar(self, node: yaml.Node, position: Position) -> Any:
        tag = node.tag.rpartition(":")[2]
        if tag not in ("str", "int", "float", "bool", "null"):
            self._problem(position, f"the YAML tag {node.tag} is not understood", "remove it")
            return None
        if tag == "str":
            return node.value
        try:
            value = self.constructor.construct_object(node)
        except (ValueError, yaml.YAMLError):
            return node.value
        return value

    def _problem(self, position: Position, message: str, fix: str) -> None:
        self.document.problems.append(Problem(position, message, fix))


def merge(base: Document, over: Document) -> Document:
    """`over` on top of `base`: maps merge key by key, lists and values replace. Positions follow the values."""
    merged = Document(over.file)
    merged.data = _merge(base, over, base.data, over.data, (), merged)
    return merged


def _merge(base: Document, over: Document, low: Any, high: Any, path: Path, into: Document) -> Any:
    if isinstance(low, Mapping) and isinstance(high, Mapping):
        into.values[path] = over.where(*path)
        result: dict[str, Any] = {}
        for key in [*low, *(key for key in high if key not in low)]:
            inner = (*path, key)
            if key in low and key in high:
                into.keys[inner] = over.where_key(*inner)
                result[key] = _merge(base, over, low[key], high[key], inner, into)
            else:
                source = over if key in high else base
                _copy(source, inner, into)
                result[key] = (high if key in high else low)[key]
        return result
    _copy(over, path, into)
    return high


def _copy(source: Document, path: Path, into: Document) -> None:
    """Positions of a whole branch."""
    for table, target in ((source.values, into.values), (source.keys, into.keys)):
        for key, position in table.items():
            if key[: len(path)] == path:
                target[key] = position
