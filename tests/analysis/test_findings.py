"""One planted fault each: found, with its code, in its line; and none on what is clean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.analysis.catalog import CODES
from engine.analysis.report import analyse
from engine.config.load import load_config
from tests.edit import edit

ROOT = Path(__file__).resolve().parents[2]
NEW = "workflow/90-new.rules"
NTLM = "auth: ntlm\n    username: ${env:HELP_USER}\n    password: ${env:HELP_PASSWORD}"
A = 'rule "A"\n  on ticket created\n  when subject contains "x" and organization is "olivar"\n  then {}\n'
B = 'rule "B"\n  on ticket created\n  when organization is "olivar" and subject contains "x"\n  then {}\n'


def one(condition: str, event: str = "ticket created", action: str = 'add tag "VPN"') -> str:
    return f'rule "A"\n  on {event}\n  when {condition}\n  then {action}\n'


# (code, line, text of workflow/90-new.rules)
RULES = [
    *(
        ("PR101", 3, one(condition, "ticket note created"))
        for condition in (
            'status is "New" and status is "Done"',
            'status is "New" and status is not "New"',
            'status in ("New", "Done") and status is "In progress"',
            'status is "New" and ticket.complete',
            "sender.kind is resource and not sender.known",
            'subject contains "abc" and subject does not contain "b"',
            'subject is "abc" and subject starts with "b"',
            'subject starts with "a" and subject starts with "b"',
            'subject is empty and subject contains "x"',
            "message.size > 5 MB and message.size < 1 MB",
            "message.time > 18:00 and message.time < 08:00",
            "message.received > 2026-02-01 and message.received < 2026-01-01",
            "ticket.age > 2 days and ticket.age < 1 day",
            'ticket has tag "VPN" and not ticket has tag "VPN"',
            'header "List-Id" exists and header "List-Id" does not exist',
            'any attachment.name ends with ".exe" and not any attachment.name contains "exe"',
            "subject matches /a.c/ and subject does not match /a.c/",
            'subject is "xyz" and subject matches /^a/',
            '(status is "New" or status is "Done") and status is "In progress"',
            'organization is "olivar" and organization is not "olivar"',
            "message.reply and not message.reply",
            "any attachment.size > 5 MB and not any attachment.size > 1 MB",
            "any attachment.size > 5 MB and not any attachment.size is 6 MB and not any attachment.size > 4 MB",
            'header "X" starts with "ab" and not header "X" contains "b"',
            "message.size > 2 bytes and message.size < 2 bytes",
            "message.time > 08:30 and message.time < 08:30",
            "ticket.age > 3 hours and ticket.age < 3 hours",
            "message.received > 2026-01-01 and message.received is 2026-01-01",
            'subject contains all of ("ab", "cd") and subject does not contain "c"',
            'subject contains any of ("ab", "cb") and subject does not contain "b"',
            'subject ends with "ab" and subject ends with "bb"',
            'subject is "abc" and subject does not match /b/',
            'not (status is "New" or status is not "New")',
        )
    ),
    *(
        ("PR101", 3, one(condition, "message", "stop"))
        for condition in (
            "message.weekday is empty and sender.known",
            'message.automatic is "bounce" and message.automatic is empty',
            "sender.kind is unknown and sender.known",
        )
    ),
    *(
        ("PR105", 3, one(condition, "ticket note created"))
        for condition in (
            'status is not "New" or status is not "Done"',
            'subject contains "a" or not subject contains "a"',
            'sender.kind in ("resource", "contact", "unknown")',
            'subject contains "x" and (message.reply or not message.reply)',
            "message.size > 1 MB or message.size < 2 MB or message.size is empty",
        )
    ),
    ("PR102", 5, one('subject contains "x"', action="stop") + one('subject contains "xy"').replace('"A"', '"B"')),
    (
        "PR102",
        5,
        one('subject contains "x"', "message", 'discard "no"')
        + one('subject is "x"', "message", 'quarantine "q"')
        .replace('"A"', '"B"')
        .replace('is "x"', 'is "x" and not message.reply'),
    ),
    (
        "PR102",
        5,
        one('subject contains "x"', "message", 'quarantine "no"')
        + one('subject contains "xx"', "message", 'refuse "q"').replace('"A"', '"B"'),
    ),
    (
        "PR102",
        4,
        'rule "A"\n  on project note created\n  then stop\nrule "B"\n  on project note created\n  then set type to "Mail"\n',
    ),
    # What is between may make it a reply, but that has no part in it.
    (
        "PR102",
        9,
        one('subject contains "x"', "message", 'quarantine "no"')
        + 'rule "C"\n  on message\n  when message.forwarded\n  then attribute to forwarded sender\n'
        + one('subject contains "xx"', "message", 'discard "q"').replace('"A"', '"B"'),
    ),
    ("PR103", 5, A.format('add tag "VPN"') + B.format('add tag "Printer"')),
    ("PR104", 8, A.format('set queue to "Front desk"') + B.format('set queue to "Projects"')),
    ("PR104", 8, A.format("assign to joost") + B.format("assign to lotte")),
    ("PR104", 8, A.format('add tag "VPN"') + B.format('remove tag "VPN"')),
    *(
        ("PR113", 3, one(condition, "message", 'discard "x"'))
        for condition in (
            'sender.address is "@contoso.com"',
            'any link.domain is "https://contoso.com/login"',
            'sender.domain in ("contoso.com/")',
            'sender.address is "contoso.com"',
            'sender.address is not "*@contoso.com"',
            'sender.address contains "*@contoso.com"',
            'sender.address ends with "*@contoso.com"',
            'sender.address in ("a@contoso.com", "@contoso.com")',
            'sender.domain is "@contoso.com"',
            'sender domain is "@contoso.com"',
            'sender.domain is "*.contoso.com"',
            'any recipient.address is "contoso.com"',
            'subject is "x" or not any recipient.domain contains "me@contoso.com"',
            'sender.address in ("maya", "a@contoso.com")',
            'any attachment.type is "pdf"',
            'not any attachment.type in ("image/png", "*.pdf")',
            'subject is "*invoice*"',
            'body contains "invoice*"',
            'any attachment.name ends with "*.exe"',
            'header "X-Source" is "scanner*"',
        )
    ),
    # A part that never holds does not keep its rule from changing what the next one looks at.
    (
        "PR101",
        7,
        one('priority is "Low"', action="stop")
        + one('(status is "New" and status is "Done") or subject contains "z"', action='set priority to "Low"').replace(
            '"A"', '"C"'
        )
        + one('priority is "Low" and body contains "q"').replace('"A"', '"B"'),
    ),
    ("PR115", 3, one('organization.classification is "Premum"')),
    ("PR115", 3, one('organization.language is "de"')),
    ("PR117", 3, one('message.automatic is "feedback_report"', "message", "stop")),
    ("PR117", 3, one('message.automatic is "bounce"')),
    ("PR117", 3, one("ticket.age > 2 hours")),
    ("PR117", 3, one("ticket.quiet >= 2 hours")),
    ("PR117", 3, one('age >= 2 hours and subject contains "x"')),
    ("PR117", 3, one('subject contains "x" and message.reply')),
    (
        "PR117",
        3,
        one('subject contains "x" and not (message.automatic not in ("feedback_report", "mailing_list"))', "message", "stop"),
    ),
    ("PR115", 3, one('organization name in ("Kessler Maschinenbau GmbH", "Kesler")')),
    ("PR115", 3, one('subject contains "x" and organization.classification is not "Gold"')),
    ("PR115", 1, 'list best = "Premium", "Golden"\n' + one("organization.classification in best")),
    ("PR125", 3, one('queue is "Projects"')),
    ("PR125", 3, one('subject contains "x" and (status in ("Done", "In progress") and not sender.known)')),
    ("PR125", 4, 'list ends = "DONE"\n' + one("status in ends")),
    ("PR125", 3, one("ticket.assigned is lotte")),
    ("PR125", 4, one('subject contains "x" and ticket.assigned exists').replace("\n", "\n  priority 1\n", 1)),
    ("PR101", 3, one('queue is "Projects" and queue is "Front desk"')),
    # Set by a rule of a later turn, by itself, or by one of another event.
    (
        "PR125",
        3,
        one('queue is "Projects"')
        + 'rule "B"\n  on ticket created\n  when subject contains "q"\n  then set queue to "Projects"\n',
    ),
    ("PR125", 3, one('queue is "Projects"', action='set queue to "Projects"')),
    ("PR125", 3, one('queue is "Projects"') + 'rule "B"\n  on ticket updated\n  then set queue to "Projects"\n'),
    *(
        ("PR126", 4, one(condition, "message", f"attribute to {whose}"))
        for condition, whose in (
            ('subject contains "form"', 'sender in header "Reply-To"'),
            ('subject contains "form" and not sender.known', "organization in device"),
            ("sender.kind is unknown", "organization in device"),
            ('sender.kind in ("contact", "resource")', "organization in device"),
            ("sender.known and sender.authenticated", "organization in device"),
            ("sender.address exists", "organization in device"),
            ('sender.address is "forms@x.example" or subject contains "form"', "organization in device"),
            ('sender.name is "Form" and header "X-Form" exists', "organization in device"),
        )
    ),
    ("PR126", 3, 'rule "A"\n  on message\n  then attribute to sender in body\n'),
    ("PR115", 4, 'rule "A"\n  on message\n  when sender.address is "pbx@x.example"\n  then attribute to caller in subject\n'),
    ("PR106", 1, 'list nobody = "a", "b"\n'),
    ("PR110", 3, one("subject matches /.*/")),
    ("PR110", 3, one("not body matches /a*/i")),
]


def put(rules: Path, file: str, text: str) -> None:
    path = rules / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")


def found(rules: Path) -> list[tuple[str, str, int]]:
    return [(problem.code, problem.position.file, problem.position.line) for problem in analyse(load_config(rules))]


@pytest.mark.parametrize(("code", "line", "text"), RULES, ids=[f"{code}-{number}" for number, (code, *_) in enumerate(RULES)])
def test_a_fault_in_rules_is_found_in_its_line(code: str, line: int, text: str, rules: Path) -> None:
    put(rules, NEW, text)
    assert found(rules) == [(code, NEW, line)]


FILES = [
    ("PR107", "templates/spare.md", 1, '---\nsubject: "x"\n---\ny\n'),
    ("PR108", "tags.yaml", 6, ("tags:\n", "tags:\n  - {label: Idle, match: false}\n")),
    ("PR108", "tags.yaml", 6, ("tags:\n", "tags:\n  - {label: IT}\n")),
    ("PR109", "tags.yaml", 10, ("aliases: [toner,", "aliases: [Pásswort, toner,")),
    ("PR110", "mailboxes/alerts.yaml", 19, (r"(?P<device>\S+)", r"(?P<device>.*)|")),
    (
        "PR111",
        "mailboxes/help.yaml",
        5,
        (
            "source:\n  exchange:\n    endpoint: https://mail.harbourhill.example/EWS/Exchange.asmx\n    auth: ntlm\n    username: ${env:HELP_USER}\n    password: ${env:HELP_PASSWORD}\n    folder: Inbox\n    processed: Inbox/Processed\n    failed: Inbox/Failed\n    every: 60 seconds\n",
            "",
        ),
    ),
    ("PR114", "mailboxes/help.yaml", 10, ("endpoint: https://", "endpoint: http://")),
    ("PR114", "settings.yaml", 12, ("\nnumbers: ", "\nsending: {smtp: {host: smtp.example.com, tls: none}}\nnumbers: ")),
    ("PR121", "mailboxes/help.yaml", 10, ("mail.harbourhill.example/EWS", "Outlook.office365.com/EWS")),
    (
        "PR121",
        "settings.yaml",
        12,
        (
            "\nnumbers: ",
            '\nsending: {smtp: {host: smtp.office365.com, tls: starttls, username: "${env:U}", password: "${env:P}"}}\nnumbers: ',
        ),
    ),
    ("PR116", "duplicates.yaml", 15, ("when_open: {do: discard}", "when_open: {do: discard, status: New}")),
    ("PR116", "duplicates.yaml", 15, ("when_open: {do: discard}", "when_open: {do: discard, link: true}")),
    ("PR116", "duplicates.yaml", 16, ("when_complete: {do: create}", "when_complete: {do: create, count: true}")),
    ("PR116", "mailboxes/help.yaml", 32, ("reopen: true,", "reopen: new_linked,")),
    ("PR116", "mailboxes/help.yaml", 32, ("reopen: true,", "")),
    ("PR116", "mailboxes/help.yaml", 32, ("reopen: true,", "reopen: true, publish: internal,")),
    ("PR116", "settings.yaml", 42, ("private_mail: ignore", "expectations: {slow: 2 hours, late: 1 hour}\nprivate_mail: ignore")),
    ("PR116", "settings.yaml", 18, ("attachments: 500 KB", "attachments: 100 KB")),
    ("PR116", "settings.yaml", 18, ("message: 600 KB", "message: 100 KB")),
    ("PR118", "settings.yaml", 25, ("alike: [sender, subject]", "alike: [subject]")),
    ("PR118", "duplicates.yaml", 11, ("same: [contact, title, description]", "same: [title]")),
    ("PR118", NEW, 1, 'rule "x"\n  on message\n  then quarantine "y"\n'),
    ("PR118", NEW, 1, 'rule "x"\n  on message\n  then discard "y"\n'),
    ("PR119", "mailboxes/help.yaml", 41, ("postmaster@harbourhill.example", "Support@harbourhill.example")),
    ("PR119", "mailboxes/help.yaml", 41, ("postmaster@harbourhill.example", "no-reply@x.example")),
    (
        "PR119",
        NEW,
        3,
        one('subject contains "x"', action='notify contact, "alerts@harbourhill.example" using urgent').replace(
            "\n  when", " when"
        ),
    ),
    *(
        ("PR122", "templates/received.md", 7, ("thank you for your message.", f"thank you for your message.\n{word} is it."))
        for word in ("{ticket.number}", "${ticket.number}", "%Ticket.Number%", "[[ ticket.number ]]", "<%= ticket.number %>")
    ),
    ("PR122", "templates/received.md", 2, ("{{ ticket.title }}", "{ticket.title}")),
    *(
        ("PR122", NEW, 3, f'rule "x"\n  on {event}\n  then {action}\n')
        for event, action in (
            ("ticket created", 'add note "See {{ ticket.number }}"'),
            ("ticket created", 'create ticket "Visit {organization.name}"'),
            ("ticket created", 'create ticket "Visit" with description "{{ ticket.description }}"'),
            ("ticket created", 'set title to "[{{ organization.name }}]"'),
            ('message when subject contains "x"', 'discard "{{ reason }}"'),
        )
    ),
    ("PR116", "tags.yaml", 9, ("aliases: [toner,", "aliases: [AD, toner,")),
    ("PR116", "settings.yaml", 25, ("[orders@brightwater.example]", '["*@brightwater.example"]')),
    ("PR116", "settings.yaml", 42, ("private_mail: ignore", 'public_domains: ["*.brightwater.example"]\nprivate_mail: ignore')),
    ("PR116", "settings.yaml", 38, ("[mx.harbourhill.example]", '["*.harbourhill.example"]')),
    ("PR116", "settings.yaml", 38, ("[mx.harbourhill.example]", '["mx.harbourhill.example "]')),
    ("PR116", "tags.yaml", 6, ("{label: Alert, match: false}", "{label: Alert, aliases: [alarm], match: false}")),
    (
        "PR112",
        "mailboxes/alerts.yaml",
        13,
        ("username: ${env:ALERTS_USER}", "username: ${env:HELP_USER}\n    folder: Inbox/Alerts\n    processed: Inbox/Priority"),
    ),
    *(
        (code, "mailboxes/help.yaml", line, (old, new))
        for code, line, old, new in (
            ("PR123", 11, "    username: ${env:HELP_USER}\n", ""),
            ("PR123", 11, "    password: ${env:HELP_PASSWORD}\n", ""),
            ("PR116", 12, "auth: ntlm", "auth: kerberos"),
            ("PR116", 12, "auth: ntlm", "auth: basic\n    client_id: x"),
        )
    ),
    *(
        (code, "mailboxes/help.yaml", line, (NTLM, f"auth: oauth2\n    {keys}"))
        for code, line, keys in (
            ("PR123", 11, "tenant: t\n    client_secret: ${env:S}"),
            ("PR123", 11, "client_id: c\n    client_secret: ${env:S}"),
            ("PR123", 11, "tenant: t\n    client_id: c"),
            ("PR116", 12, "access: delegate\n    tenant: t\n    client_id: c\n    client_secret: ${env:S}"),
            ("PR116", 12, "username: u\n    token_url: https://t.example/t\n    client_id: c\n    certificate: a.pem"),
            ("PR116", 14, "tenant: t\n    client_id: c\n    client_secret: ${env:S}\n    certificate: a.pem"),
        )
    ),
    *(
        ("PR124", file, line, (before, after))
        for file, line, before, after in (
            ("tags.yaml", 9, "[toner,", "[\u200btoner,"),
            ("tags.yaml", 3, "most_per_ticket: 10", "most_per_ticket: 10  # \u202e\u2066"),
            ("directory/contacts.csv", 2, "maya@brightwater.example", "maya@brightwater.example\u200b"),
            ("workflow/20-triage.rules", 1, '"outage"', '"out\u00adage"'),
            ("workflow/20-triage.rules", 1, '"outage"', '"\u200eoutage"'),
        )
    ),
    ("PR112", "mailboxes/priority.yaml", 6, ("source:\n  exchange: {folder: Inbox/Priority}\n", "")),
    ("PR112", "mailboxes/priority.yaml", 8, ("Inbox/Priority", "Inbox")),
]


@pytest.mark.parametrize(
    ("code", "file", "line", "change"), FILES, ids=[f"{code}-{number}" for number, (code, *_) in enumerate(FILES)]
)
def test_a_fault_in_another_file_is_found_in_its_line(
    code: str, file: str, line: int, change: str | tuple[str, str], rules: Path
) -> None:
    if isinstance(change, tuple):
        text = (rules / file).read_text("utf-8")
        assert change[0] in text
        change = text.replace(change[0], change[1], 1)
    put(rules, file, change)
    assert (code, file, line) in found(rules)
    # A mailbox that extends one without a source has a folder to read, and nobody who could.
    follows = {"PR111": {"PR123"}}.get(code, set())
    assert {one for one, _, _ in found(rules)} <= {code, "PR111", *follows}


def test_a_sign_in_says_what_it_lacks_unless_the_mailbox_is_not_read(rules: Path) -> None:
    alerts = rules / "mailboxes/alerts.yaml"
    edit(alerts, "    username: ${env:ALERTS_USER}\n    password: ${env:ALERTS_PASSWORD}\n", "    tenant: t\n    client_id: c\n")
    edit(alerts, "auth: ntlm", "auth: oauth2")
    (problem,) = analyse(load_config(rules))
    assert problem.message == (
        "nobody can sign in to alerts@harbourhill.example: `auth: oauth2` needs `client_secret` or `certificate`"
    )
    with alerts.open("a") as file:
        file.write("active: false\n")
    assert "PR123" not in {one.code for one in analyse(load_config(rules))}


def test_one_user_may_read_several_mailboxes(rules: Path) -> None:
    other = rules / "mailboxes/sales.yaml"
    other.write_text("version: 1\nextends: help\nname: Sales\naddress: sales@harbourhill.example\n", "utf-8")
    (problem,) = analyse(load_config(rules))
    assert problem.code == "PR112" and "sales@harbourhill.example is a mailbox of its own" in problem.fix
    edit(rules / "mailboxes/help.yaml", "auth: ntlm", "auth: ntlm\n    access: delegate")
    assert not list(analyse(load_config(rules)))


CLEAN = [
    one('status is "New" or status is "Done"'),
    one('subject contains "a" and subject contains "b"'),
    one('subject starts with "a" and subject ends with "a"'),
    one('subject starts with "ab" and subject starts with "a" and subject does not contain "c"'),
    one('header "X" is "a" and header "X" is "b"'),
    one('any attachment.name ends with ".pdf" and not any attachment.name ends with ".exe"'),
    one('ticket has tag "VPN" and ticket has tag "Printer"'),
    one("message.size > 1 MB and message.size < 5 MB"),
    one("message.time >= 08:00 and message.time <= 08:00"),
    one('subject matches /a/ and subject matches /b/ and subject does not contain "c"'),
    one("subject matches /^.$/"),
    one('priority is not "Low" and priority is not "High"'),
    # What the first sets makes the second true: it is not hidden.
    one('subject contains "x"', action='set priority to "Urgent"')
    + one('priority is "Urgent" and subject contains "x"', action="stop").replace('"A"', '"B"'),
    # A narrower rule after a wider one is how exceptions are written.
    one('subject contains "x"', action='set queue to "Projects"')
    + one('subject contains "x" and body contains "y"', action='set queue to "Front desk"').replace('"A"', '"B"'),
    # A discard spares replies, so a rule for replies comes through.
    one('subject contains "x"', "message", 'discard "no"')
    + one('subject contains "x" and message.reply', "message", 'quarantine "q"').replace('"A"', '"B"'),
    # In between, another rule changes what is looked at.
    one('priority is "Low"', action="stop")
    + one('subject contains "z"', action='set priority to "Low"').replace('"A"', '"C"')
    + one('priority is "Low" and body contains "q"').replace('"A"', '"B"'),
    # Each pass of `ticket updated` runs a rule once, so a stop does not hide what comes after for ever.
    one('subject contains "x"', "ticket updated", "stop")
    + one('subject contains "x" and body contains "y"', "ticket updated").replace('"A"', '"B"'),
    one('organization.classification is "premium" and organization.name contains "Clin"'),
    one("message.size > 2 bytes and message.size < 4 bytes"),
    one('message.automatic is not "feedback_report" and subject contains "x"', "message", "stop"),
    one('message.automatic in ("bounce", "mailing_list")', "message", "stop"),
    one('ticket.age > 2 hours or message.reply and subject contains "x"', "ticket note created"),
    one('subject contains "x" and not message.reply'),
    one(
        'subject contains "*** SPAM ***" or header "X-Spam-Level" starts with "*****" or subject starts with "* " or body contains "a*b"'
    ),
    one(
        'any attachment.type contains "pdf" and any attachment.type is "application/pdf" or subject matches /^*x/'.replace(
            "^*", "^.*"
        )
    ),
    one('sender.address starts with "maya" and sender.name is "Maya"'),
    one("ticket.age > 3 hours and ticket.age <= 3.5 hours", "ticket note created"),
    one("ticket.age >= 3 hours and ticket.age <= 3 hours", "ticket note created"),
    one("message.received >= 2026-01-01 and message.received < 2026-01-02"),
    one("message.time > 23:58"),
    one("any attachment.size > 5 MB and any attachment.size < 1 MB"),
    one('header "X" contains "a" and header "X" contains "b" and not header "X" is "ab"'),
    one('subject contains any of ("ab", "c") and subject does not contain "b"'),
    # What the first sets makes its own condition false: the second, of the same words, does not run then.
    A.format('set status to "Done"').replace('subject contains "x"', 'status is "New"')
    + B.format('set status to "In progress"').replace('subject contains "x"', 'status is "New"'),
    # One of two actions alike is no clash.
    A.format('set queue to "Projects"') + B.format('set queue to "Projects"').replace('"x"', '"x" and body contains "y"'),
    # Only mail of certain senders is believed.
    one('sender.id is "carmen"', "message", "attribute to sender in body"),
    one('sender.address is "forms@x.example" and sender.authenticated', "message", 'attribute to sender in header "Reply-To"'),
    one(
        '(sender.domain is "x.example" or sender.kind is resource) and subject contains "x"',
        "message",
        "attribute to sender in body",
    ),
    'list robots = "a@x.example", "b@x.example"\n'
    + one("sender.address in robots", "message", "attribute to organization in device"),
    # Set by a rule before, asked beside what can be, or of a ticket that is no new one.
    'rule "B"\n  priority 1\n  on ticket created\n  then set queue to "Projects"\n'
    + one('queue is "Projects" and ticket.assigned is empty'),
    'rule "B"\n  priority 1\n  on ticket created\n  when subject contains "q"\n  then assign to lotte\n'
    + one("ticket.assigned is lotte"),
    one('queue in ("Projects", "Front desk") and not priority is "Urgent"'),
    one('queue is "Projects" or subject contains "x"'),
    one('queue is "Projects"', "ticket updated"),
    one('queue is "Projects"').replace("on ticket", "after 2 hours from ticket"),
    one('issue type is "Devices" and sub issue type is "Phone"'),  # an alert's token may say so
    # The same conditions on different events, or after different times.
    one('subject contains "x"') + one('subject contains "x"', "ticket note created").replace('"A"', '"B"'),
]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        *[("mailboxes/help.yaml", "https://mail.harbourhill.example/", f"http://{host}/") for host in ("localhost:8080", "127.0.0.1", "[::1]:8080")],
        ("settings.yaml", "\nnumbers: ", "\nsending: {smtp: {host: localhost, tls: none}}\nnumbers: "),
        ("settings.yaml", "\nnumbers: ", "\nsending: {smtp: {host: smtp.example.com}}\nnumbers: "),
        ("mailboxes/former.yaml", "active: false", "active: false\nsource: {exchange: {endpoint: http://mail.example.com/EWS}}"),
    ],
)  # fmt: skip
def test_what_stays_on_this_machine_or_is_encrypted_is_no_fault(file: str, old: str, new: str, rules: Path) -> None:
    edit(rules / file, old, new)
    assert found(rules) == []


def test_a_field_may_be_found_anywhere_where_it_wants_a_letter(rules: Path) -> None:
    edit(rules / "mailboxes/alerts.yaml", r"(?m)^Host: (?P<device>\S+)", "(?P<device>.+)")
    assert found(rules) == []


def test_who_looks_after_a_customer_may_be_whom_a_new_ticket_is_assigned_to(rules: Path) -> None:
    text = 'rule "B"\n  priority 1\n  on ticket created\n  when subject contains "q"\n  then assign to organization resource\n'
    put(rules, NEW, text + one("ticket.assigned is lotte"))
    assert found(rules) == [("PR125", NEW, 8)]
    path = rules / "directory/organizations.csv"
    head, first, *rows = path.read_text().splitlines()
    path.write_text("\n".join([f"{head},resource", f"{first},lotte", *(f"{row}," for row in rows)]) + "\n")
    assert found(rules) == []


@pytest.mark.parametrize("text", CLEAN)
def test_nothing_is_found_where_nothing_is_wrong(text: str, rules: Path) -> None:
    put(rules, NEW, text)
    assert found(rules) == []


@pytest.mark.parametrize("name", ["rules", "examples/monitoring", "../shared/example-rules"])
def test_what_ships_is_clean(name: str) -> None:
    if not (ROOT / name).is_dir():
        pytest.skip(f"{name} is not here")
    assert found(ROOT / name) == []


def test_a_finding_is_allowed_on_its_line_or_the_line_before_with_a_reason(rules: Path) -> None:
    put(rules, NEW, 'list nobody = "a"  # allow PR106: for the summer\n# allow PR106: too\nlist other = "b"\n')
    assert found(rules) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('list nobody = "a"  # allow PR106\n', 1),  # no reason
        ('# allow PR106: nothing here\nrule "x" on message when subject is "q" then stop\n', 1),
        ('list nobody = "a"  # allow PR107: the wrong code\n', 1),
    ],
)
def test_an_allowance_without_reason_or_use_is_found(text: str, line: int, rules: Path) -> None:
    put(rules, NEW, text)
    assert ("PR100", NEW, line) in found(rules)


def test_every_code_has_a_section_with_an_example_and_its_repair() -> None:
    page = (ROOT / "docs/checks.md").read_text("utf-8")
    for code, title in CODES.items():
        assert f"## {code}: {title}\n" in page
        section = page.partition(f"## {code}: ")[2].partition("\n## ")[0]
        assert "    " in section and "Repair" in section, code


def test_five_thousand_rules_are_analysed_in_seconds(rules: Path) -> None:
    """No clock here: what must not happen is a comparison of every pair, which would not end within the test run."""
    text = "\n".join(
        f'rule "G{n}"\n  on ticket created\n  when subject contains "s{n}x" and body contains "b{n}x"\n  then set priority to "{("Low", "High")[n % 2]}"\n'
        for n in range(5_000)
    )
    put(
        rules,
        NEW,
        text + 'rule "Z"\n  on ticket created\n  when subject contains "s7x" and subject does not contain "s7x"\n  then stop\n',
    )
    assert [code for code, *_ in found(rules)] == ["PR101"]


@pytest.mark.parametrize(
    ("action", "is_put"),
    [('add tag "Idle"', True), ('remove tag "Idle"', False), ('set queue to "Front desk"', False)],
)
def test_a_tag_that_rules_only_ask_for_or_take_off_is_put_by_none(action: str, is_put: bool, rules: Path) -> None:
    edit(rules / "tags.yaml", "tags:\n", "tags:\n  - {label: Idle, match: false}\n")
    asked = "" if is_put else '  when ticket has tag "Idle"\n'
    put(rules, NEW, f'rule "idle"\n  on ticket created\n{asked}  then {action}\n')
    assert ("PR108" in [code for code, *_ in found(rules)]) != is_put


@pytest.mark.parametrize(("edition", "creates"), [("unlimited", "ticket, ticket_note"), ("basic", "ticket, project_note")])
def test_a_rule_about_what_no_mailbox_makes_is_found(edition: str, creates: str, rules: Path) -> None:
    for path in (rules / "mailboxes").iterdir():
        path.write_text(re.sub("creates: .*", f"creates: [{creates}]", path.read_text()))
    edit(rules / "settings.yaml", "edition: unlimited", f"edition: {edition}")
    if edition == "basic":
        for name in ("priority", "former"):
            (rules / f"mailboxes/{name}.yaml").unlink()
        path = rules / "duplicates.yaml"
        path.write_text(path.read_text().replace("[help, priority]", "[help]"))
    put(rules, NEW, one('subject contains "x"', "project note created", "stop"))
    assert ("PR117", NEW, 2) in found(rules)
    put(rules, NEW, one('subject contains "x"', "ticket created", "stop"))
    assert ("PR117", NEW, 2) not in found(rules)


TOKEN = "token:\n  id: harbourhill\n  password: ${env:ALERTS_TOKEN:-sample-only}\n"


@pytest.mark.parametrize(
    ("asked", "file", "edits"),
    [
        ('queue is "Monitoring"', "mailboxes/alerts.yaml", [("creates: [ticket, ticket_note]", "creates: [ticket_note]")]),
        ('issue type is "Accounts"', "mailboxes/alerts.yaml", [("kind: alerts", "kind: custom"), (TOKEN, "")]),
    ],
)
def test_values_of_a_mailbox_count_where_it_makes_tickets(
    asked: str, file: str, edits: list[tuple[str, str]], rules: Path
) -> None:
    put(rules, NEW, one(f"{asked} and sender.known").replace("\n", "\n  priority 1\n", 1))
    assert found(rules) == []
    for old, new in edits:
        edit(rules / file, old, new)
    assert ("PR125", NEW, 4) in found(rules)


def test_values_of_a_mailbox_that_is_not_active_do_not_count(rules: Path) -> None:
    edit(rules / "mailboxes/former.yaml", "active: false", "active: false\ndefaults: {ticket: {queue: Projects}}")
    put(rules, NEW, one('queue is "Projects"'))
    assert found(rules) == [("PR125", NEW, 3)]
