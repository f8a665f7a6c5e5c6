"""In which language somebody is written to, as the directory says."""

from __future__ import annotations

from engine.decide.setup import Setup
from engine.rules.facts import Facts


def language_of(address: str, facts: Facts, setup: Setup) -> str:
    """His own, else that of his organization or of the nearest above it that has one; empty where nothing says so.

    A stranger's is not that of a number that he named: it would tell him whose it is.
    """
    directory, sender, ticket = setup.config.directory, facts.sender, facts.ticket
    organization = None
    if sender is not None and sender.address == address:
        person = directory.resources.get(sender.id or "") if sender.kind == "resource" else None
        contact = directory.contacts.get(sender.id or "") if sender.kind == "contact" else None
        organization = None if sender.via in ("unattributed", "number") else sender.organization
    else:
        person = setup.book.resources.get(address)
        nearest = setup.book.nearest(address)
        contact = nearest.contacts[0] if nearest is not None and len(nearest.contacts) == 1 else None
        if ticket is not None and address in (ticket.contact, *ticket.additional_contacts):
            organization = ticket.organization  # mail brought him: his id is his address
    if person is not None:
        return person.language
    if contact is not None:
        return contact.language or directory.language_of(contact.organization)
    return directory.language_of(organization)
