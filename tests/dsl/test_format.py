"""Formatting: one form, comments kept, twice is once, and never another meaning."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from engine.dsl.format import WIDTH, format_rules
from engine.dsl.parse import parse_rules
from engine.errors import Position
from tests.command import postroom

ROOT = Path(__file__).resolve().parents[2]


def formatted(text: str) -> str:
    found, problems = format_rules("x.rules", text)
    assert not problems, problems
    return found


def meaning(value: Any) -> Any:
    """A tree without places and words as written."""
    if isinstance(value, Struct):
        fields = [name for name in value.__struct_fields__ if name != "words"]
        parts = {name: meaning(getattr(value, name)) for name in fields if not isinstance(getattr(value, name), Position)}
        return type(value).__name__, parts
    if isinstance(value, tuple | list):
        return [meaning(one) for one in value]
    return value


def test_the_form() -> None:
    ugly = """
list   words="a",
   "b"
list more = "c"


rule "One" priority 10 on   ticket created when subject contains "x" and (body contains any of words or not sender.known) then set queue to "Q"
rule "Two"
on message
when any attachment.name matches /\\.exe$/i and header "List-Id" exists and message.size > 5    MB and sender.address not in words
then quarantine "no" notify "a@b.example", resource joost using t
"""
    assert (
        formatted(ugly)
        == """\
list words = "a", "b"
list more = "c"

rule "One"
  priority 10
  on ticket created
  when subject contains "x" and (body contains any of words or not sender.known)
  then set queue to "Q"

rule "Two"
  on message
  when any attachment.name matches /\\.exe$/i
   and header "List-Id" exists
   and message.size > 5 MB
   and sender.address not in words
  then
    quarantine "no"
    notify "a@b.example", resource joost using t
"""
    )


def test_comments_stay_where_they_belong() -> None:
    text = """\
# The file.

# Words.
list words = "a"  # of the list


# One,
# in two lines.
rule "One"  # the name
  # why so early
  priority 10
  on ticket created  # the event
  when subject contains "x"  # first
   # second
   and body contains "y"
  then
    # what it does
    set queue to "Q"  # the queue
    stop
