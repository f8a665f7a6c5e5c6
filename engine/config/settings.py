"""`settings.yaml`, validated, to `Settings`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from engine.addresses import comparable
from engine.config.business import WEEKDAYS, BusinessHours, parse_hours
from engine.config.connections import ExchangeTls, Expectations, FolderSending, NotificationLimit, SmtpSending
from engine.config.document import Document
from engine.config.model import EXCHANGES, AutomaticPolicy, Limits, LoopProtection, SenderAuthentication, Settings
from engine.config.numbers import NumberForm
from engine.errors import Problem
from engine.quantity import parse_characters, parse_duration, parse_size

AUTOMATIC_DEFAULTS: dict[str, AutomaticPolicy] = {
    "bounce": "note_or_ignore",
    "auto_reply": "note_or_ignore",
    "feedback_report": "ignore",
    "mailing_list": "process",
    "auto_generated": "process",
}
NOTIFICATION_LIMITS: list[dict[str, Any]] = [
    {"messages": 10, "within": "15 minutes"},
    {"messages": 30, "within": "3 hours"},
    {"messages": 60, "within": "1 day"},
]
_PORTS = {"starttls": 587, "implicit": 465, "none": 25}


def build_settings(document: Document) -> Settings:
    data = document.data
    limits = data.get("limits", {})
    loop = data.get("loop_protection")
    authentication = data.get("sender_authentication", {})
    unattributed = data["organizations"]["unattributed"]
    return Settings(
        name=data["name"],
        timezone=_timezone(document),
        edition=data.get("edition", "unlimited"),
        several_mailboxes=data.get("several_mailboxes", "each"),
        local_organization=data["organizations"]["local"],
        unattributed=None if unattributed == "none" else unattributed,
        public_domains=frozenset(map(comparable, data.get("public_domains", []))),
        numbers={kind: _number_form(document, kind) for kind in ("ticket", "task", "project")},
        former_numbers=tuple(_former_numbers(document)),
        limits=Limits(
            message=parse_size(limits.get("message", "30 MB")),
            attachment=parse_size(limits.get("attachment", "5 MB")),
            attachments=parse_size(limits.get("attachments", "10 MB")),
            title=parse_characters(limits.get("title", "250 characters")),
            description=parse_characters(limits.get("description", "8000 characters")),
        ),
        loop_protection=loop
        and LoopProtection(
            messages=loop["messages"],
            window=parse_duration(loop["window"]),
            alike=tuple(loop.get("alike", ["sender", "subject"])),
            exempt=frozenset(map(comparable, loop.get("except", []))),
        ),
        automatic_mail={**AUTOMATIC_DEFAULTS, **data.get("automatic_mail", {})},
        sender_authentication=SenderAuthentication(
            trust=_trusted(document),
            indicators_need=authentication.get("indicators_need", "pass"),
            on_fail=authentication.get("on_fail", "flag"),
        ),
        private_mail=data.get("private_mail", "ignore"),
        signatures=data.get("signatures", "strip"),
        business_hours=_business_hours(document),
        sending=_sending(data.get("sending", {})),
        give_up=parse_duration(data.get("sending", {}).get("give_up", "2 days")),
        notification_limits=tuple(
            NotificationLimit(limit["messages"], parse_duration(limit["within"]))
            for limit in data.get("notification_limits", NOTIFICATION_LIMITS)
        ),
        exchange=_exchange(data.get("exchange", {})),
        expectations=Expectations(
            slow=parse_duration(data.get("expectations", {}).get("slow", "10 minutes")),
            late=parse_duration(data.get("expectations", {}).get("late", "30 minutes")),
        ),
        positions={".".join(map(str, path)): position for path, position in document.values.items() if 0 < len(path) <= 2},
    )


def _timezone(document: Document, *, report: bool = True) -> ZoneInfo:
    name = document.data.get("timezone", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if report:
            where = document.where("timezone")
            document.problems.append(Problem(where, f"unknown time zone '{name}'", _zone_meant(name)))
        return ZoneInfo("UTC")


def _zone_meant(name: str) -> str:
    """A town without its continent, or a name that is misspelt. `Etc/GMT+1` is an hour behind, which nobody means."""
    zones = {zone.casefold(): zone for zone in sorted(available_timezones()) if "/" in zone and not zone.startswith("Etc/")}
    towns = {zone.rpartition("/")[2]: zone for zone in zones}
    word = "_".join(name.casefold().split())
    near = word if word in zones else towns.get(word) or next(iter(get_close_matches(word, zones, n=1, cutoff=0.8)), None)
    return f"did you mean '{zones[near]}'?" if near else "write an IANA name such as Europe/Madrid"


def _trusted(document: Document) -> frozenset[str]:
    """Hosts in small letters. A word for Exchange that is written in another way would be a host that nobody has."""
    hosts = [host.lower() for host in document.data.get("sender_authentication", {}).get("trust", [])]
    words = {word.replace("-", ""): word for word in EXCHANGES}
    for index, host in enumerate(hosts):
        meant = words.get(re.sub("[-_ ]", "", host))
        if meant not in (None, host):
            where = document.where("sender_authentication", "trust", index)
            document.problems.append(Problem(where, f"'{host}' is no mail server", f"did you mean '{meant}'?"))
    return frozenset(hosts)


_NUMBERS = {
    "ticket": "T{date:%Y%m%d}.{seq:04d}",
    "task": "T{date:%Y%m%d}.{seq:04d}",
    "project": "P{date:%Y%m%d}.{seq:04d}",
}


def _number_form(document: Document, kind: str) -> NumberForm:
    found = _form(document, document.data.get("numbers", {}).get(kind, _NUMBERS[kind]), kind)
    return found or NumberForm.parse(_NUMBERS[kind])


def _former_numbers(document: Document) -> Iterator[NumberForm]:
    for index, form in enumerate(document.data.get("numbers", {}).get("former", [])):
        if found := _form(document, form, "former", index):
            yield found


def _form(document: Document, form: str, *path: str | int) -> NumberForm | None:
    try:
        return NumberForm.parse(form)
    except ValueError as error:
        what, _, fix = str(error).partition("; ")
        document.problems.append(Problem(document.where("numbers", *path), what, fix))
        return None


def _business_hours(document: Document) -> BusinessHours | None:
    data = document.data.get("business_hours")
    if data is None:
        return None
    hours, holidays = {}, set()
    for number, name in enumerate(WEEKDAYS):
        if name in data:
            try:
                hours[number] = parse_hours(data[name])
            except ValueError as error:
                where = document.where("business_hours", name)
                document.problems.append(Problem(where, f"{name}: {error}", "write spans such as 08:30-17:30, in order"))
    for index, day in enumerate(data.get("holidays", ())):
        try:
            holidays.add(date.fromisoformat(day))
        except ValueError:
            where = document.where("business_hours", "holidays", index)
            document.problems.append(Problem(where, f"there is no day {day}", "write one such as 2026-12-25"))
    if not any(name in data for name in WEEKDAYS):
        where = document.where("business_hours")
        document.problems.append(Problem(where, "no weekday has hours", "add one, such as monday: 08:30-17:30"))
    return BusinessHours(hours, frozenset(holidays), _timezone(document, report=False))


def _exchange(data: dict[str, Any]) -> ExchangeTls:
    verify = data.get("verify") != "no, anybody between may read and change our mail"
    return ExchangeTls(data.get("ca_file"), verify, parse_duration(data.get("timeout", "60 seconds")))


def _sending(data: dict[str, Any]) -> SmtpSending | FolderSending | None:
    if "folder" in data:
        return FolderSending(Path(data["folder"]))
    if "smtp" not in data:
        return None
    smtp = data["smtp"]
    tls = smtp.get("tls", "starttls")
    return SmtpSending(
        host=smtp["host"],
        port=smtp.get("port", _PORTS[tls]),
        tls=tls,
        ca_file=smtp.get("ca_file"),
        username=smtp.get("username"),
        password=smtp.get("password"),
        timeout=parse_duration(smtp.get("timeout", "30 seconds")),
    )
