"""The `forgetbench` command: reads the command line, hands over, and turns errors into one line and an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import traceback
from typing import Any, TextIO, cast

import click
from rich.console import Console

from forgetbench.cli.streams import PlainStream, StyledStream, plain_streams
from forgetbench.errors import ForgetbenchError, printable
from forgetbench.faults import machine_fault
from forgetbench.version import __version__

#: What click's completion scripts set; https://click.palletsprojects.com/shell-completion/.
COMPLETION = "_FORGETBENCH_COMPLETE"


class _Commands(click.Group):
    """Commands, each loaded from its own module only when called, so that `--help` answers at once."""

    _names = (
        "new",
        "run",
        "check",
        "runs",
        "clean",
        "suites",
        "data",
        "layers",
        "report",
        "verify",
        "reproduce",
        "pack",
        "export",
        "recommend",
        "price",
        "schema",
    )

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(self._names)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in self._names:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"forgetbench.cli.{name}").command
        return command

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command with streams that print what they can; output lost to a full disk is an error."""
        if COMPLETION in os.environ:  # a shell asks what could come next, and reads bytes
            return super().main(*args, **extra)
        with plain_streams() as output:
            try:
                return super().main(*args, **extra)
            except SystemExit as end:
                output.flush()
                if output.lost is None or end.code:
                    raise
                click.echo(f"error: standard output cannot be written: {output.lost}", err=True)
                raise SystemExit(1) from None

    def invoke(self, context: click.Context) -> object:
        verbose = "-v" in sys.argv or "--verbose" in sys.argv
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            click.echo("interrupted; the same command goes on where it stopped", err=True)
            context.exit(1)
        except click.UsageError as error:
            if not error.message or error.message.isprintable():
                raise
            raise click.UsageError(printable(error.message), error.ctx) from None  # it quotes what was given
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if verbose:
                traceback.print_exc()
            ours = error if isinstance(error, ForgetbenchError) else machine_fault(error)
            click.echo(f"error: {in_words(ours or error)}", err=True)
            context.exit(ours.exit_code if ours is not None else 1)


def in_words(error: Exception) -> str:
    """Return what to say of an error: one line, or several where it names several problems."""
    if isinstance(error, ForgetbenchError):
        return str(error)
    # a defect of ours; say so in one line, the rest on request
    text = f"unexpected {type(error).__name__}: {error}. Run again with -v for the traceback and report it."
    return printable(" ".join(text.split()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="forgetbench")
def main() -> None:
    """How deep should I unfreeze a COCO-pretrained YOLO on my data, and what does COCO pay for it?"""
    atexit.register(gc.freeze)  # else all that PyTorch consists of is collected at exit, which takes a second


def console(*, error: bool = False) -> Console:
    """Return a console on standard output, or on standard error; where there is no terminal, tables are not cut."""
    stream = sys.stderr if error else sys.stdout
    made = Console(file=cast(TextIO, StyledStream(stream)) if isinstance(stream, PlainStream) else stream)
    if made.width < 1 or (not made.is_terminal and "COLUMNS" not in os.environ):
        made.width = 200
    return made
