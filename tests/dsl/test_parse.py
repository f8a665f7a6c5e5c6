"""The rule language's text to trees, and its syntax errors in the language's words."""

from __future__ import annotations

import pytest

from engine.dsl.parse import parse_rules
from engine.dsl.tree import And, Not, Or, Rule, SetField, Test
from engine.dsl.values import Duration, Size


def one(condition: str) -> object:
    items, problems = parse_rules("x.rules", f'rule "R"\n  on message\n  when {condition}\n  then stop\n')
    assert not problems, problems
    rule = items[0]
    assert isinstance(rule, Rule)
    return rule.condition


def test_and_binds_more_than_or_and_not_most() -> None:
    tree = one('sender.known or header "X" exists and not message.forwarded')
    assert isinstance(tree, Or)
    assert isinstance(tree.parts[1], And)
    assert isinstance(tree.parts[1].parts[1], Not)


@pytest.mark.parametrize(
    ("condition", "operator", "negated"),
    [
        ('subject is "a"', "is", False),
        ('subject is not "a"', "is", True),
        ("sender.address in friends", "in", False),
        ('sender.address not in ("a", "b")', "in", True),
        ('subject contains "a"', "contains", False),
        ('subject does not contain "a"', "contains", True),
        ("subject contains any of words", "contains any of", False),
        ("subject does not contain any of words", "contains any of", True),
        ('subject contains all of ("a", "b")', "contains all of", False),
        ('subject starts with "a"', "starts with", False),
        ('subject does not end with "a"', "ends with", True),
        ("subject matches /a+\\/b/i", "matches", False),
        ("subject does not match /a/", "matches", True),
        ('header "List-Id" exists', "exists", False),
        ('header "List-Id" does not exist', "exists", True),
        ("subject is empty", "is empty", False),
        ("subject is not empty", "is empty", True),
        ('ticket has tag "VPN"', "has tag", False),
        ('ticket does not have tag "VPN"', "has tag", True),
        ("message.size > 5 MB", ">", False),
        ("any attachment.size <= 10 KB", "<=", False),
        ("message.time < 08:30", "<", False),
        ("message.received >= 2026-12-24", ">=", False),
        ("sender.known", "holds", False),
    ],
)
def test_every_operator_of_the_language(condition: str, operator: str, negated: bool) -> None:
    tree = one(condition)
    assert isinstance(tree, Not) == negated
    test = tree.part if isinstance(tree, Not) else tree
    assert isinstance(test, Test)
    assert test.operator == operator
    assert test.words == condition


def test_values_have_their_types() -> None:
    tree = one("message.size > 1.5 KB")
    assert isinstance(tree, Test) and isinstance(tree.value, Size) and tree.value.size == 1536
    tree = one("ticket.age > 2 business hours")
    assert isinstance(tree, Test) and isinstance(tree.value, Duration) and tree.value.business


