"""Rules against what their event offers: each mistake says where it is, what is wrong and how to mend it; what is right says nothing."""

from __future__ import annotations

import pytest

from engine.dsl.check import check_rules
from engine.dsl.parse import parse_rules
from engine.dsl.scope import Names
from engine.dsl.tree import NamedList, Rule, RuleBook

NAMES = Names(
    picklists={
        "organizations": ("brightwater", "kessler"),
        "queues": ("Front desk", "Old desk"),
        "statuses": ("New", "Complete"),
        "priorities": ("High", "Urgent"),
        "sources": ("Email",),
        "issue_types": ("Network", "Printing"),
        "sub_issue_types": ("VPN", "Wi-Fi", "Toner"),
        "approvals": ("Pending",),
        "note_types": ("Remark",),
        "roles": ("Engineer",),
        "work_types": ("Remote",),
        "mailboxes": ("help",),
        "resources": ("joost", "ruben"),
    },
    sub_issue_types={"Network": ("VPN", "Wi-Fi"), "Printing": ("Toner",)},
    tags=("VPN", "Outage"),
    templates=("receipt",),
    resources=("joost", "ruben"),
    inactive_resources=frozenset({"ruben"}),
    contacts={"ana@x.example": None},
    extracted=frozenset({"asset"}),
    business_hours=True,
    inactive={"queues": frozenset({"Old desk"})},
)


def problems_of(text: str, names: Names = NAMES) -> list[str]:
    """`LINE:COLUMN what; how to mend it`"""
    items, problems = parse_rules("x.rules", text)
    if not problems:
        rules = sorted((item for item in items if isinstance(item, Rule)), key=lambda rule: rule.order)
        lists = {item.name: item for item in items if isinstance(item, NamedList)}
        problems = check_rules(RuleBook(tuple(rules), lists), names)
    return [f"{at.position.line}:{at.position.column} {at.message}; {at.fix}" for at in problems]


