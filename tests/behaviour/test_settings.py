"""Statements of `behaviour.md` that hang on a key: the shipped configuration with one change, and a message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.config.load import load_config
from engine.config.model import SenderAuthentication
from engine.decide.authenticate import is_doubtful
from engine.decide.setup import prepare
from engine.entities import Sender
from engine.trial.case import read_cases
from engine.trial.run import Trials
from tests.edit import edit

HELP, SETTINGS, TAGS = "mailboxes/help.yaml", "settings.yaml", "tags.yaml"
DONE = {"number": "T20261101.0001", "organization": "olivar", "contact": "carmen", "status": "Done", "ago": "1 hour"}
REPLY = {"from": "carmen@olivar.example", "subject": "T20261101.0001", "body": "x"}
REOPEN = "from_customer: {status: Customer answered, reopen: true, reopen_within: 30 days}"
AUTHENTIC = {"Authentication-Results": "mx.harbourhill.example; dmarc=pass header.from=harbourhill.example"}

ONLINE = (
    "spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=harbourhill.example; dkim=pass (signature was verified)"
    " header.d=harbourhill.example;dmarc=pass action=none header.from=harbourhill.example;compauth=pass reason=100"
)
NOBODYS = "dkim=none (message not signed) header.d=none;dmarc=none action=none header.from=harbourhill.example;"
AUTH_AS = "X-MS-Exchange-Organization-AuthAs"
BY_RESOURCE = "from_resource: {publish: all, status: In progress, reopen: true}"
FROM_JOOST = {"from": "joost@harbourhill.example", "subject": "T20261101.0001", "body": "x"}
SMIME = {"Content-Type": "application/pkcs7-mime", "Content-Transfer-Encoding": "base64"}
ALERT = (
    "disk\n<Autotask><ID name='harbourhill'/><PW name='sample-only'/><Customer name='Olivar Hermanos S.L.'/>"
    "<TicketNumber name='{number}'/></Autotask>"
)
ACCEPTED = {"Content-Type": "text/calendar; charset=utf-8; method=REPLY"}

CASES: list[tuple[str, tuple[str, str, str], dict[str, Any], dict[str, Any]]] = [
    (
        "1.3 private mail can be processed",
        (SETTINGS, "private_mail: ignore", "private_mail: process"),
        {"message": {**REPLY, "subject": "x", "headers": {"Sensitivity": "Private"}}},
        {"outcome": "created"},
    ),
    *(
        (
            f"3.1 a number of a former form, former: [{former}]",
            (SETTINGS, "numbers: ", f"numbers:\n  former: [{former}]  "),
            {"given": {"tickets": [{**DONE, "number": "INC00017"}]}, "message": {**REPLY, "subject": "AW: [inc00017] VPN"}},
            {"outcome": outcome, "target": target},
        )
        for former, outcome, target in (("", "created", None), ("'INC{seq:05d}'", "appended", "INC00017"))
    ),
    *(
        (
            f"1.4 automatic_mail {kind}: {policy}",
            (SETTINGS, f"{kind}: {old}", f"{kind}: {policy}"),
            {"message": {"from": "maya@brightwater.example", "subject": "x", "body": "y", "headers": header}},
            {"outcome": outcome, "reason": reason},
        )
        for kind, old, header, policy, outcome, reason in (
            ("mailing_list", "process", {"List-Id": "<l.example>"}, "ignore", "ignored", "mailing_list"),
            ("mailing_list", "process", {"List-Id": "<l.example>"}, "process", "created", None),
            ("auto_generated", "process", {"Precedence": "bulk"}, "quarantine", "quarantined", "auto_generated"),
            ("auto_generated", "process", {"Precedence": "junk"}, "note_or_ignore", "ignored", "auto_generated"),
            ("auto_reply", "note_or_ignore", {"Auto-Submitted": "auto-replied"}, "process", "created", None),
            ("auto_reply", "note_or_ignore", {"X-Autoreply": "yes"}, "ignore", "ignored", "auto_reply"),
            ("bounce", "note_or_ignore", {"Return-Path": "<>"}, "quarantine", "quarantined", "bounce"),
        )
    ),
    *(
        (
            f"3.6 reopening sets an open status, whatever the mailbox says ({said})",
            (HELP, REOPEN, f"from_customer: {{{said}reopen: true}}"),
            {"given": {"tickets": [DONE]}, "message": REPLY},
            {"outcome": "appended", "ticket": {"status": "New", "completed_at": None}},
        )
        for said in ("", "status: Done, ")
    ),
    *(
        (
            f"7 a rule attributes to {to}: {subject}",
            (
                "workflow/10-intake.rules",
                'rule "',
                f'rule "whose"\n  priority 1\n  on message\n  then attribute to {to}\n\nrule "',
            ),
            {
                "given": {"tickets": [{"number": "T20261101.0001", "organization": "olivar", "status": "New"}]},
                "message": {"from": "x@nowhere.example", "cc": "carmen@olivar.example", "subject": subject, "body": "y"},
            },
            expect,
        )
        for to, subject, expect in (
            (
                "organization olivar",
                "x",
                {"ticket": {"organization": "olivar", "contact": None}, "sender": {"kind": "unknown", "via": "rule"}},
            ),
            (
                "organization olivar",
                "T20261101.0001",
                {
                    "entity": "ticket_note",
                    "note": {"author": "unknown", "publish": "internal"},
                    "ticket": {"additional_contacts": ["carmen"]},
                },
            ),
            ("contact carmen", "x", {"ticket": {"organization": "olivar", "contact": "carmen"}, "sender": {"kind": "contact"}}),
            ("contact carmen", "T20261101.0001", {"entity": "ticket_note", "note": {"author_id": "carmen", "publish": "all"}}),
            (
                "contact maya",
                "T20261101.0001",
                {"entity": "ticket", "ticket": {"organization": "brightwater", "contact": "maya"}},
            ),
        )
    ),
    (
        "4.3 over the limit of all together all attachments are left out",
        (SETTINGS, "attachments: 500 KB", "attachments: 300 KB"),
        {
            "message": {
                "from": "carmen@olivar.example",
                "subject": "x",
                "body": "y",
                "attachments": [{"name": name, "size": "160 KB"} for name in ("a.zip", "b.zip")],
            }
        },
        {"ticket": {"description": "y\n\n[Attachments left out, over 300 KB together: a.zip (160 KB), b.zip (160 KB)]"}},
    ),
    *(
        (
            f"3.4 a wrong indicator is a note, and its sender is told {who}",
            (HELP, "  failed: {to: [sender, postmaster@harbourhill.example], template: not-taken}\n", failed),
            {
                "given": {"tickets": [{**DONE, "status": "New"}]},
                "message": {**FROM_JOOST, "body": "#T=25\nx", "headers": AUTHENTIC},
            },
            {"outcome": "appended", "entity": "ticket_note", "notified": notified},
        )
        for who, failed, notified in (
            ("alone", "  failed: {to: [postmaster@harbourhill.example], template: not-taken}\n", ["joost@harbourhill.example"]),
            ("where the mailbox tells of failures", "  # of failures it tells nobody\n", []),
        )
    ),
    (
        "8 a mailbox tells whom it names",
        (
            HELP,
            "created: {to: [sender], ",
            'created: {to: [sender, contact, additional contacts, assigned resource, resource joost, "desk@harbourhill.example"], ',
        ),
        {"message": {"from": "carmen.ruiz@outlook.es", "cc": "pablo@olivar.example", "subject": "x", "body": "y"}},
        {
            "notified": [
                "carmen.ruiz@outlook.es",
                "carmen@olivar.example",
                "joost@harbourhill.example",
                "desk@harbourhill.example",
            ]
        },
    ),
    (
        "3.6 a new ticket has the mailbox's issue type",
        (HELP, "    priority: Normal\n", "    priority: Normal\n    issue_type: Devices\n    sub_issue_type: Laptop\n"),
        {"message": {"from": "carmen@olivar.example", "subject": "x", "body": "y"}},
        {"ticket": {"issue_type": "Devices", "sub_issue_type": "Laptop"}},
    ),
    *(
        (
            f"2 a domain beyond ASCII is one in both its forms ({listed}, {sender})",
            ("directory/organizations.csv", "olivar.example", listed),
            {"message": {"from": sender, "subject": "x", "body": "y"}},
            {"outcome": "created", "ticket": {"organization": "olivar"}},
        )
        for listed in ("müller.example", "xn--mller-kva.example")
        for sender in ("neu@müller.example", "neu@xn--mller-kva.example", "neu@büro.MÜLLER.example")
    ),
    *(
        (
            f"7 rules may ask for either form of a domain ({condition})",
            ("workflow/10-intake.rules", 'header "List-Unsubscribe" exists and not sender.known', condition),
            {"message": {"from": "neu@müller.example", "subject": "x", "body": "y"}},
            {"outcome": "ignored", "reason": "rule"},
        )
        for condition in (
            'sender.domain is "müller.example"',
            'sender.domain is "xn--mller-kva.example"',
            'sender.address ends with "@Müller.example"',
        )
    ),
    (
        "4.1 rules can tell encrypted mail",
        ("workflow/10-intake.rules", 'header "List-Unsubscribe" exists and not sender.known', "message.encrypted"),
        {"message": {"from": "maya@brightwater.example", "subject": "x", "body": "MA0GCSqGSIb3DQEHA6AA", "headers": SMIME}},
        {"outcome": "ignored", "reason": "rule"},
    ),
    (
        "4.1 rules can tell the answer to a meeting request",
        ("workflow/10-intake.rules", 'header "List-Unsubscribe" exists and not sender.known', 'message.calendar is "reply"'),
        {
            "message": {
                "from": "maya@brightwater.example",
                "subject": "Accepted: Visit",
                "body": "BEGIN:VCALENDAR",
                "headers": ACCEPTED,
            }
        },
        {"outcome": "ignored", "reason": "rule"},
    ),
    (
        "1.4 rules cannot answer automatic mail either",
        ("workflow/10-intake.rules", "list x", ""),
        {"message": {"from": "maya@brightwater.example", "subject": "x", "body": "y", "headers": {"Precedence": "bulk"}}},
        {"outcome": "created", "notified": []},
    ),
    (
        "1.5 alike is what the setting says",
        (SETTINGS, "alike: [sender, subject]", "alike: [sender]"),
        {
            "given": {"seen": [{"from": "carmen@olivar.example", "subject": one, "ago": "1 minute"} for one in ("a", "b")]},
            "message": {**REPLY, "subject": "c"},
        },
        {"outcome": "ignored", "reason": "loop"},
    ),
    *(
        (
            f"5 the ticket number in a token: {what}",
            ("duplicates.yaml", "same: [alert_id]", "same: [ticket_number]"),
            {
                "mailbox": "alerts",
                "given": {
                    "tickets": [
                        {"number": "T20261101.0001", "title": "x", "organization": organization, "status": "New", "ago": ago}
                    ]
                },
                "message": {"from": "m@harbourhill.example", "subject": "PROBLEM", "body": ALERT.format(number=number)},
            },
            expect,
        )
        for what, organization, ago, number, expect in (
            ("its customer's", "olivar", "6 days", "t20261101.0001", {"outcome": "appended", "target": "T20261101.0001"}),
            ("another customer's", "kessler", "1 day", "T20261101.0001", {"outcome": "created"}),
            ("too old", "olivar", "8 days", "T20261101.0001", {"outcome": "created"}),
            ("nobody's", "olivar", "1 day", "T20261101.0002", {"outcome": "created"}),
            ("none", "olivar", "1 day", "", {"outcome": "created"}),
        )
    ),
    *(
        (
            f"5 fields that are extracted are one ticket's: {devices}",
            ("duplicates.yaml", "same: [alert_id]", "same: [alert_id, device]"),
            {
                "mailbox": "alerts",
                "given": {
                    "tickets": [
                        {
                            "number": f"T20261101.000{n}",
                            "title": "x",
                            "organization": "olivar",
                            "status": "New",
                            "ago": "1 day",
                            "extracted": {"alert_id": f"oh-{n}", "device": device},
                        }
                        for n, device in enumerate(devices, 1)
                    ]
                },
                "message": {
                    "from": "m@harbourhill.example",
                    "subject": "PROBLEM",
                    "body": f"Alert: OH-1\nHost: SRV\n{ALERT.format(number='')}",
                },
            },
            expect,
        )
        for devices, expect in (
            (("srv", "other"), {"outcome": "appended", "target": "T20261101.0001"}),
            (("other", "srv"), {"outcome": "created"}),
        )
    ),
    *(
        (
            f"1.5 alike by the text: {body}",
            (SETTINGS, "alike: [sender, subject]", "alike: [sender, subject, body]"),
            {
                "given": {
                    "seen": [
                        {"from": "carmen@olivar.example", "subject": "a", "body": "It is\nBROKEN", "ago": "1 minute"}
                        for _ in range(2)
                    ]
                },
                "message": {"from": "carmen@olivar.example", "subject": "a", "body": body},
            },
            expect,
        )
        for body, expect in (
            ("it is broken", {"outcome": "ignored", "reason": "loop"}),
            ("it is mended", {"outcome": "created", "reason": None}),
        )
    ),
    (
        "2.4 without create_contact nobody becomes one",
        (HELP, "create_contact: true", "create_contact: false"),
        {"message": {"from": "New <new@olivar.example>", "subject": "x", "body": "y"}},
        {"sender": {"kind": "unknown", "organization": "olivar"}},
    ),
    (
        "2.4 a domain that the administrator adds to the public ones says nothing",
        (SETTINGS, "private_mail: ignore", "private_mail: ignore\npublic_domains: [olivar.example]"),
        {"message": {"from": "new@olivar.example", "subject": "x", "body": "y"}},
        {"sender": {"kind": "unknown", "organization": "harbourhill"}},
    ),
    (
        "2.5 with none an unknown sender is refused with the notice",
        (SETTINGS, "unattributed: harbourhill ", "unattributed: none "),
        {"message": {"from": "who@nowhere.example", "subject": "x", "body": "y"}},
        {"outcome": "refused", "reason": "unattributed", "notified": ["who@nowhere.example", "postmaster@harbourhill.example"]},
    ),
    (
        "2.2 several contacts with one address: the one whose organization owns the domain",
        ("directory/contacts.csv", "julien,lumiere", "twin,lumiere,T,W,carmen@olivar.example,,,yes\njulien,lumiere"),
        {"message": {**REPLY, "subject": "x"}},
        {"sender": {"kind": "contact", "id": "carmen", "organization": "olivar"}},
    ),
    (
        "2.2 several contacts at one level are ambiguous: unknown, and the organization of the domain",
        ("directory/contacts.csv", "julien,lumiere", "twin,olivar,T,W,carmen@olivar.example,,,yes\njulien,lumiere"),
        {"message": {**REPLY, "subject": "x"}},
        {"sender": {"kind": "unknown"}},
    ),
    (
        "2.1 several resources with one address: the first in the file",
        ("directory/resources.csv", "oncall,", "double,D,lotte@harbourhill.example,,Engineer,yes\noncall,"),
        {"message": {"from": "lotte@harbourhill.example", "subject": "x", "body": "y"}},
        {"sender": {"kind": "resource", "id": "lotte"}},
    ),
    (
        "3.4 with indicators_need none every resource may book",
        (SETTINGS, "indicators_need: pass", "indicators_need: none"),
        {
            "given": {"tickets": [{**DONE, "status": "New"}]},
            "message": {"from": "joost@harbourhill.example", "subject": "T20261101.0001", "body": "#T=1\nx"},
        },
        {"entity": "ticket_time_entry", "time_entry": {"hours": 1.0, "summary": "x"}},
    ),
    *(
        (
            f"3.6 a new ticket has the mailbox's defaults ({old} becomes {new})",
            (HELP, old, new),
            {"given": {"now": "2026-11-02T10:00:00Z"}, "message": {**REPLY, "subject": "Scanner"}},
            {"ticket": ticket},
        )
        for old, new, ticket in (
            (
                "due: 8 hours\n    create_contact",
                "create_contact",
                {"due_at": None, "completed_at": None, "issue_type": None, "assigned": None},
            ),
            ("due: 8 hours", "due: 90 minutes", {"due_at": "2026-11-02T11:30:00Z"}),
            ("status: New", "status: Done", {"status": "Done", "completed_at": "2026-11-02T10:00:00Z"}),
            (
                "source: Email",
                "source: Email\n    issue_type: Devices\n    sub_issue_type: Phone\n    assigned: lotte",
                {"issue_type": "Devices", "sub_issue_type": "Phone", "assigned": "lotte"},
            ),
        )
    ),
    (
        "3.6 a resource's note is published as all notes are, where from_resource does not say",
        (HELP, "from_resource: {publish: internal}", "from_resource: {status: In progress}"),
        {"given": {"tickets": [{**DONE, "status": "New"}]}, "message": {**FROM_JOOST, "headers": AUTHENTIC}},
        {"note": {"publish": "all"}, "ticket": {"status": "In progress"}},
    ),
    *(
        (
            f"5 a token's sub-issue type {named}",
            ("mailboxes/alerts.yaml", "source: Monitoring", "issue_type: Devices, sub_issue_type: Phone, source: Monitoring"),
            {
                "mailbox": "alerts",
                "message": {
                    "from": "m@x.example",
                    "subject": "PROBLEM",
                    "body": ALERT.replace("<TicketNumber name='{number}'/>", f"<SubIssue name='{named}'/>"),
                },
            },
            {"ticket": {"issue_type": issue, "sub_issue_type": sub}},
        )
        for named, issue, sub in (
            ("wi-fi", "Connectivity", "Wi-Fi"),
            ("nobody knows it", "Devices", "Phone"),
            ("", "Devices", "Phone"),
        )
    ),
    *(
        (
            f"3.7 who has an address of {domain}, which the customer lists, brings {brought or 'nobody'} to a ticket",
            ("directory/organizations.csv", "brightwater.example", f"brightwater.example;{domain}"),
            {
                "given": {"tickets": [{**DONE, "organization": "brightwater", "contact": "maya", "status": "New"}]},
                "message": {
                    "from": f"somebody@{domain}",
                    "cc": "peter@brightwater.example",
                    "subject": DONE["number"],
                    "body": "x",
                },
            },
            {"target": DONE["number"], "ticket": {"additional_contacts": brought}},
        )
        for domain, brought in (("brightwater-labs.example", ["peter"]), ("gmail.com", []))
    ),
    *(
        (
            f"3.6 indicators are for the ticket that they name, also where it is complete and mail opens a new one ({line})",
            (HELP, "from_resource: {publish: internal}", "from_resource: {reopen: new_linked}"),
            {"given": {"tickets": [DONE]}, "message": {**FROM_JOOST, "headers": AUTHENTIC, "body": f"{line}\nx"}},
            {"entity": entity, "related": related},
        )
        for line, entity, related in (
            ("#T=1", "ticket_time_entry", []),
            ("#A=Approved", "ticket_note", []),
            ("#T=99", "ticket", [DONE["number"]]),
            ("x", "ticket", [DONE["number"]]),
        )
    ),
    *(
        (
            f"3.6 from_resource is for an authenticated one ({status}, {headers})",
            (HELP, "from_resource: {publish: internal}", BY_RESOURCE),
            {"given": {"tickets": [{**DONE, "status": status}]}, "message": {**FROM_JOOST, "headers": headers}},
            {"entity": "ticket_note", "note": {"publish": publish}, "ticket": {"status": becomes}},
        )
        for status, headers, publish, becomes in (
            ("New", AUTHENTIC, "all", "In progress"),
            ("New", {}, "internal", "New"),
            ("Done", AUTHENTIC, "all", "In progress"),
            ("Done", {}, "internal", "Done"),
        )
    ),
    (
        "3.4 on_fail quarantine holds back who failed authentication",
        (SETTINGS, "on_fail: flag", "on_fail: quarantine"),
        {
            "message": {
                **REPLY,
                "headers": {"Authentication-Results": "mx.harbourhill.example; dmarc=fail header.from=olivar.example"},
            }
        },
        {"outcome": "quarantined", "reason": "unauthenticated", "notified": ["postmaster@harbourhill.example"]},
    ),
    *(
        (
            f"3.4 trust: [{trust}], headers {number}",
            (SETTINGS, "trust: [mx.harbourhill.example]", f"trust: [{trust}]"),
            {
                "given": {"tickets": [{**DONE, "status": "New"}]},
                "message": {**FROM_JOOST, "body": "#T=1\nx", "headers": headers},
            },
            {"entity": "ticket_time_entry" if books else "ticket_note"},
        )
        for number, (trust, headers, books) in enumerate(
            (
                ("exchange-online", {"Authentication-Results": ONLINE}, True),
                ("Exchange-Online", {"Authentication-Results": ONLINE}, True),
                ("exchange-online", {"Authentication-Results": [NOBODYS, ONLINE]}, False),
                ("exchange-online", {"Authentication-Results": ONLINE.replace("harbourhill", "evil")}, False),
                (
                    "exchange-online",
                    {"Authentication-Results": "exchange-online; dmarc=pass header.from=harbourhill.example"},
                    False,
                ),
                ("exchange-online", {"Authentication-Results": NOBODYS, AUTH_AS: "Internal"}, True),
                ("exchange-online", {"Authentication-Results": NOBODYS, AUTH_AS: "Anonymous"}, False),
                ("exchange-online", {"Authentication-Results": NOBODYS, AUTH_AS: ["Internal", "Anonymous"]}, False),
                (
                    "exchange-online",
                    {"Authentication-Results": "dmarc=fail header.from=harbourhill.example", AUTH_AS: "Internal"},
                    False,
                ),
                ("exchange", {AUTH_AS: "Internal"}, True),
                ("exchange", {"Authentication-Results": ONLINE}, False),
                ("exchange", {"Authentication-Results": "exchange; dmarc=pass header.from=harbourhill.example"}, False),
                ("mx.harbourhill.example", {"Authentication-Results": ONLINE}, False),
                ("mx.harbourhill.example", {AUTH_AS: "Internal"}, False),
            )
        )
    ),
    (
        "3.4 on_fail process authenticates nobody who failed",
        (SETTINGS, "on_fail: flag", "on_fail: process"),
        {
            "given": {"tickets": [{**DONE, "status": "New"}]},
            "message": {
                **FROM_JOOST,
                "body": "#T=1\nx",
                "headers": {"Authentication-Results": "mx.harbourhill.example; dmarc=fail header.from=harbourhill.example"},
            },
        },
        {"entity": "ticket_note", "note": {"description": "#T=1\nx"}},
    ),
    (
        "3.5 a mailbox that makes tickets only gives a reply a ticket that names the number",
        (
            HELP,
            "creates: [ticket, ticket_note, ticket_time_entry, project_note, task_note, task_time_entry]",
            "creates: [ticket]",
        ),
        {"given": {"tickets": [{**DONE, "status": "New"}]}, "message": REPLY},
        {"outcome": "created", "entity": "ticket"},
    ),
    (
        "3.5 a mailbox that makes notes only refuses what would be a ticket",
        (
            HELP,
            "creates: [ticket, ticket_note, ticket_time_entry, project_note, task_note, task_time_entry]",
            "creates: [ticket_note]",
        ),
        {"message": {**REPLY, "subject": "x"}},
        {"outcome": "refused", "reason": "not_created_here"},
    ),
    (
        "3.5 a time entry that a mailbox may not make becomes a note",
        (
            HELP,
            "creates: [ticket, ticket_note, ticket_time_entry, project_note, task_note, task_time_entry]",
            "creates: [ticket, ticket_note]",
        ),
        {
            "given": {"tickets": [{**DONE, "status": "New"}]},
            "message": {
                "from": "joost@harbourhill.example",
                "subject": "T20261101.0001",
                "body": "#T=1\nx",
                "headers": AUTHENTIC,
            },
        },
        {
            "entity": "ticket_note",
            "note": {"description": "#T=1\nx\n\n[Nothing was booked or set: this mailbox takes no time entries.]"},
            "ticket": {"status": "New"},
            "notified": ["joost@harbourhill.example"],
        },
    ),
    (
        "3.5 neither on a task is time lost without a word",
        (
            HELP,
            "creates: [ticket, ticket_note, ticket_time_entry, project_note, task_note, task_time_entry]",
            "creates: [ticket, ticket_note, ticket_time_entry, task_note]",
        ),
        {
            "message": {
                "from": "joost@harbourhill.example",
                "subject": "T20260901.0701",
                "body": "#T=1\nx",
                "headers": AUTHENTIC,
            },
        },
        {
            "entity": "task_note",
            "note": {"description": "#T=1\nx\n\n[Nothing was booked or set: this mailbox takes no time entries.]"},
            "notified": ["joost@harbourhill.example"],
        },
    ),
    (
        "3.5 an approval that a mailbox does not take is not lost either",
        (
            HELP,
            "creates: [ticket, ticket_note, ticket_time_entry, project_note, task_note, task_time_entry]",
            "creates: [ticket, ticket_time_entry]",
        ),
        {
            "given": {"tickets": [{**DONE, "status": "New"}]},
            "message": {
                "from": "joost@harbourhill.example",
                "subject": "T20261101.0001",
                "body": "#A=Approved",
                "headers": AUTHENTIC,
            },
        },
        {
            "entity": "ticket",
            "ticket": {
                "description": "#A=Approved\n\n[This message is about T20261101.0001.]\n"
                "[Nothing was booked or set: this mailbox takes no notes.]"
            },
            "notified": ["joost@harbourhill.example"],
        },
    ),
    (
        "3.5 nor where the mailbox makes a ticket of it",
        (
            HELP,
            "creates: [ticket, ticket_note, ticket_time_entry, project_note, task_note, task_time_entry]",
            "creates: [ticket, ticket_note, ticket_time_entry]",
        ),
        {
            "message": {
                "from": "joost@harbourhill.example",
                "subject": "T20260901.0701",
                "body": "#T=1\nx",
                "headers": AUTHENTIC,
            },
        },
        {
            "entity": "ticket",
            "ticket": {
                "description": "#T=1\nx\n\n[This message is about T20260901.0701.]\n"
                "[Nothing was booked or set: this mailbox takes no time entries.]"
            },
            "notified": ["joost@harbourhill.example"],
        },
    ),
    *(
        (
            f"7 thanks open nothing again ({status}: {body[:5]})",
            (
                "workflow/10-intake.rules",
                'rule "',
                'rule "thanks"\n  on ticket note created\n  when ticket.reopened and note.description matches /^thanks.{0,20}$/is\n'
                '  then set status to "Done"\n\nrule "told"\n  on ticket updated\n  when ticket.reopened\n  then add tag "VPN"\n\nrule "',
            ),
            {"given": {"tickets": [DONE | {"status": status}]}, "message": REPLY | {"body": body}},
            {"outcome": "appended", "ticket": {"status": after}, "tags": tags, "fired": fired},
        )
        for status, body, after, tags, fired in (
            ("Done", "Thanks!\n\nCarmen", "Done", [], ["thanks"]),
            ("Done", "Thanks, but it is broken again", "Customer answered", ["VPN"], ["told"]),
            ("In progress", "Thanks!", "Customer answered", [], []),
            ("Customer answered", "Thanks!", "Customer answered", [], []),
        )
    ),
    (
        "3.6 reopen false adds the note and leaves the ticket complete",
        (HELP, REOPEN, "from_customer: {status: Customer answered, reopen: false}"),
        {"given": {"tickets": [DONE]}, "message": REPLY},
        {"outcome": "appended", "ticket": {"status": "Done"}},
    ),
    (
        "3.6 reopen new_linked opens a related ticket",
        (HELP, REOPEN, "from_customer: {status: Customer answered, reopen: new_linked}"),
        {"given": {"tickets": [DONE]}, "message": REPLY},
        {"outcome": "created", "entity": "ticket", "ticket": {"status": "New"}, "related": [DONE["number"]]},
    ),
    (
        "3.6 an open ticket gets the status for a customer's reply",
        (HELP, REOPEN, "from_customer: {status: Customer answered, reopen: false}"),
        {"given": {"tickets": [{**DONE, "status": "New"}]}, "message": REPLY},
        {"ticket": {"status": "Customer answered"}},
    ),
    (
        "3.6 a note of a customer is always visible to that customer",
        (HELP, "publish: all\n", "publish: internal\n"),
        {"given": {"tickets": [{**DONE, "status": "New"}]}, "message": REPLY},
        {"note": {"publish": "all", "author": "contact"}},
    ),
    (
        "4.2 signatures keep leaves the quotation in the note",
        (SETTINGS, "signatures: strip", "signatures: keep"),
        {"given": {"tickets": [{**DONE, "status": "New"}]}, "message": {**REPLY, "body": "Yes.\n\n> old text"}},
        {"note": {"description": "Yes.\n\n> old text"}},
    ),
    (
        "4.3 a description that is cut says so",
        (SETTINGS, "description: 6000 characters", "description: 100 characters"),
        {"message": {**REPLY, "subject": "x", "body": "word " * 60}},
        {"outcome": "created"},
    ),
    (
        "6 over most_per_ticket those found most often stay, the mailbox's own first",
        (TAGS, "most_per_ticket: 10", "most_per_ticket: 2"),
        {"message": {**REPLY, "subject": "x", "body": "toner toner vpn vpn vpn passwort"}},
        {"tags": ["VPN", "Printer"]},
    ),
    (
        "6 labels and aliases shorter than the shortest never match",
        (TAGS, "shortest: 3 characters", "shortest: 4 characters"),
        {"message": {**REPLY, "subject": "VPN", "body": "x"}},
        {"tags": []},
    ),
    (
        "5 a duplicate that is discarded has the outcome duplicate",
        ("duplicates.yaml", "within: 30 minutes", "within: 3 hours"),
        {
            "given": {"tickets": [{**DONE, "status": "New", "title": "VPN", "description": "x"}]},
            "message": {**REPLY, "subject": "Re: vpn", "body": "x"},
        },
        {"outcome": "duplicate", "notified": []},
    ),
    (
        "5 for a complete ticket create with link relates the two",
        ("duplicates.yaml", "within: 30 minutes", "within: 1 minute"),
        {"given": {"tickets": [{**DONE, "title": "Printer is broken"}]}, "message": {**REPLY, "subject": "printer is broken!"}},
        {"outcome": "created"},
    ),
    (
        "8 noted does not tell the contact what is internal",
        (HELP, "  failed: {to: [sender", "  noted: {to: [contact], template: customer-wrote}\n  failed: {to: [sender"),
        {"given": {"tickets": [{**DONE, "status": "New"}]}, "message": {**REPLY, "from": "joe@gmail.com"}},
        {"outcome": "appended", "notified": []},
    ),
    (
        "8 noted tells of a note",
        (HELP, "  failed: {to: [sender", "  noted: {to: [contact], template: customer-wrote}\n  failed: {to: [sender"),
        {
            "given": {"tickets": [{**DONE, "status": "New", "organization": "brightwater", "contact": "maya"}]},
            "message": {"from": "peter@brightwater.example", "subject": "T20261101.0001", "body": "x"},
        },
        {"outcome": "appended", "notified": ["maya@brightwater.example"]},
    ),
    (
        "8 a resource, an address and the assigned one can be told",
        (
            HELP,
            "created: {to: [sender]",
            'created: {to: [sender, "resource joost", "desk@harbourhill.example", assigned resource]',
        ),
        {"message": {**REPLY, "subject": "VPN"}},
        {"notified": ["carmen@olivar.example", "joost@harbourhill.example", "desk@harbourhill.example"]},
    ),
    (
        "8 never to ourselves",
        (HELP, "created: {to: [sender]", 'created: {to: [sender, "support@harbourhill.example"]'),
        {"message": {**REPLY, "subject": "x"}},
        {"notified": ["carmen@olivar.example"]},
    ),
]


@pytest.mark.parametrize(("name", "change", "given", "expect"), CASES, ids=[case[0] for case in CASES])
def test_a_key_does_what_it_says(
    name: str, change: tuple[str, str, str], given: dict[str, Any], expect: dict[str, Any], rules: Path, tmp_path: Path
) -> None:
    file, old, new = change
    if new:
        edit(rules / file, old, new)
    path = tmp_path / "case.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "tests": [{"name": name, "mailbox": "help", **given, "expect": expect}]}))
    (case,) = read_cases([path])
    result = Trials(prepare(load_config(rules))).run(case)
    trace = "\n".join(f"{step.step}: {step.found}" for step in result.decision.trace)
    assert result.passed, f"{[(one.what, one.expected, one.found) for one in result.differences]}\n{trace}"


def test_3_5_edition_basic_makes_tickets_only(rules: Path, tmp_path: Path) -> None:
    settings = (rules / SETTINGS).read_text().replace("edition: unlimited", "edition: basic")
    (rules / SETTINGS).write_text(settings)
    with (rules / "mailboxes/priority.yaml").open("a") as file:
        file.write("active: false\n")
    path = tmp_path / "case.yaml"
    given = {"tickets": [{**DONE, "status": "New"}]}
    test = {
        "name": "x",
        "mailbox": "help",
        "given": given,
        "message": REPLY,
        "expect": {"outcome": "created", "entity": "ticket"},
    }
    path.write_text(yaml.safe_dump({"version": 1, "tests": [test]}))
    (case,) = read_cases([path])
    result = Trials(prepare(load_config(rules))).run(case)
    assert result.passed, result.differences


def test_4_3_a_cut_description_says_so(rules: Path, tmp_path: Path) -> None:
    text = (rules / SETTINGS).read_text().replace("description: 6000 characters", "description: 100 characters")
    (rules / SETTINGS).write_text(text)
    path = tmp_path / "case.yaml"
    test = {
        "name": "x",
        "mailbox": "help",
        "message": {**REPLY, "subject": "x", "body": "word " * 60},
        "expect": {"outcome": "created"},
    }
    path.write_text(yaml.safe_dump({"version": 1, "tests": [test]}))
    (case,) = read_cases([path])
    ticket = Trials(prepare(load_config(rules))).run(case).decision.ticket
    assert ticket is not None and len(ticket.description) <= 100 and "cut" in ticket.description


@pytest.mark.parametrize(
    ("kind", "authenticated", "trust", "need", "doubtful"),
    [
        ("resource", False, {"mx.harbourhill.example"}, "pass", True),
        ("resource", True, {"mx.harbourhill.example"}, "pass", False),
        ("contact", False, {"mx.harbourhill.example"}, "pass", False),
        ("resource", False, {"mx.harbourhill.example"}, "none", False),
        ("resource", False, set(), "pass", False),
    ],
)
def test_a_resource_is_doubted_where_it_could_be_known_that_he_is_one(
    kind: Any, authenticated: bool, trust: set[str], need: Any, doubtful: bool
) -> None:
    sender = Sender(kind, "joost", "harbourhill", "address", "joost@harbourhill.example", "Joost", authenticated)
    assert is_doubtful(sender, SenderAuthentication(frozenset(trust), need, "flag")) is doubtful