# The end.
"""
    found = formatted(text)
    assert re.findall(r"#.*", found) == re.findall(r"#.*", text)
    for line in (
        'list words = "a"  # of the list',
        'rule "One"  # the name',
        "  on ticket created  # the event",
        '    set queue to "Q"  # the queue',
    ):
        assert line in found.splitlines()
    assert "# One,\n# in two lines.\nrule" in found and "  # why so early\n  priority 10\n" in found
    assert formatted(found) == found


def test_a_line_may_end_between_a_number_and_its_unit_too() -> None:
    broken = 'rule "a"\n  after 10\n  minutes from ticket created\n  when ticket.age > 2\nbusiness\n hours\n  then set due to 3\n\n days\n'
    rule = 'rule "a"\n  after 10 minutes from ticket created\n  when ticket.age > 2 business hours\n  then set due to 3 days\n'
    assert formatted(broken) == rule
    assert meaning(parse_rules("x.rules", broken)[0]) == meaning(parse_rules("x.rules", rule)[0])


def test_a_file_with_an_error_stays_as_it_is() -> None:
    text = 'rule   "x" on message when then stop\n'
    found, problems = format_rules("x.rules", text)
    assert found == text and problems and problems[0].position.line == 1


@pytest.mark.parametrize("name", ["rules", "examples/monitoring", "../shared/example-rules"])
def test_what_ships_is_in_this_form(name: str) -> None:
    folder = ROOT / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not here")
    for path in (folder / "workflow").glob("*.rules"):
        assert formatted(path.read_text("utf-8")) == path.read_text("utf-8")


_WORDS = st.sampled_from(["subject", "body", "sender.known", "ticket.age", "organization"])
_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters='"\\\n\r', exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30
).map(lambda text: f'"{text}"')
_TEST = st.one_of(
    st.builds(lambda text: f"subject contains {text}", _TEXT),
    st.builds(lambda one, other: f"sender.address not in ({one}, {other},)", _TEXT, _TEXT),
    st.builds(lambda text: f'header "X-Y" does not contain {text}', _TEXT),
    st.sampled_from(
        [
            "sender.known",
            "message.size >= 5 MB",
            "ticket.age > 30 minutes",
            "subject matches /a #b\\/c/i",
            "organization is acme",
            "message.time < 08:30",
            "subject is not empty",
            "any recipient.domain in own_words",
            'ticket has tag "VPN"',
            "message.received is 2026-11-02",
        ]
    ),
)
_CONDITION = st.recursive(
    _TEST,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: f"({' and '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: f"({' or '.join(parts)})"),
        inner.map(lambda part: f"not {part}"),
    ),
    max_leaves=8,
)
_ACTION = st.one_of(
    st.builds(lambda text: f"set queue to {text}", _TEXT),
    st.builds(lambda one, other: f"set issue type to {one} / {other}", _TEXT, _TEXT),
    st.builds(lambda text: f"add note {text} as internal", _TEXT),
    st.builds(lambda text: f'create ticket {text} with queue "Q", priority "P"', _TEXT),
    st.sampled_from(
        [
            "stop",
            "assign to joost",
            "assign  to organization resource",
            'notify sender, contact, "a@b.example" using t',
            "set due to 4 business hours",
            "clear queue",
            'discard "x" even replies',
            "attribute to forwarded sender",
            'attribute to sender in header "Reply-To"',
            "attribute to caller in subject",
            "attribute to organization in  client   name",
        ]
    ),
)
_EVENT = st.sampled_from(["on message", "on ticket created", "after 30 minutes from ticket created"])


@st.composite
def files(draw: Any) -> str:
    """Rules and lists as somebody with no sense of form writes them: any white space, comments anywhere."""
    items = []
    for number in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            items.append(f"list own_words{number} = {', '.join(draw(st.lists(_TEXT, min_size=1, max_size=12)))}")
        priority = draw(st.sampled_from(["", " priority 10"]))
        when = draw(st.one_of(st.just(""), _CONDITION.map(lambda condition: f" when {condition}")))
        actions = " ".join(draw(st.lists(_ACTION, min_size=1, max_size=3)))
        items.append(f'rule "R{number}"{priority} {draw(_EVENT)}{when} then {actions}')
    text = " ".join(items)
    # White space outside of quotes and patterns becomes any white space, now and then with a comment.
    parts = re.split(r'("(?:\\.|[^"\\])*"|/(?:\\.|[^/\\])+/i)', text)
    chance = random.Random(draw(st.integers(0, 10**6)))
    breaks = [" ", "\n", "  \n\n", "\t", "  # a comment\n", "\n# alone\n", "\n\n  # apart\n\n"]
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r" ", lambda _: chance.choice(breaks[: chance.choice([1, 4, 7])]), parts[index])
        parts[index] = re.sub(
            r"(\d)\s+(MB|minutes|business|hours)", r"\1 \2", re.sub(r"#[^\n]*\n|\n", lambda m: m[0], parts[index])
        )
    return "".join(parts)


@settings(max_examples=250)
@given(files())
def test_formatting_changes_no_meaning_keeps_comments_and_is_done_at_once(text: str) -> None:
    before, problems = parse_rules("x.rules", text)
    if problems:
        return  # white space inside an amount with a comment, say
    found = formatted(text)
    after, problems = parse_rules("x.rules", found)
    assert not problems
    assert meaning(before) == meaning(after)
    assert formatted(found) == found
    strip = lambda one: [c.strip() for c in re.findall(r"# (?:a comment|alone|apart)", one)]  # noqa: E731
    assert sorted(strip(found)) == sorted(strip(text))


@settings(max_examples=60)
@given(st.lists(_TEST, min_size=2, max_size=12))
def test_lines_are_not_longer_than_they_must(tests: list[str]) -> None:
    found = formatted(f'rule "x" on message when {" and ".join(tests)} then stop')
    for line in found.splitlines():
        assert len(line) <= WIDTH or " and " not in line


def test_the_command_checks_shows_and_writes(rules: Path, tmp_path: Path) -> None:
    def fmt(*words: str) -> subprocess.CompletedProcess[str]:
        return postroom("fmt", "--rules", rules, *words, cwd=tmp_path)

    path = rules / "workflow/90.rules"
    path.write_text('rule "x"  on message\nwhen subject is "y"\nthen stop\n')
    before = path.read_bytes()
    assert fmt("--check").returncode == 1 and path.read_bytes() == before
    shown = fmt("--diff")
    assert shown.returncode == 1 and '+rule "x"\n+  on message\n' in shown.stdout and path.read_bytes() == before
    assert fmt().returncode == 0 and path.read_text() == 'rule "x"\n  on message\n  when subject is "y"\n  then stop\n'
    assert fmt("--check").returncode == 0
    path.write_text('rule "x" on message when then stop\n')
    wrong = fmt()
    assert (
        wrong.returncode == 2
        and "workflow/90.rules:1:" in wrong.stderr
        and path.read_text().startswith('rule "x" on message when')
    )
