"""Random notifications of random desks: postroom must tell those whom `behaviour.md` 8 names, and nobody else.

`python -m tools.notices --seconds 600 --seed 7`. What becomes of each mail is `tools.model`'s word; whom it tells is worked out here as
plainly as can be.
"""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from engine.config.load import load_config
from engine.decide.decision import Decision
from engine.decide.setup import prepare
from engine.processing import Processor
from engine.store.database import open_database
from tools.desk import PUBLIC, Desk, a_desk, write
from tools.hostile import over_seeds, search
from tools.model import Model
from tools.records import Became, Mail
from tools.worlds import a_mail, differences, raw

EVENTS = ["ticket created", "ticket note created", "ticket time entry created", "project note created", "task note created"]
# One that says nothing of the entity, one that names it, one with words that may be internal, and that of what was not taken.
TEMPLATES = {
    "plain": "{{ message.subject }}",
    "named": "{{ number }}",
    "inside": "{{ note.description }}",
    "failed": "{{ reason }}",
}
OURS = {"help@desk.example", "sales@desk.example"}
LITERAL = ["boss@x.example", "ana@a.example", "help@desk.example"]


@dataclass
class Notice:
    """A rule's `notify`, or the mailbox's own: then `event` is `created`, `noted` or `failed`."""

    event: str
    to: list[str]
    template: str


def some_notices(dice: random.Random, desk: Desk) -> tuple[list[Notice], dict[str, Notice]]:
    people = ["sender", "contact", *LITERAL, *(f"resource {name}" for name, _, _, active in desk.resources if active)]
    rules = []
    for _ in range(dice.randint(0, 5)):
        event = dice.choice(EVENTS)
        more = ["additional contacts"] if event.startswith("ticket") else []
        template = dice.choice(["plain", "named", *(["inside"] if "note" in event else [])])
        rules.append(Notice(event, dice.sample([*people, *more], dice.randint(1, 3)), template))
    own = {}
    for event in ("created", "noted", "failed"):
        if dice.random() < 0.7:
            to = dice.sample(["sender", "contact", *LITERAL[:2]], dice.randint(1, 2))
            own[event] = Notice(event, to, "failed" if event == "failed" else dice.choice(["plain", "named"]))
    return rules, own


def write_notices(rules: list[Notice], own: dict[str, Notice], root: Path) -> None:
    for name in ("templates", "workflow"):
        (root / name).mkdir()
    for name, body in TEMPLATES.items():
        (root / f"templates/{name}.md").write_text(f'---\nsubject: "x"\n---\n{body}\n')
    for number, rule in enumerate(rules):
        to = ", ".join(f'"{one}"' if "@" in one else one for one in rule.to)
        text = f'rule "{number}"\n  on {rule.event}\n  then notify {to} using {rule.template}\n'
        (root / f"workflow/{number}.rules").write_text(text)
    for name in ("help", "sales"):
        path = root / f"mailboxes/{name}.yaml"
        mailbox = yaml.safe_load(path.read_text())
        notify = {event: {"to": notice.to, "template": notice.template} for event, notice in own.items()}
        if notify:
            mailbox["notify"] = {**notify, "from": f"Desk <{name}@desk.example>"}
        path.write_text(yaml.safe_dump(mailbox, sort_keys=False))


