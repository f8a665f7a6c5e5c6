"""The syntax tree of `.rules` files: frozen values, each with its place in the file and its own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Literal

from engine.errors import Position

# --- values -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """Words in quotes, or a bare word: they mean the same, but a bare word may also name a list."""

    text: str
    quoted: bool
    position: Position


@dataclass(frozen=True)
class Number:
    number: float
    position: Position


@dataclass(frozen=True)
class Size:
    """Bytes."""

    size: int
    position: Position


@dataclass(frozen=True)
class Duration:
    """`unit` is second, minute, hour, day or week, as it was written; `business`: time of `business_hours` only."""

    length: timedelta
    business: bool
    position: Position
    unit: str = "hour"


@dataclass(frozen=True)
class Moment:
    """A time of day, or a day."""

    value: time | date
    position: Position


@dataclass(frozen=True)
class Pattern:
    """A regular expression in RE2's syntax; `flags` from i, m, s."""

    pattern: str
    flags: str
    position: Position


@dataclass(frozen=True)
class ListName:
    """A list by its name, or `organization domains`."""

    name: str
    position: Position


@dataclass(frozen=True)
class Texts:
    """A list written where it is used: `("a", "b")`."""

    texts: tuple[Text, ...]
    position: Position


Value = Text | Number | Size | Duration | Moment | Pattern | ListName | Texts

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


@dataclass(frozen=True)
class Operand:
    """What is looked at: a field, a header by its name, or any member of a collection."""

    kind: Literal["field", "header", "any"]
    name: str
    position: Position


@dataclass(frozen=True)
class Test:
    """One condition. `is not`, `not in`, `does not contain` ... are a `Not` around it. `words`: as it was written."""

    operand: Operand
    operator: Operator
    value: Value | None
    position: Position
    words: str

    __test__ = False  # no test of pytest's


@dataclass(frozen=True)
class Not:
    part: Condition
    position: Position
    words: str


@dataclass(frozen=True)
class And:
    parts: tuple[Condition, ...]
    position: Position
    words: str


@dataclass(frozen=True)
class Or:
    parts: tuple[Condition, ...]
    position: Position
    words: str


Condition = Test | Not | And | Or

# --- actions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SetField:
    """`set FIELD to VALUE`, `set issue type to "A" / "B"`; `value` is None for `clear FIELD`."""

    field: str
    value: Text | Number | Duration | None
    sub: Text | None
    position: Position


@dataclass(frozen=True)
class AddTag:
    tag: Text
    position: Position


@dataclass(frozen=True)
class RemoveTag:
    tag: Text
    position: Position


@dataclass(frozen=True)
class Assign:
    resource: Text
    position: Position


@dataclass(frozen=True)
class Recipient:
    """`sender`, `contact`, `additional contacts`, `assigned resource`, `resource` with its id, or an address."""

    kind: Literal["sender", "contact", "additional contacts", "assigned resource", "resource", "address"]
    name: str
    position: Position


@dataclass(frozen=True)
class Notify:
    recipients: tuple[Recipient, ...]
    template: Text
    position: Position


@dataclass(frozen=True)
class AddNote:
    text: str
    publish: Literal["all", "internal"]
    position: Position


@dataclass(frozen=True)
class CreateTicket:
    """`create ticket "title" with queue "Level 1", priority "Low"`: one more ticket."""

    title: str
    fields: tuple[tuple[str, Text], ...]
    position: Position


@dataclass(frozen=True)
class Discard:
    reason: str
    even_replies: bool
    position: Position


@dataclass(frozen=True)
class Refuse:
    reason: str
    template: Text | None
    even_replies: bool
    position: Position


@dataclass(frozen=True)
class Quarantine:
    reason: str
    position: Position


@dataclass(frozen=True)
class Attribute:
    """`attribute to forwarded sender`, `attribute to organization ID`, `attribute to contact ID`."""

    to: Literal["forwarded sender", "organization", "contact"]
    name: Text | None
    position: Position


@dataclass(frozen=True)
class Stop:
    position: Position


Action = (
    SetField | AddTag | RemoveTag | Assign | Notify | AddNote | CreateTicket | Discard | Refuse | Quarantine | Attribute | Stop
)

# --- files ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """When a rule runs: `name` as in `vocabulary.EVENTS`; `after` for a rule that waits."""

    name: str
    after: Duration | None
    position: Position


@dataclass(frozen=True)
class Rule:
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


@dataclass(frozen=True)
class NamedList:
    name: str
    texts: tuple[Text, ...]
    position: Position


@dataclass(frozen=True)
class RuleBook:
    """All rules, in the order in which they run, and all named lists."""

    rules: tuple[Rule, ...] = ()
    lists: Mapping[str, NamedList] = field(default_factory=dict)
