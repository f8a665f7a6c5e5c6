"""`postroom poll`: read the mailboxes, for ever or once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType

import click
from prometheus_client import start_http_server

from engine.commands.options import common
from engine.config.cached import load_cached
from engine.config.connections import SmtpSending
from engine.config.model import Config
from engine.errors import PostroomError
from engine.notify.transport import SmtpTransport, Unavailable
from engine.polling.observe import Observer, set_up_logs
from engine.polling.poller import STOP_SECONDS, Poller
from engine.printable import one_line
from engine.sources.remote import RemoteError
from engine.sources.servers import remote_of
from engine.store.database import open_database

_MOST_FILES = 65_536


@click.command()
@click.option("--once", is_flag=True, help="Read each mailbox until it is empty, send what is due, and end.")
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Only sign in to each mailbox and to the mail server that notifications leave by, and look at folders and rights.",
)
@click.option("--fix", is_flag=True, help="With --check: create folders that are missing.")
@click.option(
    "--reload", is_flag=True, help="Load the configuration anew when its files change and are right. SIGHUP does so too."
)
@click.option("--metrics", type=click.IntRange(1, 65535), metavar="PORT", help="Serve metrics for Prometheus on 127.0.0.1:PORT.")
@common
def poll(
    once: bool, only_check: bool, fix: bool, reload: bool, metrics: int | None, rules: Path, db: Path, verbose: bool
) -> None:
    """Read every active mailbox that has a source, and keep doing so. Sends notifications and runs waiting rules as well.

    \b
    Examples:
      postroom poll --check --fix
      postroom poll --metrics 9464

    SIGTERM and Ctrl-C finish the message in hand and end within 10 seconds.
    """
    _allow_files()
    if only_check:
        config = load_cached(rules)
        sys.exit(0 if all([_check_mailboxes(config, fix), _check_sending(config)]) else 1)
    set_up_logs()
    observer = Observer()
    poller = Poller(rules, db, observer, once=once, reload=reload)
    open_database(db).close()  # a database that cannot be opened is told before anything begins
    if metrics is not None:
        try:
            start_http_server(metrics, addr="127.0.0.1", registry=observer.registry)
        except OSError as error:
            raise PostroomError.of(f"port {metrics} cannot be used: {error.strerror}", "name another with --metrics") from error

    def leave() -> None:
        """Whatever waits for a server is left: all that was done is committed."""
        observer.info("stopped; a server that had not answered yet is not waited for")
        os._exit(0)

    def stop(number: int, frame: FrameType | None) -> None:
        poller.stop()
        timer = threading.Timer(STOP_SECONDS, leave)
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda number, frame: poller.ask_reload())
    well = poller.run()
    observer.info("stopped")
    # Threads that hang in a connection do not keep the process.
    os._exit(0 if well else 1)


def _allow_files() -> None:
    """A mailbox takes two to three open files, and Linux lets a process have 1,024 unless it asks: with 500 mailboxes none was read."""
    with suppress(ImportError, ValueError, OSError):  # then there are as many as there were
        import resource  # not everywhere

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _check_mailboxes(config: Config, fix: bool) -> bool:
    well = True
    for mailbox in config.mailboxes.values():
        if not mailbox.active or mailbox.source is None:
            continue
        remote = remote_of(mailbox, config)
        try:
            problems = remote.check(fix)
            remote.changes(None)  # what each round asks first: a folder that can be looked at may still not be listed
            waiting = remote.backlog()
            oldest = f", the oldest of {waiting.oldest:%Y-%m-%d %H:%M} UTC" if waiting.oldest else ""
            words = "; ".join(problems) or f"well: {waiting.unread} unread{oldest}"
        except RemoteError as error:
            problems, words = [str(error)], str(error)
        finally:
            remote.close()
        well = well and not problems
        click.echo(one_line(f"{mailbox.id}: {words}"))
    return well


def _check_sending(config: Config) -> bool:
    if not isinstance(config.settings.sending, SmtpSending):
        return True
    transport = SmtpTransport(config.settings.sending)
    try:
        transport.check()
        problem = ""
    except Unavailable as error:
        problem = str(error)
    click.echo(one_line(f"sending: {problem or f'well: {transport.name} lets us in'}"))
    return not problem
