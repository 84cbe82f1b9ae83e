"""What training each treatment cost."""

from __future__ import annotations

from collections.abc import Iterator

from forgetbench.analyse.costs import Cost
from forgetbench.analyse.tradeoff import treatment_of
from forgetbench.report.blocks import Block, FigureOf, Heading, Name, Paragraph, Table, Text
from forgetbench.report.model_view import ModelView
from forgetbench.report.text import UNMEASURED, counted_seeds, mebibytes, milliseconds


def section(view: ModelView) -> Iterator[Block]:
    """Yield the cost of a model's training, then the charts of scores and costs."""
    flops = {treatment_of(arm): arm.get("trained_flops") for arm in view.arms}

    def row(cost: Cost) -> list[Text]:
        trained = flops[cost.treatment]
        return [
            Name(view.labels[cost.treatment]),
            UNMEASURED if trained is None else f"{trained / 1e9:.2f}",
            milliseconds(cost.step_seconds),
            *(mebibytes(cost.held[kind]) for kind in ("gradients", "optimizer", "saved_for_backward")),
            mebibytes(cost.max_allocated),
        ]

    header = [f"{view.called} ({counted_seeds(view.run.seeds)})", "GFLOPs in trained modules", "own time of a step"]
    header += ["gradients", "optimizer state", "saved for backward", "solo peak (CUDA)"]
    yield Heading((Name(view.name), ": cost of training"))
    yield Table(header, [row(cost) for cost in view.costs])
    yield Paragraph(
        f"Shared by all branches in a step (loading, frozen forward): {milliseconds(view.shared_seconds)}. "
        "GFLOPs are of one image's forward, convolutions and matrix products alone."
    )
    for kind in ("gain-forgetting", "ap-epochs", "gradients", "costs"):
        yield FigureOf(f"{kind}-{view.name}")