RIGHT_CONDITIONS = [
    ("on message", 'any attachment name ends with ".exe"'),
    ("on message", 'any attachment_size > 5 MB'),
    ("on message", 'contact is "ana@x.example"'),
    ("on message", 'contact is "new@x.example"'),
    ("on message", 'sender.id in ("joost", "kim@x.example")'),
    ('on message', 'asset is "x"'),
    ('on message', 'message.forwarded is true'),
    ('on message', 'message.forwarded is "true"'),
    ('on message', 'ticket has tag "VPN"'),
    ('on message', 'ticket has tag VPN'),
    ('on message', 'ticket exists'),
    ('on message', 'organization is brightwater'),
    ('on message', 'subject in ("a")'),
    ('on message', 'subject in organization domains'),
    ('on message', 'sender.domain in organization domains'),
    ('on message', 'header "X-Spam" contains "yes"'),
    ('on message', 'any attachment.name contains ".exe"'),
    ('on ticket updated', 'ticket.age > 3 hours'),
    ('on ticket created', 'ticket.assigned'),
    ('on message', 'message.weekday is Monday'),
    ('on ticket created', 'not message.business hours and not message.business_hours'),
    ('on ticket created', 'queue is "Front desk"'),
    ('on message', 'message.size > 5 GB'),
    ('on message', 'sender address is "x"'),
    ('on task note created', 'status is "Complete"'),
    ('on project note created', 'name is "x"'),
    ('on message', 'any attachment.size > 5 MB'),
    ('on message', 'subject is empty'),
    ('on message', 'message.size exists'),
    ('on message', 'message.forwarded is empty'),
    ('after 3 hours from ticket created', 'status is "New"'),
    ('on message', 'sender.known'),
    ('on message', 'not message.forwarded'),
    ('on ticket updated', 'ticket.age is 3 hours'),
    ('on message', 'message.time is 08:30'),
    ('on message', 'message.received is 2026-12-24'),
]  # fmt: skip
WRONG_CONDITIONS = [
    ("on message", 'attachment name contains "x"', "3:8", "unknown field 'attachment.name'; write: any attachment.name"),
    ("on message", 'contact is "ana"', "3:19", "unknown contact 'ana'; did you mean 'ana@x.example'?"),
    ("on message", 'sender.id in ("jost", "x@y")', "3:22", "unknown sender 'jost'; did you mean 'joost'?"),
    ('on message', 'subjct contains "x"', '3:8', "unknown field 'subjct'; did you mean 'subject'?"),
    ('on message', 'aset is "x"', '3:8', "unknown field 'aset'; did you mean 'asset'?"),
    ('on message', 'subject > 3', '3:8', "'subject' is no number, size or time: '>' does not fit; compare it with is, in or contains"),
    ('on message', 'subject is 3', '3:19', "'message.subject' is text; put the value in quotes"),
    ('on message', 'subject is urgent', '3:19', '\'urgent\' must stand in quotes; write "urgent"'),
    ('on message', 'subject contains ""', '3:25', 'an empty text is in everything; write `is empty`, or give it a word'),
    ('on message', 'subject contains any of ("a", " ")', '3:38', 'an empty text is in everything; write `is empty`, or give it a word'),
    ('on message', 'message.size > 3', '3:23', "'message.size' cannot be compared with this; write a size such as 5 MB"),
    ('on message', 'message.size > 3 minutes', '3:23', "'message.size' cannot be compared with this; write a size such as 5 MB"),
    ('on message', 'message.size is "big"', '3:24', "'message.size' cannot be compared with this; write a size such as 5 MB"),
    ('on message', 'message.size contains "x"', '3:8', "'message.size' is no text: 'contains' does not fit; compare it with is, >, >=, < or <="),
    ('on message', 'message.received > 08:30', '3:27', "'message.received' cannot be compared with this; write a day such as 2026-12-24"),
    ('on message', 'message.time > 2026-12-24', '3:23', "'message.time' cannot be compared with this; write a time of day such as 08:30"),
    ('on message', 'message.time > 8', '3:23', "'message.time' cannot be compared with this; write a time of day such as 08:30"),
    ('on message', 'message.forwarded is yes', '3:29', "'message.forwarded' is true or false; write: message.forwarded, or: not message.forwarded"),
    ('on message', 'message.forwarded is 3 minutes', '3:29', "'message.forwarded' is true or false; write: message.forwarded, or: not message.forwarded"),
    ('on message', 'message.forwarded contains "x"', '3:8', "'message.forwarded' is true or false; write: message.forwarded, or: not message.forwarded"),
    ('on message', 'message.forwarded > 3', '3:8', "'message.forwarded' is true or false; write: message.forwarded, or: not message.forwarded"),
    ('on message', 'message.forwarded in ("a")', '3:8', "'message.forwarded' is true or false; write: message.forwarded, or: not message.forwarded"),
    ('on message', 'message.size in ("a")', '3:8', "'message.size' is no text: 'in' does not fit; compare it with is, >, >=, < or <="),
    ('on message', 'has tag "VPN"', '3:16', '\'"VPN"\' cannot stand here; write `ticket has tag "..."`'),
    ('on message', 'subject has tag "VPN"', '3:8', '\'subject\' has no tags; write: ticket has tag "..."'),
    ('on message', 'ticket contains "x"', '3:8', '\'ticket\' is the ticket itself; ask for a field, or write: ticket has tag "..."'),
    ('on message', 'ticket', '3:8', '\'ticket\' is the ticket itself; ask for a field, or write: ticket has tag "..."'),
    ('on message', 'organization is "brihtwater"', '3:24', "unknown organization 'brihtwater'; did you mean 'brightwater'?"),
    ('on message', 'organization in ("kessler", "bright")', '3:36', "unknown organization 'bright'; did you mean 'brightwater'?"),
    ('on message', 'organization in nobody', '3:24', 'unknown list \'nobody\'; write above the rule: list nobody = "...", "..."'),
    ('on message', 'sender.domain in organisation domains', '3:25', "unknown list 'organisation_domains'; did you mean 'organization domains'?"),
    ('on message', 'header "List Id" exists', '3:15', '"list id" is no name of a header; write one such as "List-Id"'),
    ('on message', 'header "" exists', '3:15', '"" is no name of a header; write one such as "List-Id"'),
    ('on message', 'any attachment exists', '3:12', "unknown collection 'attachment'; write: any attachment.name"),
    ('on message', 'any atachment.name exists', '3:12', "unknown collection 'atachment.name'; did you mean 'attachment.name'?"),
    ('on message', 'any link exists', '3:12', "unknown collection 'link'; write: any link.domain"),
    ('on message', 'any subject contains "x"', '3:12', "unknown collection 'subject'; known are: attachment.name, attachment.type, attachment.size, link.address, link.domain, recipient.address, recipient.domain"),
    ('on message', 'link.domain is "x"', '3:8', "unknown field 'link.domain'; write: any link.domain"),
    ('on ticket updated', 'ticket.age > 3 business hours', '3:21', 'business hours cannot be compared with; write plain hours, such as 2 hours'),
    ('on ticket created', 'note.type is "Remark"', '3:8', "'ticket created' has no 'note.type'; it is there on: ticket note created, project note created, task note created"),
    ('after 3 hours from ticket created', 'subject contains "x"', '3:8', "a rule that waits after 'ticket created' has no 'subject'; the message is long gone: look at the ticket instead"),
    ('after 3 hours from ticket created', 'header "X" exists', '3:15', "a rule that waits after 'ticket created' has no message any more; look at the ticket instead"),
    ('after 3 hours from ticket created', 'any attachment.name exists', '3:12', "a rule that waits after 'ticket created' has no message any more; look at the ticket instead"),
    ('on message', 'true', '3:8', "unknown field 'true'; leave `when` out"),
    ('on message', 'always', '3:8', "unknown field 'always'; leave `when` out"),
    ('on message', 'cc contains "x"', '3:8', 'unknown field \'cc\'; write: header "Cc"'),
    ('on message', 'text contains "x"', '3:8', "unknown field 'text'; write: body"),
    ('on message', 'customer is "x"', '3:8', "unknown field 'customer'; write: organization.name"),
    ('on message', 'message.automatic is "bounced"', '3:29', "unknown value 'bounced'; did you mean 'bounce'?"),
    ('on message', 'message.weekday in ("Monday","Tusday")', '3:37', "unknown value 'Tusday'; did you mean 'Tuesday'?"),
    ('on message', 'subject matches /(/', '3:24', 'the regular expression is wrong: missing ): (; see docs/rule-language.md for its syntax'),
    ('on message', 'subject matches /a/x', '3:24', "unknown flag 'x'; known are: i (any case), m, s"),
    ('on message', 'subject matches "a"', '3:24', '\'"a"\' cannot stand here; expected a regular expression (/.../)'),
    ('on ticket created', 'priority is "Hihg"', '3:20', "unknown priority 'Hihg'; did you mean 'High'?"),
    ('on ticket created', 'status is not "Closed"', '3:22', "unknown status 'Closed'; known are: New, Complete"),
    ('on message', 'mailbox is "halp"', '3:19', "unknown mailbox 'halp'; did you mean 'help'?"),
    ('on message', 'subject contains any of words', '3:32', 'unknown list \'words\'; write above the rule: list words = "...", "..."'),
    ('on message', 'ticket has tag "VPM"', '3:23', "unknown tag 'VPM'; did you mean 'VPN'?"),
    ('on task note created', 'status is "Done"', '3:18', "unknown status 'Done'; known are: New, Complete"),
    ('on task note created', 'priority is "High"', '3:8', "'task note created' has no 'priority'; it is there on: message, ticket created, ticket note created, ticket time entry created, ticket updated"),
    ('on task note created', 'ticket.status is "New"', '3:8', "'task note created' has no 'ticket.status'; it is there on: message, ticket created, ticket note created, ticket time entry created, ticket updated"),
    ('on message', 'any attachment.size > 3', '3:30', "'attachment.size' cannot be compared with this; write a size such as 5 MB"),
    ('after 3 hours from ticket created', 'asset is "x"', '3:8', "a rule that waits after 'ticket created' has no 'asset'; the message is long gone: look at the ticket instead"),
    ('after 3 hours from ticket created', 'subject', '3:8', "a rule that waits after 'ticket created' has no 'subject'; the message is long gone: look at the ticket instead"),
]  # fmt: skip
RIGHT_ACTIONS = [
    ('on ticket created', 'set organization to brightwater'),
    ('on ticket created', 'set contact to "ana@x.example"'),
    ('on ticket created', 'set status to "Complete"'),
    ('on ticket created', 'set issue type to "Network" / "VPN"'),
    ('on ticket created', 'set sub issue type to "VPN"'),
    ('on ticket created', 'set due to 4 hours'),
    ('on ticket created', 'set due to 4 business hours'),
    ('on ticket created', 'clear due'),
    ('on ticket created', 'clear queue'),
    ('on ticket note created', 'set publish to internal'),
    ('on ticket note created', 'set note type to "Remark"'),
    ('on ticket note created', 'set type to "Remark"'),
    ('on ticket time entry created', 'set role to "Engineer"'),
    ('on task note created', 'set status to "Complete"'),
    ('on ticket created', 'set assigned to joost'),
    ('on ticket created', 'set approval to Pending'),
    ('on ticket created', 'add tag "VPN"'),
    ('on ticket created', 'assign to joost'),
    ('on ticket created', 'notify contact using receipt'),
    ('on ticket created', 'notify sender using receipt'),
    ('on ticket created', 'notify resource joost using receipt'),
    ('on ticket created', 'notify "desk@x.example" using receipt'),
    ('on message', 'notify assigned resource using receipt'),
    ('on ticket created', 'notify assigned resource using receipt'),
    ('on ticket created', 'notify contact, assigned resource using receipt'),
    ('on ticket created', 'add note "x"'),
    ('on ticket created', 'add note "x" as internal'),
    ('on ticket created', 'create ticket "x"'),
    ('on ticket created', 'create ticket "x" with queue "Front desk"'),
    ('on message', 'discard "x"'),
    ('on message', 'refuse "x" using receipt'),
    ('on message', 'quarantine "x"'),
    ('on message', 'attribute to organization brightwater'),
    ('on message', 'attribute to contact "ana@x.example"'),
    ('on message', 'attribute to forwarded sender'),
    ('on message', 'discard "x" even replies'),
    ('on message', 'stop'),
    ('on ticket note created', 'set note_type to "Remark"'),
    ('on task time entry created', 'set task.status to "Complete"'),
    ('on ticket time entry created', 'set time entry role to "Engineer"'),
    ('on message', 'refuse ""'),
    ('on ticket created', 'set due to 3 business hours'),
]  # fmt: skip
WRONG_ACTIONS = [
    ("on task note created", "set organization to kessler", "3:8", "'organization' cannot be set on 'task note created'; it can be set on: ticket created, ticket note created, ticket time entry created, ticket updated"),
    ('on ticket created', 'set queue to "Frnt desk"', '3:21', "unknown queue 'Frnt desk'; did you mean 'Front desk'?"),
    ('on ticket created', 'set queue to "Old desk"', '3:21', "the queue 'Old desk' is not active; set an active one"),
    ('on ticket created', 'set queue to Front', '3:21', "unknown queue 'Front'; did you mean 'Front desk'?"),
    ('on ticket created', 'set queue to 3', '3:21', "'queue' is text; put the value in quotes"),
    ('on ticket created', 'set quue to "Front desk"', '3:8', "'quue' cannot be set on 'ticket created'; did you mean 'queue'?"),
    ('on ticket created', 'set subject to "x"', '3:8', "'subject' cannot be set on 'ticket created'; write: set title"),
    ('on ticket created', 'set organization to brihtwater', '3:28', "unknown organization 'brihtwater'; did you mean 'brightwater'?"),
    ('on ticket created', 'set contact to "an@x.example"', '3:23', "unknown contact 'an@x.example'; did you mean 'ana@x.example'?"),
    ('on ticket created', 'set status to complete', '3:22', "unknown status 'complete'; did you mean 'Complete'?"),
    ('on ticket created', 'set issue type to "Network" / "Toner"', '3:38', "unknown sub-issue type 'Toner'; known are: VPN, Wi-Fi"),
    ('on ticket created', 'set queue to "Front desk" / "x"', '3:36', "'queue' has no second value; remove the part after /"),
    ('on ticket created', 'set sub-issue type to "VPN"', '3:8', "'sub-issue type' cannot be set on 'ticket created'; did you mean 'sub issue type'?"),
    ('on ticket created', 'set due to "4 hours"', '3:19', "'due' is set to a length of time; write: set due to 4 hours"),
    ('on ticket created', 'set due to 2 business days', '3:19', 'business days cannot be counted; write business hours or business minutes'),
    ('on ticket created', 'set due to tomorrow', '3:19', "'due' is set to a length of time; write: set due to 4 hours"),
    ('on ticket created', 'clear title', '3:8', "'title' cannot be empty; set it to a value"),
    ('on ticket created', 'clear status', '3:8', "'status' cannot be empty; set it to a value"),
    ('on ticket created', 'set title to ""', '3:8', "'title' cannot be empty; set it to a value"),
    ('on ticket created', 'set title to 3 hours', '3:21', "'title' is text; put the value in quotes"),
    ('on ticket created', 'set publish to internal', '3:8', "'publish' cannot be set on 'ticket created'; it can be set on: ticket note created, project note created, task note created"),
    ('on ticket note created', 'set publish to none', '3:23', "'publish' cannot be 'none'; write all or internal"),
    ('on ticket note created', 'clear publish', '3:8', "'publish' cannot be empty; set it to a value"),
    ('on ticket note created', 'set role to "Engineer"', '3:8', "'role' cannot be set on 'ticket note created'; it can be set on: ticket time entry created, task time entry created"),
    ('on project note created', 'set queue to "Front desk"', '3:8', "'queue' cannot be set on 'project note created'; it can be set on: ticket created, ticket note created, ticket time entry created, ticket updated"),
    ('on task note created', 'clear status', '3:8', "'status' cannot be empty; set it to a value"),
    ('on message', 'set queue to "Front desk"', '3:8', "'queue' cannot be set on 'message'; set it in a rule: on ticket created"),
    ('on ticket created', 'set assigned to ruben', '3:24', "the resource 'ruben' is not active; name an active one"),
    ('on ticket created', 'add tag "VPM"', '3:16', "unknown tag 'VPM'; did you mean 'VPN'?"),
    ('on ticket created', 'add tag VPN', '3:16', '\'VPN\' cannot stand here; expected text in quotes ("...")'),
    ('on message', 'add tag "VPN"', '3:8', "there is no ticket to add a tag to on 'message'; write it in a rule on a ticket's event"),
    ('on ticket created', 'remove tag "VPM"', '3:19', "unknown tag 'VPM'; did you mean 'VPN'?"),
    ('on task note created', 'remove tag "VPN"', '3:8', "there is no ticket to remove a tag from on 'task note created'; write it in a rule on a ticket's event"),
    ('on ticket created', 'assign to jost', '3:18', "unknown resource 'jost'; did you mean 'joost'?"),
    ('on ticket created', 'assign to ruben', '3:18', "the resource 'ruben' is not active; name an active one"),
    ('on ticket created', 'assign joost', '3:15', "'joost' cannot stand here; expected `to`"),
    ('on project note created', 'assign to joost', '3:8', "there is no ticket to assign on 'project note created'; write it in a rule on a ticket's event"),
    ('on ticket created', 'notify contact using recept', '3:29', "unknown template 'recept'; did you mean 'receipt'?"),
    ('on ticket created', 'notify customer using receipt', '3:15', "'customer' cannot stand here; expected whom: contact, sender, assigned resource, additional contacts, resource NAME, or an address in quotes"),
    ('after 3 hours from ticket created', 'notify sender using receipt', '3:8', 'a rule that waits has no sender any more; name the contact'),
    ('on ticket created', 'notify resource ruben using receipt', '3:24', "the resource 'ruben' is not active; name an active one"),
    ('on ticket created', 'notify "desk" using receipt', '3:15', '"desk" is no address; write one such as desk@example.com'),
    ('on ticket created', 'notify "a@b, c@d" using receipt', '3:15', '"a@b, c@d" is no address; write one such as desk@example.com'),
    ('on project note created', 'notify additional contacts using receipt', '3:8', "'project note created' has no additional contacts; name an address"),
    ('on ticket created', 'notify contact', '3:22', 'the rule ends too early; expected `using` or a comma'),
    ('on message', 'add note "x"', '3:8', "there is no ticket to add a note to on 'message'; write it in a rule on a ticket's event"),
    ('on ticket created', 'add note ""', '3:8', 'an empty note tells nobody anything; give it a text in quotes'),
    ('on ticket created', 'create ticket "x" with queue = "Front desk", priority = "Hi"', '3:37', "'=' cannot stand here; leave the `=` out"),
    ('on ticket created', 'create ticket "x" with title = "y"', '3:37', "'=' cannot stand here; leave the `=` out"),
    ('on ticket created', 'create ticket "x" with status = "New", description = "y"', '3:38', "'=' cannot stand here; leave the `=` out"),
    ('on ticket created', 'create ticket "x" with assigned = ruben', '3:40', "'=' cannot stand here; leave the `=` out"),
    ('on message', 'create ticket "x"', '3:8', "there is no ticket to create another one from on 'message'; write it in a rule on a ticket's event"),
    ('on ticket created', 'create ticket "x" with queue = "Old desk"', '3:37', "'=' cannot stand here; leave the `=` out"),
    ('on ticket created', 'create ticket "x" with due = 3 hours', '3:35', "'=' cannot stand here; leave the `=` out"),
    ('on ticket created', 'discard "x"', '3:8', "'discard' comes too late on 'ticket created'; write it in a rule: on message"),
    ('on message', 'discard', '3:15', 'the rule ends too early; expected text in quotes ("...")'),
    ('on message', 'refuse "x" using recept', '3:25', "unknown template 'recept'; did you mean 'receipt'?"),
    ('on ticket note created', 'refuse "x"', '3:8', "'refuse' comes too late on 'ticket note created'; write it in a rule: on message"),
    ('on ticket created', 'quarantine "x"', '3:8', "'quarantine' comes too late on 'ticket created'; write it in a rule: on message"),
    ('on message', 'attribute to organization bright', '3:34', "unknown organization 'bright'; did you mean 'brightwater'?"),
    ('on message', 'attribute to contact "ann@x.example"', '3:29', "unknown contact 'ann@x.example'; did you mean 'ana@x.example'?"),
    ('on ticket created', 'attribute to forwarded sender', '3:8', "'attribute' comes too late on 'ticket created'; write it in a rule: on message"),
    ('on ticket created', 'reopen', '3:8', '\'reopen\' cannot stand here; write `set status to "..."`'),
    ('on ticket created', 'close', '3:8', '\'close\' cannot stand here; write `set status to "..."`'),
    ('on message', 'delete', '3:8', '\'delete\' cannot stand here; write `discard "..."`'),
    ('on ticket created', 'set owner to joost', '3:8', "'owner' cannot be set on 'ticket created'; write: set assigned"),
    ('on ticket created', 'set customer to kessler', '3:8', "'customer' cannot be set on 'ticket created'; write: set organization"),
    ('on task note created', 'set owner to joost', '3:8', "'owner' cannot be set on 'task note created'; known are: type, publish, status"),
    ('on message', 'set colour to "x"', '3:8', "'colour' cannot be set on 'message'; known are: title, description, organization, contact, queue, status, priority, source, ..."),
    ('on ticket created', 'create ticket "x" with queue "Old desk"', '3:37', "the queue 'Old desk' is not active; set an active one"),
    ('on ticket created', 'create ticket "x" with priority "Hi"', '3:40', "unknown priority 'Hi'; did you mean 'High'?"),
    ('on ticket created', 'create ticket "x" with title "y"', '3:37', "a new ticket cannot be given 'title'; give queue, status, priority, ..."),
    ('on ticket created', 'create ticket "x" with status "New", description "y", assigned joost', '3:76', 'the rule ends too early; expected text in quotes ("...")'),
    ('on ticket created', 'create ticket "x" with assigned ruben', '3:45', 'the rule ends too early; expected text in quotes ("...")'),
    ('on ticket created', 'create ticket ""', '3:8', 'a ticket needs a title; give it a text in quotes'),
    ('on message', 'discard " "', '3:8', 'whoever reads the trace wants to know why; give it a text in quotes'),
    ('on message', 'quarantine ""', '3:8', 'whoever reads the trace wants to know why; give it a text in quotes'),
    ('on ticket created', 'notify contact, resource jost using receipt', '3:33', "unknown resource 'jost'; did you mean 'joost'?"),
    ('after 3 hours from ticket created', 'quarantine "x"', '3:8', "'quarantine' comes too late on 'ticket created'; write it in a rule: on message"),
    ('after 3 hours from ticket created', 'attribute to organization kessler', '3:8', "'attribute' comes too late on 'ticket created'; write it in a rule: on message"),
    ('on task note created', 'notify assigned resource using receipt', '3:8', "'task note created' has no assigned resource; name an address"),
]  # fmt: skip
WRONG_FILES = [
    ('list words = "a", ""\nrule "R"\n  on message\n  when subject contains any of words\n  then stop\n', '1:19 an empty text is in everything; write `is empty`, or give it a word'),
    ('list words = "brightwater", "x"\nrule "R"\n  on message\n  when organization in words\n  then stop\n', "1:29 unknown organization 'x'; known are: brightwater, kessler"),
    ('list words = "a"\nrule "R"\n  on message\n  when subject contains any of word\n  then stop\n', "4:32 unknown list 'word'; did you mean 'words'?"),
    ('rule ""\n  on message\n  then stop\n', '1:6 the rule has no name; say in a few words what it does'),
    ('rule "A"\n  on message\n  then stop\nrule "a"\n  on message\n  then stop\n', "4:6 the rule 'a' stands twice; first at x.rules:1:6; rename one"),
    ('rule "A"\n  on mesage\n  then stop\n', "2:6 unknown event 'mesage'; did you mean 'message'?"),
    ('rule "A"\n  after 3 business days from ticket created\n  then stop\n', '2:9 business days cannot be counted; write business hours or business minutes'),
    ('rule "A"\n  after 3 hours from task note created\n  then stop\n', "2:22 a rule cannot wait after 'task note created'; it can after: ticket created, ticket note created, ticket time entry created, ticket updated"),
    ('rule "A"\n  priority x\n  on message\n  then stop\n', "2:12 'x' cannot stand here; expected a whole number"),
    ('rule "A"\n  then stop\n', "2:3 'then' cannot stand here; expected `after` or `on` or `priority`"),
    ('rule "A"\n  on message\n', '2:13 the rule ends too early; expected `then` or `when`'),
    ('rule "A"\n  on message\n  when subject\n', '3:15 the rule ends too early; expected an operator (is, is not, in, contains, starts with, matches, exists, ...), `and`, `or` or `then`'),
    ('rule A\n  on message\n  then stop\n', '1:6 \'A\' cannot stand here; expected text in quotes ("...")'),
    ('on message\n then stop\n', "1:1 'on' cannot stand here; expected `list` or `rule` or the end of the file"),
    ('rule "A"\n on message\n on ticket created\n then stop', "2:5 unknown event 'message on ticket created'; a rule has one event: write two rules"),
    ('rule "A"\n on message\n when subject contains "x"\n when body contains "y"\n then stop', "4:2 'when' cannot stand here; a rule has one `when`: join them with `and` or `or`"),
    ('rule "A"\n when subject contains "x"\n on message\n then stop', "2:2 'when' cannot stand here; expected `after` or `on` or `priority`"),
    ('rule "A"\n on message\n priority 10\n then stop\n', "3:11 '10' cannot stand here; write `priority` above `on`"),
]  # fmt: skip
RIGHT_FILES = [
    'rule "A"\n  on ticket note created\n  then stop\n',
    'rule "A"\n  after 3 business hours from ticket created\n  then stop\n',
    'rule "A" on message when subject contains "x" then stop stop\n',
]  # fmt: skip


