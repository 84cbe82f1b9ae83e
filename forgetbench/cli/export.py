"""`forgetbench export`: writes one detector for your classes and COCO's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forgetbench.cli.console import ConsoleProgress, entry, say, size
from forgetbench.cli.main import console
from forgetbench.cli.options import quiet_option, verbose_option
from forgetbench.errors import InputError
from forgetbench.ship.formats import NAMES

if TYPE_CHECKING:
    from forgetbench.ship.file_check import Compared


@click.command("export")
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path),
              help="File to write, such as mine.pt or mine.onnx.")  # fmt: skip
@click.option("--format", type=click.Choice(NAMES), help="The file's format.  [default: what its name says]")
@click.option("--half", is_flag=True, help="Use float16 in the file, if its format has the choice.")
@click.option("--arm", help="Which arm: its name, its label or its freeze point. May be left out if there is only one.")
@click.option("--attach", help="Which of the suite's attach points COCO's head has.  [default: head]")
@click.option("--epoch", type=int, help="After which epoch.  [default: the last]")
@click.option("--head", type=click.Choice(["one-to-many", "one-to-one"]), help="Which head, for YOLOv10 and YOLO26.")
@click.option("--variant", help="Which variant of the checkpoint.  [default: as trained]")
@click.option("--target-only", is_flag=True, help="Write a detector of your classes alone.")
@click.option("--reference-only", is_flag=True, help="Write a detector of COCO's classes alone.")
@click.option("--merge-classes", is_flag=True,
              help="Make one class of two with the same name; otherwise yours gets a suffix.")  # fmt: skip
@click.option("--check", type=click.Choice(["sample", "full"]), default="sample", show_default=True,
              help="Check the file on some of the images, or on all.")  # fmt: skip
@click.option("--measure", is_flag=True,
              help="Time the file on this machine's CPU, beside the original alone and two models.")  # fmt: skip
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE",
              help="Say where data or weights are, e.g. --set target.path=/data/fruit.")  # fmt: skip
@verbose_option
@quiet_option
def command(
    run: Path,
    output: Path,
    format: str | None,
    half: bool,
    arm: str | None,
    attach: str | None,
    epoch: int | None,
    head: str | None,
    variant: str | None,
    target_only: bool,
    reference_only: bool,
    merge_classes: bool,
    check: str,
    measure: bool,
    overrides: tuple[str, ...],
    verbose: bool,
    quiet: bool,
) -> None:
    """Write one detector for your classes and COCO's.

    RUN is a finished run. The file opens in plain Ultralytics (`yolo predict model=mine.pt`). Before it is written, it
    is run on images of both datasets, and its AP must be the run's. Another format than .pt is also run by its own
    runtime, and its AP must be that of the .pt.
    """
    from forgetbench.report.text import points, timing
    from forgetbench.ship.export import export_run
    from forgetbench.ship.latency import TWO

    if target_only and reference_only:
        raise InputError("--target-only and --reference-only exclude each other", fix="Without both, all are in it.")
    screen = console()
    made = export_run(
        run, output, arm=arm, attach=attach, epoch=epoch, head=head, variant=variant,
        only="target" if target_only else "reference" if reference_only else None,
        merge_classes=merge_classes, format=format, half=half,
        check="full" if check == "full" else "sample", timed=measure, overrides=overrides,
        progress=ConsoleProgress(screen, quiet=quiet, verbose=verbose),
    )  # fmt: skip
    if quiet:
        return
    choice = made.choice
    say(screen)
    attached = "" if choice.attach is None else f"attach = {choice.attach}, "
    entry(screen, "arm", f"{choice.arm['label']}, epoch {choice.epoch}, {attached}{choice.head} head")
    for one in made.compared:
        entry(screen, one.role, f"{_ap(one)}, as in the run")
        if choice.only is None and one.others is not None:
            entry(screen, "", f"there it also shows {one.others:.1f} objects an image of the other classes, above 0.25")
    for one in made.converted:
        entry(screen, made.format, f"{_ap(one)}, {one.shape} canvases; the .pt has {points(one.expected)} there")
    count, first = len(made.classes.names), len(made.classes.reference)
    both = f": the reference's 0 to {first - 1}, then the target's" if choice.only is None else ""
    entry(screen, "classes", f"{count}{both}")
    files = [made.path] if made.path.is_file() else list(made.path.iterdir())
    entry(screen, "file", f"{made.path}, {size(sum(file.stat().st_size for file in files))}")
    for detector, took in (made.latency or {}).items():
        share = "" if detector == TWO else f", {100 * took.ratio:.0f} % of {TWO}"
        entry(screen, "latency", f"{detector}: {timing(took.median, took.low, took.high)}{share}")
    entry(screen, "use", f"yolo predict model={made.path} source=PATH")


def _ap(one: Compared) -> str:
    from forgetbench.report.text import points

    return f"AP {points(one.file)} on {one.images} images of {one.dataset}"