def test_every_action_of_the_language() -> None:
    actions = """
      set queue to "Level 1"  set issue type to "A" / "B"  set due to 4 hours  clear assigned
      add tag "x"  remove tag "y"  assign to eva  assign to "eva"  assign to organization resource
      notify sender, contact, additional contacts, assigned resource, organization resource, resource oncall, "a@b.example" using some-template
      add note "text" as internal  add note "text" as all  add note "text"
      create ticket "More" with queue "Q", priority "Low"  create ticket "More"
      discard "x"  discard "x" even replies  refuse "y"  refuse using t  refuse "y" using t even replies  quarantine "z"
      attribute to forwarded sender  attribute to organization acme  attribute to contact ana  stop
      attribute to organization in client  attribute to sender in header "Reply-To"
    """
    items, problems = parse_rules("x.rules", f'rule "R" on ticket created then {actions}')
    assert not problems
    rule = items[0]
    assert isinstance(rule, Rule) and len(rule.actions) == 27
    assert isinstance(rule.actions[0], SetField) and rule.actions[0].position.line == 2


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ('rule "A"\n  on message\n  when subject ~ "x"\n  then stop', 3, 16, "'~' cannot stand here"),
        ('rule "A"\n  on message\n  when subject contains\n  then stop', 4, 3, "'then' cannot stand here; expected `all` or `any` or a name or text in quotes"),
        ('rule "A"\n  on message\n  then frobnicate', 3, 8, "'frobnicate' cannot stand here; expected an action (set, clear, add tag"),
        ('rule "A"\n  on message\n  when subject', 3, 15, "the rule ends too early; expected an operator (is, is not, in"),
        ("rule 'A'\n  on message then stop", 1, 6, "' does not quote; text stands in straight double quotes"),
        ('rule "A"\n  on message\n  when subject is "x\n  then stop', 3, 19, "the text in quotes does not end on its line; end it with \""),
        ('rule "A"\n  on message\n  when subject is „x“\n  then stop', 3, 19, "„ does not quote; text stands in straight double quotes"),
        ('rule "A"\n  on message\n  when (sender.known\n  then stop', 4, 3, "'then' cannot stand here"),
        ('rule "A"\n  priority high\n  on message then stop', 2, 12, "'high' cannot stand here; expected a whole number"),
        ('rule "A"\n  on message when message.time > 25:00 then stop', 2, 34, "there is no 25:00; write a time such as 08:30"),
    ],
)  # fmt: skip
def test_a_syntax_error_shows_line_caret_and_what_was_expected(text: str, line: int, column: int, says: str) -> None:
    _, problems = parse_rules("x.rules", text)
    assert len(problems) == 1
    problem = problems[0]
    assert (problem.position.line, problem.position.column) == (line, column), str(problem)
    assert says in f"{problem.message}; {problem.fix}"
    shown, caret = problem.excerpt.split("\n")
    assert shown.strip() == text.split("\n")[line - 1].strip()
    assert caret.index("^") == column + 3


@pytest.mark.parametrize(
    ("rule", "fix"),
    [
        ('when sender.known && subject is "x" then stop', "write `and`"),
        ('when sender.known || subject is "x" then stop', "write `or`"),
        ('when subject == "x" then stop', "write `is`"),
        ('when subject = "x" then stop', "write `is`"),
        ('when subject != "x" then stop', "write `is not`"),
        ('when subject <> "x" then stop', "write `is not`"),
        ("when !sender.known then stop", "write `not`"),
        ('then set priority = "Urgent"', "write `to`"),
        ('When subject is "x" then stop', "write `when` in small letters"),
        ('when subject is "x" Then stop', "write `then` in small letters"),
        ('when subject is "x" AND sender.known then stop', "write `and` in small letters"),
        ('when subject Contains "x" then stop', "write `contains` in small letters"),
        ('if subject is "x" then stop', "write `when`"),
        ('If subject is "x" then stop', "write `when`"),
        ('when subject contains "x" or "y" then stop', 'write `contains any of ("...", "...")`'),
        ('when subject contains ("x", "y") then stop', 'write `contains any of ("...", "...")`'),
        ('when subject is "x" or "y" then stop', 'write `in ("...", "...")`'),
        ('when subject is not "x" or "y" then stop', 'write `not in ("...", "...")`'),
        ('when subject contains "a or b" and subject is "x" or "y" then stop', 'write `in ("...", "...")`'),
        ('when subject starts with "x" or "y" then stop', "write the whole condition on both sides of `or`"),
        ('when subject is "If" "x" then stop', "expected `and` or `or` or `then`"),
        ('when subject is "x", then stop', "leave the comma out"),
    ],
)
def test_what_other_languages_write_is_told_how_to_write_here(rule: str, fix: str) -> None:
    _, (problem,) = parse_rules("x.rules", f'rule "A = If"\n  on message\n  {rule}')
    assert problem.fix == fix


