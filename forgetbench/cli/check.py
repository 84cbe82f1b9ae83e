"""`forgetbench check`: everything a run would need, checked; trains nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click
from rich.console import Console

from forgetbench.cli.console import ConsoleProgress, clock, say, say_whole, show, size, table
from forgetbench.cli.main import console
from forgetbench.cli.options import device_option, quiet_option, set_option, suite_argument, verbose_option
from forgetbench.data.dataset import OddityReport
from forgetbench.plan.arms import Arm
from forgetbench.plan.outline import Outline
from forgetbench.plan.plan import Plan


@click.command("check")
@suite_argument
@set_option
@device_option
@verbose_option
@quiet_option
def command(suite: Path, overrides: tuple[str, ...], device: str | None, verbose: bool, quiet: bool) -> None:
    """Check SUITE, its data and its weights, and print the plan with estimated time and disk.

    Where data or weights are not here yet, it says how to get them.
    """
    from forgetbench.device import keep_freed_memory, pick_device, use_all_cores
    from forgetbench.plan.arms import advice
    from forgetbench.plan.outline import make_outline, missing_inputs
    from forgetbench.plan.plan import make_plan
    from forgetbench.plan.slowness import warn_of_estimate
    from forgetbench.suite.load import load_suite
    from forgetbench.sweep.estimate import estimate

    use_all_cores()
    keep_freed_memory()
    screen = console()
    progress = ConsoleProgress(screen, quiet=quiet, verbose=verbose)
    loaded = load_suite(suite, overrides)
    where = pick_device(device)
    missing = missing_inputs(loaded)
    if missing:
        outline = make_outline(loaded)
        _print_outline(screen, outline, quiet)
        for line in advice(outline.arms):
            progress.message(line, "warning")
        for item in missing:
            progress.message(f"not here: {item.name}. {item.instruction}", "warning")
        return
    plan = make_plan(loaded, device=where, progress=progress, train_originals=False)
    if quiet:
        return
    _print_data(screen, plan, verbose)
    costs = estimate(plan, where)
    works = {work.arm: work for work in costs.arms}

    def cells(arm: Arm) -> list[str]:
        work = works[arm]
        return [_share(arm), str(work.checkpoints), str(work.reference_networks), size(work.checkpoint_bytes)]

    _print_arms(screen, plan.arms, ["trainable", "scored", "on reference", "size"], cells)
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
    warn_of_estimate(where, progress)


def _print_outline(screen: Console, outline: Outline, quiet: bool) -> None:
    """Print the arms of a suite whose data or weights are not here."""
    if quiet:
        return
    _print_arms(screen, outline.arms, ["trainable"], lambda arm: [_share(arm)])
    if outline.classes is None:
        own = dict.fromkeys(str(len(original.classes)) for original in outline.originals.values())
        say(screen)
        say(
            screen,
            f"Trainable is counted with the original's {' or '.join(own)} classes: the target's are not known yet.",
        )
    say(screen)
    say(screen, "The suite is sound. Time and disk are estimated once everything is here:")
    say(screen)


def _print_arms(screen: Console, arms: Sequence[Arm], header: list[str], cells: Callable[[Arm], list[str]]) -> None:
    """Print a table of arms per model, those that differ only by seed once."""
    for model in dict.fromkeys(arm.model for arm in arms):
        mine = [arm for arm in arms if arm.model == model]
        seeds = list(dict.fromkeys(arm.seed for arm in mine))
        title = f"Arms of {model}" + (f", each with seeds {', '.join(map(str, seeds))}" if len(seeds) > 1 else "")
        rows = [[arm.label, *cells(arm)] for arm in mine if arm.seed == seeds[0]]
        show(screen, table(title, ["arm", *header], rows))


def _share(arm: Arm) -> str:
    return f"{100 * arm.regime.trained_share:.1f} %"


def _print_data(screen: Console, plan: Plan, verbose: bool) -> None:
    reference = next(iter(plan.reference.values()))
    parts = [("target, training", plan.target_train), ("target", plan.target.evaluate), ("reference", reference)]
    rows = [
        [
            role,
            data.name + (" (subset)" if data.subset_of else ""),
            data.split,
            str(len(data.samples)),
            str(data.instances),
            str(len(data.classes)),
        ]
        for role, data in parts
    ]
    show(screen, table("Data", ["role", "data", "part", "images", "boxes", "classes"], rows, left=3))
    for role, report in plan.reports.items():
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
