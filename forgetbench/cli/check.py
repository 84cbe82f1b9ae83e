"""`forgetbench check`: checks everything that a run needs, and trains nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from forgetbench.cli.console import ConsoleProgress, clock, say, say_whole, show, size, table
from forgetbench.cli.main import console
from forgetbench.cli.options import device_option, quiet_option, set_option, suite_argument, verbose_option
from forgetbench.room import RESERVE, free_bytes, has_room

if TYPE_CHECKING:
    from forgetbench.data.dataset import OddityReport
    from forgetbench.sweep.estimates.check import Check, PlannedArm
    from forgetbench.sweep.estimates.estimate import Estimate


@click.command("check")
@suite_argument
@set_option
@device_option
@verbose_option
@quiet_option
def command(suite: Path, overrides: tuple[str, ...], device: str | None, verbose: bool, quiet: bool) -> None:
    """Check a suite and estimate its time and disk space.

    SUITE is a file, or the name of a suite that comes with forgetbench. Checks the suite, its data and its weights, and
    prints the plan. If data or weights are missing, says how to get them; nothing is downloaded. To estimate the time,
    a few training steps are run and then discarded.
    """
    from forgetbench.plan.reading import read_suite

    loaded = read_suite(suite, overrides)  # before PyTorch is imported, which takes seconds
    from forgetbench.device import pick_device
    from forgetbench.plan.slowness import warn_of_estimate
    from forgetbench.sweep.estimates.check import check_suite

    screen = console()
    progress = ConsoleProgress(screen, quiet=quiet, verbose=verbose)
    found = check_suite(
        loaded,
        device=device,
        progress=progress,
        rehearse=not quiet,
        before_rehearsal=lambda known: _print_data(screen, known, verbose),
    )
    if not found.ready:
        if not quiet:
            _print_outline(screen, found)
        for line in found.advice:
            progress.message(line, "warning")
        for item in found.missing:
            progress.message(f"not here: {item.name}. {item.instruction}", "warning")
    elif found.costs is not None:
        _print_costs(screen, found)
        _warn_of_room(found.costs, progress)
        warn_of_estimate(pick_device(device), progress)


def _print_costs(screen: Console, found: Check) -> None:
    costs, where = found.costs, found.device
    assert costs is not None

    def cells(arm: PlannedArm) -> list[str]:
        return [_share(arm), str(arm.checkpoints), str(arm.reference_networks), size(arm.checkpoint_bytes or 0)]

    _print_arms(screen, found.arms, ["trainable", "scored", "on reference", "size"], cells)
    spent = {
        "start-up and report": costs.overhead_seconds,
        "training the original": costs.pretraining_seconds,
        "training": costs.training_seconds,
        "evaluation": costs.evaluation_seconds,
        "scoring": costs.scoring_seconds,
    }
    parts = [f"{name} {clock(seconds)}" for name, seconds in spent.items() if seconds]
    say(screen)
    say(
        screen,
        f"{costs.target_networks} evaluations on the target, {costs.reference_networks} on the reference "
        "(the original among them; equal networks are counted once)",
    )
    say(
        screen,
        f"about {clock(costs.seconds)} on {where} ({', '.join(parts)}), at most {size(costs.disk_bytes)} on disk",
    )


def _warn_of_room(costs: Estimate, progress: ConsoleProgress) -> None:
    """Say what `run` would refuse, if it is to put the run where it does by default."""
    if not has_room(Path("runs"), costs.disk_most_bytes):
        need, free = size(costs.disk_most_bytes + RESERVE), size(free_bytes(Path("runs")) or 0)
        progress.message(f"a run may take {need} of the disk for a time, and only {free} are free here", "warning")


def _print_outline(screen: Console, found: Check) -> None:
    """Print the arms of a suite whose data or weights are not here."""
    _print_arms(screen, found.arms, ["trainable"], lambda arm: [_share(arm)])
    if found.assumed_classes:
        say(screen)
        say(
            screen,
            f"Trainable is counted with the original's {' or '.join(map(str, found.assumed_classes))} classes: the "
            "target's are not known yet.",
        )
    say(screen)
    say(screen, "The suite is sound. Time and disk are estimated once everything is here:")
    say(screen)


def _print_arms(
    screen: Console, arms: Sequence[PlannedArm], header: list[str], cells: Callable[[PlannedArm], list[str]]
) -> None:
    """Print a table of arms per model, those that differ only by seed once."""
    for model in dict.fromkeys(arm.model for arm in arms):
        mine = [arm for arm in arms if arm.model == model]
        seeds = list(dict.fromkeys(arm.seed for arm in mine))
        title = f"Arms of {model}" + (f", each with seeds {', '.join(map(str, seeds))}" if len(seeds) > 1 else "")
        rows = [[arm.label, *cells(arm)] for arm in mine if arm.seed == seeds[0]]
        show(screen, table(title, ["arm", *header], rows))


def _share(arm: PlannedArm) -> str:
    return f"{100 * arm.trainable:.1f} %"


def _print_data(screen: Console, found: Check, verbose: bool) -> None:
    rows = [
        [
            data.role,
            data.name + (" (subset)" if data.subset else ""),
            data.split,
            str(data.images),
            str(data.boxes),
            str(len(data.classes)),
        ]
        for data in found.data
    ]
    show(screen, table("Data", ["role", "data", "part", "images", "boxes", "classes"], rows, left=3))
    for role, report in found.oddities.items():
        print_oddities(screen, role, report, verbose)
    say(screen)


def print_oddities(screen: Console, role: str, report: OddityReport, verbose: bool) -> None:
    """Print how many oddities of each kind there are, each with its first files, or all of them if verbose."""
    shown = len(report.found) if verbose else 3
    for kind, count in report.counts().items():
        say_whole(screen, f"{role}: {count} x {kind}", style="yellow")
        of_kind = [oddity for oddity in report.found if oddity.kind == kind]
        for oddity in of_kind[:shown]:
            say(screen, f"    {oddity.file}: {oddity.detail}")
        if count > shown:
            say(screen, f"    … and {count - shown} more; -v lists them")
