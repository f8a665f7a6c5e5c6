"""Parameters that are read without Python's parser are what it makes of them."""

from __future__ import annotations

from email.message import Message

from hypothesis import example, given
from hypothesis import strategies as st

from engine.mail.content import boundaries_of, charset_of, disposition_and_filename, type_of
from engine.mail.parameters import ordinary_parameters

_TEXT = st.text(alphabet="aB1 ;=\"'/.+-_:?*%()<>\\\r\n\té", max_size=8)
_VALUE = st.one_of(
    _TEXT, _TEXT.map('"{}"'.format), st.sampled_from(["utf-8", '"=_b 1"', "flowed", '"a;b=c"', "<b>", '"<b>"', "us-ascii'en'x"])
)
_NAME = st.one_of(st.sampled_from(["charset", "boundary", "name", "NAME", "name*", "name*0", "x-y"]), _TEXT)
_SPACE = st.sampled_from(["", " ", "\r\n\t", "  "])
_PARAMETER = st.builds("{};{}{}={}".format, _SPACE, _SPACE, _NAME, _VALUE)
_FIELD = st.builds(
    "{}{}{}".format, st.one_of(_TEXT, st.sampled_from(["text/plain", "Multipart/Mixed"])), st.lists(_PARAMETER, max_size=4).map("".join), _TEXT
)  # fmt: skip


@given(_FIELD)
@example('text/plain; charset="utf-8"; charset=x; NAME=b; format=flowed;')
@example('multipart/mixed;\r\n\tboundary="b;c=d"; x=y')
@example("name; name=a")
def test_an_ordinary_value_is_read_as_python_reads_it(value: str) -> None:
    found = ordinary_parameters(value)
    if found is None:
        return
    part = Message()
    part.set_raw("Content-Type", value)
    assert found[""] == part.get_content_type() or "/" not in found[""]
    # The first of what Python gives is what stands before the first semicolon.
    parameters = [(name.lower(), said) for name, said in (part.get_params() or [])[1:] if name]
    assert {**found, "": ""} == {**dict(reversed(parameters)), "": ""}


def test_what_programs_write_is_ordinary_and_what_has_a_meaning_of_its_own_is_not() -> None:
    assert ordinary_parameters('Multipart/Related; boundary="----=_Part (1)";\r\n\ttype="text/html"; start=a:b') == {
        "": "multipart/related",
        "boundary": "----=_Part (1)",
        "type": "text/html",
        "start": "a:b",
    }
    assert ordinary_parameters('inline; filename="a b.png"; size=12') == {"": "inline", "filename": "a b.png", "size": "12"}
    for odd in ('a/b; name="a\\"b"', "a/b; name*=utf-8''x", 'a/b; name="<x>"', "a/b; name=(c) x", "a/b name=x", 'a/b; name="é"'):
        assert ordinary_parameters(odd) is None


def test_a_field_says_the_same_in_an_ordinary_form_and_in_another() -> None:
    ordinary, odd = Message(), Message()
    for part, more in ((ordinary, ""), (odd, "; x*=utf-8''y")):
        part.set_raw("Content-Type", f'Text/HTML; charset="UTF-8"; boundary="b 1 "; name="a.txt"{more}')
        part.set_raw("Content-Disposition", f'Attachment; filename="=?utf-8?q?=C3=A9?=.txt"{more}')
        assert type_of(part) == "text/html"
        assert charset_of(part) == "utf-8"
        assert list(boundaries_of(part)) == ["b 1", "b"]
        assert disposition_and_filename(part, lambda: None) == ("attachment", "é.txt")