@pytest.mark.parametrize(("event", "condition"), RIGHT_CONDITIONS)
def test_a_condition_that_is_right(event: str, condition: str) -> None:
    assert problems_of(f'rule "R"\n  {event}\n  when {condition}\n  then stop\n') == []


@pytest.mark.parametrize(("event", "condition", "place", "says"), WRONG_CONDITIONS)
def test_a_condition_that_is_wrong(event: str, condition: str, place: str, says: str) -> None:
    assert problems_of(f'rule "R"\n  {event}\n  when {condition}\n  then stop\n') == [f"{place} {says}"]


@pytest.mark.parametrize(("event", "action"), RIGHT_ACTIONS)
def test_an_action_that_is_right(event: str, action: str) -> None:
    assert problems_of(f'rule "R"\n  {event}\n  then {action}\n') == []


@pytest.mark.parametrize(("event", "action", "place", "says"), WRONG_ACTIONS)
def test_an_action_that_is_wrong(event: str, action: str, place: str, says: str) -> None:
    assert problems_of(f'rule "R"\n  {event}\n  then {action}\n') == [f"{place} {says}"]


@pytest.mark.parametrize(("text", "says"), WRONG_FILES)
def test_a_file_that_is_wrong(text: str, says: str) -> None:
    assert problems_of(text) == [says]


@pytest.mark.parametrize("text", RIGHT_FILES)
def test_a_file_that_is_right(text: str) -> None:
    assert problems_of(text) == []
