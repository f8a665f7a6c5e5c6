"""Random conditions on texts against the plainest reading of `behaviour.md` 7: no case, Unicode normalised, white space as one space."""

from __future__ import annotations

import random
import re
import unicodedata

import pytest

from tests.rules.test_program import facts, program

BITS = [
    "printer", "PRINTER", "can't", "can’t", "naïve", "nai\u0308ve", "NAÏVE", "straße", "STRASSE", "ﬁle", "file", "ＡＢＣ", "abc", "x–y", "x-y", "“q”",
    '"q"', "İstanbul", "istanbul", "a b", "a  b", "a\u00a0b", "a\u2003b", "ΣΊΣΥΦΟΣ", "σίσυφος", "order 12", "ORDER 7", "½", "1⁄2", "ǆ", "ſ", "K", "e\u0301",
    "é", "\u200bz", "Pass\u00adwort", "Passwort", "\u200ex", "\ufeffz", "a\u2060b", "re:", "%", "*", "\\", "a.b", "(c)", "日本", "日 本", "💡",
]  # fmt: skip
PATTERNS = [
    (r"order \d+", ""),
    (r"order \d+", "i"),
    ("^x", ""),
    ("^x", "m"),
    ("a.b", "s"),
    (r"a\s+b", ""),
    ("printer$", "im"),
    ("é", ""),
    ("stra(ß|ss)e", "i"),
]
FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
TYPED = str.maketrans(
    {**dict.fromkeys("‘’", "'"), **dict.fromkeys("“”", '"'), "–": "-", **dict.fromkeys("\u200b\u00ad\u200e\ufeff\u2060")}
)
SINGLE = ["is", "is not", "contains", "does not contain", "starts with", "does not start with", "ends with", "does not end with"]
SEVERAL = ["in", "not in", "contains any of", "contains all of", "does not contain any of"]


def plain(text: str) -> str:
    """Its white space is one space each, also at the ends."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.translate(TYPED)).casefold())
    return re.sub(r"\s+", " ", folded.translate(TYPED))


def sought(text: str, operator: str) -> str:
    """At the ends of what is looked at there is no white space, so there is none to find."""
    found = plain(text)
    if operator in ("is", "is not", "in", "not in"):
        return found.strip()
    if "start" in operator:
        return found.lstrip()
    return found.rstrip() if "end" in operator else found


def some(dice: random.Random, most: int) -> str:
    return " ".join(dice.choice(BITS) for _ in range(dice.randint(0, most)))


def a_text(dice: random.Random, values: list[str]) -> str:
    """A piece of what is there, or something else."""
    whole = dice.choice([*values, *BITS])
    start = dice.randint(0, len(whole))
    piece = re.sub(r"[\n\r\t]", " ", whole[start : start + dice.randint(1, 12)])
    return dice.choice([piece, piece.upper(), piece.lower()]) if plain(piece).strip() else dice.choice(BITS)


def a_condition(dice: random.Random, field: str, values: list[str]) -> tuple[str, bool]:
    """In the rule language, and whether it holds."""
    texts = [plain(value).strip() for value in values]
    operator = dice.choice([*SINGLE, *SEVERAL, "matches"])
    if operator == "matches":
        pattern, flags = dice.choice(PATTERNS)
        found = re.compile(pattern, sum(FLAGS[flag] for flag in flags))
        return f"{field} matches /{pattern}/{flags}", any(found.search(unicodedata.normalize("NFKC", one)) for one in values)
    words = [a_text(dice, values) for _ in range(1 if operator in SINGLE else dice.randint(2, 3))]
    due = [sought(word, operator) for word in words]
    quoted = ['"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words]
    shown = quoted[0] if operator in SINGLE else f"({', '.join(quoted)})"
    if operator in ("is", "is not", "in", "not in"):
        holds = any(text == one for text in texts for one in due)
    elif "start" in operator:
        holds = any(text.startswith(one) for text in texts for one in due)
    elif "end" in operator:
        holds = any(text.endswith(one) for text in texts for one in due)
    else:
        every = all if "all" in operator else any
        holds = any(every(one in text for one in due) for text in texts)
    return f"{field} {operator} {shown}", holds is not operator.startswith(("is not", "not", "does not"))


@pytest.mark.parametrize("seed", range(20))
def test_conditions_on_texts_hold_as_plain_reading_has_it(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(15):
        fields = {
            "subject": [some(dice, 4)],
            "body": ["\n".join(some(dice, 5) for _ in range(dice.randint(1, 4)))],
            'header "X-T"': [some(dice, 3) for _ in range(dice.randint(0, 2))],
        }
        asked = [a_condition(dice, *dice.choice(list(fields.items()))) for _ in range(40)]
        rules = "\n".join(
            f'rule "{number}"\n  on message\n  when {words}\n  then notify sender using t'
            for number, (words, _) in enumerate(asked)
        )
        one = program(rules)
        headers = tuple(("X-T", value) for value in fields['header "X-T"'])
        standing = one.begin(facts(fields["subject"][0], fields["body"][0], headers=headers))
        wrong = [
            (words, holds)
            for number, (words, holds) in enumerate(asked)
            if (one.unmet(number, standing.true) is None) is not holds
        ]
        assert not wrong, (wrong, fields)
