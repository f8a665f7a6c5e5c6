"""A plan as text, as Markdown for a pull request's comment, and as JSON: changes that are alike in one group, the largest first."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import asdict

from engine.decide.decision import iso
from engine.errors import Problem
from engine.plan.difference import Change
from engine.plan.replay import Changed, Plan
from engine.printable import printable
from engine.quantity import counted, further

MOST_EXAMPLES = 3
MOST_GROUPS = 40
MOST_LINES = 40  # of rules, and of warnings
_KINDS = "kinds of change"
LARGEST_COMMENT = 60_000  # letters; GitHub takes 65,536, and the step that comments would fail


class Context(Struct, frozen=True):
    """What a plan compares, in words, and the warnings of `check` that are new."""

    base: str
    work: str
    new_warnings: tuple[Problem, ...]


class Group(Struct, frozen=True):
    """Messages of which the same things change for the same reason."""

    changes: tuple[Change, ...]
    messages: tuple[Changed, ...]

    @property
    def because(self) -> tuple[str, ...]:
        return self.changes[0].because

    @property
    def words(self) -> str:
        return "; ".join(change.words for change in self.changes)

    @property
    def count(self) -> str:
        return counted(len(self.messages), "message")


def groups_of(plan: Plan) -> list[Group]:
    """One for each change and reason; the largest first."""
    found: dict[Change, list[Changed]] = defaultdict(list)
    for message in plan.changed:
        for change in message.changes:
            found[change].append(message)
    groups = [Group((change,), tuple(messages)) for change, messages in found.items()]

    def order(group: Group) -> tuple[int, str, str, str]:
        change = group.changes[0]
        return -len(group.messages), change.kind, change.after, change.before

    return sorted(groups, key=order)


def together(groups: list[Group]) -> list[Group]:
    """What changes of the very same messages for the same reason, in one: a rule that sets three fields is read once."""
    found: dict[object, Group] = {}
    for group in groups:
        key = group.because, tuple(map(id, group.messages))
        known = found.get(key)
        found[key] = Group((*known.changes, *group.changes), group.messages) if known else group
    return list(found.values())


def _headline(plan: Plan, base: str, work: str) -> str:
    changed = f"{len(plan.changed):,}" if plan.changed else "none"
    words = (
        f"{changed} of {counted(plan.messages, 'message')} would change" if plan.messages else "no message was there to replay"
    )
    words += f": {base} -> {work}"
    if plan.without_bytes:
        words += f" ({plan.without_bytes:,} more are not kept as they came, and were not replayed)"
    return words


def as_text(plan: Plan, context: Context) -> str:
    lines = [_headline(plan, context.base, context.work)]
    groups = together(groups_of(plan))
    for group in groups[:MOST_GROUPS]:
        lines += ["", f"  {group.count}: {group.words}"]
        if group.because:
            lines.append(f"      because of {', '.join(group.because)}")
        for message in group.messages[:MOST_EXAMPLES]:
            lines.append(f"      {_example(message)}")
        lines += [f"      {words}" for words in further(len(group.messages), MOST_EXAMPLES)]
    for words in further(len(groups), MOST_GROUPS, _KINDS):
        lines += ["", f"  {words}; --format json has all"]
    if plan.rules:
        width = max(len(name) for name in plan.rules)
        lines += ["", "Rules that ran more or less often"]
        for name, before, after in _most_changed(plan):
            lines.append(f"  {name:<{width}}  {before:>6,} -> {after:<6,}  {after - before:+,}")
        lines += [f"  {words}" for words in further(len(plan.rules), MOST_LINES, "rules")]
    if context.new_warnings:
        lines += ["", "New warnings of `postroom check`"]
        lines += [f"  {_one_line(problem)}" for problem in context.new_warnings[:MOST_LINES]]
        lines += [f"  {words}" for words in further(len(context.new_warnings), MOST_LINES, "warnings")]
    return printable("\n".join(lines))


def _most_changed(plan: Plan) -> list[tuple[str, int, int]]:
    """Rules with how often they ran before and do now; those that differ most."""
    found = sorted(plan.rules.items(), key=lambda item: (-abs(item[1][1] - item[1][0]), item[0]))
    return [(name, before, after) for name, (before, after) in found[:MOST_LINES]]


def _example(message: Changed) -> str:
    where = f"message {message.id}" if message.id is not None else message.source_id
    number = f" -> {message.number}" if message.number else ""
    return f"{message.received_at:%Y-%m-%d %H:%M}  {where}  {message.sender}: {message.subject[:60]}{number}"


def _one_line(problem: Problem) -> str:
    return str(problem).partition("\n")[0]


def as_markdown(plan: Plan, context: Context) -> str:
    """Nothing of a message becomes Markdown, a link or a call to somebody (`@name`): what is not ours stands in code spans."""
    lines = [f"### {_headline(plan, _code(context.base), _code(context.work))}", ""]
    groups = together(groups_of(plan))
    for group in groups[:MOST_GROUPS]:
        lines.append(f"- **{group.count}**: {_code(group.words)}")
        if group.because:
            lines.append(f"  because of {_code(', '.join(group.because))}")
        lines += [f"  - {_code(_example(message))}" for message in group.messages[:MOST_EXAMPLES]]
    lines += [f"- {words}" for words in further(len(groups), MOST_GROUPS, _KINDS)]
    if plan.rules:
        lines += ["", "| rule | before | after | |", "|---|--:|--:|--:|"]
        lines += [
            f"| {_cell(name)} | {before:,} | {after:,} | {after - before:+,} |" for name, before, after in _most_changed(plan)
        ]
        lines += ["", *further(len(plan.rules), MOST_LINES, "rules")]
    if context.new_warnings:
        lines += ["", "**New warnings**", ""]
        lines += [f"- {_code(_one_line(problem))}" for problem in context.new_warnings[:MOST_LINES]]
        lines += [f"- {words}" for words in further(len(context.new_warnings), MOST_LINES, "warnings")]
    return _cut(printable("\n".join(lines)))


def _cut(comment: str) -> str:
    """Whole lines of it, as many as a comment takes."""
    if len(comment) <= LARGEST_COMMENT:
        return comment
    end = comment.rfind("\n", 0, LARGEST_COMMENT)
    return f"{comment[: end if end > 0 else LARGEST_COMMENT]}\n\nThe rest is too long for a comment: `postroom plan` shows it."


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39)).replace(chr(10), ' ')}`"


def _cell(text: str) -> str:
    """A table looks for its bars before code spans are."""
    return _code(text).replace("|", "\\|")


def as_json(plan: Plan, context: Context) -> str:
    return json.dumps(
        {
            "base": context.base,
            "work": context.work,
            "messages": plan.messages,
            "without_bytes": plan.without_bytes,
            "changed": [
                {
                    "id": message.id,
                    "source_id": message.source_id,
                    "received_at": iso(message.received_at),
                    "sender": message.sender,
                    "subject": message.subject,
                    "number": message.number,
                    "changes": [asdict(change) for change in message.changes],
                }
                for message in plan.changed
            ],
            "groups": [
                {
                    "words": group.words,
                    "because": list(group.because),
                    "count": len(group.messages),
                    "ids": [message.id if message.id is not None else message.source_id for message in group.messages],
                }
                for group in groups_of(plan)
            ],
            "rules": {name: {"before": before, "after": after} for name, (before, after) in plan.rules.items()},
            "new_warnings": [_one_line(problem) for problem in context.new_warnings],
        },
        ensure_ascii=False,
        indent=2,
        default=str,
    )


FORMS = {"text": as_text, "markdown": as_markdown, "json": as_json}


def new_warnings(before: Sequence[Problem], after: Sequence[Problem]) -> tuple[Problem, ...]:
    """Warnings that were not there before, wherever in the file they now stand."""
    old = {(problem.code, problem.position.file, problem.message) for problem in before}
    return tuple(problem for problem in after if (problem.code, problem.position.file, problem.message) not in old)
