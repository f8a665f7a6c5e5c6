"""What stands in a message becomes no path, no script, no cell, no SQL, no XML and nothing that a terminal obeys."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.pretty import pretty_repr

from engine.cli import cli
from engine.decide.setup import Setup, TokenSecret
from tests.hostile.conftest import HEAD, one, run

pytestmark = pytest.mark.usefixtures("no_hang")


def test_a_zip_bomb_is_never_unpacked(connection: sqlite3.Connection, setup: Setup) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 50_000_000)
    body = base64.encodebytes(packed.getvalue()).decode()
    raw = f"{HEAD}Subject: x\r\nContent-Type: application/zip; name=z.zip\r\nContent-Disposition: attachment; filename=z.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}"
    run(connection, setup, raw.encode())
    assert one(connection, "SELECT name, size FROM attachments") == ("z.zip", len(packed.getvalue()))


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/etc/shadow",
        "C:\\x.txt",
        "con",
        "NUL.txt",
        "a\x00b.txt",
        ".htaccess",
        "x" * 5_000 + ".pdf",
        "a\r\nX: y.txt",
        "\u202efdp.exe",
        "-rf",
        "~",
        "",
        " . ",
        "aux.tar.gz",
        "a/b",
        "名前.txt",
    ],
)
def test_names_of_attachments_are_made_safe(name: str, connection: sqlite3.Connection, setup: Setup) -> None:
    from email.header import Header

    shown = Header(name, "utf-8").encode().replace("\n", "\r\n") if name else ""
    raw = f'{HEAD}Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{shown}"\r\n\r\ndata\r\n--b--\r\n'
    run(connection, setup, raw.encode())
    rows = connection.execute("SELECT name FROM attachments").fetchall()
    for (found,) in rows:
        assert (
            found
            and len(found) <= 200
            and not set(found) & set('/\\\0\r\n:"<>|?*')
            and not found.startswith((".", "-", "~", " "))
        )
        assert found.split(".")[0].upper() not in ("CON", "NUL", "AUX", "PRN", "COM1", "LPT1") and "\u202e" not in found
    files = {path.name for path in Path(one(connection, "PRAGMA database_list")[2] + ".files").rglob("*") if path.is_file()}  # type: ignore[operator]
    assert all(len(file) == 64 for file in files)  # names on disk are digests


def test_html_loses_scripts_forms_pixels_and_styles(connection: sqlite3.Connection, setup: Setup) -> None:
    html = (
        "<p onclick='x()' style='background:url(https://evil.example/p)'>Hello</p><script>alert(1)</script><form action=//evil.example>"
        "<input name=q></form><img src='https://evil.example/pixel.gif' width=1><iframe src=//evil.example></iframe><style>*{display:none}</style>"
        "<a href='javascript:alert(1)'>go</a><object data=x></object><base href=//evil.example><meta http-equiv=refresh content='0;url=//evil.example'><svg onload=alert(1)>"
    )
    run(connection, setup, f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n{html}".encode())
    (kept,) = one(connection, "SELECT html FROM tickets")
    assert "Hello" in str(kept)
    for word in (
        "script",
        "onclick",
        "onload",
        "evil.example",
        "<form",
        "<input",
        "<iframe",
        "<style",
        "javascript:",
        "<object",
        "<base",
        "<meta",
        "<svg",
        "style=",
    ):
        assert word not in str(kept).lower(), kept


@pytest.mark.parametrize("formula", ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", "=cmd|'/C calc'!A0", "\t=1+1"])
def test_a_formula_is_no_cell_of_an_export(formula: str, connection: sqlite3.Connection, setup: Setup) -> None:
    """postroom writes no CSV. What others read is JSON, and a Decision for a person has no line that begins with it."""
    run(connection, setup, f"{HEAD}Subject: {formula}\r\n\r\n{formula}\r\n".encode())
    assert one(connection, "SELECT title FROM tickets") == (formula.strip(),)
    db = str(one(connection, "SELECT file FROM pragma_database_list WHERE name = 'main'")[0])
    as_json = CliRunner().invoke(cli, ["explain", "--message", "1", "--db", db, "--json"])
    assert json.loads(as_json.output)["fields"]["title"] == formula.strip()
    for words in (["explain", "--message", "1", "--db", db], ["status", "--db", db]):
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, done.output
        assert not any(line.strip().startswith(formula.strip()) for line in done.output.splitlines())


def test_sql_in_everything_is_text(connection: sqlite3.Connection, setup: Setup) -> None:
    evil = "x'); DROP TABLE tickets; --"
    raw = f'From: "{evil}" <maya@brightwater.example>\r\nTo: help@harbourhill.example\r\nSubject: {evil}\r\nMessage-ID: <{evil.replace(" ", "")}@x>\r\nIn-Reply-To: <{evil}>\r\n\r\n{evil}\r\n'
    run(connection, setup, raw.encode())
    assert one(connection, "SELECT title, description FROM tickets") == (evil, evil)


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><Autotask><ID name="harbourhill"/><PW name="sample-only"/></Autotask>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><Autotask><ID name="harbourhill"/><PW name="sample-only"/></Autotask>',
        '<Autotask><ID name="&a;"/><PW name="sample-only"/></Autotask>',
        "<Autotask>" + "<a>" * 50_000 + "</Autotask>",
    ],
)
def test_xml_tricks_in_the_alert_token_quarantine(xml: str, connection: sqlite3.Connection, setup: Setup) -> None:
    run(
        connection,
        setup,
        f"From: m@x.example\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\nAlert: A-1\r\n{xml}\r\n".encode(),
        mailbox="alerts",
    )
    assert one(connection, "SELECT outcome, reason FROM messages") == ("quarantined", "token")


def test_a_tracebacks_values_show_no_password() -> None:
    secret = TokenSecret("alerts", "kestrel-in-the-rain")
    assert "kestrel" not in repr(secret) + pretty_repr({"tokens": secret})


def test_right_to_left_overrides_do_not_reach_the_terminal(connection: sqlite3.Connection, setup: Setup) -> None:
    from engine.printable import printable

    assert "\u202e" not in printable("invoice\u202efdp.exe\x1b[2J") and "\x1b" not in printable("\x1b[2J")
