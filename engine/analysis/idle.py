"""Keys that do nothing where they stand: whoever wrote them believes otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.mailbox import Mailbox, ReplyPolicy
from engine.config.model import Config, Handling, Settings, Tag
from engine.errors import Problem, warn
from engine.text import words_of

CODE = "PR116"


def check_idle(config: Config) -> Iterator[Problem]:
    for criterion in config.duplicates:
        yield from _handling(criterion.when_open)
        yield from _handling(criterion.when_complete)
    for mailbox in config.mailboxes.values():
        notes = mailbox.notes["ticket_note"]
        yield from _reply(mailbox, "from_customer", notes.from_customer)
        yield from _reply(mailbox, "from_resource", notes.from_resource)
    for tag in config.tags.tags:
        yield from _tag(tag, config.tags.shortest)
    yield from _names(config.settings)
    limits = config.settings.limits
    for key, lower in (("attachments", limits.attachments), ("message", limits.message)):
        if lower < limits.attachment:
            message = f"`limits.attachment` does nothing: `limits.{key}` is smaller"
            yield warn(CODE, config.settings.where("limits"), message, "lower it, or raise the other")
    expected = config.settings.expectations
    if expected.slow > expected.late:
        yield warn(
            CODE,
            config.settings.where("expectations"),
            "`slow` does nothing: `late` comes before it",
            "write it shorter than `late`",
        )


def _tag(tag: Tag, shortest: int) -> Iterator[Problem]:
    if tag.aliases and not tag.match:
        fix = "leave `match: false` out, or the aliases"
        yield warn(CODE, tag.position, f"the aliases of '{tag.label}' are not looked for: `match: false`", fix)
        return
    for alias in tag.aliases:
        if len(words_of(alias)) < shortest:
            message = (
                f"the alias '{alias}' of '{tag.label}' is not looked for: it is shorter than `shortest: {shortest} characters`"
            )
            yield warn(CODE, tag.position, message, "leave it out, or lower `shortest`")


def _names(settings: Settings) -> Iterator[Problem]:
    """Names of senders, domains and servers stand for themselves."""
    loop = settings.loop_protection
    for key, what, names in (
        ("loop_protection", "sender", loop.exempt if loop else ()),
        ("public_domains", "domain", settings.public_domains),
        ("sender_authentication", "server", settings.sender_authentication.trust),
    ):
        for name in sorted(names):
            if "*" in name or name != name.strip():
                message = f"no {what} is called '{name}': it stands for itself, and `*` for nothing else"
                yield warn(CODE, settings.where(key), message, f"write each {what}'s whole name")


def _handling(handling: Handling) -> Iterator[Problem]:
    for name, is_there, goes_with in (
        ("status", handling.status is not None, ("reopen",)),
        ("link", handling.link, ("create",)),
        ("count", handling.count, ("append_note", "reopen", "discard")),
    ):
        if is_there and handling.do not in goes_with:
            fix = f"leave it out, or write `do: {' or '.join(goes_with)}`"
            yield warn(CODE, handling.position, f"`{name}` does nothing with `do: {handling.do}`", fix)


def _reply(mailbox: Mailbox, whose: str, policy: ReplyPolicy) -> Iterator[Problem]:
    within, publish = (mailbox.where("defaults", "ticket_note", whose, key) for key in ("reopen_within", "publish"))
    own = mailbox.file  # what another mailbox wrote (`extends`) is told there
    if policy.reopen_within is not None and policy.reopen is not True and within.file == own:
        said = "new_linked" if policy.reopen else "false"
        yield warn(CODE, within, f"`reopen_within` does nothing with `reopen: {said}`", "leave it out, or write `reopen: true`")
    if policy.publish == "internal" and whose == "from_customer" and publish.file == own:
        yield warn(CODE, publish, "`publish: internal` does nothing here: a customer always sees his own note", "leave it out")
