"""The epoch of best target AP per arm: a choice made with the evaluation data, so only for comparison."""

from __future__ import annotations

from collections.abc import Iterator

from forgetbench.report.blocks import Block, Heading, Name, Table, Text
from forgetbench.report.model_view import ModelView
from forgetbench.report.text import points


def section(view: ModelView) -> Iterator[Block]:
    """Yield a model's best epochs."""
    yield Heading((Name(view.name), ": best epoch, chosen afterwards"))
    found = [point for point in view.points if point.target_ap is not None]
    attach = next(iter(dict.fromkeys(point.attach for point in found)), None)
    rows: list[list[Text]] = []
    for arm, head in dict.fromkeys((point.arm, point.head) for point in found):
        best = max(
            (p for p in found if (p.arm, p.head, p.attach) == (arm, head, attach)),
            key=lambda p: (p.target_ap or 0.0, -p.epoch),
        )
        rows.append([Name(arm), Name(head), str(best.epoch), points(best.target_ap), points(best.forgetting)])
    if rows:
        header: list[Text] = ["arm", "head", "epoch", "target AP", ("forgetting, attach = ", Name(str(attach)))]
        yield Table(header, rows, left=2)
