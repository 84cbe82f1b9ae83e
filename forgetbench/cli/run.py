"""`forgetbench run`: trains, scores and charts a suite."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from forgetbench.cli.console import ConsoleProgress, say, say_whole, show, table
from forgetbench.cli.main import console
from forgetbench.cli.options import device_option, quiet_option, set_option, suite_argument, verbose_option


@click.command("run")
@suite_argument
@set_option
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("runs"), show_default=True,
              help="Folder to put runs in.")  # fmt: skip
@device_option
@click.option("--jobs", type=click.IntRange(1, 1024), default=1, metavar="N",
              help="Do N jobs at once, each with a GPU of its own or its share of the cores.")  # fmt: skip
@click.option("--shard", metavar="K/N",
              help="Do the K-th of N shares of the jobs; `auto` takes K and N from Slurm or SkyPilot.")  # fmt: skip
@click.option("--executor", type=click.Choice(["ray"]), help="Have jobs done on the nodes of a Ray cluster.")
@click.option("--job-cpus", type=click.IntRange(1, 4096), metavar="N", help="Cores that a job asks of its node.")
@click.option("--job-gpus", type=click.FloatRange(0, 64), metavar="N",
              help="GPUs that a job asks of its node; 0.5 lets two jobs share one.")  # fmt: skip
@click.option("--store", metavar="URL",
              help="Object store for nodes that share no disk, e.g. s3://bucket/runs.")  # fmt: skip
@verbose_option
@quiet_option
def command(
    suite: Path,
    overrides: tuple[str, ...],
    output: Path,
    device: str | None,
    jobs: int,
    shard: str | None,
    executor: str | None,
    job_cpus: int | None,
    job_gpus: float | None,
    store: str | None,
    verbose: bool,
    quiet: bool,
) -> None:
    """Train, score and chart a suite.

    SUITE is a file, or the name of a suite that comes with forgetbench. If the run is interrupted, the same command
    continues it.

    A job is the training of one model with one seed, or the scoring of its arms. --jobs does several at once on this
    machine. With --shard several commands, on one machine or many, do a share each in one run folder; whichever ends
    last finishes the run. With --executor ray the nodes of a cluster do them. The numbers are the same either way.
    """
    from forgetbench.plan.reading import read_suite

    loaded = read_suite(suite, overrides)  # before PyTorch is imported, which takes seconds
    from forgetbench.sweep.execute import run_suite
    from forgetbench.sweep.executors.choice import Division

    screen = console()
    progress = ConsoleProgress(screen, quiet=quiet, verbose=verbose)
    division = Division(jobs, shard, executor, job_cpus, job_gpus, store)
    folder = run_suite(loaded, output=output, device=device, progress=progress, division=division)
    if quiet or not folder.complete:
        return
    show_report(screen, folder.path)
    say(screen)
    say_whole(screen, f"summary  {folder.path / 'summary.md'}")
    say_whole(screen, f"charts   {folder.path / 'figures'}")


def show_report(screen: Console, run: Path) -> None:
    """Print a finished run's scores and the verdicts on its claims."""
    from forgetbench.report.terminal import TitledTable
    from forgetbench.report.write import terminal_report

    for part in terminal_report(run):
        if isinstance(part, TitledTable):
            say(screen)
            show(screen, table(part.title, part.header, part.rows, part.left))
        else:
            say(screen, part)
