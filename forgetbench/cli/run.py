"""`forgetbench run`: the whole job."""

from __future__ import annotations

from pathlib import Path

import click

from forgetbench.cli.console import ConsoleProgress, say, say_whole, show, table
from forgetbench.cli.main import console
from forgetbench.cli.options import device_option, quiet_option, set_option, suite_argument, verbose_option


@click.command("run")
@suite_argument
@set_option
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("runs"), show_default=True,
              help="Folder that run folders are made in.")  # fmt: skip
@device_option
@verbose_option
@quiet_option
def command(
    suite: Path, overrides: tuple[str, ...], output: Path, device: str | None, verbose: bool, quiet: bool
) -> None:
    """Train, score and chart SUITE; running it again goes on where it stopped."""
    from forgetbench.plan.reading import read_suite

    loaded = read_suite(suite, overrides)  # before PyTorch is imported, which takes seconds
    from forgetbench.report.summary import terminal_claims, terminal_summary
    from forgetbench.sweep.execute import run_suite

    screen = console()
    progress = ConsoleProgress(screen, quiet=quiet, verbose=verbose)
    folder = run_suite(loaded, output=output, device=device, progress=progress)
    if quiet:
        return
    for title, header, rows, remarks in terminal_summary(folder.path):
        say(screen)
        show(screen, table(title, header, rows))
        for remark in remarks:
            say(screen, remark)
    for line in terminal_claims(folder.path):
        say(screen, line)
    say(screen)
    say_whole(screen, f"summary  {folder.path / 'summary.md'}")
    say_whole(screen, f"charts   {folder.path / 'figures'}")
