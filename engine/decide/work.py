"""What the steps of `flow` hand on about one message: its givens, and what was found so far."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from msgspec import Struct, field

from engine.config.mailbox import Mailbox
from engine.decide.decision import Envelope, Step
from engine.decide.indicators import Indicators
from engine.decide.numbering import Numbering
from engine.decide.setup import Setup
from engine.decide.target import Named, named_by_report, named_by_thread, named_in_subject
from engine.decide.token import Token
from engine.entities import NewContact, Sender
from engine.mail.message import Message
from engine.state.view import State


class Work(Struct, dict=True):
    """Lives for one call of `decide`. Givens first; below them what each step adds, in the order of the steps."""

    message: Message
    envelope: Envelope
    setup: Setup
    state: State
    now: datetime
    explain: bool
    trace: list[Step] = field(default_factory=list)
    text: str = ""
    authenticated: bool = False
    token: Token | None = None
    extracted: dict[str, str] = field(default_factory=dict)
    sender: Sender | None = None
    contact: NewContact | None = None
    remarks: tuple[str, ...] = ()
    indicators: Indicators | None = None

    def __post_init__(self) -> None:
        self.text = self.message.text

    @property
    def attributed(self) -> Sender:
        """The sender, once it is known whose message it is."""
        assert self.sender is not None
        return self.sender

    @property
    def mailbox(self) -> Mailbox:
        return self.setup.mailbox(self.envelope.mailbox)

    @cached_property
    def numbering(self) -> Numbering:
        return Numbering(self.now, self.setup, self.state)

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is wrong with the line of indicators: nothing is booked or set then."""
        return self.indicators.errors if self.indicators else ()

    # What the message names is the same whoever its sender is: rules may change him a thousand times.
    @cached_property
    def named_in_subject(self) -> Named | None:
        return named_in_subject(self.message.subject, self.setup, self.state)

    @cached_property
    def named(self) -> Named | None:
        """In its subject, or by its thread."""
        automatic = self.message.automatic
        if automatic is not None and automatic.kind == "bounce":
            # A bounce belongs to the notification that it returns; what its subject says anybody may have written.
            return named_by_report(self.message, self.state)
        found = self.named_in_subject or named_by_thread(self.message, self.state)
        if found is None and automatic is not None:
            return named_by_report(self.message, self.state)
        return found

    def step(self, name: str, found: str, where: str = "") -> None:
        self.trace.append(Step(name, found, where))
