"""What the modules of a run's detectors cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from forgetbench.model.counts import DetectorCounts, count_detectors
from forgetbench.model.original import Original
from forgetbench.plan.plan import Plan
from forgetbench.record.rows.price import ModuleRow
from forgetbench.suite.kinds import HeadMode


def module_rows(plan: Plan) -> Iterator[ModuleRow]:
    """Yield the rows of `modules.csv`: of each model its trunk, its head by kind of stacks, and its arms' heads."""
    imgsz = plan.settings().imgsz
    for model, original in plan.originals.items():
        blanks = {arm.name: plan.blank(arm) for arm in plan.arms if arm.model == model}
        counted = {
            (blank, head): count_detectors(original, blank.modules[-1], imgsz, one_to_one=head == "one-to-one")
            for blank in dict.fromkeys(blanks.values())
            for head in plan.heads(model)
        }
        first = next(iter(blanks.values()))
        yield from _shared(model, original, {head: counted[first, head] for head in plan.heads(model)})
        for arm, blank in blanks.items():
            for head in plan.heads(model):
                found = counted[blank, head]
                yield ModuleRow(model, arm, head, "task head", original.head, **asdict(found.task))
                yield ModuleRow(model, arm, head, "both heads", original.head, **asdict(found.both))


def _shared(model: str, original: Original, found: dict[HeadMode, DetectorCounts]) -> Iterator[ModuleRow]:
    """Yield the rows of what a model's arms share, the counts given by head."""
    for module, counts in enumerate(next(iter(found.values())).trunk):
        yield ModuleRow(model, None, None, "trunk", module, **asdict(counts))
    for head, counted in found.items():
        yield ModuleRow(model, None, head, "original head", original.head, **asdict(counted.original))
