"""`forgetbench verify`: checks that a run is unchanged and that its numbers follow from its files."""

from __future__ import annotations

from pathlib import Path

import click

from forgetbench.cli.console import ConsoleProgress, entry, say
from forgetbench.cli.main import console
from forgetbench.cli.options import quiet_option, verbose_option

#: Without -v so many findings of each part are shown.
MOST_SHOWN = 5


@click.command("verify")
@click.argument("run", type=click.Path(path_type=Path))
@verbose_option
@quiet_option
def command(run: Path, verbose: bool, quiet: bool) -> None:
    """Check a run's files and recompute its numbers.

    RUN is a run folder, or an archive made by `pack`. Compares every file with its hash, scores the stored detections
    again, and makes all tables, the summary and the charts again. This needs no model, no data and no GPU. The exit
    code is 1 if anything differs.
    """
    from forgetbench.proof.verify import verify_run

    screen = console()
    progress = ConsoleProgress(screen, quiet=quiet or not screen.is_terminal, verbose=verbose)
    verification = verify_run(run, progress)
    for check in verification.checks:
        if not quiet:
            entry(screen, check.name, check.checked)
            for note in check.notes:
                entry(screen, "", note)
        shown = len(check.findings) if verbose else MOST_SHOWN
        for finding in check.findings[:shown]:
            say(screen, f"  wrong: {str(finding).replace(chr(10), ' ')}")
        if len(check.findings) > shown:
            say(screen, f"  … and {len(check.findings) - shown} more of {check.name}; -v lists them")
    count = len(verification.findings)
    if count:
        say(screen, f"{run}: failed verification, {count} finding{'s' if count > 1 else ''}")
        raise click.exceptions.Exit(1)
    if not quiet:
        say(screen, f"{run}: verified")
