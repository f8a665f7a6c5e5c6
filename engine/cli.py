"""The command `postroom`: options that all commands share, and errors as lines that a person can act on."""

from __future__ import annotations

import io
import os
import sys
from errno import EIO, ENOSPC
from importlib import import_module
from pathlib import Path

import click

from engine import __version__, interrupts
from engine.errors import PostroomError, did_you_mean
from engine.printable import one_line

# In the order of the help. Each is imported when it is called: Exchange's libraries alone take a third of a second.
COMMANDS = [
    "run",
    "poll",
    "check",
    "fmt",
    "test",
    "plan",
    "explain",
    "show",
    "find",
    "raw",
    "status",
    "hits",
    "retry",
    "run-waiting",
    "send",
    "schema",
    "init",
    "health",
    "prune",
    "doctor",
]


class _Commands(click.Group):
    """Commands by name, each from the module of its name in `engine.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        if cmd_name not in COMMANDS:
            ctx.fail(f"there is no command '{cmd_name}'; {did_you_mean(cmd_name, COMMANDS)}")
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"engine.commands.{name}"), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="postroom")
def cli() -> None:
    """Sort the mail of a service desk by rules kept in git.

    \b
    Try it:
      postroom check                                is the configuration right?
      postroom run --source sample                  process a Maildir, mbox, folder of .eml or one file
      postroom explain sample/new/some-mail         what would become of it, and why
      postroom find maya@brightwater.example        what became of somebody's mail
      postroom show T20261102.0001                  one ticket with all its notes
    """


def main() -> None:
    """Exit status: 0 well, 1 findings, 2 the call or the configuration is wrong. Never a traceback without --verbose."""
    _make_sure_of_streams()
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
        if interrupts.was_one(error):
            click.echo("stopped", err=True)
            sys.exit(130)
        click.echo(_in_words(error), err=True)
        sys.exit(2)
    finally:
        interrupts.end()


def _make_sure_of_streams() -> None:
    """One that was closed is written to all the same; what a locale has no letter for is written as its number."""
    sys.stdout, sys.stderr = (stream or Path(os.devnull).open("w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115  # until the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename and error.strerror:
        name = one_line(os.fsdecode(error.filename))
        return f"{name[:100]}{'...' * (len(name) > 100)}: {error.strerror}; mend that, or name another, and run it again"
    if isinstance(error, OSError) and error.errno in (ENOSPC, EIO):
        return f"the output cannot be written: {error.strerror}; make room, or send it elsewhere, and run it again"
    text = f"{type(error).__name__}: {error}"
    return f"postroom: this is a fault of postroom's: {text}; run it again with --verbose and report that"
