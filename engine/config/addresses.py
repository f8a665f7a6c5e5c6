"""Who has an address, worked out when the configuration is checked: a start asks no contact."""

from __future__ import annotations

from collections.abc import Mapping

from engine.config.people import Addresses, Contact, Organization


def addresses_of(contacts: Mapping[str, Contact], organizations: Mapping[str, Organization]) -> Addresses:
    primary: dict[str, str] = {}
    more: dict[str, list[tuple[int, str]]] = {}
    there = {one.id for one in organizations.values() if one.active}
    for contact in contacts.values():
        if contact.active and contact.organization in there:
            for level, address in enumerate(contact.emails):
                if address and (level or primary.setdefault(address, contact.id) != contact.id):
                    more.setdefault(address, []).append((level, contact.id))
    return Addresses(primary, {address: tuple(others) for address, others in more.items()})
