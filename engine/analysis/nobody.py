"""Rules that ask for what no row of the directory has: `organization.classification is "Premum"`, or a caller where it has no telephone numbers."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.languages import wider
from engine.config.model import Config
from engine.dsl.tree import Attribute, tests_of
from engine.errors import Known, Problem, did_you_mean, warn
from engine.text import compared


def check_nobody(config: Config) -> Iterator[Problem]:
    organizations = config.directory.organizations.values()
    names = {
        "organization.classification": {one.classification for one in organizations if one.classification},
        "organization.name": {one.name for one in organizations},
        "organization.language": {code for one in organizations for code in wider(one.language)},
    }
    found = {name: set(map(compared, values)) for name, values in names.items()}
    known = {name: Known(sorted(values)) for name, values in names.items()}
    for rule in config.rules.rules:
        for action in rule.actions:
            if isinstance(action, Attribute) and action.to == "caller" and not config.directory.has_phones:
                fix = "add a column `phones` to contacts.csv or organizations.csv"
                yield warn("PR115", action.position, "nobody in the directory has a telephone number", fix)
        for test in tests_of(rule.condition):
            if test.operand.kind == "field" and test.operand.name in known and test.operator in ("is", "in"):
                for text in config.rules.texts_of(test.value):
                    if compared(text.text) not in found[test.operand.name]:
                        what = test.operand.name.partition(".")[2]
                        words = f"no organization has the {what} '{text.text}'"
                        yield warn("PR115", text.position, words, did_you_mean(text.text, known[test.operand.name]))
