"""HTML as every parser reads it alike, before one that hostile HTML makes slow or large sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mail.html import html_to_text
from engine.mail.markup import _PLAIN, ANY_TAG, LONGEST_HTML, plain
from engine.mail.safe_html import sanitise


@pytest.mark.parametrize(
    "source",
    [
        "",
        "The printer < is > broken & 1 <2",
        "<p class=MsoNormal><o:p>&nbsp;</o:p><br/><a href=\"https://x.example/?a=1&b=2\" title='x y'>here</a ></p>",
        "<!--[if gte mso 9]><xml><o:x/></xml><![endif]--><img src='cid:a' width=10>",
        f"<p {'a ' * 39}>x",
    ],
)
def test_what_all_read_alike_stays_as_it_is(source: str) -> None:
    assert plain(source) is source


def test_what_word_puts_into_each_paragraph_goes() -> None:
    assert plain("<p>x<o:p></o:p></p>") == "<p>x</p>"


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("<p title='</p>'>x", '<p title="&lt;/p&gt;">x'),
        ("<p a='>' b=\"'\">x", '<p a="&gt;" b="\'">x'),
        ("<p/class=a/id=b>x</p/>", '<p class="a/id=b">x</p>'),
        ('<b c="d"e>x', '<b c="d" e>x'),
        ("a<!-- <b> -->b<!--><i a='<'>c", 'ab<i a="&lt;">c'),
        ("a<!-- <b a='>'>c", 'a <b a="&gt;">c'),
        ("a<![CDATA[<b a='>'>c", "a'>c"),
        ("<style>p > b {} <b a='>'></style>x", "</style>x"),
        ("<script>if (a<b) '<b>'</script>x", "</script>x"),
        ("<title>a<b c='>'></title>x", "<title>a&lt;b c='>'></title>x"),
        ("<textarea>a<b c='>'>x", '<textarea>a<b c="&gt;">x'),
        ("<iframe><b c='>'>x</iframe>y", '<b c="&gt;">xy'),
        ("x<b a='>' <c", "x&lt;b a='>' &lt;c"),
        ("<p>x</p></html\n", "<p>x</p>\n"),
        ("<<!-- -->b c='>'>x<i a='>'>", "&lt;b c='>'>x<i a=\"&gt;\">"),
        ("<b c='>'> 1 < 2", '<b c="&gt;"> 1 &lt; 2'),
        ("<b =a <c>x", "<b>x"),
        (f"<p {'a ' * 41}>x", f"<p{' a' * 40}>x"),
    ],
)
def test_what_is_one_tag_to_some_and_two_to_others_is_written_anew(source: str, written: str) -> None:
    assert plain(source) == written


PIECES = [
    *"<>/!?='\"-ax \n&", "<p", "</p>", "<b a=#", "<!--", "-->", "<![CDATA[", "<style>", "</style>", "<title", "</title ", "<textarea>",
    "<iframe>", "a='", 'b="', "&lt;",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_then_no_tag_has_another_in_it(source: str) -> None:
    written = plain(source)
    assert len(_PLAIN.findall(written)) == len(ANY_TAG.findall(written))
    assert plain(written) == written


def test_what_is_cut_ends_with_a_whole_tag() -> None:
    assert plain("<p>x</p>" * 100_000) == ("<p>x</p>" * 100_000)[:LONGEST_HTML]
    assert plain("x" * (LONGEST_HTML - 3) + "<p class=a>y") == "x" * (LONGEST_HTML - 3)


FLOOD = "".join(f"<b a={number}>" for number in range(1_000))


@pytest.mark.parametrize(
    "source",
    [
        f"<p>{FLOOD}</p>" + "<p>x</p>" * 1_000,
        f"<p>{FLOOD.replace('>', '><!--</b>-->')}</p>" + "<p>x</p>" * 1_000,
        f"<p>{FLOOD.replace('<b', '<font')}</p>" + "<p>x</p>" * 1_000,
        f"<p><a href='http://x.example/{'y' * 20_000}'></p>" + "<p>x</p>" * 1_000,
    ],
)
def test_elements_that_each_paragraph_opens_again_do_not_make_it_many_times_as_large(source: str) -> None:
    assert len(sanitise(source)) < 3 * len(source)
    assert html_to_text(source).count("x") == 1_000


def test_ends_that_end_nothing_hide_no_depth() -> None:
    for unit in ("<div><!--</div>-->x", "<div title='</div>'>x", "<div><table><tr><td></div>x", "<ul><li>x"):
        assert sanitise(unit * 20_000) == ""
        assert html_to_text(unit * 1_000).count("x") == 1_000
    assert sanitise("<svg><td>x" * 20_000) == "x" * 20_000


def test_the_attributes_of_one_tag_are_not_each_compared_with_each() -> None:
    """libxml2 took seventeen seconds for these."""
    source = f"<p {' '.join(f'a{number}' for number in range(80_000))}>x</p>"
    assert html_to_text(source) == "x" and sanitise(source) == "<p>x</p>"


@pytest.mark.parametrize("taken_out", ["<font>", "<svg>", "<?x>", "<!-- -->", "<style></style>", "<o:p></o:p>"])
def test_what_is_taken_out_makes_no_tag_of_what_stands_around_it(taken_out: str) -> None:
    source = f"<{taken_out}p {'a ' * 41}>x"
    shown = sanitise(source)
    assert "<p" not in shown and shown.endswith("x")
    assert html_to_text(source).replace(" ", "").endswith("a>x")


def test_a_long_thread_from_outlook_is_kept_without_its_spans() -> None:
    one = "<p class=MsoNormal><span lang=DE style='font-size:11.0pt'>Hallo <b>Tom</b>,<o:p></o:p></span></p><font color=red>x</font>"
    shown = sanitise(one * 4_000)
    assert shown.count("<p>Hallo <b>Tom</b>,</p>x") == 4_000


def test_a_large_table_with_links_is_kept() -> None:
    row = f"<tr><td>x</td><td><a href='https://x.example/{'y' * 30}'>y</a></td></tr>"
    assert sanitise("<table>" + row * 5_000).count("<a href") == 5_000
