"""Every code that `check` reports, with its title. docs/checks.md has a section for each."""

from __future__ import annotations

CODES: dict[str, str] = {
    "PR001": "a file cannot be read",
    "PR002": "a file has a key or value that its schema does not allow",
    "PR003": "a file is missing, or is there twice",
    "PR004": "a name does not exist, or clashes",
    "PR005": "the directory is wrong",
    "PR006": "a rule is not written as the language wants",
    "PR007": "a template is wrong",
    "PR008": "a template uses a variable that its event does not have",
    "PR009": "a rule names or compares something that does not fit",
    "PR100": "a comment allows what is not there, or without a reason",
    "PR101": "conditions exclude each other",
    "PR102": "an earlier rule always ends the pass",
    "PR103": "two rules have the same conditions",
    "PR104": "two rules set one field to different values",
    "PR105": "a condition is always true",
    "PR106": "a list that no rule uses",
    "PR107": "a template that nothing sends",
    "PR108": "a tag that nothing puts",
    "PR109": "one phrase under two tags",
    "PR110": "a regular expression matches everything",
    "PR111": "a mailbox that nothing reads",
    "PR112": "two mailboxes read one folder",
    "PR113": "a comparison with what cannot be",
    "PR114": "passwords or mail would travel in the clear",
    "PR115": "a value that nobody in the directory has",
    "PR116": "a key that does nothing where it stands",
    "PR117": "a rule that no mail reaches",
    "PR120": "something was removed that is still used",
}
