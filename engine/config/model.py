"""The configuration as frozen values. Every value that a trace may quote knows the file and line it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from engine.config.business import BusinessHours
from engine.config.connections import (
    ExchangeSource,
    ExchangeTls,
    Expectations,
    FolderSending,
    GraphSource,
    NotificationLimit,
    SmtpSending,
)
from engine.config.numbers import NumberForm
from engine.config.people import Directory
from engine.dsl.tree import Recipient, RuleBook
from engine.errors import Position

Entity = Literal["ticket", "ticket_note", "ticket_time_entry", "project_note", "task_note", "task_time_entry"]
ENTITIES: tuple[Entity, ...] = (
    "ticket",
    "ticket_note",
    "ticket_time_entry",
    "project_note",
    "task_note",
    "task_time_entry",
)
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


class TicketDefaults(Struct, frozen=True):
    queue: str | None = None
    status: str | None = None
    priority: str | None = None
    source: str | None = None
    issue_type: str | None = None
    sub_issue_type: str | None = None
    assigned: str | None = None
    due: timedelta | None = None
    tags: tuple[str, ...] = ()
    create_contact: bool = False


class ReplyPolicy(Struct, frozen=True):
    """What a note does to its ticket, by who wrote it."""

    status: str | None = None
    reopen: bool | Literal["new_linked"] = False
    reopen_within: timedelta | None = None
    publish: Literal["all", "internal"] | None = None


class NoteDefaults(Struct, frozen=True):
    type: str | None = None
    publish: Literal["all", "internal"] = "all"
    from_customer: ReplyPolicy = ReplyPolicy()
    from_resource: ReplyPolicy = ReplyPolicy()


class TimeDefaults(Struct, frozen=True):
    work_type: str | None = None
    role: str | None = None
    publish: Literal["all", "internal"] = "internal"


class Notice(Struct, frozen=True):
    """A notification that a mailbox sends by itself."""

    to: tuple[str, ...]
    template: str
    position: Position

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        return tuple(_recipient(text, self.position) for text in self.to)


def _recipient(text: str, position: Position) -> Recipient:
    """As a mailbox file writes it."""
    if text in ("sender", "contact", "additional contacts", "assigned resource"):
        return Recipient(text, "", position)  # type: ignore[arg-type]
    if text.startswith("resource "):
        return Recipient("resource", text.removeprefix("resource ").strip(), position)
    return Recipient("address", text, position)


class Token(Struct, frozen=True):
    """What the alerts token must say. `password` is still the reference `${env:NAME}`."""

    id: str
    password: str


class Mailbox(Struct, frozen=True):
    """One file of `mailboxes/`, with what it extends merged in."""

    id: str
    name: str
    address: str
    aliases: tuple[str, ...]
    active: bool
    kind: Literal["custom", "alerts"]
    source: ExchangeSource | GraphSource | None
    creates: frozenset[Entity]
    token: Token | None
    extract: Mapping[str, str]
    ticket: TicketDefaults
    notes: Mapping[Entity, NoteDefaults]
    times: Mapping[Entity, TimeDefaults]
    created: Notice | None
    noted: Notice | None
    failed: Notice | None
    notify_from: str
    notify_via: Literal["sending", "mailbox"]
    extends: str | None
    positions: Mapping[tuple[str | int, ...], Position]

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.address, *self.aliases)

    @property
    def sends_itself(self) -> bool:
        """Whether its notifications leave through its own server."""
        return self.notify_via == "mailbox" and self.source is not None

    @property
    def file(self) -> str:
        """Its own; what it takes over (`extends`) stands in another."""
        return f"mailboxes/{self.id}.yaml"

    @property
    def reads(self) -> tuple[str, ...] | None:
        """The place of the folder that it reads: no two mailboxes share one."""
        return self.source.place(self.address) if self.source is not None else None

    def files_into(self) -> Iterator[tuple[str, tuple[str, ...], Position]]:
        """Folders that mail is moved to once it is read, each with its place and where that is said."""
        source = self.source
        if source is None:
            return
        kind = "exchange" if isinstance(source, ExchangeSource) else "graph"
        for key, folder in (("processed", source.processed), ("failed", source.failed)):
            if folder:
                yield folder, source.place(self.address, folder), self.where("source", kind, key)

    def where(self, *path: str | int) -> Position:
        """Where a key stands (through `extends`), or the nearest key around it."""
        while path:
            if path in self.positions:
                return self.positions[path]
            path = path[:-1]
        return self.positions.get((), Position(self.file))


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


class Tags(Struct, frozen=True):
    """`tags.yaml`."""

    most_per_ticket: int
    shortest: int
    tags: tuple[Tag, ...]


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
    """A notification's text: subject and body (Markdown), and every variable that it uses."""

    name: str
    subject: Jinja
    body: Jinja
    position: Position
    body_line: int
    variables: tuple[Variable, ...] = ()


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
