"""`forgetbench recommend`: which detector of a run to take home."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forgetbench.analyse.recommend import Bounds, images_to_decide, standing
from forgetbench.cli.console import ConsoleProgress, entry, say, say_whole
from forgetbench.cli.main import console
from forgetbench.cli.options import keep_option, quiet_option, verbose_option
from forgetbench.errors import InputError
from forgetbench.suite.measures import WHOLE_MEASURES

if TYPE_CHECKING:
    from rich.console import Console

    from forgetbench.analyse.recommend import Candidate, Estimated
    from forgetbench.ship.recommend import Advice

#: More images than anybody evaluates on: then no number would do.
_MOST_IMAGES = 100_000


@click.command("recommend")
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("--max-forgetting", type=click.FloatRange(min=0, max=100), metavar="POINTS",
              help="Most that COCO may lose, in points of the measure.")  # fmt: skip
@click.option("--max-gflops", type=click.FloatRange(min=0), metavar="GFLOPS",
              help="Most that the combined detector may compute for an image.")  # fmt: skip
@keep_option
@click.option("--measure", type=click.Choice(WHOLE_MEASURES), default="ap", show_default=True,
              help="What gain and forgetting are measured as.")  # fmt: skip
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE",
              help="Say where data or weights are; only runs that did not count GFLOPs need them.")  # fmt: skip
@verbose_option
@quiet_option
@click.pass_context
def command(
    context: click.Context,
    run: Path,
    max_forgetting: float | None,
    max_gflops: float | None,
    keep: tuple[str, ...] | None,
    measure: Any,
    overrides: tuple[str, ...],
    verbose: bool,
    quiet: bool,
) -> None:
    """Name the detector that gains most within bounds.

    RUN is a finished run. Every checkpoint under every attach point is looked at. A bound on forgetting holds if the
    whole 95 % interval lies within it. Exit code 0: there is such a detector; 1: there is none, or it is undecided.
    """
    from forgetbench.ship.recommend import recommend_from

    if keep is not None and not keep:
        raise InputError("names no class", where="--keep", expected="names with commas between, e.g. person,car,truck")
    screen = console()
    found = recommend_from(
        run, max_forgetting=None if max_forgetting is None else max_forgetting / 100, max_gflops=max_gflops, keep=keep,
        measure=measure, overrides=overrides, progress=ConsoleProgress(screen, quiet=quiet, verbose=verbose),
    )  # fmt: skip
    _say(screen, found, run)
    context.exit(0 if found.found.verdict == "met" else 1)


def _say(screen: Console, advice: Advice, run: Path) -> None:
    found = advice.found
    if found.verdict == "impossible":
        say(screen, f"No detector of {advice.candidates} keeps to the bounds. The one that misses them by least:")
    elif found.verdict == "undecided":
        say(screen, "No detector surely keeps to the bounds. Of those that may, the one that gains most:")
    entry(screen, "detector", _described(advice, found.best))
    for name, text in _costs(advice, found.best):
        entry(screen, name, text)
    _say_what_decides(screen, advice, found.best)
    if found.runner_up is not None:
        entry(screen, "runner-up", _in_brief(advice, found.runner_up))
    if found.better_if_decided is not None:
        entry(screen, "undecided", f"would gain more: {_in_brief(advice, found.better_if_decided)}")
        _say_what_decides(screen, advice, found.better_if_decided)
    if found.verdict != "impossible":
        say_whole(screen, f"{'take it':<12} {_command(advice, run)}")


def _described(advice: Advice, one: Candidate) -> str:
    head = f", {one.head} head" if advice.several_heads else ""
    return f"{one.label}, epoch {one.epoch}, attach = {one.attach}{head}"


def _costs(advice: Advice, one: Candidate) -> Iterator[tuple[str, str]]:
    """Yield what a detector gains, forgets and computes, each beside its bound."""
    from forgetbench.report.text import giga, points
    from forgetbench.report.words import MEASURES

    unit = f"points of {MEASURES[advice.measure]}"
    yield "gain", f"{_known(one.gain, signed=True)} {unit}" if one.gain.value is not None else "not measured"
    of = f" of {', '.join(advice.keep)}" if advice.keep else ""
    bounds, (forgotten, flops) = advice.bounds, advice.bounds.excess(one)
    limit = "" if bounds.forgetting is None else f", at most {100 * bounds.forgetting:g} allowed"
    over = f": {points(forgotten)} too many" if forgotten else ""
    yield "forgetting", f"{_known(one.forgetting)} {unit}{of}{limit}{over}"
    if one.flops is not None:
        limit = "" if bounds.flops is None else f", at most {bounds.flops / 1e9:g} allowed"
        over = f": {flops / 1e9:.2f} too many" if flops else ""
        yield "GFLOPs", f"{giga(one.flops)}{limit}{over}"


def _in_brief(advice: Advice, one: Candidate) -> str:
    from forgetbench.report.text import giga

    flops = "" if one.flops is None else f", {giga(one.flops)} GFLOPs"
    costs = f"gain {_known(one.gain, signed=True)}, forgetting {_known(one.forgetting)}{flops}"
    return f"{_described(advice, one)}: {costs}"


def _known(found: Estimated, *, signed: bool = False) -> str:
    from forgetbench.report.text import interval, points

    return f"{points(found.value, signed=signed)} {interval(found.low, found.high)}".rstrip()


def _say_what_decides(screen: Console, advice: Advice, one: Candidate) -> None:
    """Say what would tell whether an undecided detector keeps to the bounds; nothing of one that is decided."""
    most = advice.bounds.forgetting
    if most is None or standing(one, Bounds(most)) != "undecided":
        return
    needed, value = images_to_decide(one.forgetting, most, advice.images), one.forgetting.value or 0.0
    if needed is None or needed > _MOST_IMAGES:
        text = f"the value is so near the bound that no number of reference images would ({advice.images:,} now)"
    else:
        side = "keeps to" if value < most else "breaks"
        about = f"{float(f'{needed:.2g}'):,.0f}"
        text = f"about {about} reference images ({advice.images:,} now) would show that it {side} the bound"
    more = "; one seed says nothing of how others would do" if advice.seeds == 1 else ""
    entry(screen, "to decide", text + more)


def _command(advice: Advice, run: Path) -> str:
    one = advice.found.best
    head = ["--head", one.head] if advice.several_heads else []
    chosen = ["--arm", one.arm, "--epoch", str(one.epoch), "--attach", one.attach, *head]
    return shlex.join(["forgetbench", "export", str(run), "-o", "mine.pt", *chosen])
