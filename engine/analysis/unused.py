"""Things of the configuration that nothing uses, and phrases and folders that two use."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from engine.analysis.rules import matches_everything
from engine.config.languages import wider
from engine.config.mailbox import Mailbox
from engine.config.model import Config
from engine.dsl.tree import AddTag, Notify, Refuse, tests_of
from engine.dsl.values import ListName
from engine.errors import Position, Problem, warn
from engine.text import words_of


def check_unused(config: Config) -> Iterator[Problem]:
    used = _Used(config)
    for name, named in config.rules.lists.items():
        if name not in used.lists:
            yield warn("PR106", named.position, f"no rule uses the list '{name}'", "remove it, or use it")
    for name, template in config.templates.items():
        if name not in used.templates:
            where = Position(template.position.file, 1, 1)
            yield warn("PR107", where, f"nothing sends the template '{name}'", "remove it, or name it in a rule or mailbox")
    yield from _languages(config)
    yield from _tags(config, used)
    yield from _mailboxes(config)
    for mailbox in config.mailboxes.values():
        for field, pattern in mailbox.extract.items():
            if _extracts_anything(pattern):
                where = mailbox.where("extract", field)
                yield warn("PR110", where, f"the regular expression of '{field}' matches everything", "say what must be there")


class _Used:
    """Every list and template that rules and mailboxes name, and every tag that they put: who asks for one puts none."""

    def __init__(self, config: Config) -> None:
        self.lists: set[str] = set()
        self.templates: set[str] = set()
        self.tags: set[str] = set()
        for mailbox in config.mailboxes.values():
            self.tags.update(mailbox.ticket.tags)
            self.templates.update(notice.template for notice in (mailbox.created, mailbox.noted, mailbox.failed) if notice)
        for rule in config.rules.rules:
            for test in tests_of(rule.condition):
                if isinstance(test.value, ListName):
                    self.lists.add(test.value.name)
            for action in rule.actions:
                if isinstance(action, Notify | Refuse):
                    if action.template is not None:
                        self.templates.add(action.template.text)
                elif isinstance(action, AddTag):
                    self.tags.add(action.tag.text)


def _languages(config: Config) -> Iterator[Problem]:
    """Those of templates that nobody reads."""
    others = [(template, code) for template in config.templates.values() for code in template.languages]
    if not others:
        return
    directory = config.directory
    read = {one.language for one in directory.organizations.values()} | {one.language for one in directory.resources.values()}
    read |= {one.language for one in directory.contacts.values()}
    for template, code in others:
        if not any(code in wider(one) for one in read):
            where = Position(template.languages[code].position.file, 1, 1)
            message = f"nobody is sent the template '{template.name}' in '{code}': no `language` in directory/ is that"
            yield warn("PR107", where, message, "give it to organizations or contacts, or remove the file")


def _tags(config: Config, used: _Used) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for tag in config.tags.tags:
        if not tag.active:
            continue
        phrases = {text: words_of(text) for text in (tag.label, *tag.aliases)}
        longest = max(map(len, phrases.values()))
        if tag.label not in used.tags and (not tag.match or longest < config.tags.shortest):
            why = "is put by no mailbox and no rule" if not tag.match else "is too short to be found in any text"
            yield warn("PR108", tag.position, f"the tag '{tag.label}' {why}", "put it somewhere, remove it, or set active: false")
        for text, phrase in phrases.items():
            if not tag.match:
                continue
            if phrase in owners and owners[phrase] != tag.label:
                message = f"the phrase '{text}' stands under two tags: '{owners[phrase]}' and '{tag.label}'"
                yield warn("PR109", tag.position, message, "leave it under one")
            owners.setdefault(phrase, tag.label)


def _mailboxes(config: Config) -> Iterator[Problem]:
    folders: dict[tuple[str, ...], str] = {}
    active = [one for one in config.mailboxes.values() if one.active]
    for mailbox in active:
        place = mailbox.reads
        if place is None:
            yield warn(
                "PR111",
                mailbox.where("address"),
                f"nothing reads the mailbox '{mailbox.id}': it has no source",
                "add source: ..., or set active: false",
            )
            continue
        if place in folders:
            message = f"the mailbox '{mailbox.id}' reads the same folder as '{folders[place]}'"
            where = mailbox.where("source")
            if where.file != mailbox.file:  # it is inherited
                where = mailbox.where("address")
            yield warn("PR112", where, message, _own_folder(mailbox, config.mailboxes[folders[place]]))
        folders.setdefault(place, mailbox.id)
    for mailbox in active:
        yield from _filed(mailbox, config, folders)


def _own_folder(mailbox: Mailbox, other: Mailbox) -> str:
    if mailbox.address == other.address:
        return "give it a folder of its own"
    return f"give it a folder of its own; or, where {mailbox.address} is a mailbox of its own that this user may read, say `access: delegate`"


def _filed(mailbox: Mailbox, config: Config, read: dict[tuple[str, ...], str]) -> Iterator[Problem]:
    """Mail that one mailbox is done with, and that another one would then read."""
    for _, place, where in mailbox.files_into():
        other = read.get(place)
        if other is not None and other != mailbox.id and where.file == mailbox.file:
            message = f"the mailbox '{mailbox.id}' files its mail into the folder that '{other}' reads"
            yield warn("PR112", where, message, _own_folder(mailbox, config.mailboxes[other]))


def _extracts_anything(pattern: str) -> bool:
    return matches_everything(pattern) and re2.compile(pattern).search("") is not None
