"""A file that is no YAML is told so in plain words, at the place where its writer went wrong."""

from __future__ import annotations

import pytest

from engine.config.document import read_document
from engine.config.files import SourceFile


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a:\n  b: 1\nc:\n\td: 2\n", "4:1", "a tab stands here; indent with spaces, not tabs"),
        ("a:\n  b: 1\n\tc: 2\n", "3:1", "a tab stands here; indent with spaces, not tabs"),
        ("a: 1\nedition unlimited\nb: 2\n", "2:1", "this line is no `key: value`; write a colon and a space behind the key, or put the text in quotes"),
        ("a: 1\nedition:unlimited\nb: 2\n", "2:1", "no space follows the colon; write: edition: unlimited"),
        ("a: @x\n", "1:4", "a value cannot begin with @; put the text in quotes"),
        ("a: [`x`]\n", "1:5", "a value cannot begin with `; put the text in quotes"),
        ("a: 1\nb: %x\n", "2:4", "a value cannot begin with %; put the text in quotes"),
        ("a: *x\n", "1:4", "a value that begins with * means another one in YAML; put the text in quotes"),
        ("a: **x**\n", "1:5", "a value that begins with * means another one in YAML; put the text in quotes"),
        ("a: x: y\n", "1:5", "a second colon stands in the value, or the line is indented too far; put the text in quotes, or line it up with the keys above"),
        ("a: {b\nc: 1\n", "2:2", "did not find expected ',' or '}'; close the bracket or brace that stands open"),
        ('a: "x\nb: 2\n', "1:4", "the quotation mark that stands here is not closed; close it"),
        ('a: "x\\d"\n', "1:6", "a backslash means something in double quotes; write two, or use single quotes"),
        ("a: > x\n", "1:4", "a value that begins with > goes on below its line; put the text in quotes"),
        ("a: 1\n---\nb: 2\n", "2:1", "a second document begins here; remove the line ---"),
        ("o:\n    a: 1\n  b: 2\n", "3:3", "the line is indented otherwise than those above; line it up with them"),
        ("a: 'it's'\n", "1:8", "something stands behind the value; use the other quotation marks, or write those within twice"),
        ("é: 1\nb: x\x0fy\n", "2:5", "a character that cannot be seen stands here (U+000F); take it out"),
        ("\x1ba: 1\n", "1:1", "a character that cannot be seen stands here (U+001B); take it out"),
        ("a:\n  - b\n c: d\n", "3:2", "the line is indented otherwise than those above; line it up with them"),
    ],
)  # fmt: skip
def test_what_is_no_yaml(text: str, place: str, says: str) -> None:
    (problem,) = read_document(SourceFile("x.yaml", text)).problems
    assert (
        f"{problem.position.line}:{problem.position.column} {problem.message}; {problem.fix}"
        == f"{place} this is not YAML: {says}"
    )
