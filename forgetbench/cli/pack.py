"""`forgetbench pack`: packs a run into one archive to share."""

from __future__ import annotations

from pathlib import Path

import click

from forgetbench.cli.console import size
from forgetbench.cli.options import verbose_option
from forgetbench.errors import printable


@click.command("pack")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False),
              help="Archive to write; default: <suite>-<id>.tar.gz in the current folder.")  # fmt: skip
@click.option("--without-checkpoints", is_flag=True, help="Leave out the weights. Scores can still be verified.")
@verbose_option
def command(run: Path, output: Path | None, without_checkpoints: bool, verbose: bool) -> None:  # noqa: ARG001
    """Pack a run into one archive to share.

    RUN is a run folder. Others can check the archive with `verify`, on any machine. Packing the same run again gives
    the same bytes. The archive contains nothing that can be executed and no paths of this machine.
    """
    from forgetbench.proof.pack import pack_run

    packed = pack_run(run, output, checkpoints=not without_checkpoints)
    click.echo(f"{printable(str(packed.path))}: {packed.files} files, {size(packed.path.stat().st_size)}")
