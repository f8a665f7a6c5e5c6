"""`decide`: the steps of `design.md` chained: take in, attribute, resolve, message rules, become, duplicates, tags, rules.

Pure: a function of the message, the prepared configuration, a read-only view of the past, and the clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from engine.decide.authenticate import authentication
from engine.decide.become import plan
from engine.decide.closing import close, ended
from engine.decide.decision import Decision, Ending, Envelope
from engine.decide.entity import add_to, open_ticket
from engine.decide.indicators import Indicators, read_indicators
from engine.decide.intake import automatic_policy, take_in
from engine.decide.setup import Setup
from engine.decide.token import read_token
from engine.decide.whose import Found, find_sender_and_target, reattributed
from engine.decide.work import Work
from engine.decide.workflow import Run, run_event
from engine.dsl.tree import Attribute
from engine.entities import Project, Task, Ticket
from engine.mail.message import Message
from engine.rules.facts import Facts
from engine.state.view import State
from engine.text import LONGEST_SEARCHED, collapse


def decide(message: Message, envelope: Envelope, setup: Setup, state: State, now: datetime, *, explain: bool = False) -> Decision:
    """What becomes of the message, and why. `now` is aware. `explain` asks for every rule that did not run."""
    work = Work(message, envelope, setup, state, now, explain)
    work.step("message", f"{message.sender.address or 'nobody'}: {collapse(message.subject)[:100] or '(no subject)'}")
    if envelope.released:
        work.step("released", "a person lets it pass what held it back")
    ending, steps = take_in(message, envelope, setup, state)
    work.trace += steps
    if ending:
        return ended(work, ending)
    verdict, told = authentication(message, setup.config.settings.sender_authentication)
    work.authenticated = verdict == "pass"
    on_fail = setup.config.settings.sender_authentication.on_fail
    if told and not (verdict == "fail" and on_fail == "process"):
        work.step("authenticated", f"{verdict}: {told}", str(setup.config.settings.where("sender_authentication")))
    if verdict == "fail" and on_fail == "quarantine" and not envelope.released:
        where = str(setup.config.settings.where("sender_authentication.on_fail"))
        return ended(work, Ending("quarantined", "unauthenticated", told, where=where))

    ending = _read_token(work)
    if ending:
        return ended(work, ending)
    found = find_sender_and_target(work, message.sender, work.authenticated)
    if isinstance(found, Ending):
        return ended(work, found)
    return _decide_known(work, found)


def _read_token(work: Work) -> Ending | None:
    """An alerts mailbox takes only mail with its token; the token is no part of the text."""
    secret = work.setup.tokens.get(work.envelope.mailbox)
    if secret is None:
        work.text = work.setup.passwords.hidden(work.text)  # an alert that was sent to the wrong mailbox
    else:
        token = read_token(work.message.text, secret)
        where = str(work.mailbox.where("token"))
        if isinstance(token, Ending):
            work.step("token", token.detail, where)
            return replace(token, where=where)
        work.token, work.text = token, token.text
        work.step("token", "the id and the password are right", where)
    work.extracted = _extract(work)
    return None


def _extract(work: Work) -> dict[str, str]:
    """Fields that the mailbox's `extract` finds in subject and text, and those of the token."""
    fields = dict(work.token.fields) if work.token else {}
    text = f"{work.message.subject}\n{work.text[:LONGEST_SEARCHED]}"
    for name, pattern in work.setup.extracts.get(work.envelope.mailbox, {}).items():
        match = pattern.search(text)
        if match and match.group(name):
            fields[name] = match.group(name).strip()[:500]
            work.step("extract", f"{name} is '{fields[name]}'", str(work.mailbox.where("extract", name)))
    return fields


