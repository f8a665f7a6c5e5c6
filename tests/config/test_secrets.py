"""What references to secrets stand for, and what is told where they stand for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.secrets import MissingSecret, resolve


@pytest.mark.parametrize(
    ("text", "environment", "found"),
    [
        ("${env:A}", {"A": "hush"}, "hush"),
        ("${env:A}", {"A": " hush "}, " hush "),
        ("${env:A}", {"A": "hush\r\n"}, "hush"),
        ("${env:A:-else}", {"A": "hush"}, "hush"),
        ("${env:A:-else}", {}, "else"),
        ("${env:A:-else}", {"A": ""}, "else"),  # as in a shell
        ("DESK\\${env:A}", {"A": "help"}, "DESK\\help"),
        ("no reference", {}, "no reference"),
    ],
)
def test_what_a_variable_says(text: str, environment: dict[str, str], found: str) -> None:
    assert resolve(text, environment) == found


@pytest.mark.parametrize(
    ("text", "environment", "says"),
    [
        ("${env:A}", {}, "the environment variable A is not set"),
        ("${env:A}", {"A": ""}, "the environment variable A is empty"),
        ("${env:A}", {"A": "\n"}, "the environment variable A is empty"),
        ("${env:A:-}", {}, "the environment variable A is empty"),
        ("${env:A:-}", {"A": ""}, "the environment variable A is empty"),
    ],
)
def test_an_empty_variable_is_none(text: str, environment: dict[str, str], says: str) -> None:
    with pytest.raises(MissingSecret) as found:
        resolve(text, environment)
    assert str(found.value) == says


@pytest.mark.parametrize("content", [b"hush", b"hush\n", b"hush\r\n", b"\xef\xbb\xbfhush\n"])
def test_what_a_file_says(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(content)
    assert resolve(f"${{file:{tmp_path}/secret}}") == "hush"


@pytest.mark.parametrize(
    ("content", "says"), [(b"", "is empty"), (b"\n", "is empty"), (b"\xff", "cannot be read"), (None, "cannot be read")]
)
def test_a_file_without_a_secret(content: bytes | None, says: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    with pytest.raises(MissingSecret) as found:
        resolve(f"${{file:{tmp_path}/secret}}")
    assert str(found.value) == f"the file {tmp_path}/secret {says}"
