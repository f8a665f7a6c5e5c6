"""What stands in columns says what the dict said from which it was made, also once it was kept."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from engine.config.columns import Contacts, Owners
from engine.config.people import Contact
from engine.errors import Position

_KEYS = st.text(st.characters(exclude_categories=("Cs",)), max_size=4)


@given(st.dictionaries(_KEYS, st.text("aé\0\n", max_size=3), max_size=12), _KEYS)
def test_columns_are_the_dict_they_were_made_of(rows: dict[str, str], other: str) -> None:
    made = Owners.of(rows)
    for column in (made, pickle.loads(pickle.dumps(made))):
        assert column == rows and len(column) == len(rows)
        assert list(column.items()) == list(rows.items())
        assert (other in column, column.get(other)) == (other in rows, rows.get(other))
        assert None not in column


def test_a_contact_is_whole() -> None:
    ana = Contact("ana", "lumiere", "Ana", "Díaz", ("ana@lumiere.example", "", "a@lumiere.example"), True, 7)
    ben = Contact("ben", "lumiere", "", "", ("ben@lumiere.example", "", ""), False, 0, Position("directory/organizations.csv", 3))
    kept = pickle.loads(pickle.dumps(Contacts.of({"ben": ben, "ana": ana})))
    assert list(kept.values()) == [ben, ana]
