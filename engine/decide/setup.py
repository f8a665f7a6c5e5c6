"""A checked `Config` made ready to decide with: rules compiled, keywords, addresses and number forms indexed."""

from __future__ import annotations

import re
from typing import Any

import re2
from msgspec import Struct

from engine.config.mailbox import Mailbox
from engine.config.model import Config
from engine.config.numbers import finder
from engine.config.secrets import MissingSecret, resolve
from engine.decide.book import AddressBook
from engine.decide.tags import Tagger
from engine.decide.wording import Templates
from engine.mail.withhold import Passwords
from engine.rules.program import Programs, compile_rules


class TokenSecret(Struct, frozen=True):
    """What an alerts mailbox's token must say. `password` is None, with a `problem`, where the environment lacks it."""

    id: str
    password: str | None
    problem: str = ""

    @classmethod
    def of(cls, mailbox: Mailbox) -> TokenSecret:
        assert mailbox.token is not None
        try:
            return cls(mailbox.token.id, resolve(mailbox.token.password))
        except MissingSecret as missing:
            return cls(mailbox.token.id, None, f"the token cannot be checked: {missing}")

    def __repr__(self) -> str:
        return f"TokenSecret({self.id!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What rich shows instead of `repr`; msgspec's own would show every field."""
        return [("id", self.id)]


class Setup(Struct, frozen=True):
    """Everything that deciding needs of the configuration. Built once; shared by all messages."""

    config: Config
    programs: Programs
    tagger: Tagger
    book: AddressBook
    numbers: re.Pattern[str]
    own_addresses: frozenset[str]
    extracts: dict[str, dict[str, Any]]
    tokens: dict[str, TokenSecret]
    passwords: Passwords
    templates: Templates

    def mailbox(self, name: str) -> Mailbox:
        return self.config.mailboxes[name]


def prepare(config: Config) -> Setup:
    """`config` has been checked."""
    book = AddressBook(config)
    tokens = {
        name: TokenSecret.of(mailbox) for name, mailbox in config.mailboxes.items() if mailbox.kind == "alerts" and mailbox.token
    }
    return Setup(
        config=config,
        programs=compile_rules(config.rules, config.extracted_fields, book.domains(), config.settings.timezone),
        tagger=Tagger(config.tags),
        book=book,
        numbers=finder(config.settings.all_numbers),
        own_addresses=frozenset(address for mailbox in config.mailboxes.values() for address in mailbox.addresses),
        extracts={
            name: {field: re2.compile(pattern) for field, pattern in mailbox.extract.items()}
            for name, mailbox in config.mailboxes.items()
            if mailbox.extract
        },
        tokens=tokens,
        passwords=Passwords({name: token.password for name, token in tokens.items() if token.password}),
        templates=Templates(config),
    )
