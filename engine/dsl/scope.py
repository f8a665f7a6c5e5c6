"""What a rule is checked against: all that it may name, and what its event offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping

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
    """Everything outside the rules that they may name. `picklists` holds ids of mailboxes, organizations, resources and contacts too, and
    of all who may send.

    What there may be thousands of are `Known`: ten thousand rules may each name one, and each a wrong one.
    """

    picklists: Mapping[str, Collection[str]]
    sub_issue_types: Mapping[str, tuple[str, ...]]
    tags: Collection[str]
    templates: Collection[str]
    inactive_resources: frozenset[str]
    extracted: frozenset[str]
    business_hours: bool = False
    inactive: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _folded: dict[str, frozenset[str]] = field(default_factory=dict)

    def has(self, picklist: str, word: str) -> bool:
        """In any case."""
        if picklist not in self._folded:
            self._folded[picklist] = frozenset(map(str.casefold, self.picklists.get(picklist, ())))
        return word.casefold() in self._folded[picklist]


class Scope(Struct, frozen=True):
    """One rule's event with what it offers, and all that can be named.

    `checked_lists`: (list, field) of what other rules ask too. A list may have a hundred thousand texts, and a hundred rules name it.
    """

    rule: Rule
    event: EventInfo
    names: Names
    book: RuleBook
    checked_lists: set[tuple[str, str]]

    @property
    def groups(self) -> tuple[str, ...]:
        return WAITING_GROUPS if self.rule.event.after else self.event.groups
