"""What the combined detectors of a model cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forgetbench.analyse.price import Priced
from forgetbench.report.blocks import Block, FigureOf, Heading, Name, Paragraph, Table, Text, text
from forgetbench.report.model_view import ModelView
from forgetbench.report.text import counted_seeds, giga, interval, megabytes, points

_HOW_TO_READ = (
    "One detector for both sets of classes (`forgetbench export`) has two heads, and the modules from the attach point "
    "on twice. GFLOPs are of one square image at {imgsz} px, convolutions and matrix products alone, BatchNorm folded "
    "in; MB are of weights in float16. Attach points between which no module has parameters cost and forget the same, "
    "and one of them is listed."
)


def section(view: ModelView) -> Iterator[Block]:
    """Yield what it costs to keep what was known, by head; nothing where it was not counted."""
    if not view.prices:
        return
    yield Heading((Name(view.name), ": the price of remembering"))
    yield Paragraph(_HOW_TO_READ.format(imgsz=view.run.manifest["evaluation"]["imgsz"]))
    for head, prices in view.prices.items():
        if len(view.prices) > 1:
            yield Paragraph((Name(head), " head:"))
        yield price_table(view, head, prices)
    yield FigureOf(f"price-{view.name}")


def price_table(view: ModelView, head: str, prices: Sequence[Priced]) -> Table:
    """Return a detector a row, each treatment's cheapest first; then the original alone and two separate models."""
    rows: list[list[Text]] = []
    for treatment, label in view.labels.items():
        for one in (one for one in prices if one.treatment == treatment):
            row, lost = one.row, view.lost(head, one.row.attach, treatment)
            known = interval(lost.low, lost.high) if lost and not lost.by_construction else ""
            forgotten = f"{points(lost.value if lost else None)} {known}".rstrip()
            more = f"+{100 * one.extra_flops / row.original_flops:.0f} %"
            size = (row.parameters, row.flops, row.bytes)
            rows.append([Name(label), Name(row.attach), forgotten, *_size(*size, more)])
    first = prices[0].row
    original = (first.original_parameters, first.original_flops, first.original_bytes)
    two = (first.two_parameters, first.two_flops, first.two_bytes)
    rows.append(["the original alone", "", "0", *_size(*original, "")])
    more = f"+{100 * (first.two_flops - first.original_flops) / first.original_flops:.0f} %"
    rows.append(["two models", "", "0", *_size(*two, more)])
    called: Text = f"{view.called} ({counted_seeds(view.run.seeds)})"
    return Table(
        [called, "attach", "forgetting", "GFLOPs", text("beyond the original"), "parameters", "weights"], rows, left=2
    )


def _size(parameters: int, flops: int, size: int, more: str) -> list[Text]:
    return [giga(flops), more, f"{parameters / 1e6:.2f} M", megabytes(size)]
