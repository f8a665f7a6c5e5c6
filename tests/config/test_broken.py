"""Every kind of mistake in a configuration is a line with file, line and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.errors import ConfigError
from tests.edit import edit

# (file, text to replace, replacement, what the problem must say: position, message, fix)
MISTAKES = [
    ("settings.yaml", "version: 1", "version: 2", "settings.yaml:3:10: version 2 is not understood; this postroom understands version 1"),
    ("settings.yaml", "edition: unlimited", "edition: gold", "settings.yaml:6:10: 'edition' cannot be 'gold'; known are: basic, advanced, unlimited"),
    ("settings.yaml", "edition: unlimited", "editon: unlimited", "settings.yaml:6:1: unknown key 'editon'; did you mean 'edition'?"),
    ("settings.yaml", "  ticket: T{date:%Y%m%d}.{seq:04d}\n", "  ticket: T{date:%Y%m%d}.{seq:04d}\n  former: ['T{date:%Q}.{seq}']\n", "settings.yaml:14:12: the date form '%Q' is not understood; use %Y, %y, %m, %d, %j or %H"),
    ("settings.yaml", "  ticket: T{date:%Y%m%d}.{seq:04d}\n", "  ticket: T{date:%Y%m%d}.{seq:04d}\n  former: [INC]\n", "settings.yaml:14:12: 'former' cannot be 'INC'; write a form with {seq:04d} in it, such as T{date:%Y%m%d}.{seq:04d}"),
    ("settings.yaml", "timezone: Europe/Amsterdam", "timezone: Europe/Atlantis", "settings.yaml:5:11: unknown time zone 'Europe/Atlantis'; write an IANA name such as Europe/Madrid"),
    ("settings.yaml", "timezone: Europe/Amsterdam", "timezone: amsterdam", "settings.yaml:5:11: unknown time zone 'amsterdam'; did you mean 'Europe/Amsterdam'?"),
    ("settings.yaml", "timezone: Europe/Amsterdam", "timezone: New York", "settings.yaml:5:11: unknown time zone 'New York'; did you mean 'America/New_York'?"),
    ("settings.yaml", "timezone: Europe/Amsterdam", "timezone: Europe/Amsterdm", "settings.yaml:5:11: unknown time zone 'Europe/Amsterdm'; did you mean 'Europe/Amsterdam'?"),
    ("settings.yaml", "timezone: Europe/Amsterdam", "timezone: GMT+1", "settings.yaml:5:11: unknown time zone 'GMT+1'; write an IANA name such as Europe/Madrid"),
    ("mailboxes/help.yaml", "queue: Front desk", "queue: Front\u200b desk", "mailboxes/help.yaml:23:12: unknown queue 'Front\u200b desk'; did you mean 'Front desk'? what stands here has U+200B in it, which cannot be seen [PR004]"),
    ("settings.yaml", "trust: [mx.harbourhill.example]", "trust: [Exchange Online]", "settings.yaml:38:11: 'exchange online' is no mail server; did you mean 'exchange-online'?"),
    ("settings.yaml", "local: harbourhill ", "local: harbour ", "settings.yaml:9:10: unknown organization 'harbour'; did you mean 'harbourhill'?"),
    ("settings.yaml", "message: 600 KB", "message: 600", "settings.yaml:18:12: 'message' cannot be 600; write a size such as '30 MB'"),
    ("settings.yaml", "window: 10 minutes", "window: soon", "settings.yaml:26:11: 'window' cannot be 'soon'; write a length of time"),
    ("settings.yaml", "ticket: T{date:%Y%m%d}.{seq:04d}", "ticket: T{date:%Y%m%d}.{seq:099d}", "settings.yaml:13:11: 'ticket' cannot be 'T{date:%Y%m%d}.{seq:099d}'; write a form with {seq:04d} in it"),
    ("settings.yaml", "window: 10 minutes", "window: 0 minutes", "settings.yaml:26:11: 'window' cannot be '0 minutes'; write a length of time such as '5 minutes', more than 0 and"),
    ("settings.yaml", "message: 600 KB", "message: 0.0 KB", "'message' cannot be '0.0 KB'; write a size such as '30 MB', more than 0"),
    ("mailboxes/help.yaml", "every: 60 seconds", "every: 0 seconds", "mailboxes/help.yaml:17:12: 'every' cannot be '0 seconds'; write a length of time such as '5 minutes', more than 0"),
    ("duplicates.yaml", "within: 7 days", "within: 00 days", "duplicates.yaml:8:13: 'within' cannot be '00 days'"),
    ("settings.yaml", "version: 1", "version: 1\nexchange: {timeout: 0 seconds}", "'timeout' cannot be '0 seconds'"),
    ("settings.yaml", "version: 1", "version: 1\nsending: {smtp: {host: x.example, timeout: 0 seconds}}", "'timeout' cannot be '0 seconds'"),
    ("settings.yaml", "version: 1", "version: 1\nnotification_limits: [{messages: 1, within: 0 days}]", "'within' cannot be '0 days'"),
    ("settings.yaml", "messages: 2", "messages: 99999999999999999999", "settings.yaml:25:13: 'messages' cannot be 99999999999999999999; write at most 1000000"),
    ("settings.yaml", "window: 10 minutes", "window: 9999999 days", "settings.yaml:26:11: 'window' cannot be '9999999 days'; write a length of time such as '5 minutes', more than 0 and of at most 99999 days"),
    ("settings.yaml", "message: 600 KB", f"message: {'9' * 400} KB", "settings.yaml:18:12: 'message' cannot be '999"),
    ("duplicates.yaml", "within: 7 days", f"within: {'9' * 400} days", "duplicates.yaml:8:13: 'within' cannot be '999"),
    ("mailboxes/help.yaml", "due: 8 hours", "due: 9999999 hours", "mailboxes/help.yaml:27:10: 'due' cannot be '9999999 hours'"),
    ("workflow/20-triage.rules", "set due to 24 hours", "set due to 100000 days", "workflow/20-triage.rules:33:16: '100000 days' is too long: 99999 days at the most; write less"),
    ("workflow/20-triage.rules", "priority is not \"Urgent\"", f"any attachment.size > {'9' * 400} MB", "is too large; write less"),
    ("workflow/30-follow-up.rules", "after 4 business hours", f"after {'9' * 400} business hours", "is too long: 99999 days at the most; write less"),
    ("settings.yaml", "ticket: T{date:%Y%m%d}.{seq:04d}", "ticket: T{date:%Q}.{seq:04d}", "settings.yaml:13:11: the date form '%Q' is not understood"),
    ("mailboxes/help.yaml", "processed: Inbox/Processed", "processed: inbox/", "mailboxes/help.yaml:15:16: 'inbox/' is the folder that the mailbox 'help' reads: its mail would come again and again"),
    ("mailboxes/help.yaml", "failed: Inbox/Failed", "failed: Inbox", "mailboxes/help.yaml:16:13: 'Inbox' is the folder that the mailbox 'help' reads"),
    ("mailboxes/priority.yaml", "folder: Inbox/Priority", "folder: Inbox/Processed", "mailboxes/help.yaml:15:16: 'Inbox/Processed' is the folder that the mailbox 'priority' reads"),
    ("directory/contacts.csv", "maya@brightwater.example", "Maya <maya@brightwater.example>", "directory/contacts.csv:2: 'maya <maya@brightwater.example>' is no address; write maya@brightwater.example"),
    ("directory/contacts.csv", "maya@brightwater.example", "maya@brightwater.example; m@x.example", "is no address; write one such as ana@example.com, and each in its own column"),
    ("directory/contacts.csv", "maya@brightwater.example", "mailto:maya@brightwater.example", "'mailto:maya@brightwater.example' is no address; write maya@brightwater.example"),
    ("mailboxes/help.yaml", "address: help@harbourhill.example", "address: mailto:help@harbourhill.example", "'address' cannot be 'mailto:help@harbourhill.example'; write one address such as"),
    ("directory/contacts.csv", "maya.okafor@gmail.com", "n/a", "'n/a' is no address; write one such as"),
    ("directory/resources.csv", "lotte@harbourhill.example", "lotte", "directory/resources.csv:2: 'lotte' is no address"),
    ("directory/resources.csv", "l.smit@harbourhill.example", "mailto:l.smit@harbourhill.example, x", "has 7 values"),
    ("directory/organizations.csv", "brightwater.example;", "@brightwater.example;", "directory/organizations.csv:3: '@brightwater.example' is no domain; write brightwater.example"),
    ("directory/organizations.csv", "brightwater.example;", "*.brightwater.example;", "'*.brightwater.example' is no domain; write brightwater.example"),
    ("directory/organizations.csv", "brightwater.example;", "https://brightwater.example/;", "is no domain; write brightwater.example"),
    ("directory/organizations.csv", "brightwater.example;", "brightwater;", "'brightwater' is no domain; write one such as example.com"),
    ("settings.yaml", "  ticket: T{date:%Y%m%d}.{seq:04d}", '  ticket: "T{date:%Y%m%d}.{seq:04d} "', "has a space at an end, where no subject keeps one; leave it out"),
    ("settings.yaml", "private_mail: ignore", "private_mail: ignore\nprivate_mail: process", "the key 'private_mail' stands twice (first in line 42); remove one"),
    ("settings.yaml", "name: Harbour & Hill IT", "name: [Harbour", "settings.yaml:5:9: this is not YAML: did not find expected ',' or ']'; close the bracket"),
    ("settings.yaml", "signatures: strip", "\tsignatures: strip", "indent with spaces, not tabs"),
    ("picklists.yaml", "{name: Done, complete: true}", "{name: Done, complete: yes}", "'complete' cannot be 'yes'; write true or false"),
    ("picklists.yaml", "{name: Done, complete: true}", "{name: Done}", "no status is complete; add `complete: true`"),
    ("picklists.yaml", "  - {name: In progress}", "  - {name: New}", "picklists.yaml:7:5: the status 'New' stands twice; remove one"),
    ("tags.yaml", "- {label: Phishing", "- {label: Printer", "the tag 'Printer' stands twice; first in line 9"),
    ("duplicates.yaml", "mailboxes: [alerts]", "mailboxes: [alert]", "duplicates.yaml:6:17: unknown mailbox 'alert'; did you mean 'alerts'?"),
    ("duplicates.yaml", "same: [alert_id]", "same: [alertid]", "duplicates.yaml:7:12: unknown field 'alertid'; did you mean 'alert_id'?"),
    ("duplicates.yaml", "status: In progress", "status: Done", "'Done' is complete: it reopens nothing; name another status"),
    ("mailboxes/help.yaml", "queue: Front desk", "queue: Frontdesk", "mailboxes/help.yaml:23:12: unknown queue 'Frontdesk'; did you mean 'Front desk'?"),
    ("mailboxes/help.yaml", "status: New", "status: Newish", "unknown status 'Newish'; did you mean 'New'?"),
    ("mailboxes/help.yaml", "template: received", "template: recieved", "unknown template 'recieved'; did you mean 'received'?"),
    ("mailboxes/help.yaml", "${env:HELP_PASSWORD}", "hunter2", "'password' is a secret, and secrets never stand in files; write the name of an environment variable"),
    ("mailboxes/help.yaml", "address: help@", "address: priority@", "the address priority@harbourhill.example is already"),
    ("mailboxes/priority.yaml", "extends: help", "extends: helpp", "mailboxes/priority.yaml:4:10: unknown mailbox 'helpp'; did you mean 'help'?"),
    ("mailboxes/priority.yaml", "extends: help", "extends: priority", "`extends` runs in a circle: priority -> priority"),
    ("mailboxes/priority.yaml", "tags: [Priority line]", "tags: [Priorty line]", "unknown tag 'Priorty line'; did you mean 'Priority line'?"),
    ("mailboxes/alerts.yaml", "(?P<device>", "(?P<host>", "the expression has no group named 'device'; write (?P<device>...)"),
    ("mailboxes/alerts.yaml", "(?P<device>", "(?P<device>(", "the regular expression is wrong"),
    ("templates/received.md", "---\nsubject", "subject", "templates/received.md:1:1: the template has no head"),
    ("templates/received.md", "{{ ticket.title }}", "{{ ticket.title }", "templates/received.md:2: the template is wrong"),
    ("directory/contacts.csv", "maya,brightwater,", "maya,brightwter,", "directory/contacts.csv:2: unknown organization 'brightwter'; did you mean 'brightwater'?"),
    ("directory/contacts.csv", "peter,brightwater", "maya,brightwater", "directory/contacts.csv:3: the id 'maya' stands twice; first in line 2"),
    ("directory/contacts.csv", "id,organization", "ident,organization", "unknown column 'ident'"),
    ("directory/contacts.csv", "id,organization,first_name,last_name,email,email2,email3,active", "id;organization;first_name;last_name;email;email2;email3;active", "directory/contacts.csv:1: the columns are parted by semicolons; part them by commas: id,organization,email,"),
    ("directory/contacts.csv", "id,organization,first_name,last_name,email,email2,email3,active", "id\torganization\temail", "the columns are parted by tabs"),
    ("directory/contacts.csv", "id,organization,first_name,last_name,email,email2,email3,active\n", "", "unknown column 'maya'"),
    ("directory/tasks.csv", "number,project,title,organization,status", "", "directory/tasks.csv:1: the first line does not name the columns; part them by commas: number,"),
    ("directory/contacts.csv", "email2,email3,active", "email2,email2,active", "directory/contacts.csv:1: the column 'email2' stands twice"),
    ("directory/contacts.csv", "email3,active", ",active", "directory/contacts.csv:1: column 7 has no name; give it one, or delete the column in all lines"),
    ("directory/contacts.csv", ",,yes\npeter", ",yes\npeter", "directory/contacts.csv:2: the line has 7 values, the first line 8 columns"),
    ("directory/organizations.csv", "kessler-nord,Kessler Werk Nord,nord.kessler.example,Standard,kessler,", "kessler-nord,Kessler Werk Nord,nord.kessler.example,Standard,kesler,", "unknown organization 'kesler'"),
    ("directory/resources.csv", ",Technician,yes\njoost", ",Technican,yes\njoost", "directory/resources.csv:2: unknown role 'Technican'; did you mean 'Technician'?"),
    ("directory/resources.csv", ",Technician,yes\njoost", ",Technician,maybe\njoost", "'active' cannot be 'maybe'; write yes or no"),
    ("directory/tasks.csv", "P20260901.0001", "P20260901.0002", "unknown project 'P20260901.0002'; did you mean 'P20260901.0001'?"),
    ("directory/tasks.csv", "In progress", "Doing", "unknown status 'Doing'"),
    ("mailboxes/help.yaml", "https://mail.", "https://joe:secret@mail.", "mailboxes/help.yaml:10:15: 'endpoint' has a login in it, and secrets never stand in files; write an address"),
    ("settings.yaml", "auto_reply: note_or_ignore", "auto_reply: note", "settings.yaml:32:15: 'auto_reply' cannot be 'note'; did you mean 'note_or_ignore'?"),
    ("directory/contacts.csv", "maya,brightwater,Maya", 'maya,brightwater,"Maya', "directory/contacts.csv:2: this is not CSV: unexpected end of data; close the quotation marks"),
    ("templates/received.md", "{{ ticket.number }}", "{{ ''.__class__ }}", "'__class__' cannot be asked for here; write a variable"),
    ("workflow/20-triage.rules", 'set queue to "Second line"', 'set queue to "Secondline"', "workflow/20-triage.rules:10:18: unknown queue 'Secondline'; did you mean 'Second line'?"),
    ("workflow/20-triage.rules", "organization.classification", "organisation.classification", "unknown field 'organisation.classification'; did you mean 'organization.classification'?"),
    ("workflow/20-triage.rules", "on ticket created", "on ticket creatd", "unknown event 'ticket creatd'; did you mean 'ticket created'?"),
    ("workflow/20-triage.rules", "any of outage_words or", "any of outage_word or", "unknown list 'outage_word'; did you mean 'outage_words'?"),
    ("workflow/20-triage.rules", 'has tag "VPN"', 'has tag "VPM"', "unknown tag 'VPM'; did you mean 'VPN'?"),
    ("workflow/20-triage.rules", "assign to joost", "assign to ruben", "the resource 'ruben' is not active; name an active one"),
    ("workflow/20-triage.rules", "using urgent", "using urgnt", "unknown template 'urgnt'; did you mean 'urgent'?"),
    ("workflow/20-triage.rules", 'to "Connectivity" / "VPN"', 'to "Connectivity" / "Printer"', "unknown sub-issue type 'Printer'"),
    ("workflow/20-triage.rules", 'priority is not "Urgent"', 'priority > 3', "'priority' is no number, size or time: '>' does not fit"),
    ("workflow/10-intake.rules", '/\\.(exe|js|vbs|scr|docm|xlsm)$/i', "/(exe/i", "the regular expression is wrong"),
    ("workflow/10-intake.rules", '/\\.(exe|js|vbs|scr|docm|xlsm)$/i', "/exe/q", "unknown flag 'q'; known are: i (any case), m, s"),
    ("workflow/10-intake.rules", 'header "List-Unsubscribe" exists', 'mailbox is "halp"', "unknown mailbox 'halp'; did you mean 'help'?"),
    ("workflow/10-intake.rules", 'header "List-Unsubscribe" exists', 'message.weekday is "Funday"', "unknown value 'Funday'; did you mean 'Sunday'?"),
    ("workflow/10-intake.rules", 'header "List-Unsubscribe" exists', 'from contains "x"', "unknown field 'from'; write: sender.address"),
    ("workflow/10-intake.rules", 'header "List-Unsubscribe" exists', 'attachment.name contains "x"', "unknown field 'attachment.name'; write: any attachment.name"),
    ("workflow/10-intake.rules", 'header "List-Unsubscribe" exists', 'any recipient is "x"', "unknown collection 'recipient'; write: any recipient.address"),
    ("workflow/10-intake.rules", 'header "List-Unsubscribe" exists', "has attachments", "unknown field 'has_attachments'; write: any attachment.name exists"),
    ("workflow/10-intake.rules", 'then discard "newsletter"', 'then set queue to "Front desk"', "'queue' cannot be set on 'message'; set it in a rule: on ticket created"),
    ("workflow/10-intake.rules", 'then discard "newsletter"', "then discard newsletter", "'newsletter' cannot stand here; expected text in quotes"),
    ("workflow/30-follow-up.rules", 'rule "Recovered devices are done"', 'rule "The technician hears what the customer wrote"', "stands twice; first at workflow/30-follow-up.rules:1:6; rename one"),
    ("workflow/30-follow-up.rules", "after 30 minutes from ticket created", "after 30 minutes from message", "a rule cannot wait after 'message'"),
    ("workflow/30-follow-up.rules", 'status is "New"\n', 'status is "New" and subject contains "x"\n', "a rule that waits after 'ticket created' has no 'subject'"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "says"), MISTAKES, ids=[f"{m[0]}: {m[3][:60]}" for m in MISTAKES])
def test_a_mistake_is_found_and_says_how_to_mend_it(rules: Path, file: str, old: str, new: str, says: str) -> None:
    edit(rules / file, old, new)
    with pytest.raises(ConfigError) as caught:
        load_config(rules)
    shown = str(caught.value)
    assert says in shown
    for problem in caught.value.problems:
        assert problem.position.file and problem.fix, problem


@pytest.mark.parametrize(("old", "new"), [("${env:HELP_PASSWORD}", "hunter2"), ("https://mail.", "https://joe:hunter2@mail.")])
def test_a_secret_that_stands_in_a_file_is_not_shown(rules: Path, old: str, new: str) -> None:
    edit(rules / "mailboxes/help.yaml", old, new)
    with pytest.raises(ConfigError) as raised:
        load_config(rules)
    assert "hunter2" not in str(raised.value) and "secrets never stand in files" in str(raised.value)


def test_a_value_cannot_pass_for_a_line_of_ours_or_steer_a_terminal(rules: Path) -> None:
    edit(rules / "mailboxes/help.yaml", "queue: Front desk", r'queue: "Front\e[31m\nrules: right\u2028\u202e"')
    with pytest.raises(ConfigError) as raised:
        load_config(rules)
    first, *below = str(raised.value).splitlines()
    assert first.startswith("mailboxes/help.yaml:23:12: unknown queue 'Front\ufffd[31m rules: right \ufffd'; known are: ")
    assert [line.strip() for line in below] == [r'queue: "Front\e[31m\nrules: right\u2028\u202e"', "^"]


def test_all_problems_are_reported_at_once_in_the_order_of_the_files(rules: Path) -> None:
    for file, old, new in (
        ("settings.yaml", "edition: unlimited", "edition: gold"),
        ("mailboxes/help.yaml", "queue: Front desk", "queue: Frontdesk"),
        ("workflow/20-triage.rules", 'has tag "VPN"', 'has tag "VPM"'),
        ("directory/tasks.csv", "In progress", "Doing"),
    ):
        edit(rules / file, old, new, -1)
    # settings that their schema refuses stand in the way of references: those come when it is mended
    with pytest.raises(ConfigError) as caught:
        load_config(rules)
    assert [problem.position.file for problem in caught.value.problems] == ["settings.yaml"]
    edit(rules / "settings.yaml", "gold", "unlimited", -1)
    with pytest.raises(ConfigError) as caught:
        load_config(rules)
    files = [problem.position.file for problem in caught.value.problems]
    assert files == ["directory/tasks.csv", "mailboxes/help.yaml", "workflow/20-triage.rules"]


def test_a_file_that_is_not_utf8_is_named_with_its_line(rules: Path) -> None:
    (rules / "tags.yaml").write_bytes(b"version: 1\ntags:\n  - {label: Caf\xe9}\n")
    with pytest.raises(ConfigError, match=r"tags\.yaml:3:16: the file is not UTF-8; save it with the encoding UTF-8"):
        load_config(rules)


@pytest.mark.parametrize(
    "file",
    ["settings.yaml", "mailboxes/help.yaml", "workflow/20-triage.rules", "directory/contacts.csv", "templates/received.md"],
)
def test_a_merge_conflict_is_told_and_nothing_that_follows_of_it(rules: Path, file: str) -> None:
    text = (rules / file).read_text("utf-8")
    (rules / file).write_text(f"{text}<<<<<<< HEAD\na, b\n=======\nc\n>>>>>>> other\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(rules)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{file}:{text.count(chr(10)) + 1}:1: a merge conflict stands here; keep what is right")


def test_anchors_that_explode_are_refused_in_no_time(rules: Path) -> None:
    lines = ["version: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (rules / "tags.yaml").write_text("\n".join(lines), "utf-8")
    with pytest.raises(ConfigError, match="anchors stand for more than 200000 values"):
        load_config(rules)


def test_what_was_meant_is_not_sought_for_each_of_thousands(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.errors._MOST_SOUGHT", 1)
    contacts = rules / "directory/contacts.csv"
    rows = "".join(f"x{n},{word},,,x{n}@x.example,,,yes\n" for n, word in enumerate(["kesler", "olivarr", "kesler"]))
    contacts.write_text(contacts.read_text("utf-8") + rows, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(rules)
    assert [problem.fix for problem in caught.value.problems] == [
        "did you mean 'kessler'?",
        "known are: harbourhill, brightwater, kessler, kessler-nord, olivar, lumiere, vandijk, oldmill",
        "did you mean 'kessler'?",
    ]


def test_what_is_written_out_may_be_more_than_anchors_may_stand_for(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.config.document.MOST_REPEATED", 10)
    tags = rules / "tags.yaml"
    aliases = "".join(f"      - alias {number}\n" for number in range(30))
    tags.write_text(f"{tags.read_text('utf-8')}  - label: Many\n    aliases:\n{aliases}", "utf-8")
    assert len(load_config(rules).tags.tags[-1].aliases) == 30


def test_a_missing_file_and_a_missing_folder_say_so(rules: Path, tmp_path: Path) -> None:
    (rules / "picklists.yaml").unlink()
    with pytest.raises(ConfigError, match=r"picklists\.yaml: the file is missing"):
        load_config(rules)
    with pytest.raises(ConfigError, match="there is no such configuration folder; name one with --rules DIR"):
        load_config(tmp_path / "nowhere")


def test_a_file_of_a_name_that_nothing_reads_is_named(rules: Path) -> None:
    (rules / "setings.yaml").write_text("version: 1\n")
    with pytest.raises(ConfigError, match=r"setings\.yaml: no file of this name is read; did you mean 'settings\.yaml'\?"):
        load_config(rules)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("mailboxes/help.yaml", "name: Help desk", "name: Help: desk"),
        ("mailboxes/help.yaml", "every: 60 seconds", "every: 60"),
        ("mailboxes/alerts.yaml", "version: 1", "version: 2"),
        ("tags.yaml", "version: 1", "version: one"),
        ("templates/received.md", "---\nsubject", "subject"),
        ("templates/urgent.md", "---\nsubject", "subject"),
        ("workflow/20-triage.rules", "list outage_words = ", "list outage_words = - "),
        ("directory/organizations.csv", "id,name,", "id;name;"),
        ("directory/organizations.csv", "brightwater,Brightwater", "brightwater,,Brightwater"),
        ("directory/contacts.csv", "id,organization,", "id,"),
        ("directory/resources.csv", "id,name,", "id;name;"),
        ("directory/projects.csv", "number,name,", ""),
    ],
)
def test_a_mistake_in_one_file_is_no_mistake_of_those_that_name_what_it_defines(
    file: str, old: str, new: str, rules: Path
) -> None:
    edit(rules / file, old, new)
    with pytest.raises(ConfigError) as raised:
        load_config(rules)
    assert {problem.position.file for problem in raised.value.problems} == {file}
