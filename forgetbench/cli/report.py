"""`forgetbench report`: draw a run again."""

from __future__ import annotations

from pathlib import Path

import click

from forgetbench.cli.options import verbose_option


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@verbose_option
def command(run: Path, verbose: bool) -> None:  # noqa: ARG001  (-v is read by the error handler)
    """Draw the charts and write the summary of RUN (a run folder) again, from its tables."""
    from forgetbench.run.redraw import redraw

    for path in redraw(run):
        click.echo(path)
