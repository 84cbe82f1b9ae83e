"""`forgetbench new`: writes a suite and a card for the user's own data."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from forgetbench.cli.console import ConsoleProgress, say, say_whole
from forgetbench.cli.main import console
from forgetbench.cli.options import verbose_option

#: Of more classes only the first are named.
_MOST_CLASSES_SHOWN = 20


class _FormatName(click.Choice):  # type: ignore[type-arg]  # not generic before click 8.2
    """A choice of the formats that are known when it is asked for, those of other packages among them."""

    def __init__(self) -> None:
        super().__init__(())

    @property
    def choices(self) -> tuple[str, ...]:
        from forgetbench.suite.formats import readable_formats

        return readable_formats()

    @choices.setter
    def choices(self, _names: object) -> None:
        """Take none: there is nothing to keep."""


@click.command("new", short_help="Write a suite and a card for your data.")
@click.argument("name")
@click.option(
    "--data",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of your data, or its data.yaml.",
)
@click.option("--format", "wanted", type=_FormatName(), help="Format of the data; needed only if more than one fits.")
@click.option("--names", metavar="A,B,…", help="Class names in order, if the data do not name them.")
@click.option(
    "--classes-from",
    type=click.Choice(["0", "1"]),
    help="YOLO: number of the first class in label files; needed only if it is unclear.",
)
@click.option("--model", default="yolov8n.pt", show_default=True, help="Pretrained weights.")
@click.option(
    "--reference", metavar="CARD", help="Card of the data that the weights were trained on; default: a subset of COCO."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder to write the two files to; default: the current folder.",
)
@verbose_option
def command(
    name: str,
    path: Path,
    wanted: str | None,
    names: str | None,
    classes_from: str | None,
    model: str,
    reference: str | None,
    output: Path,
    verbose: bool,
) -> None:
    """Write a suite and a card for your data.

    Reads your data, reports what is odd in them, and writes NAME.yaml (the suite, which describes the experiment) and
    NAME.card.yaml (the card, which describes the data).
    """
    from forgetbench.cli.check import print_oddities
    from forgetbench.data.images.shared import shared_warning
    from forgetbench.plan.new import write_new_suite

    made = write_new_suite(
        name,
        path,
        output,
        wanted=wanted,
        names=[part.strip() for part in names.split(",")] if names else None,
        classes_from=None if classes_from is None else 1 if classes_from == "1" else 0,
        model=model,
        reference=reference,
    )
    screen = console()
    say_whole(screen, f"{made.spec.format} data in {made.data.evaluate.root}")
    if made.spec.split is not None:
        say(screen, "The data have no parts to train and to evaluate on: a seeded split makes them.")
    for dataset, purpose in ((made.data.train, "to train on"), (made.data.evaluate, "to evaluate on")):
        if dataset is not None:
            say(
                screen,
                f"{dataset.split}: {len(dataset.samples):,} images {purpose}, {dataset.instances:,} boxes",
            )
    classes = made.data.evaluate.classes
    shown = ", ".join(classes[:_MOST_CLASSES_SHOWN])
    more = ", …" if len(classes) > _MOST_CLASSES_SHOWN else ""
    say(screen, f"{len(classes)} class{'es' * (len(classes) > 1)}: {shown}{more}")
    print_oddities(screen, name, made.data.report, verbose)
    evaluate = made.data.evaluate
    warning = shared_warning(evaluate.name, len(evaluate.samples), made.data.report.counts())
    if warning:
        ConsoleProgress(screen, quiet=False, verbose=verbose).message(warning, "warning")
    say(screen)
    for line in (f"wrote      {made.suite}", f"           {made.card}", f"reference  {made.reference}"):
        say_whole(screen, line)
    say_whole(screen, f"next       forgetbench check {shlex.quote(str(made.suite))}")
