"""Ways out for a notification, behind one small protocol: SMTP, and a folder of `.eml` for trying out."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

from engine.config.connections import FolderSending, SmtpSending
from engine.config.secrets import MissingSecret, resolve
from engine.files import write_whole
from engine.notify.compose import Outgoing, compose
from engine.sources.tls import shared_context


class Rejected(Exception):
    """This message will never be taken: it is given up. Says why."""


class Postponed(Exception):
    """This message is not taken now: it is tried again later. Says why."""


class Broken(Exception):
    """The session broke with this message, by its fault or the server's: the next message tells which. Says why."""


class Unavailable(Exception):
    """Nothing can be sent this way now: the others wait too. Says why, and nothing secret. `wait`: seconds, where it is known how long."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


# A wrong password is not tried again and again: that locks accounts, and puts us on lists.
SIGN_IN_WAIT = 900.0

_MESSAGE_ID = re.compile(rb"<([!-;=?-~]{1,400}@[!-;=?-~]{1,255})>")
# What servers say of us, at each recipient and behind the text too (Postfix refuses nobody before that): who the sender is, whether he
# may write so, where we connect from, whether we are signed in (RFC 3463 3.2 and 3.8; Exchange's 5.2.252 and 5.7.57, 5.7.60).
_OF_US = re.compile(
    r"\brelay|\bsender\b|\bclient (?:host|was)\b|\b(?:helo|ehlo)\b|\bsend ?as|not authenticated|authentication (?:is )?required"
    r"|\b5\.(?:1\.[78]|2\.252|7\.(?:57|60))\b",
    re.IGNORECASE,
)
# A recipient who does not take everybody's mail (Postfix; an Exchange group).
_OF_RECIPIENT = re.compile(r"recipient address rejected|RESOLVER\.RST", re.IGNORECASE)
_ADDRESS = re.compile(r"<[^<>]*>|\S+@\S+")
# What smtplib raises of an odd server; it is not about the message, which waits.
_NO_SESSION = (smtplib.SMTPException, OSError, ValueError, LookupError, TypeError, AttributeError)


class Transport(Protocol):
    name: str  # what it is, in words

    def send(self, one: Outgoing) -> str | None:
        """Returns when the message was taken: the Message-ID that it goes by, where the server told of one.

        Raises `Rejected`, `Postponed`, `Broken` or `Unavailable`.
        """

    def close(self) -> None:
        """Ends the session, if there is one."""


class FolderTransport:
    """Each notification as one file, named by its Message-ID: sending it twice writes it once."""

    def __init__(self, folder: Path) -> None:
        self.name = f"folder {folder}"
        self.folder = folder

    def send(self, one: Outgoing) -> None:
        message = composed(one)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / f"{one.message_id}.eml", message.as_bytes())
        except OSError as error:
            raise Unavailable(f"{self.folder}: {error.strerror}") from error

    def close(self) -> None:
        """Nothing is open."""


class _Session(smtplib.SMTP):
    """Exchange says after DATA by which Message-ID a message goes, and Exchange Online gives each one of its own."""

    went_as: str | None = None

    def data(self, msg: Any) -> tuple[int, bytes]:
        code, reply = super().data(msg)
        named = _MESSAGE_ID.search(reply[:1_000]) if code == 250 else None
        self.went_as = named[1].decode("ascii") if named else None
        return code, reply

    def rset(self) -> tuple[int, bytes]:
        """After too many refusals a server ends the session, and smtplib does not look at what it says to that."""
        code, reply = super().rset()
        if code == 421:
            self.close()
        return code, reply

    @property
    def is_open(self) -> bool:
        return self.sock is not None


class _SessionInTls(_Session, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class SmtpTransport:
    """One SMTP session for as many messages as are due."""

    def __init__(self, settings: SmtpSending) -> None:
        self.name = f"{settings.host}:{settings.port}"
        self.settings = settings
        self._session: _Session | None = None

    def send(self, one: Outgoing) -> str | None:
        message = composed(one)
        session = self._session if self._session is not None and self._session.is_open else self._open()
        try:
            session.send_message(message, one.envelope_sender, [one.recipient])
        except smtplib.SMTPRecipientsRefused as error:
            raise self._answered(*next(iter(error.recipients.values()))) from error
        except smtplib.SMTPDataError as error:
            raise self._answered(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPSenderRefused as error:
            raise self._sender_refused(error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Rejected("the mail server takes no addresses beyond ASCII (SMTPUTF8)") from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Broken(f"the connection to {self.name} broke: {_words(error)}") from error
        return session.went_as

    def check(self) -> None:
        """Signs in, and sends nothing. Raises `Unavailable`."""
        self._open()
        self.close()

    def _answered(self, code: int, reply: bytes | str) -> Rejected | Postponed | Unavailable:
        """RFC 5321 4.2.1 and 3.8: 5yz is for ever, 421 is the end of the session, anything else for now.

        Where it is about us, and no message's fault, it is mended in the server's configuration, or ours.
        """
        said = _one_line(reply)
        words = f"the mail server said {code} {said}"
        if code == 421:
            self.close()
            return Unavailable(words)
        return Rejected(words) if 500 <= code < 600 and not _is_of_us(said) else Postponed(words)

    def _sender_refused(self, error: smtplib.SMTPSenderRefused) -> Rejected | Postponed | Unavailable:
        """Mostly our configuration's fault, and no message's: there is time to mend it. But MAIL says the size too (RFC 1870)."""
        if error.smtp_code in (421, 552):
            return self._answered(error.smtp_code, error.smtp_error)
        words = f"the mail server takes nothing from {error.sender}: {error.smtp_code} {_one_line(error.smtp_error)}"
        return Unavailable(words) if error.smtp_code == 530 else Postponed(words)  # 530: it wants a login first (RFC 4954)

    def _open(self) -> _Session:
        settings = self.settings
        try:
            # Before the connection: a missing secret is no fault of the server.
            login = (resolve(settings.username), resolve(settings.password or "")) if settings.username else None
            session = self._connect()
        except MissingSecret as missing:
            raise Unavailable(str(missing)) from missing
        except _NO_SESSION as error:
            raise Unavailable(f"{self.name} cannot be reached: {_words(error)}{_hint(error)}") from error
        try:
            if login:
                session.login(*login)
        except smtplib.SMTPAuthenticationError as error:
            session.close()
            raise Unavailable(f"{self.name} refused the login ({error.smtp_code})", SIGN_IN_WAIT) from error
        except UnicodeEncodeError as error:  # which letter is not told: it is one of a password
            session.close()
            raise Unavailable(f"{self.name}: the login's name or password has letters beyond ASCII; take others") from error
        except _NO_SESSION as error:
            session.close()
            raise Unavailable(f"{self.name}: the login failed: {_words(error)}") from error
        self._session = session
        return session

    def _connect(self) -> _Session:
        """A session that knows what the server can: that is asked before the first message."""
        settings = self.settings
        seconds = settings.timeout.total_seconds()
        context = None
        if settings.tls != "none":
            context = shared_context(settings.ca_file)
        if settings.tls == "implicit":
            session: _Session = _SessionInTls(settings.host, settings.port, timeout=seconds, context=context)
        else:
            session = _Session(settings.host, settings.port, timeout=seconds)
        try:
            if settings.tls == "starttls":
                session.starttls(context=context)
            session.ehlo_or_helo_if_needed()
        except BaseException:
            session.close()
            raise
        return session

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(smtplib.SMTPException, OSError):
                session.quit()


def composed(one: Outgoing) -> EmailMessage:
    """Raises `Rejected`."""
    try:
        return compose(one, datetime.now(UTC))
    except (ValueError, UnicodeError) as error:
        raise Rejected(f"it cannot be written: {error}") from error


def _one_line(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    return " ".join(text.split())[:200]


def _is_of_us(reply: str) -> bool:
    return bool(_OF_US.search(_ADDRESS.sub("", reply))) and not _OF_RECIPIENT.search(reply)


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}; name the CA with sending.smtp.ca_file"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_one_line(error.smtp_error)}"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]


def _hint(error: Exception) -> str:
    """One that wants TLS at once is silent to who begins in the clear; who begins with TLS cannot read what the other sends."""
    if "WRONG_VERSION_NUMBER" in str(error) or "timed out" in str(error):
        return "; with port 587 it is mostly `tls: starttls`, with 465 `tls: implicit`"
    return ""


def transport_of(sending: SmtpSending | FolderSending) -> Transport:
    return SmtpTransport(sending) if isinstance(sending, SmtpSending) else FolderTransport(sending.folder)