@pytest.mark.parametrize(
    ("condition", "fix"),
    [
        ('title begins with "a"', 'write `starts with "..."`'),
        ('title startswith "a"', 'write `starts with "..."`'),
        ('title includes "a"', 'write `contains "..."`'),
        ('ticket has "a"', 'write `contains "..."`, or `ticket has tag "..."`'),
        ('title contians "a"', "did you mean `contains`?"),
        ('title contain "a"', "did you mean `contains`?"),
        ('title does not contains "a"', "write `does not contain`"),
        ('title not contains "a"', "write `does not contain`"),
        ('title isn\'t "a"', "write it in full: `is not`, `does not contain`"),
        ('title is equal to "a"', 'write `is "..."`'),
        ('title contains any of "a", "b"', 'put brackets round them: ("...", "...")'),
        ("organization in brightwater, olivar", 'put brackets round them: ("...", "...")'),
        ('organization in ("olivar", brightwater)', 'write each in quotes: ("...", "...")'),
        ('title contains "a", "b"', 'write `contains any of ("...", "...")`'),
        ('title contains one of ("a", "b")', 'write `contains any of ("...", "...")`'),
        ('title one of ("a", "b")', 'write `in ("...", "...")`'),
        ('title in ["a", "b"]', 'a list stands in round brackets: ("...", "...")'),
        ('title contains "a" or contains "b"', "name the field again behind `and` and `or`"),
        ('status changed to "New" or "Done"', "write the whole condition on both sides of `or`"),
        ("subject ~ /x/", "write `matches /.../`"),
        ('subject like "x*"', "write `matches /.../`"),
        ('subject matches "x"', "a pattern stands between slashes: matches /.../"),
        ("message.size is greater than 5 MB", "write `>`"),
        ("message.size at least 5 MB", "write `>=`"),
        ("message.time between 8:00 and 9:00", "write both ends: `... > 8:00 and ... < 9:00`"),
    ],
)
def test_a_condition_in_other_words_is_told_how_to_write_it(condition: str, fix: str) -> None:
    _, (problem,) = parse_rules("x.rules", f'rule "A"\n  on ticket created\n  when {condition}\n  then stop')
    assert problem.fix == fix


@pytest.mark.parametrize(
    ("action", "fix"),
    [
        ('priority = "High"', 'write `set ... to "..."`'),
        ('issue type: "Network"', 'write `set ... to "..."`'),
        ('set priority: "High"', "write `to`"),
        ('set priority is "High"', "write `to`"),
        ("set due in 2 hours", "write `to`"),
        ("set issue type Network", "write `to` before the value: `set ... to ...`"),
        ("set priority High stop", "write `to` before the value: `set ... to ...`"),
        ('sett priority to "High"', "did you mean `set`?"),
        ("set due to 4h", "write the length of time in full: 30 minutes, 4 hours, 2 days"),
        ('set priority to "High" and stop', "actions follow each other without a comma and without `and`"),
        ('set priority to "High", stop', "actions follow each other without a comma and without `and`"),
        ('set priority to "High" else stop', "a rule has no `else`: write another rule for it"),
        ("stop;", "leave the `;` out"),
        ("{ stop }", "leave the braces out: a rule ends where the next begins"),
        ("stop // enough", "a remark begins with #"),
        ("unset assigned", "write `clear ...`"),
        ('add tags "VPN"', "did you mean `tag`?"),
        ('add a tag "VPN"', "leave the word out"),
        ('add note "x" private', "write `as internal`"),
        ('add note "x" as public', "write `as all`"),
        ('refuse with "x"', "leave `with` out"),
        ("notify contact with receipt", "write `using`"),
        ("assign note", "expected `to`"),
        (
            "stop end",
            "expected an action (set, clear, add tag, remove tag, assign to, notify, add note, create ticket, discard, refuse, quarantine, attribute to, stop) or the next rule",
        ),
        (
            'set priority to "High" or "Low"',
            "expected an action (set, clear, add tag, remove tag, assign to, notify, add note, create ticket, discard, refuse, quarantine, attribute to, stop) or the next rule",
        ),
        ("notify contact and sender using receipt", "write a comma"),
    ],
)
def test_an_action_in_other_words_is_told_how_to_write_it(action: str, fix: str) -> None:
    _, (problem,) = parse_rules("x.rules", f'rule "A"\n  on ticket created\n  then {action}')
    assert problem.fix == fix


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ('ruel "A"\n on message\n then stop', "did you mean `rule`?"),
        ('rule "A":\n on message\n then stop', "leave the `:` out"),
        ('rule "A"\n when ticket created\n then stop', "write `on` before an event: `on message`, `on ticket created`"),
        ('rule "A"\n event message\n then stop', "write `on`"),
        ('rule "A"\n on message or ticket created\n then stop', "a rule has one event: write two rules"),
        ('rule "A"\n on message\n wen subject is "x"\n then stop', "did you mean `when`?"),
        ('rule "A"\n on message\n stop', "write `then` before the first action"),
        ('rule "A"\n on message\n when subject is "x"\n stop', "write `then` before the first action"),
        ('rule "A"\n after 30m from ticket created\n then stop', "write the length of time in full: 30 minutes, 4 hours, 2 days"),
        ('rule "A"\n 30 minutes after ticket created\n then stop', "write `after 30 minutes from ticket created`"),
        ('rule "A"\n after 30 minutes of ticket created\n then stop', "write `from`"),
        ('list a = ("x", "y")', 'leave the brackets out: list NAME = "...", "..."'),
        ('list a: "x"', "write `=`"),
    ],
)
def test_a_clause_in_other_words_is_told_how_to_write_it(text: str, fix: str) -> None:
    _, (problem,) = parse_rules("x.rules", text)
    assert problem.fix == fix


