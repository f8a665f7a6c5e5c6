"""Where links lead, whatever is done to make them look like others."""

from __future__ import annotations

import pytest

from engine.mail.links import LONGEST_LINK, MOST_LINKS, links_of


@pytest.mark.parametrize(
    ("html", "domains"),
    [
        ('<a href="https://evil.example/?x=1">https://bank.example</a>', ["evil.example"]),
        ("<a class=x HREF='https://bank.example@evil.example:443/'>x</a>", ["evil.example"]),
        (r"<a href=https:\\evil.example\x>x</a>", ["evil.example"]),
        ('<a href="ht\ntps://ev\til.example">x</a>', ["evil.example"]),
        ('<a href="&#104;ttps://e&#118;il.example">x</a>', ["evil.example"]),
        ('<a href="https://ev%69l.example./">x</a>', ["evil.example"]),
        ('<a href="HTTPS:evil.example">x</a>', ["evil.example"]),
        ('<a href="//evil.example">x</a>', ["evil.example"]),
        ('<area href="https://evil.example">', ["evil.example"]),
        ('<form action="https://evil.example/password">', ["evil.example"]),
        ('<a href="https://evil.example', ["evil.example"]),
        ("""<a title="1 > 0" rel='<' href="https://evil.example">""", ["evil.example"]),
        ('<a/href="https://evil.example">', ["evil.example"]),
        ('<a title="href=https://no.example" action="https://no.example" href="https://evil.example">', ["evil.example"]),
        ('<a href="https://evil.example" href="https://no.example">', ["evil.example"]),
        ("<a x=y href = 'https://evil.example'>", ["evil.example"]),
        ('<base href="https://evil.example/"><a href="login">x</a>', ["evil.example"]),
        ('<a href="https://ev\u00adil\u200b.example">x</a>', ["evil.example"]),
        ('<a href="https://ｅｖｉｌ。example">x</a>', ["evil.example"]),
        ('<a href="https://[2001:db8::1]:80/x">x</a>', ["[2001:db8::1]"]),
        ('<a href="https://EVIL.example">x</a><a href="https://müller.example">', ["evil.example", "xn--mller-kva.example"]),
        (
            '<a href="mailto:ana@contoso.example">x</a><a href="/there">x</a><a href="javascript:x()">x</a><a name="evil.example">',
            [],
        ),
        ('<a data-href="https://no.example" title="href=x">', []),
        ('<a href="https://evil.example:99999999/">x</a>', ["evil.example"]),
        ('<a href="https://">x</a><a href="https:///?#">', []),
        (
            '<a href="https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.example%2Fa&amp;data=1">x</a>',
            ["eur01.safelinks.protection.outlook.com", "evil.example"],
        ),
        ('<a href="https://urldefense.com/v3/__https://evil.example/a__;!!x!y$">x</a>', ["urldefense.com", "evil.example"]),
        (
            '<a href="https://a.example/?q=https%3A%2F%2Fb.example%2F%3Fq%3Dhttps%253A%252F%252Fevil.example">x</a>',
            ["a.example", "b.example", "evil.example"],
        ),
    ],
)
def test_a_link_of_the_html_leads_where_a_browser_goes(html: str, domains: list[str]) -> None:
    assert [link.domain for link in links_of("", html)] == domains


def test_addresses_in_the_text_are_links_without_what_stands_behind_them() -> None:
    text = "See https://a.example/x, (http://b.example/y?z=1) or www.c.example. Not ana@www.d.example, <https://e.example/>\nhttps://a.example/x"
    assert [link.address for link in links_of(text, "")] == [
        "https://a.example/x",
        "http://b.example/y?z=1",
        "www.c.example",
        "https://e.example/",
    ]


def test_text_without_spaces_has_links_too() -> None:
    assert [link.address for link in links_of("请看https://a.example/x。谢谢，或www.b.example（谢）", "")] == [
        "https://a.example/x",
        "www.b.example",
    ]


def test_so_many_and_so_long_links_are_looked_at() -> None:
    many = "".join(f'<a href="https://{number}.example">x</a>' for number in range(2 * MOST_LINKS))
    assert len(links_of("", many)) == MOST_LINKS
    (long,) = links_of(f"https://a.example/{'x' * 3 * LONGEST_LINK}", "")
    assert len(long.address) == LONGEST_LINK
