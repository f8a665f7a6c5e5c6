"""Random service desks and random mail: postroom must do what `tools.model` says, also while people of the directory come and go.

`python -m tools.worlds --seconds 600 --seed 7`. Each world is a configuration, a database and some thirty mails; what differs is told.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.config.load import load_config
from engine.decide.decision import Decision
from engine.decide.setup import Setup, prepare
from engine.mail.parse import parse_message
from engine.plan.replay import decide_again
from engine.processing import Processor
from engine.state.past import PastState, read_recorded, recorded
from engine.state.stored import read_kept
from engine.store.database import open_database
from tools.desk import PEOPLE, STATUSES, a_desk, change, write
from tools.hostile import over_seeds, search
from tools.model import Model
from tools.records import Became, Entity, Mail

HEADERS = {
    "auto_reply": "Auto-Submitted: auto-replied\r\n",
    "auto_generated": "Auto-Submitted: auto-generated\r\n",
    "mailing_list": "List-Id: <l.x.example>\r\n",
}
RULE = 'rule "passed on"\n  on message\n  when sender.kind is resource\n  then attribute to forwarded sender\n'
FORWARDED = (
    "\r\n---------- Forwarded message ---------\r\nFrom: Some One <{}>\r\nDate: Mon, 2 Nov 2026 at 08:00\r\nSubject: x\r\n"
    "To: <help@desk.example>\r\n\r\nIt is broken.\r\n"
)
FIRST = [
    {"T": "0.5"}, {"T": "0:30", "R": "Engineer"}, {"T": "90m", "S": "Done"}, {"S": "Done"}, {"A": "Approved"}, {"T": "25"}, {"T": "0.5", "S": "Gone"},
    {"T": "0.5", "R": "Cook"}, {"A": "Rejected", "T": "0.5"}, {"A": "Maybe"}, {"T": "0.5", "S": "Open"},
]  # fmt: skip


def a_mail(dice: random.Random, number: int, at: datetime, sent: list[Mail], known: list[Entity]) -> Mail:
    address = dice.choice(PEOPLE) if dice.random() < 0.98 else "help@desk.example"
    if dice.random() < 0.15:
        address = address.replace("@", "+x@")
    numbers = [one.number for one in known] + ["T20251101.0009"]
    ids = [one.message_id for one in sent] + ["nobody@x"]
    return Mail(
        message_id=f"{number}@m",
        sender=address.upper() if dice.random() < 0.1 else address,
        title=dice.choice(["Printer", "VPN down", "Question", "Re: Printer", "AW: Re: VPN  down"]),
        body=dice.choice(["one", "two"]),
        date=at,
        at=at,
        mailbox=dice.choice(["help", "help", "sales"]),
        numbers=[dice.choice(numbers) for _ in range(dice.choice([0, 0, 1, 1, 2]))],
        in_reply_to=[dice.choice(ids)] if dice.random() < 0.25 else [],
        references=[dice.choice(ids) for _ in range(dice.randint(1, 3))] if dice.random() < 0.2 else [],
        cc=dice.sample(PEOPLE, 2) if dice.random() < 0.3 else [],
        first=dice.choice(FIRST) if dice.random() < 0.25 else {},
        kind=dice.choice(list(HEADERS)) if dice.random() < 0.12 else "",
        private=dice.random() < 0.03,
        verified=dice.random() < 0.5,
        forwarded=dice.choice(PEOPLE) if dice.random() < 0.15 else "",
    )


def raw(mail: Mail) -> bytes:
    head = f"From: {mail.sender}\r\nTo: {mail.mailbox}@desk.example\r\nMessage-ID: <{mail.message_id}>\r\n"
    head += f"Subject: {' '.join([mail.title, *(f'[#{one}]' for one in mail.numbers)])}\r\nDate: {mail.date:%a, %d %b %Y %H:%M:%S} +0000\r\n"
    head += "".join(f"Cc: {', '.join(mail.cc)}\r\n" for _ in mail.cc[:1]) + "".join(
        f"In-Reply-To: <{one}>\r\n" for one in mail.in_reply_to
    )
    head += f"References: {' '.join(f'<{one}>' for one in mail.references)}\r\n" if mail.references else ""
    head += HEADERS.get(mail.kind, "") + "Sensitivity: private\r\n" * mail.private
    if mail.verified:
        domain = mail.sender.partition("@")[2].lower()
        head += f"Authentication-Results: mx.desk.example; dmarc=pass header.from={domain}\r\n"
    first = " ".join(f"#{key}={value}" for key, value in mail.first.items())
    below = FORWARDED.format(mail.forwarded) if mail.forwarded else ""
    return f"{head}\r\n{first}{chr(10) if first else ''}{mail.body}\r\n{below}".encode()


def differences(decision: Decision | None, became: Became | None, connection: sqlite3.Connection) -> list[str]:
    """What postroom did and the model did not say."""
    if decision is None or became is None:
        return [] if decision is became is None else [f"processed: {decision is not None}, not {became is not None}"]
    if became.entity is not None and became.outcome == "created" == decision.outcome:
        became.entity.number = decision.number or ""
    sender = decision.sender
    pairs: list[tuple[str, Any, Any]] = [
        ("outcome", decision.outcome, became.outcome),
        ("reason", decision.reason, became.reason),
    ]
    if became.who is not None and sender is not None:
        pairs.append(("sender", (sender.kind, sender.id, sender.organization), became.who))
    if became.outcome in ("created", "appended"):
        pairs.append(("entity", decision.entity, became.what))
    entity = became.entity
    if entity is not None:
        if became.outcome in ("appended", "duplicate"):
            pairs.append(("target", decision.number, entity.number))
        row = connection.execute(
            f"SELECT status{', occurrences, approval' * (entity.kind == 'ticket')} FROM {entity.kind}s WHERE number = ?",
            (entity.number,),
        ).fetchone() if entity.kind != "project" else ()  # fmt: skip
        pairs.append(("row", row, (entity.status, entity.occurrences, entity.approval)[: len(row or ())]))
        people = connection.execute("SELECT contact FROM additional_contacts WHERE ticket = ?", (entity.number,))
        pairs.append(("additional contacts", {one for (one,) in people}, entity.people))
        related = connection.execute("SELECT related FROM related_tickets WHERE ticket = ?", (entity.number,))
        pairs.append(("related", {one for (one,) in related}, entity.related))
    if became.publish is not None and became.what and became.what.endswith("_note"):
        made = decision.note
        pairs.append(("publish", made.publish if made else None, became.publish))
    return [f"{what}: {found!r}, not {due!r}" for what, found, due in pairs if found != due]


def compare(seed: int, folder: Path) -> list[str]:
    """One world: what differs first, with the mail and the trace."""
    dice = random.Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    desk = a_desk(dice)
    write(desk, folder / "rules")
    (folder / "rules/workflow").mkdir()
    (folder / "rules/workflow/forwarded.rules").write_text(RULE)
    setup, model = prepare(load_config(folder / "rules")), Model(desk)
    sent: list[Mail] = []
    by_hand, goes_on = dice.random() < 0.5, dice.random() < 0.5
    at = datetime(2026, 11, 2, 8, tzinfo=UTC)
    with closing(open_database(folder / "p.db")) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        processor = Processor(connection, setup)
        for number in range(dice.randint(10, 40)):
            at += timedelta(minutes=dice.choice([0, 1, 1, 3, 5, 9, 15, 40, 70, 130, 1_500]))
            if sent and dice.random() < 0.08:
                again = dice.choice(sent)
                mail = Mail(**{**again.__dict__, "at": at, "mailbox": dice.choice(["help", "sales"])})
            else:
                mail = a_mail(dice, number, at, sent, model.known)
                sent.append(mail)
            if goes_on and dice.random() < 0.15:
                change(desk, list(model.brought), dice)
                write(desk, folder / "rules")
                setup = prepare(load_config(folder / "rules"))
                processor = Processor(connection, setup)
            tickets = [one for one in model.known if one.kind == "ticket"]
            if by_hand and tickets and dice.random() < 0.15:
                _set_by_hand(dice.choice(tickets), dice.choice(list(STATUSES)), at, connection)
            connection.execute("BEGIN")
            decision = processor.take(raw(mail), f"{number}", mail.mailbox, mail.at)
            connection.execute("COMMIT")
            found = differences(decision, model.take(mail), connection)
            if found:
                trace = [f"{step.step}: {step.found}" for step in decision.trace] if decision else []
                return [f"seed {seed}, mail {number}: {mail}", *found, *(f"    {one}" for one in trace)]
        return [] if by_hand or goes_on else [f"seed {seed}, {one}" for one in _decided_otherwise(connection, setup)]


def _decided_otherwise(connection: sqlite3.Connection, setup: Setup) -> Iterator[str]:
    """Messages of which `plan` would say that they become something else, though nothing changed."""
    # As if it had taken all day: what happens in one second cannot be told apart by its time.
    connection.execute("UPDATE messages SET processed_at = strftime('%Y-%m-%dT%H:%M:%SZ', received_at, '+' || id || ' seconds')")
    brought = "json_extract(decision, '$.sender.id') = contacts.id AND json_extract(decision, '$.sender.via') = 'created'"
    first = f"SELECT MIN(processed_at) FROM messages WHERE {brought} AND outcome IN ('created', 'appended')"
    connection.execute(f"UPDATE contacts SET created_at = ({first}) WHERE origin = 'mail'")
    identities, _ = recorded(connection, None, None)
    for one in read_recorded(connection, identities, setup.passwords):
        again = json.loads(decide_again(parse_message(one.raw), one, setup, PastState(connection, setup.config, one)).as_json())
        then = read_kept(connection.execute("SELECT decision FROM messages WHERE id = ?", (one.id,)).fetchone()[0], one.id)
        for key in again:
            if again[key] != then[key]:
                yield f"message {one.id}, {key}: {again[key]!r}, and first {then[key]!r}"


def _set_by_hand(ticket: Entity, status: str, at: datetime, connection: sqlite3.Connection) -> None:
    ticket.status, ticket.completed = status, at if STATUSES[status] else None
    moment = f"{ticket.completed:%Y-%m-%dT%H:%M:%SZ}" if ticket.completed else None
    connection.execute("UPDATE tickets SET status = ?, completed_at = ? WHERE number = ?", (status, moment, ticket.number))


if __name__ == "__main__":
    search(__doc__, over_seeds(compare), "worlds", "where postroom does not do what the model says")
