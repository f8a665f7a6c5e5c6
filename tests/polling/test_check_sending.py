"""`postroom poll --check` and the mail server that notifications leave by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.command import postroom
from tests.polling.conftest import trusted
from tests.smtp import SmtpServer


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    server = SmtpServer()
    yield server
    server.stop()


def test_check_signs_in_to_the_mail_server_too(
    polled: Path, smtp: SmtpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong password showed with the first notification only."""

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=data.password == b"s3cret", handled=False)

    with trusted(tmp_path, "127.0.0.1") as (context, _):
        port = smtp.start(tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True)
    login = f'ca_file: {tmp_path / "ca.pem"}, username: "${{env:SMTP_USER}}", password: "${{env:SMTP_PASSWORD}}"'
    with (polled / "settings.yaml").open("a") as file:
        file.write(f"sending: {{smtp: {{host: 127.0.0.1, port: {port}, {login}}}}}\n")
    monkeypatch.setenv("SMTP_USER", "postroom")
    for password, status, told in (
        ("wrong-password", 1, f"sending: 127.0.0.1:{port} refused the login (535)"),
        ("s3cret", 0, f"sending: well: 127.0.0.1:{port} lets us in"),
    ):
        monkeypatch.setenv("SMTP_PASSWORD", password)
        done = postroom("poll", "--check", "--rules", polled, cwd=tmp_path)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (status, told)
        assert done.stdout.startswith("help: well") and password not in done.stdout + done.stderr
    assert smtp.messages == []
