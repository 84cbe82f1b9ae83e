"""`forgetbench new`: a suite and a card for data of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from forgetbench.cli.console import say
from forgetbench.cli.main import console
from forgetbench.cli.options import verbose_option
from forgetbench.data.dataset import Dataset


@click.command("new")
@click.argument("name")
@click.option(
    "--data",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="The folder of your data (YOLO, COCO or VOC), or its data.yaml.",
)
@click.option("--format", "wanted", type=click.Choice(["yolo", "coco", "voc"]), help="Its format, if it is not plain.")
@click.option("--names", metavar="A,B,…", help="Class names in order, for data that name none.")
@click.option("--model", default="yolov8n.pt", show_default=True, help="Pretrained weights.")
@click.option("--reference", metavar="CARD", help="Card of what they were trained on; default: a COCO subset.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder the two files go to; default: the current one.",
)
@verbose_option
def command(
    name: str,
    path: Path,
    wanted: str | None,
    names: str | None,
    model: str,
    reference: str | None,
    output: Path,
    verbose: bool,
) -> None:
    """Look at your data, and write NAME.yaml (a suite) and NAME.card.yaml (what is known of the data)."""
    from forgetbench.cli.check import print_oddities
    from forgetbench.run.new import write_new_suite

    made = write_new_suite(
        name,
        path,
        output,
        wanted=wanted,  # type: ignore[arg-type]  # click has checked it
        names=[part.strip() for part in names.split(",")] if names else None,
        model=model,
        reference=reference,
    )
    screen = console()
    for part, purpose in ((made.data.train, "to train on"), (made.data.evaluate, "to evaluate on")):
        if part is not None:
            say(screen, _described(part, purpose))
    say(screen, f"{len(made.data.evaluate.classes)} classes: {', '.join(made.data.evaluate.classes)}")
    print_oddities(screen, name, made.data.report, verbose)
    say(screen, f"\nwrote {made.suite} and {made.card}; the reference is {made.reference}")
    say(screen, f"next: forgetbench check {made.suite}")


def _described(part: Dataset, purpose: str) -> str:
    return f"{part.name}, {part.split}: {len(part.samples):,} images {purpose}, {part.instances:,} boxes"
