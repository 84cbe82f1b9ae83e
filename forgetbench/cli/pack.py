"""`forgetbench pack`: one archive of a run, to share."""

from __future__ import annotations

from pathlib import Path

import click

from forgetbench.cli.console import size
from forgetbench.cli.options import verbose_option
from forgetbench.errors import printable


@click.command("pack")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False),
              help="Archive to write; default: <suite>-<id>.tar.gz here.")  # fmt: skip
@click.option("--without-checkpoints", is_flag=True, help="Leave out the weights; scores can be verified without.")
@verbose_option
def command(run: Path, output: Path | None, without_checkpoints: bool, verbose: bool) -> None:  # noqa: ARG001
    """Pack RUN into one archive to share.

    `verify` accepts it anywhere. The same run gives the same bytes. Nothing in it can be executed or names a place on
    this machine.
    """
    from forgetbench.proof.pack import pack_run

    packed = pack_run(run, output, checkpoints=not without_checkpoints)
    click.echo(f"{printable(str(packed.path))}: {packed.files} files, {size(packed.path.stat().st_size)}")
