"""What libyaml says against a file, in words for people who do not know YAML: what stands there, and how to write it."""

from __future__ import annotations

import re
from typing import Any

import yaml

from engine.config.files import SourceFile
from engine.errors import Position, Problem, cannot_be_seen, line_and_column

_GLUED = re.compile(r"\s*(?:- )?[\w.-]+:\S")
_QUOTES = "put the text in quotes"


def explain(error: yaml.YAMLError | RecursionError, source: SourceFile) -> Problem:
    """What is wrong with the file, where, and how to mend it."""
    place, wrong, fix = (0, 0), str(error), "check the file"
    if isinstance(error, yaml.MarkedYAMLError):
        mark, wrong, fix = _marked(error, source.text)
        place = (mark.line + 1, mark.column + 1) if mark else place
    # libyaml counts bytes to a character that YAML does not take, PyYAML letters: it is sought anew.
    elif isinstance(error, yaml.reader.ReaderError) and (found := yaml.reader.Reader.NON_PRINTABLE.search(source.text)):
        place = line_and_column(source.text, found.start())
        wrong, fix = cannot_be_seen(found[0])
    return Problem(Position(source.name, *place), f"this is not YAML: {wrong}", fix)


def _marked(error: yaml.MarkedYAMLError, text: str) -> tuple[Any, str, str]:
    """(the mark where it is wrong, or None; what is wrong; how to mend it)"""
    problem, context = str(error.problem or ""), str(error.context or "")
    mark, start = error.problem_mark or error.context_mark, error.context_mark or error.problem_mark
    lines = text.split("\n")
    letter = _at(lines, mark)[:1]
    line, begun = _line(lines, mark), _line(lines, start)
    if "tab character" in problem or letter == "\t":
        return mark, "a tab stands here", "indent with spaces, not tabs"
    if "could not find expected ':'" in problem:
        if _GLUED.match(begun):
            return start, "no space follows the colon", f"write: {re.sub(':', ': ', begun.strip(), count=1)[:80]}"
        return start, "this line is no `key: value`", f"write a colon and a space behind the key, or {_QUOTES}"
    if "cannot start any token" in problem:
        return mark, f"a value cannot begin with {letter}", _QUOTES
    if "alias" in problem or "alias" in context:
        return mark, "a value that begins with * means another one in YAML", _QUOTES
    if "mapping values are not allowed" in problem:
        return (
            mark,
            "a second colon stands in the value, or the line is indented too far",
            f"{_QUOTES}, or line it up with the keys above",
        )
    if "flow" in context:
        return mark, problem, "close the bracket or brace that stands open"
    if "quoted scalar" in context and "escape" not in problem:
        return start, "the quotation mark that stands here is not closed", "close it"
    if "escape" in problem:
        return mark, "a backslash means something in double quotes", "write two, or use single quotes"
    if "block scalar" in context:
        return start, f"a value that begins with {_at(lines, start)[:1]} goes on below its line", _QUOTES
    if "another document" in problem:
        return mark, "a second document begins here", "remove the line ---"
    if "did not find expected key" in problem:
        if mark is not None and not line[: mark.column].strip():
            return mark, "the line is indented otherwise than those above", "line it up with them"
        return mark, "something stands behind the value", "use the other quotation marks, or write those within twice"
    return mark, problem or context, "check indentation, quotes and brackets near it"


def _line(lines: list[str], mark: Any) -> str:
    return lines[mark.line] if mark is not None and mark.line < len(lines) else ""


def _at(lines: list[str], mark: Any) -> str:
    return _line(lines, mark)[mark.column :] if mark is not None else ""
