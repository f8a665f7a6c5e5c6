"""A real SMTP server (aiosmtpd) on loopback."""

from __future__ import annotations

import email
import email.policy
import socket
from typing import Any

from aiosmtpd.controller import Controller


class SmtpServer:
    """What it got (`heard`: where sessions began and ended), and what it is told to answer. `on_rcpt`: by recipient; `breaks_on`: recipients with whom it ends the session.
    `ends_by`: its last answer, to RSET."""

    def __init__(self) -> None:
        self._running: list[Controller] = []
        self.messages: list[Any] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.on_rcpt: dict[str, str] = {}
        self.on_data = ""
        self.on_taken = "250 OK"
        self.on_mail = ""
        self.breaks_on: set[str] = set()
        self.ends_by = ""
        self.heard: list[str] = []

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> list[str]:
        session.host_name = hostname
        self.heard.append("EHLO")
        return responses

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        self.heard.append("QUIT")
        return "221 Bye"

    async def handle_RSET(self, server: Any, session: Any, envelope: Any) -> str:
        if self.ends_by:
            server.transport.write(f"{self.ends_by}\r\n".encode())
            server.transport.close()
        return "250 OK"

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.on_mail:
            return self.on_mail
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.on_rcpt:
            return self.on_rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.on_data:
            return self.on_data
        if self.breaks_on.intersection(envelope.rcpt_tos):
            server.transport.close()
            return "451 nobody hears this"
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return self.on_taken

    def start(self, **options: Any) -> int:
        """With options of aiosmtpd; the port."""
        controller = Controller(self, hostname="127.0.0.1", port=0, **options)
        self._running.append(controller)

        def port() -> int:
            assert controller.server is not None
            return int(controller.server.sockets[0].getsockname()[1])

        # Port 0: the system chooses, so that tests at the same time do not meet; aiosmtpd itself tries the port it was told.
        def trigger() -> None:
            with socket.create_connection(("127.0.0.1", port()), timeout=5) as connection:
                connection.recv(1)

        controller._trigger_server = trigger  # type: ignore[method-assign]
        controller.start()
        return port()

    def stop(self) -> None:
        for controller in self._running:
            controller.stop()
