"""What a rule is checked against: all that it may name, and what its event offers."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from engine.dsl.tree import Rule, RuleBook
from engine.dsl.vocabulary import WAITING_GROUPS, EventInfo

# Whose names stand in a column of what a message becomes, or in a key of the same name.
PICKLIST_OF = {
    "organization": "organizations",
    "queue": "queues",
    "status": "statuses",
    "priority": "priorities",
    "source": "sources",
    "issue_type": "issue_types",
    "sub_issue_type": "sub_issue_types",
    "approval": "approvals",
    "assigned": "resources",
    "mailbox": "mailboxes",
    "role": "roles",
    "work_type": "work_types",
}


_ONE_OF = {"mailboxes": "mailbox", "statuses": "status", "priorities": "priority"}


def one_of(picklist: str) -> str:
    """What a member of a picklist is called: `issue type` for `issue_types`."""
    return _ONE_OF.get(picklist) or picklist.removesuffix("s").replace("_", " ")


class Names(Struct, frozen=True):
    """Everything outside the rules that they may name. `picklists` holds ids of mailboxes and resources too."""

    picklists: Mapping[str, tuple[str, ...]]
    sub_issue_types: Mapping[str, tuple[str, ...]]
    tags: tuple[str, ...]
    templates: tuple[str, ...]
    resources: tuple[str, ...]
    inactive_resources: frozenset[str]
    contacts: Mapping[str, object]
    extracted: frozenset[str]
    business_hours: bool = False
    inactive: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Scope(Struct, frozen=True):
    """One rule's event with what it offers, and all that can be named."""

    rule: Rule
    event: EventInfo
    names: Names
    book: RuleBook

    @property
    def groups(self) -> tuple[str, ...]:
        return WAITING_GROUPS if self.rule.event.after else self.event.groups
