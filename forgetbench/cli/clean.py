"""`forgetbench clean`: frees what can be made again."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from forgetbench.cli.console import say, say_whole, show, size, table
from forgetbench.cli.main import console
from forgetbench.cli.options import verbose_option


@click.command("clean")
@click.argument("runs", nargs=-1, metavar="[RUN]...", type=click.Path(path_type=Path))
@click.option("-y", "--yes", is_flag=True, help="Remove it. Without this option nothing is removed.")
@verbose_option
def command(runs: tuple[Path, ...], yes: bool, verbose: bool) -> None:  # noqa: ARG001  (-v is read by the error handler)
    """Free what can be made again.

    Lists what would be removed, with its size; --yes removes it. RUN is a run, or a folder of runs. Without RUN, this
    is about all runs in the folder `runs`, about the cache, and about temporary folders.

    Of runs only what killed commands left is removed. A stopped run can still be continued, a finished one still
    verifies, and one that is being worked on is left alone. Of the cache decoded and drawn images, measurements of
    images and interrupted downloads are removed. Data and weights that were downloaded are kept, and originals that
    were trained. Temporary folders are removed if the command that made them was killed.
    """
    from forgetbench.housekeeping.clean import clean

    screen, found = console(), clean(runs or None, yes=yes)
    if found.freed:
        rows = [[one.kind, str(one.where), one.again, str(one.files), size(one.bytes)] for one in found.freed]
        title = "Removed" if yes else "Can be removed"
        show(screen, table(title, ["what", "where", "how it comes back", "files", "size"], rows, left=3))
    for line in found.left:
        say_whole(screen, f"left alone: {line}", style="yellow")
    if not found.freed:
        say(screen, "there is nothing to remove")
    elif yes:
        say(screen, f"removed {size(found.bytes)}")
    else:
        again = shlex.join(["forgetbench", "clean", *map(str, runs), "--yes"])
        say_whole(screen, f"{size(found.bytes)} in all; nothing was removed, `{again}` does it")
