"""`forgetbench reproduce`: runs a run's suite again and compares the results."""

from __future__ import annotations

from pathlib import Path

import click

from forgetbench.cli.console import ConsoleProgress, entry, say
from forgetbench.cli.main import console
from forgetbench.cli.options import device_option, quiet_option, verbose_option

#: Without -v so many differences are shown.
MOST_SHOWN = 10


@click.command("reproduce")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("reproductions"), show_default=True,
              help="Folder to put the new run in.")  # fmt: skip
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE",
              help="Say where data or weights are, e.g. --set target.path=/data/fruit.")  # fmt: skip
@device_option
@verbose_option
@quiet_option
def command(
    run: Path, output: Path, overrides: tuple[str, ...], device: str | None, verbose: bool, quiet: bool
) -> None:
    """Run a run's suite again and compare the results.

    RUN is a run folder, or an archive made by `pack`. Data and weights are looked for in the current folder, under
    FORGETBENCH_DATA and under FORGETBENCH_ASSETS, or wherever --set says. With the same versions, hardware and number
    of threads, the results must agree to the last bit. The exit code is 1 if they differ by more than is allowed.
    """
    from forgetbench.sweep.reproduce import reproduce_run

    screen = console()
    progress = ConsoleProgress(screen, quiet=quiet, verbose=verbose)
    made = reproduce_run(run, output=output, overrides=overrides, device=device, progress=progress)
    found = made.comparison
    if not quiet:
        largest = "not measured" if found.largest is None else f"{100 * found.largest:.3g} points of AP"
        say(screen)
        entry(screen, "new run", str(made.folder.path))
        entry(screen, "environment", "differs:" if made.environment else "the same")
        for difference in made.environment:
            entry(screen, "", difference)
        entry(screen, "allowed", found.tolerance)
        entry(screen, "compared", f"{found.rows} rows, largest difference {largest}")
    shown = len(found.failures) if verbose else MOST_SHOWN
    for failure in found.failures[:shown]:
        say(screen, f"  differs: {failure}")
    if len(found.failures) > shown:
        say(screen, f"  … and {len(found.failures) - shown} more; -v lists them")
    if found.failures:
        say(screen, f"{run}: not reproduced")
        raise click.exceptions.Exit(1)
    if not quiet:
        say(screen, f"{run}: reproduced{' exactly' if found.exact else ''}")