def _decide_known(work: Work, found: Found) -> Decision:
    """Sender and target are known: message rules, then what it becomes."""
    current = [found]

    def reattribute(action: Attribute, facts: Facts) -> tuple[Facts, str]:
        new, words = reattributed(work, action, current[0], facts)
        current[0] = new
        return _message_facts(work, new), words

    run = run_event(
        "message",
        Run(_message_facts(work, found)),
        work.setup,
        explain=work.explain,
        reattribute=reattribute,
    )
    found = current[0]
    work.sender, work.contact, work.remarks = found.sender, found.contact, found.remarks
    for ran in run.ran:
        work.step("rule", f"'{ran.rule}': {'; '.join(ran.did)}", ran.where)
    if run.ending:
        return ended(work, run.ending, run)
    policy = automatic_policy(work.message, work.setup)
    automatic = work.message.automatic
    if automatic and policy == "note_or_ignore" and found.resolved.entity is None:
        where = str(work.setup.config.settings.where(f"automatic_mail.{automatic.kind}"))
        return ended(work, Ending("ignored", automatic.kind, automatic.evidence, where=where), run)

    work.indicators = _indicators(work, found)
    what = plan(work, found.resolved)
    if isinstance(what, Ending):
        work.step("becomes", what.detail, what.where)
        return ended(work, what, run)
    if automatic and policy == "note_or_ignore" and what.entity == "ticket":
        return ended(work, Ending("ignored", automatic.kind, automatic.evidence, where=what.where), run)
    made = open_ticket(work, what, run) if what.entity == "ticket" else add_to(work, what, run)
    return ended(work, made, run) if isinstance(made, Ending) else close(work, made)


def _message_facts(work: Work, found: Found) -> Facts:
    entity = found.resolved.entity
    return Facts(
        config=work.setup.config,
        mailbox=work.envelope.mailbox,
        received_at=work.envelope.received_at,
        now=work.now,
        message=work.message,
        sender=found.sender,
        organization=found.sender.organization,
        ticket=entity if isinstance(entity, Ticket) else None,
        project=entity if isinstance(entity, Project) else None,
        task=entity if isinstance(entity, Task) else None,
        reply=entity is not None,
        released=work.envelope.released,
        extracted=work.extracted,
    )


def _indicators(work: Work, found: Found) -> Indicators | None:
    """Those of an authenticated resource about something that exists; anybody else's line is text."""
    if found.sender.kind != "resource" or found.resolved.entity is None:
        return None
    makes = work.setup.config.makes(work.mailbox)
    if not makes - {"ticket"}:
        return None
    indicators = read_indicators(work.text, work.setup.config.picklists)
    if indicators is None:
        return None
    settings = work.setup.config.settings
    where = str(settings.where("sender_authentication.indicators_need"))
    if settings.sender_authentication.indicators_need == "pass" and not work.authenticated:
        work.step("indicators", f"'{indicators.line[:80]}' is text: the sender is not authenticated", where)
        return None
    indicators = _fitting(indicators, found.resolved.entity, makes)
    shown = "; ".join(indicators.errors) if indicators.errors else indicators.line[:100]
    work.step("indicators", shown, where)
    return indicators


def _fitting(indicators: Indicators, target: Ticket | Project | Task, makes: frozenset[str]) -> Indicators:
    return replace(indicators, errors=(*indicators.errors, *_misfits(indicators, target, makes)))


def _misfits(indicators: Indicators, target: Ticket | Project | Task, makes: frozenset[str]) -> Iterator[str]:
    """What the target or the mailbox cannot take is an error (`behaviour.md` 3.4): who books time hears that it was not."""
    if isinstance(target, Project):
        yield "a project takes notes only: no time is booked and nothing is set"
        return
    kind = "task" if isinstance(target, Task) else "ticket"
    if kind == "task" and indicators.approval is not None:
        yield "a task has no approval"
    if indicators.hours is not None and f"{kind}_time_entry" not in makes:
        yield "this mailbox takes no time entries"
    if indicators.hours is None and f"{kind}_note" not in makes:
        yield "this mailbox takes no notes"
