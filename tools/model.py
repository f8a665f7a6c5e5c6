"""`behaviour.md` said a second time, as plainly as can be, to compare with what postroom does (`tools.worlds`).

Of sections 1, 2, 3 and 5: what one mail after another becomes, in memory, without a thought for speed, text or storing. It shares no
code with `engine/`. What it leaves out: text and its cutting, tags, rules, notifications, alerts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tools.desk import APPROVALS, PUBLIC, ROLES, STATUSES, Desk
from tools.records import BECAME, Became, Entity, Mail, Who


def bare(title: str) -> str:
    """Without prefixes, case and spaces."""
    words = title.casefold().split()
    while words and words[0] in ("re:", "aw:", "fwd:"):
        words = words[1:]
    return " ".join(words)


class Model:
    """`take` one mail after another."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.known: list[Entity] = [Entity("task", number, owner) for number, owner in desk.tasks.items()]
        self.known += [Entity("project", number, owner) for number, owner in desk.projects.items()]
        self.taken: list[tuple[Mail, Became]] = []
        self.threads: dict[str, Entity] = {}
        self.brought: dict[str, str] = {}

    # --- 1 -------------------------------------------------------------------------------------------------------------

    def take(self, mail: Mail) -> Became | None:
        """None where it was processed before."""
        if any(one.mailbox == mail.mailbox and one.identity == mail.identity for one, _ in self.taken):
            return None
        became = self._taken_in(mail) or self._attributed(mail)
        if became.entity is not None and became.outcome in BECAME:
            self.threads.setdefault(mail.message_id, became.entity)
        self.taken.append((mail, became))
        return became

    def _taken_in(self, mail: Mail) -> Became | None:
        desk = self.desk
        if mail.private and desk.private == "ignore":
            return Became("ignored", "private")
        copies = [became for one, became in self.taken if one.identity == mail.identity and became.outcome in BECAME]
        if desk.several == "first" and copies:
            return Became("duplicate", "several_mailboxes", entity=copies[0].entity)
        if mail.sender.lower().startswith(("help@desk", "sales@desk")):
            return Became("ignored", "own_mail")
        policy = desk.automatic.get(mail.kind)
        if policy in ("ignore", "quarantine"):
            return Became("ignored" if policy == "ignore" else "quarantined", mail.kind)
        if desk.loop is None or mail.sender.lower() in desk.spared:
            return None
        alike = [
            one
            for one, became in self.taken
            if one.mailbox == mail.mailbox
            and abs(one.at - mail.at) < timedelta(minutes=desk.loop[1])
            and became.reason not in ("loop", "several_mailboxes")
            and (became.reason != "private" or desk.alike == ["sender"])  # of these no more is kept
            and all(_key(one, what) == _key(mail, what) for what in desk.alike)
        ]
        return Became("ignored", "loop") if len(alike) >= desk.loop[0] else None

    # --- 2 -------------------------------------------------------------------------------------------------------------

    def owners(self, domain: str) -> list[str]:
        while domain:
            found = [name for name, (domains, _, active) in self.desk.organizations.items() if active and domain in domains]
            if found:
                return found
            domain = domain.partition(".")[2]
        return []

    def _was_brought(self, address: str) -> bool:
        """Mail brought him, and the directory lists his address nowhere by now."""
        listed = any(
            active and self.desk.organizations[organization][2] and address in addresses
            for _, organization, addresses, active in self.desk.contacts
        )
        return address in self.brought and self.desk.organizations[self.brought[address]][2] and not listed

    def contacts(self, address: str) -> list[tuple[str, str]]:
        """Those at the nearest level, with their organizations."""
        owners = self.owners(address.partition("@")[2])
        at = [
            (level, name, organization)
            for name, organization, addresses, active in self.desk.contacts
            if active and self.desk.organizations[organization][2]
            for level, one in enumerate(addresses)
            if one == address
        ]
        if self._was_brought(address):
            at.append((0, address, self.brought[address]))
        for own in (True, False):
            for level in range(3):
                found = [(name, owner) for where, name, owner in at if where == level and (owner in owners) == own]
                if found:
                    return found
        return []

    def sender(self, mail: Mail, named: Entity | None) -> tuple[Who, str]:
        """(kind, id, organization), and how an unknown sender's organization was found."""
        address = mail.sender.lower()
        local, _, domain = address.partition("@")
        ambiguous = False
        for form in dict.fromkeys((address, f"{local.partition('+')[0]}@{domain}")):
            for place in (0, 1):
                for name, own, aliases, active in self.desk.resources:
                    if active and form in ([own] if place == 0 else aliases):
                        return ("resource", name, "desk"), ""
            found = self.contacts(form)
            if len(found) == 1:
                return ("contact", *found[0]), ""
            ambiguous = ambiguous or bool(found)
        if named is not None:
            return ("unknown", None, named.organization), "number"
        owners = self.owners(domain)
        if len(owners) == 1 and domain != PUBLIC:
            if self.desk.create_contact and not ambiguous and not mail.kind:
                return ("contact", address, owners[0]), "new"
            return ("unknown", None, owners[0]), "domain"
        return ("unknown", None, self.desk.unattributed), "unattributed"

    # --- 3 -------------------------------------------------------------------------------------------------------------

    def _attributed(self, mail: Mail) -> Became:
        named = next((one for number in mail.numbers for one in self.known if one.number == number), None)
        who, how = self.sender(mail, named)
        if who[2] == "none":
            return Became("refused", "unattributed")
        if (
            who[0] == "resource" and mail.forwarded and mail.kind != "auto_reply"
        ):  # the rule `attribute to forwarded sender`; nobody has authenticated that one
            passed_on = replace(mail, sender=mail.forwarded, verified=False)
            whose, found = self.sender(passed_on, named)
            if whose[2] != "none":
                mail, who, how = passed_on, whose, found
        target = named
        if target is None:
            answered = [*mail.in_reply_to, *reversed(mail.references)]
            target = next((self.threads[one] for one in answered if one in self.threads), None)
        remark = ""
        if target is not None and not self._may_write(mail, who, target):
            target, remark = None, f"names {target.number} {named is None}"
        if target is None and mail.kind and self.desk.automatic[mail.kind] == "note_or_ignore":
            return Became("ignored", mail.kind, who)
        became = self._added(mail, who, how, target) if target else self._opened(mail, who, how, remark, None)
        if how == "new" and became.outcome in ("created", "appended"):
            assert who[1] is not None
            self.brought[who[1]] = who[2]
        return became

    def _may_write(self, mail: Mail, who: Who, target: Entity) -> bool:
        kind, _, organization = who
        parent = self.desk.organizations[target.organization][1]
        his_own = target.kind == "ticket" and target.keys["sender"] == mail.sender.lower()
        return kind in ("resource", "unknown") or organization in (target.organization, parent) or his_own

    def _added(self, mail: Mail, who: Who, how: str, target: Entity) -> Became:
        said = self._indicators(mail, who, target)
        what = f"{target.kind}_{'time_entry' if 'T' in said and target.kind != 'project' else 'note'}"
        status, reopens, linked = (
            self._on_ticket(mail, who, target, said) if target.kind == "ticket" else (said.get("S"), False, False)
        )
        if linked:
            return self._opened(mail, who, how, f"answers {target.number}", target)
        if what not in self.desk.creates:
            what = what.replace("time_entry", "note")
        if what not in self.desk.creates:
            if "ticket" not in self.desk.creates:
                return Became("refused", "not_created_here", who)
            related = target if target.kind == "ticket" else None
            return self._opened(mail, who, how, f"about {target.number}", related)
        if status is not None:
            self._set(target, status, mail.at)
        if reopens:
            target.reopened.append(mail.at)
        target.approval = said.get("A", target.approval)
        return self._noted(mail, who, target, what)

    def _indicators(self, mail: Mail, who: Who, target: Entity) -> dict[str, str]:
        """Those that are obeyed: none where one of them is wrong."""
        said = mail.first if "T" in mail.first else {key: value for key, value in mail.first.items() if key == "A"}
        if who[0] != "resource" or target.kind == "project" or not self.desk.creates - {"ticket"}:
            return {}
        if self.desk.needs == "pass" and not (self.desk.trusts and mail.verified):
            return {}
        if f"{target.kind}_{'time_entry' if 'T' in said else 'note'}" not in self.desk.creates:
            return {}
        known = {"T": ("0.5", "0:30", "90m"), "R": ROLES, "S": STATUSES, "A": APPROVALS if target.kind == "ticket" else ()}
        return said if all(value in known[key] for key, value in said.items()) else {}

    def _on_ticket(self, mail: Mail, who: Who, ticket: Entity, said: dict[str, str]) -> tuple[str | None, bool, bool]:
        """(the status that is set, whether that reopens, whether a new ticket is opened instead)."""
        policy = self.desk.resource if who[0] == "resource" else self.desk.customer
        if mail.kind or self._is_doubtful(mail, who):
            return None, False, False
        if "S" in said:
            return said["S"], False, False
        if not STATUSES[ticket.status]:
            return policy.status, False, False
        assert ticket.completed is not None
        late = policy.within is not None and mail.at - ticket.completed > timedelta(hours=policy.within)
        if policy.reopen == "new_linked" or (policy.reopen and late):
            return None, False, not said  # time is booked where it was spent, and what was approved is meant
        lately = [one for one in ticket.reopened if one >= mail.at - timedelta(hours=1)]
        if not policy.reopen or len(lately) >= 3:
            return None, False, False
        return (policy.status if policy.status and not STATUSES[policy.status] else "New"), True, False

    def _set(self, target: Entity, status: str, at: datetime) -> None:
        target.completed = (target.completed or at) if STATUSES[status] else None
        target.status = status

    def _noted(self, mail: Mail, who: Who, target: Entity, what: str) -> Became:
        if who[0] == "unknown" or mail.kind == "auto_reply" or self._is_doubtful(mail, who):
            publish = "internal"
        else:
            publish = (self.desk.resource.publish or "all") if who[0] == "resource" else "all"
        domain = mail.sender.lower().partition("@")[2]
        stranger = who[0] == "unknown" and (domain == PUBLIC or target.organization not in self.owners(domain))
        publish = publish if target.kind == "ticket" else "internal"
        if (
            target.kind == "ticket"
            and not self._is_doubtful(mail, who)
            and not (stranger and target.keys["sender"] != mail.sender.lower())
        ):
            target.people |= self._people(mail, who, target)
        return Became("appended", None, who, what, target, publish)

    def _is_doubtful(self, mail: Mail, who: Who) -> bool:
        """Where it could be known that he is the resource, and is not."""
        return who[0] == "resource" and self.desk.trusts and self.desk.needs == "pass" and not mail.verified

    def _people(self, mail: Mail, who: Who, ticket: Entity) -> set[str]:
        """Who stands in Cc and is a contact of the ticket's organization."""
        found: set[str | None] = set()
        for address in mail.cc:
            levels = [
                (addresses.index(address), name)
                for name, organization, addresses, active in self.desk.contacts
                if active
                and organization == ticket.organization
                and self.desk.organizations[organization][2]
                and address in addresses
            ]
            levels += [(3, address)] * (self._was_brought(address) and self.brought[address] == ticket.organization)
            found |= {name for _, name in sorted(levels, key=lambda one: one[0])[:1]}
        return {one for one in found - {ticket.keys["contact"], who[1]} if one}

    # --- 3.3, 5 ----------------------------------------------------------------------------------------------------------

    def _opened(self, mail: Mail, who: Who, how: str, remark: str, related: Entity | None) -> Became:
        if "ticket" not in self.desk.creates:
            return Became("refused", "not_created_here", who)
        if mail.kind and self.desk.automatic[mail.kind] == "note_or_ignore":
            return Became("ignored", mail.kind, who)
        address, contact = mail.sender.lower(), who[1] if who[0] == "contact" else None
        keys = {
            "title": (bare(mail.title), tuple(mail.numbers)),
            "description": (mail.body, tuple(mail.first.items()), mail.forwarded, remark),
        }
        keys |= {"contact": contact, "sender": address}
        links = {related.number} if related else set()
        for criterion in self.desk.duplicates:
            found = self._duplicate(criterion, keys, who[2], address if how == "unattributed" else None, mail)
            if found is None:
                continue
            handling = criterion["when_complete" if STATUSES[found.status] else "when_open"]
            if handling["do"] == "discard":
                found.occurrences += handling.get("count", False)
                return Became("duplicate", "duplicate", who, None, found)
            if handling["do"] != "create" and "ticket_note" in self.desk.creates:
                found.occurrences += handling.get("count", False)
                if handling["do"] == "reopen" and not mail.kind:
                    found.reopened += [mail.at] * STATUSES[found.status]
                    self._set(found, handling["status"], mail.at)
                return self._noted(mail, who, found, "ticket_note")
            links |= {found.number} if handling.get("link") else set()
            break
        ticket = Entity("ticket", "", who[2], opened=mail.at, keys=keys, identity=mail.identity, related=links)
        ticket.people = self._people(mail, who, ticket)
        self.known.append(ticket)
        return Became("created", None, who, "ticket", ticket)

    def _duplicate(
        self, criterion: dict[str, Any], keys: dict[str, Any], organization: str, stranger: str | None, mail: Mail
    ) -> Entity | None:
        """The newest ticket of the organization that is alike; strangers only meet their own."""
        if mail.mailbox not in criterion.get("mailboxes", [mail.mailbox]) or not all(keys[one] for one in criterion["same"]):
            return None
        for ticket in reversed([one for one in self.known if one.kind == "ticket"]):
            assert ticket.opened is not None
            recent = criterion["within"] is None or mail.at - ticket.opened <= timedelta(minutes=criterion["within"])
            same = all(ticket.keys[one] == keys[one] for one in criterion["same"]) and ticket.identity != mail.identity
            if ticket.organization == organization and recent and same and stranger in (None, ticket.keys["sender"]):
                return ticket
        return None


def _key(mail: Mail, what: str) -> Any:
    match what:
        case "sender":
            return mail.sender.lower()
        case "subject":
            return bare(mail.title), tuple(mail.numbers)
        case _:
            return mail.body, tuple(mail.first.items()), mail.forwarded
