"""`forgetbench report`: redraws the charts and the summary of a run."""

from __future__ import annotations

from pathlib import Path

import click

from forgetbench.cli.console import ConsoleProgress
from forgetbench.cli.main import console
from forgetbench.cli.options import keep_option, verbose_option
from forgetbench.errors import printable


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@keep_option
@verbose_option
def command(run: Path, keep: tuple[str, ...] | None, verbose: bool) -> None:
    """Redraw a run's charts and rewrite its summary.

    RUN is a run folder. Everything is made from the tables in it. With --keep, forgetting is also weighed by the
    classes that you name, and this stays with the run.
    """
    from forgetbench.sweep.redraw import redraw

    for path in redraw(run, ConsoleProgress(console(error=True), quiet=False, verbose=verbose), keep):
        click.echo(printable(str(path)))
