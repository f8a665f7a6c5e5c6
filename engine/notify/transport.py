"""Ways out for a notification, behind one small protocol: SMTP, and a folder of `.eml` for trying out."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from engine.config.connections import FolderSending, SmtpSending
from engine.config.secrets import MissingSecret, resolve
from engine.files import write_whole
from engine.notify.compose import Outgoing, compose


class Rejected(Exception):
    """This message will never be taken: it is given up. Says why."""


class Postponed(Exception):
    """This message is not taken now: it is tried again later. Says why."""


class Unavailable(Exception):
    """Nothing can be sent this way now: the others wait too. Says why, and nothing secret."""


# What smtplib raises of an odd server; it is not about the message, which waits.
_NO_SESSION = (smtplib.SMTPException, OSError, ValueError, LookupError, TypeError, AttributeError)


class Transport(Protocol):
    def send(self, one: Outgoing) -> None:
        """Returns when the message was taken. Raises `Rejected`, `Postponed` or `Unavailable`."""

    def close(self) -> None:
        """Ends the session, if there is one."""


class FolderTransport:
    """Each notification as one file, named by its Message-ID: sending it twice writes it once."""

    def __init__(self, folder: Path) -> None:
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


class SmtpTransport:
    """One SMTP session for as many messages as are due."""

    def __init__(self, settings: SmtpSending) -> None:
        self.settings = settings
        self._session: smtplib.SMTP | None = None

    def send(self, one: Outgoing) -> None:
        message = composed(one)
        session = self._session or self._open()
        try:
            session.send_message(message, one.envelope_sender, [one.recipient])
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            raise _answered(code, reply) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise _answered(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Rejected("the mail server takes no addresses beyond ASCII (SMTPUTF8)") from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Unavailable(f"the connection to {self._where} broke: {_words(error)}") from error

    @property
    def _where(self) -> str:
        return f"{self.settings.host}:{self.settings.port}"

    def _open(self) -> smtplib.SMTP:
        settings = self.settings
        try:
            # Before the connection: a missing secret is no fault of the server.
            login = (resolve(settings.username), resolve(settings.password or "")) if settings.username else None
            session = self._connect()
        except MissingSecret as missing:
            raise Unavailable(str(missing)) from missing
        except _NO_SESSION as error:
            raise Unavailable(f"{self._where} cannot be reached: {_words(error)}{_hint(error)}") from error
        try:
            if login:
                session.login(*login)
        except smtplib.SMTPAuthenticationError as error:
            session.close()
            raise Unavailable(f"{self._where} refused the login ({error.smtp_code})") from error
        except UnicodeEncodeError as error:  # which letter is not told: it is one of a password
            session.close()
            raise Unavailable(f"{self._where}: the login's name or password has letters beyond ASCII; take others") from error
        except _NO_SESSION as error:
            session.close()
            raise Unavailable(f"{self._where}: the login failed: {_words(error)}") from error
        self._session = session
        return session

    def _connect(self) -> smtplib.SMTP:
        """A session that knows what the server can: that is asked before the first message."""
        settings = self.settings
        seconds = settings.timeout.total_seconds()
        context = None
        if settings.tls != "none":
            context = ssl.create_default_context(cafile=settings.ca_file)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.tls == "implicit":
            session: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=seconds, context=context)
        else:
            session = smtplib.SMTP(settings.host, settings.port, timeout=seconds)
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


def _answered(code: int, reply: bytes | str) -> Rejected | Postponed:
    """RFC 5321 4.2.1: 5yz is for ever, anything else for now."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    words = f"the mail server said {code} {' '.join(text.split())[:200]}"
    return Rejected(words) if 500 <= code < 600 else Postponed(words)


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}; name the CA with sending.smtp.ca_file"
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
        return f"{error.smtp_code} {' '.join(text.split())[:200]}"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]


def _hint(error: Exception) -> str:
    """One that wants TLS at once is silent to who begins in the clear; who begins with TLS cannot read what the other sends."""
    if "WRONG_VERSION_NUMBER" in str(error) or "timed out" in str(error):
        return "; with port 587 it is mostly `tls: starttls`, with 465 `tls: implicit`"
    return ""


def transport_of(sending: SmtpSending | FolderSending) -> Transport:
    return SmtpTransport(sending) if isinstance(sending, SmtpSending) else FolderTransport(sending.folder)
