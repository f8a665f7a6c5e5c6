"""The syntax tree of `.rules` files: frozen values, each with its place in the file and its own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct, field

from engine.dsl.values import Duration, ListName, Number, Text, Value, texts_of
from engine.errors import Position

# --- conditions -------------------------------------------------------------------------------------------------

Operator = Literal[
    "holds",
    "is",
    "in",
    "contains",
    "contains any of",
    "contains all of",
    "starts with",
    "ends with",
    "matches",
    "exists",
    "is empty",
    "has tag",
    ">",
    ">=",
    "<",
    "<=",
]


class Operand(Struct, frozen=True):
    """What is looked at: a field, a header by its name, any member of a collection, or whether a field has changed."""

    kind: Literal["field", "header", "any", "changed"]
    name: str
    position: Position

    @property
    def shown(self) -> str:
        """Its name as people write it."""
        return self.name.replace("_", " ") if self.kind == "field" else self.name


class Test(Struct, frozen=True):
    """One condition. `is not`, `not in`, `does not contain` ... are a `Not` around it. `words`: as it was written."""

    operand: Operand
    operator: Operator
    value: Value | None
    position: Position
    words: str

    __test__ = False  # no test of pytest's


class Not(Struct, frozen=True):
    part: Condition
    position: Position
    words: str


class And(Struct, frozen=True):
    parts: tuple[Condition, ...]
    position: Position
    words: str


class Or(Struct, frozen=True):
    parts: tuple[Condition, ...]
    position: Position
    words: str


Condition = Test | Not | And | Or


def tests_of(condition: Condition | None) -> Iterator[Test]:
    """All that a condition asks, in the order in which it is written."""
    if isinstance(condition, Test):
        yield condition
    elif condition is not None:
        for part in (condition.part,) if isinstance(condition, Not) else condition.parts:
            yield from tests_of(part)


# --- actions ----------------------------------------------------------------------------------------------------


class SetField(Struct, frozen=True):
    """`set FIELD to VALUE`, `set issue type to "A" / "B"`; `value` is None for `clear FIELD`."""

    field: str
    value: Text | Number | Duration | None
    sub: Text | None
    position: Position


class AddTag(Struct, frozen=True):
    tag: Text
    position: Position


class RemoveTag(Struct, frozen=True):
    tag: Text
    position: Position


class Assign(Struct, frozen=True):
    """`resource` is None for `assign to organization resource`."""

    resource: Text | None
    position: Position


# Whoever it is of the message or the ticket.
Related = Literal["sender", "contact", "additional contacts", "assigned resource", "organization resource"]


class Recipient(Struct, frozen=True):
    """One whom the message or the ticket has, `resource` with its id, or an address."""

    kind: Related | Literal["resource", "address"]
    name: str
    position: Position


class Notify(Struct, frozen=True):
    recipients: tuple[Recipient, ...]
    template: Text
    position: Position


class AddNote(Struct, frozen=True):
    text: str
    publish: Literal["all", "internal"]
    position: Position


class CreateTicket(Struct, frozen=True):
    """`create ticket "title" with queue "Level 1", priority "Low"`: one more ticket."""

    title: str
    fields: tuple[tuple[str, Text], ...]
    position: Position


class Discard(Struct, frozen=True):
    reason: str
    even_replies: bool
    position: Position


class Refuse(Struct, frozen=True):
    reason: str
    template: Text | None
    even_replies: bool
    position: Position


class Quarantine(Struct, frozen=True):
    reason: str
    position: Position


class Attribute(Struct, frozen=True):
    """`attribute to forwarded sender`, `organization ID`, `contact ID`, `organization in FIELD`, `sender in FIELD`, `caller in FIELD`.

    `name` is the id that stands in the rule, `place` where the message says whose it is; `forwarded sender` has neither.
    """

    to: Literal["forwarded sender", "organization", "contact", "sender", "caller"]
    name: Text | None
    place: Operand | None
    position: Position


class Stop(Struct, frozen=True):
    position: Position


Action = (
    SetField | AddTag | RemoveTag | Assign | Notify | AddNote | CreateTicket | Discard | Refuse | Quarantine | Attribute | Stop
)

# --- files ------------------------------------------------------------------------------------------------------


class Event(Struct, frozen=True):
    """When a rule runs: `name` as in `vocabulary.EVENTS`; `after` for a rule that waits."""

    name: str
    after: Duration | None
    position: Position


class Rule(Struct, frozen=True):
    name: str
    priority: int | None
    event: Event
    condition: Condition | None
    actions: tuple[Action, ...]
    position: Position

    @property
    def spares_replies(self) -> bool:
        """A rule that would only discard or refuse does not run on a reply, unless it says `even replies`."""
        endings = [action for action in self.actions if isinstance(action, Discard | Refuse)]
        others = [action for action in self.actions if not isinstance(action, Discard | Refuse | Stop)]
        return bool(endings) and not others and not any(action.even_replies for action in endings)

    @property
    def order(self) -> tuple[int, str, int]:
        """Priority (a rule without one comes after all that have one), file, line: `behaviour.md` 7."""
        last = 1_000_000_000 if self.priority is None else self.priority
        return last, self.position.file, self.position.line


class NamedList(Struct, frozen=True):
    name: str
    texts: tuple[Text, ...]
    position: Position


class RuleBook(Struct, frozen=True):
    """All rules, in the order in which they run, and all named lists."""

    rules: tuple[Rule, ...] = ()
    lists: Mapping[str, NamedList] = field(default_factory=dict)

    @property
    def headers(self) -> set[str]:
        """Names in lower case of all header fields that rules look at."""
        asked = [test.operand for rule in self.rules for test in tests_of(rule.condition)]
        named = [action.place for rule in self.rules for action in rule.actions if isinstance(action, Attribute) and action.place]
        return {operand.name for operand in (*asked, *named) if operand.kind == "header"}

    def texts_of(self, value: Value | None) -> tuple[Text, ...]:
        """As `texts_of`, with those of a named list."""
        if isinstance(value, ListName):
            return self.lists[value.name].texts if value.name in self.lists else ()
        return texts_of(value)
