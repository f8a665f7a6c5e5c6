"""The configuration as frozen values. Every value that a trace may quote knows the file and line it came from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from engine.config.business import BusinessHours
from engine.config.connections import (
    ExchangeTls,
    Expectations,
    FolderSending,
    NotificationLimit,
    SmtpSending,
)
from engine.config.languages import wider
from engine.config.mailbox import Entity, Mailbox
from engine.config.numbers import NumberForm
from engine.config.people import Directory
from engine.dsl.tree import RuleBook
from engine.errors import Position

AutomaticPolicy = Literal["note_or_ignore", "ignore", "process", "quarantine"]


class Limits(Struct, frozen=True):
    """Sizes in bytes, lengths in characters."""

    message: int
    attachment: int
    attachments: int
    title: int
    description: int


class LoopProtection(Struct, frozen=True):
    messages: int
    window: timedelta
    alike: tuple[str, ...]
    exempt: frozenset[str]


# What `sender_authentication.trust` may name beside hosts: the Exchange that the mailboxes are in, by its own headers.
EXCHANGE, EXCHANGE_ONLINE = "exchange", "exchange-online"
EXCHANGES = frozenset({EXCHANGE, EXCHANGE_ONLINE})


class SenderAuthentication(Struct, frozen=True):
    trust: frozenset[str]
    indicators_need: Literal["pass", "none"]
    on_fail: Literal["flag", "quarantine", "process"]


class Settings(Struct, frozen=True):
    """`settings.yaml`."""

    name: str
    timezone: ZoneInfo
    edition: Literal["basic", "advanced", "unlimited"]
    several_mailboxes: Literal["each", "first"]
    local_organization: str
    unattributed: str | None
    public_domains: frozenset[str]
    numbers: Mapping[Literal["ticket", "task", "project"], NumberForm]
    former_numbers: tuple[NumberForm, ...]
    limits: Limits
    loop_protection: LoopProtection | None
    automatic_mail: Mapping[str, AutomaticPolicy]
    sender_authentication: SenderAuthentication
    private_mail: Literal["ignore", "process"]
    signatures: Literal["strip", "keep"]
    business_hours: BusinessHours | None
    sending: SmtpSending | FolderSending | None
    give_up: timedelta
    notification_limits: tuple[NotificationLimit, ...]
    exchange: ExchangeTls
    expectations: Expectations
    positions: Mapping[str, Position]

    def forms_of(self, kind: Literal["ticket", "task", "project"]) -> tuple[NumberForm, ...]:
        """How such a number is written, and how numbers were written before."""
        return (self.numbers[kind], *self.former_numbers)

    @property
    def all_numbers(self) -> tuple[NumberForm, ...]:
        """How numbers are written, and how they were: each is found in a subject."""
        return (*self.numbers.values(), *self.former_numbers)

    def where(self, key: str) -> Position:
        """Where a top-level key stands, or the file when it is left out."""
        return self.positions.get(key, Position("settings.yaml"))


class Picklists(Struct, frozen=True):
    """`picklists.yaml`."""

    queues: tuple[str, ...]
    statuses: tuple[str, ...]
    complete: frozenset[str]
    priorities: tuple[str, ...]
    sources: tuple[str, ...]
    issue_types: Mapping[str, tuple[str, ...]]
    roles: tuple[str, ...]
    work_types: tuple[str, ...]
    note_types: tuple[str, ...]
    approvals: tuple[str, ...]
    # Of queues and statuses: those that tickets keep, and nothing new gets.
    inactive: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def active_statuses(self) -> tuple[str, ...]:
        gone = self.inactive.get("statuses", frozenset())
        return tuple(status for status in self.statuses if status not in gone)


class Handling(Struct, frozen=True):
    position: Position
    do: Literal["append_note", "create", "discard", "reopen"]
    status: str | None = None
    link: bool = False
    count: bool = False


class Criterion(Struct, frozen=True):
    """One entry of `duplicates.yaml`."""

    name: str
    mailboxes: frozenset[str] | None
    same: tuple[str, ...]
    similar: Mapping[str, float]
    within: timedelta | None
    when_open: Handling
    when_complete: Handling
    position: Position


class Tag(Struct, frozen=True):
    label: str
    aliases: tuple[str, ...]
    match: bool
    active: bool
    position: Position


class Phrases(Struct, frozen=True):
    """What tags are found by: each phrase once, made comparable.

    `anchors`: what is sought in a text. Of few phrases each is its own; of many, each has that of its words which fewest others have, for a
    text reads like many phrases for a word or two. `ends`: where the phrases of one end and those of the next begin. `texts`: the phrases,
    by their anchors; `before`: how many characters of each stand before its anchor. `tags`: for each the place in `Tags.tags` of the first
    tag that it stands for. `more`: the other tags of those few that stand for more than one.

    Texts are lists in msgpack, numbers C's unsigned ints: as they are kept for the next start.
    """

    anchors: bytes
    ends: bytes
    texts: bytes
    before: bytes
    tags: bytes
    more: dict[int, tuple[int, ...]]


class Tags(Struct, frozen=True):
    """`tags.yaml`."""

    most_per_ticket: int
    shortest: int
    tags: tuple[Tag, ...]
    phrases: Phrases


class Variable(Struct, frozen=True):
    """One use of a variable in a template: `ticket.number`, or `reason`, which has no attribute."""

    group: str
    attribute: str
    position: Position

    def __str__(self) -> str:
        return f"{self.group}.{self.attribute}" if self.attribute else self.group


class Choice(Struct, frozen=True):
    """`{{ contact.name or sender.name or "there" }}`: the first that is not empty, each a variable or a text."""

    of: tuple[tuple[str, str] | str, ...]


class Jinja(Struct, frozen=True):
    """A text with variables, as Jinja2 source. `parts`: the same where there is nothing else in it, which needs no Jinja2."""

    source: str
    parts: tuple[str | Choice, ...] | None = None


class Template(Struct, frozen=True):
    """A notification's text: subject and body (Markdown), and every variable that it uses. `languages`: the same in others, by their codes in
    lower case (`fr`, `pt-br`).
    """

    name: str
    subject: Jinja
    body: Jinja
    position: Position
    body_line: int
    variables: tuple[Variable, ...] = ()
    languages: Mapping[str, Template] = field(default_factory=dict)

    @property
    def every(self) -> tuple[Template, ...]:
        """In all its languages."""
        return (self, *self.languages.values())

    @property
    def all_variables(self) -> tuple[Variable, ...]:
        """Of all its languages."""
        return tuple(one for each in self.every for one in each.variables)

    def language_for(self, wanted: str) -> str:
        """The nearest that there is: `pt` for `pt-br`; empty for the template as it stands."""
        return next((code for code in wider(wanted) if code in self.languages), "")


class Config(Struct, frozen=True):
    """The whole configuration, checked. `digest` names the very files it was made of."""

    root: Path
    settings: Settings
    picklists: Picklists
    mailboxes: Mapping[str, Mailbox]
    duplicates: tuple[Criterion, ...]
    tags: Tags
    directory: Directory
    rules: RuleBook
    templates: Mapping[str, Template]
    digest: str

    @property
    def extracted_fields(self) -> frozenset[str]:
        """Names of fields that some mailbox extracts from its messages."""
        return frozenset(name for mailbox in self.mailboxes.values() for name in mailbox.extract)

    def makes(self, mailbox: Mailbox) -> frozenset[Entity]:
        """What the mailbox may make; edition basic makes tickets only."""
        return mailbox.creates & {"ticket"} if self.settings.edition == "basic" else mailbox.creates

    @property
    def sending_mailboxes(self) -> tuple[str, ...] | None:
        """Those whose notifications leave; None: all. Those of the others stay in the outbox."""
        if self.settings.sending is not None:
            return None
        return tuple(mailbox.id for mailbox in self.mailboxes.values() if mailbox.sends_itself)

    def is_complete(self, status: str | None) -> bool:
        return status in self.picklists.complete
