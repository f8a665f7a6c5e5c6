"""The command `postroom`: options that all commands share, and errors as lines that a person can act on."""

from __future__ import annotations

import sys

import click

from engine import __version__
from engine.commands.check import check
from engine.commands.doctor import doctor
from engine.commands.explain import explain
from engine.commands.fmt import fmt
from engine.commands.health import health
from engine.commands.init import init
from engine.commands.plan import plan
from engine.commands.poll import poll
from engine.commands.prune import prune
from engine.commands.retry import retry
from engine.commands.run import run
from engine.commands.run_waiting import run_waiting
from engine.commands.schema import schema
from engine.commands.send import send
from engine.commands.show import show
from engine.commands.status import status
from engine.commands.test import test
from engine.errors import PostroomError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="postroom")
def cli() -> None:
    """Sort the mail of a service desk by rules kept in git.

    \b
    Try it:
      postroom check                                is the configuration right?
      postroom run --source sample                  process a Maildir, mbox, folder of .eml or one file
      postroom explain sample/new/some-mail         what would become of it, and why
      postroom show T20261102.0001                  one ticket with all its notes
    """


for command in (
    run,
    poll,
    check,
    fmt,
    test,
    plan,
    explain,
    show,
    status,
    retry,
    run_waiting,
    send,
    schema,
    init,
    health,
    prune,
    doctor,
):
    cli.add_command(command)


def main() -> None:
    """Exit status: 0 well, 1 findings, 2 the call or the configuration is wrong. Never a traceback without --verbose."""
    verbose = "--verbose" in sys.argv
    try:
        cli.main(standalone_mode=False)
    except PostroomError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        if verbose:
            raise
        sys.exit(2)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if verbose:
            raise
        text = f"{type(error).__name__}: {error}"
        click.echo(f"postroom: this is a fault of postroom's: {text}; run it again with --verbose and report that", err=True)
        sys.exit(2)
