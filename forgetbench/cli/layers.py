"""`forgetbench layers`: lists a model's modules, to help choose a freeze point."""

from __future__ import annotations

import click

from forgetbench.cli.console import say, show, table
from forgetbench.cli.main import console
from forgetbench.cli.options import verbose_option


@click.command("layers")
@click.argument("model")
@click.option(
    "--imgsz",
    type=click.IntRange(32),
    default=640,
    show_default=True,
    help="Image size, in pixels, at which FLOPs are counted.",
)
@verbose_option
def command(model: str, imgsz: int, verbose: bool) -> None:  # noqa: ARG001  (-v is read by the error handler)
    """List a model's modules and freeze points.

    MODEL is a weights file or an architecture (YAML). Shows each module's index, parameters and FLOPs, and the names of
    freeze points. All numbers are for the model's own head. Your data may have other classes and so need another head:
    `check` counts with that one.
    """
    from forgetbench.model.layers import describe_layers
    from forgetbench.plan.batches import check_side
    from forgetbench.plan.models import is_architecture, open_untrained, open_weights
    from forgetbench.progress import Silent
    from forgetbench.suite.points import freeze_label

    if is_architecture(model):
        original = open_untrained(model, None)
    else:
        original = open_weights(model, None, Silent(), download=False)
    check_side(original, imgsz, "--imgsz")
    layers = describe_layers(original, imgsz)
    total = sum(layer.parameters for layer in layers)
    flops = sum(layer.flops for layer in layers)
    rows = []
    for layer in layers:
        label = freeze_label(layer.index, original.head, original.neck)
        rows.append(
            [
                str(layer.index),
                layer.kind,
                ", ".join(map(str, layer.sources)),
                f"{layer.parameters:,}",
                f"{100 * layer.parameters / total:.1f} %",
                f"{layer.flops / 1e9:.2f}",
                f"{100 * layer.trainable_share:.1f} %",
                label.partition(" ")[0] if "(" in label else "",
            ]
        )
    screen = console()
    title = f"{original.name}: {total:,} parameters, {flops / 1e9:.1f} GFLOPs at {imgsz} px"
    header = ["index", "type", "from", "parameters", "share", "GFLOPs", "trained", "freeze point"]
    show(screen, table(title, header, rows, left=3))
    empty = [str(layer.index) for layer in layers if layer.parameters == 0]
    say(screen)
    say(
        screen,
        f"Modules 0-{original.neck - 1} are the backbone, {original.neck}-{original.head - 1} the neck, "
        f"{original.head} the detection head: freezing the backbone trains the neck and the head. "
        "Trained: share of all parameters that trains when the modules before are frozen, counted with the original's "
        f"{len(original.classes)} classes; `check` counts with your data's. GFLOPs are of convolutions and matrix "
        "products alone; thop adds BatchNorm, 1.3 % more for YOLOv8n."
        + (
            f" Modules {', '.join(empty)} hold no parameters; freezing or training them changes nothing."
            if empty
            else ""
        ),
    )
