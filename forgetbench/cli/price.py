"""`forgetbench price`: what each combined detector of a run costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forgetbench.cli.console import ConsoleProgress, say, show, table
from forgetbench.cli.main import console
from forgetbench.cli.options import quiet_option, verbose_option

if TYPE_CHECKING:
    from forgetbench.ship.latency import Latency
    from forgetbench.ship.price import Prices


@click.command("price")
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("--measure", is_flag=True, help="Measure latency on this machine, which needs the original's weights.")
@click.option("--device", help="Where to measure, e.g. cuda:0.  [default: the first CUDA device, else the CPU]")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE",
              help="Say where data or weights are, e.g. --set target.path=/data/fruit.")  # fmt: skip
@verbose_option
@quiet_option
def command(
    run: Path, measure: bool, device: str | None, overrides: tuple[str, ...], verbose: bool, quiet: bool
) -> None:
    """Say what each combined detector costs.

    RUN is a finished run. A detector for your classes and COCO's (see `export`) forgets less and computes more the
    earlier COCO's head gets modules of its own.
    """
    from forgetbench.ship.price import price_run

    screen = console()
    progress = ConsoleProgress(screen, quiet=quiet, verbose=verbose)
    found = price_run(run, timed=measure, device=device, overrides=overrides, progress=progress)
    for key in dict.fromkeys((offer.price.model, offer.price.head) for offer in found.offers):
        title = f"{key[0]}, {key[1]} head, one image of {found.imgsz} x {found.imgsz} px"
        header = ["arm", "attach", "forgetting (points)", "GFLOPs", "beyond the original", "parameters", "weights"]
        header += ["latency", "of two models"] if found.apart else []
        show(screen, table(title, header, _rows(found, *key), left=2))
        say(screen)
    say(screen, "Forgetting is that of the last checkpoint, with the 95 % interval over images. Attach points between "
        "which no module has parameters cost and forget the same, and one of them is listed."
        + (" Latency: median and quartiles of one forward, without suppression; all detectors ran in turn."
           if found.apart else ""))  # fmt: skip


def _rows(found: Prices, model: str, head: str) -> list[list[str]]:
    from forgetbench.report.text import giga, interval, megabytes, points

    def size(parameters: int, flops: int, of: int, weights: int) -> list[str]:
        more = f"+{100 * (flops - of) / of:.0f} %" if flops != of else ""
        return [giga(flops), more, f"{parameters / 1e6:.2f} M", megabytes(weights)]

    rows = []
    mine = [offer for offer in found.offers if (offer.price.model, offer.price.head) == (model, head)]
    for offer in mine:
        row = offer.price
        lost = f"{points(offer.forgetting)} {interval(offer.low, offer.high)}".rstrip()
        counts = size(row.parameters, row.flops, row.original_flops, row.bytes)
        rows.append([offer.label, row.attach, lost, *counts, *_latency(offer.latency)])
    one, (alone, two) = mine[0].price, found.apart.get((model, head), (None, None))
    counts = size(one.original_parameters, one.original_flops, one.original_flops, one.original_bytes)
    rows.append(["the original alone", "", "", *counts, *_latency(alone)])
    counts = size(one.two_parameters, one.two_flops, one.original_flops, one.two_bytes)
    rows.append(["two models", "", "0", *counts, *_latency(two)])
    return rows


def _latency(took: Latency | None) -> list[str]:
    if took is None:
        return []
    from forgetbench.report.text import timing

    return [timing(took.median, took.low, took.high), f"{100 * took.ratio:.0f} %"]