class Telling:
    """Who is told of one mail. `model` has taken it already."""

    def __init__(self, desk: Desk, model: Model, mail: Mail, became: Became) -> None:
        self.desk, self.model, self.mail, self.became = desk, model, mail, became
        self.sender = mail.sender.lower()
        self.silent = self._all_of_his() if mail.kind else set()

    def of(self, rules: list[Notice], own: dict[str, Notice], wrong_indicators: bool) -> list[tuple[str, str]]:
        """(recipient, template): one for each address and event, a rule's before the mailbox's."""
        became, asked = self.became, []
        if became.outcome in ("created", "appended") and became.what:
            event = f"{became.what.replace('_', ' ')} created"
            asked = [Notice(event, one.to, one.template) for one in rules if one.event == event]
            notice = own.get("created" if became.outcome == "created" else "noted")
            asked += [Notice(event, notice.to, notice.template)] if notice else []
            asked += [Notice("failed", ["sender"], "failed")] if wrong_indicators and "failed" in own else []
        elif became.outcome in ("refused", "quarantined") and "failed" in own:
            asked = [own["failed"]]
        told: dict[tuple[str, str], str] = {}
        for one in asked:
            for recipient in one.to:
                for address in self._addresses(recipient):
                    if self._may(recipient, address, one.template):
                        told.setdefault((address, one.event), one.template)
        return sorted((address, template) for (address, _), template in told.items())

    def _addresses(self, recipient: str) -> list[str]:
        entity, who = self.became.entity, self.became.who
        if recipient == "sender":
            return [self.sender]
        if recipient == "contact":
            on_ticket = entity is not None and entity.kind == "ticket"
            return self._primary(
                entity.keys["contact"] if entity and on_ticket else who[1] if who and who[0] == "contact" else None
            )
        if recipient == "additional contacts":
            return [address for one in (entity.people if entity else ()) for address in self._primary(one)]
        if recipient.startswith("resource "):
            return [own for name, own, _, _ in self.desk.resources if f"resource {name}" == recipient]
        return [recipient]

    def _primary(self, contact: str | None) -> list[str]:
        for name, _, addresses, active in self.desk.contacts:
            if name == contact:
                return addresses[:1] if active and addresses[0] else []
        return [contact] if contact and "@" in contact else []

    def _may(self, recipient: str, address: str, template: str) -> bool:
        internal = self.became.publish == "internal"
        ours = address in {own for _, own, _, _ in self.desk.resources}
        if template == "inside" and internal and "@" not in recipient and not ours:
            return False
        if template == "named" and recipient == "sender" and self._is_a_strangers():
            return False
        return address not in OURS and address not in self.silent

    def _is_a_strangers(self) -> bool:
        """The entity is neither his organization's, by his address, nor a ticket that his own mail opened."""
        entity, who = self.became.entity, self.became.who
        if entity is None or who is None or who[0] != "unknown":
            return False
        domain = self.sender.partition("@")[2]
        of_his = domain != PUBLIC and entity.organization in self.model.owners(domain)
        return not of_his and not (entity.kind == "ticket" and entity.keys["sender"] == self.sender)

    def _all_of_his(self) -> set[str]:
        """Every address of whoever writes automatic mail, as the directory has them."""
        local, _, domain = self.sender.partition("@")
        forms = dict.fromkeys((self.sender, f"{local.partition('+')[0]}@{domain}"))
        for form in forms:
            for place in (0, 1):
                for _, own, aliases, active in self.desk.resources:
                    if active and form in ([own] if place == 0 else aliases):
                        return {*forms, own, *aliases}
            found = Model(self.desk).contacts(form)  # one that mail brought has no other address
            if len(found) == 1:
                return {*forms, *next(addresses for name, _, addresses, _ in self.desk.contacts if name == found[0][0])}
        return set(forms)


def compare(seed: int, folder: Path) -> list[str]:
    """What differs first in one world."""
    dice = random.Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    desk = a_desk(dice)
    write(desk, folder / "rules")
    rules, own = some_notices(dice, desk)
    write_notices(rules, own, folder / "rules")
    model, sent, at = Model(desk), list[Mail](), datetime(2026, 11, 2, 8, tzinfo=UTC)
    with closing(open_database(folder / "p.db")) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        processor = Processor(connection, prepare(load_config(folder / "rules")))
        for number in range(dice.randint(10, 40)):
            at += timedelta(minutes=dice.choice([0, 1, 3, 5, 9, 15, 40, 70, 130]))
            mail = a_mail(dice, number, at, sent, model.known)
            mail.forwarded = ""
            sent.append(mail)
            connection.execute("BEGIN")
            decision = processor.take(raw(mail), f"{number}", mail.mailbox, mail.at)
            connection.execute("COMMIT")
            became = model.take(mail)
            found = differences(decision, became, connection)
            if became is not None and decision is not None and not found:
                due = Telling(desk, model, mail, became).of(rules, own, _was_wrong(decision))
                last = "SELECT recipient, template FROM outbox WHERE message = (SELECT MAX(id) FROM messages)"
                told = sorted(connection.execute(last).fetchall())
                found = [f"told {told}, not {due}"] if told != due else []
            if found:
                return [f"seed {seed}, mail {number}: {mail}", *found, f"{rules} {own}"]
    return []


def _was_wrong(decision: Decision) -> bool:
    made = decision.ticket if decision.outcome == "created" else decision.note
    return made is not None and "[Nothing was booked or set:" in made.description


if __name__ == "__main__":
    search(__doc__, over_seeds(compare), "worlds", "where others are told than should be")
