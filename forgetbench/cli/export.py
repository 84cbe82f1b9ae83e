"""`forgetbench export`: writes one detector for your classes and COCO's."""

from __future__ import annotations

from pathlib import Path

import click

from forgetbench.cli.console import ConsoleProgress, entry, say, size
from forgetbench.cli.main import console
from forgetbench.cli.options import quiet_option, verbose_option


@click.command("export")
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False),
              help="File to write, such as mine.pt.")  # fmt: skip
@click.option("--arm", help="Which arm: its name, its label or its freeze point. May be left out if there is only one.")
@click.option("--attach", help="Which of the suite's attach points COCO's head has.  [default: head]")
@click.option("--epoch", type=int, help="After which epoch.  [default: the last]")
@click.option("--head", type=click.Choice(["one-to-many", "one-to-one"]), help="Which head, for YOLOv10 and YOLO26.")
@click.option("--merge-classes", is_flag=True,
              help="Make one class of two with the same name; otherwise yours gets a suffix.")  # fmt: skip
@click.option("--check", type=click.Choice(["sample", "full"]), default="sample", show_default=True,
              help="Check the file on some of the images, or on all.")  # fmt: skip
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE",
              help="Say where data or weights are, e.g. --set target.path=/data/fruit.")  # fmt: skip
@verbose_option
@quiet_option
def command(
    run: Path,
    output: Path,
    arm: str | None,
    attach: str | None,
    epoch: int | None,
    head: str | None,
    merge_classes: bool,
    check: str,
    overrides: tuple[str, ...],
    verbose: bool,
    quiet: bool,
) -> None:
    """Write one detector for your classes and COCO's.

    RUN is a finished run. The file opens in plain Ultralytics (`yolo predict model=mine.pt`). Before it is written, it
    is run on images of both datasets, and its AP must be the run's.
    """
    from forgetbench.ship.export import export_run

    screen = console()
    made = export_run(
        run, output, arm=arm, attach=attach, epoch=epoch, head=head, merge_classes=merge_classes,
        check="full" if check == "full" else "sample", overrides=overrides,
        progress=ConsoleProgress(screen, quiet=quiet, verbose=verbose),
    )  # fmt: skip
    if quiet:
        return
    choice = made.choice
    say(screen)
    entry(screen, "arm", f"{choice.arm['label']}, epoch {choice.epoch}, attach = {choice.attach}, {choice.head} head")
    for one in made.compared:
        ap = "not measured" if one.file is None else f"AP {100 * one.file:.1f}"
        entry(screen, one.role, f"{ap} on {one.images} images of {one.dataset}, as in the run")
    count, first = len(made.classes.names), len(made.classes.reference)
    entry(screen, "classes", f"{count}: the reference's 0 to {first - 1}, then the target's")
    entry(screen, "file", f"{made.path}, {size(made.path.stat().st_size)}")
    entry(screen, "use", f"yolo predict model={made.path} source=PATH")