@pytest.mark.parametrize("action", ["stopped", 'setpriority to "High"', "notifycontact using receipt"])
def test_a_keyword_is_a_whole_word(action: str) -> None:
    assert parse_rules("x.rules", f'rule "A" on ticket created then {action}')[1]


def test_one_error_does_not_hide_the_next_nor_the_rules_between() -> None:
    text = 'rule "A" on message when ~ then stop\nrule "B" on message then stop\nlist x = "a"\nrule "C" on message then fly\n'
    items, problems = parse_rules("x.rules", text)
    assert [problem.position.line for problem in problems] == [1, 4]
    assert [item.name for item in items] == ["B", "x"]


def test_a_rule_that_ends_too_early_is_told_where_it_does() -> None:
    text = 'rule "A"\n  on message\n  then\n\n# On the next one.\nrule "B"\n  on message\n  when subject is "x"\n\nrule "C"\n  on message then stop\n'
    items, problems = parse_rules("x.rules", text)
    assert [(one.position.line, one.position.column, one.message) for one in problems] == [
        (3, 7, "the rule ends too early"),
        (8, 22, "the rule ends too early"),
    ]
    assert problems[0].excerpt == "      then\n          ^"
    assert [item.name for item in items] == ["C"]


@pytest.mark.parametrize(
    ("actions", "spares"),
    [
        ('discard "x"', True),
        ('refuse "x"', True),
        ('discard "x" stop', True),
        ('discard "x" even replies', False),
        ('refuse "x" even replies', False),
        ('quarantine "x"', False),
        ("stop", False),
        ('notify sender using t discard "x"', False),
    ],
)
def test_what_spares_replies(actions: str, spares: bool) -> None:
    (rule,), problems = parse_rules("x.rules", f'rule "R" on message then {actions}')
    assert not problems and isinstance(rule, Rule) and rule.spares_replies is spares


def test_the_caret_stands_below_a_line_that_tabs_indent() -> None:
    _, (problem,) = parse_rules("x.rules", 'rule "R"\n\ton message\n\twhen ? then stop\n')
    shown, caret = problem.excerpt.split("\n")
    assert shown == "    \twhen ? then stop" and caret == "    \t     ^"
