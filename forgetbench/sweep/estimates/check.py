"""What a suite would need and cost: its plan in plain data, and an estimate from a rehearsal; nothing is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from forgetbench.cache_use import using_cache
from forgetbench.data.cards.missing import Missing
from forgetbench.data.dataset import Dataset, OddityReport
from forgetbench.device import keep_freed_memory, pick_device, use_all_cores
from forgetbench.plan.arms import Arm, advice
from forgetbench.plan.outline import make_outline, missing_inputs
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.progress import Progress
from forgetbench.suite.load import LoadedSuite
from forgetbench.sweep.estimates.disk_need import ArmWork
from forgetbench.sweep.estimates.estimate import Estimate, estimate


@dataclass(frozen=True)
class PlannedArm:
    """One training configuration.

    Attributes:
        name: Unique in the run.
        model, freeze_point, strategy, seed: As in `results.csv`.
        label: What people read of it, apart from model and seed.
        trainable: Share of the branch's parameters that trains.
        checkpoints: How many of its epochs are scored; this and what follows are None where nothing was estimated.
        reference_networks: How many networks it adds to those scored on the reference.
        checkpoint_bytes: Size of one checkpoint.
    """

    name: str
    model: str
    freeze_point: int
    strategy: str
    seed: int
    label: str
    trainable: float
    checkpoints: int | None = None
    reference_networks: int | None = None
    checkpoint_bytes: int | None = None


@dataclass(frozen=True)
class PlannedData:
    """One split of the data: what it is for, where it comes from, and how much it is."""

    role: str
    name: str
    subset: bool
    split: str
    images: int
    boxes: int
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """What a suite comes to.

    Attributes:
        name: The suite's.
        device: Where it would be computed.
        arms: Every training configuration.
        missing: What is not here yet, and how to get it; while there is any, the fields below are empty or None.
        data: The data by role.
        oddities: What is odd in them, by role.
        costs: Work, likely time and disk; None also where no estimate was asked for.
        advice: Settings that decide much without being noticed, in words.
        assumed_classes: Numbers of classes that `trainable` is counted with, while the target's are not known.
    """

    name: str
    device: str
    arms: list[PlannedArm]
    missing: list[Missing] = field(default_factory=list)
    data: list[PlannedData] = field(default_factory=list)
    oddities: dict[str, OddityReport] = field(default_factory=dict)
    costs: Estimate | None = None
    advice: list[str] = field(default_factory=list)
    assumed_classes: tuple[int, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether all data and weights are here."""
        return not self.missing


@using_cache()
def check_suite(
    loaded: LoadedSuite,
    *,
    device: str | None,
    progress: Progress,
    began: float | None = None,
    rehearse: bool = True,
    before_rehearsal: Callable[[Check], None] | None = None,
) -> Check:
    """Check a suite against its models and data, and estimate what it takes.

    Args:
        loaded: The suite.
        device: Where to compute; default: the first CUDA device, else the CPU.
        progress: Told what is going on.
        began: When the work began that a run does as well, in seconds since the epoch; by default with this process.
        rehearse: False to leave out the estimate, which takes a few training steps.
        before_rehearsal: Told what is known before them.

    Raises:
        InputError: data, weights or a point is wrong, or missing and not to be had.
    """
    use_all_cores()
    keep_freed_memory()
    where = pick_device(device)
    missing = missing_inputs(loaded)
    if missing:
        outline = make_outline(loaded)
        classes = () if outline.classes else dict.fromkeys(len(made.classes) for made in outline.originals.values())
        return Check(
            loaded.suite.name,
            str(where),
            [_arm(arm) for arm in outline.arms],
            missing=missing,
            advice=advice(outline.arms),
            assumed_classes=tuple(classes),
        )
    plan = make_plan(loaded, device=where, progress=progress, train_originals=False)
    found = Check(
        loaded.suite.name,
        str(where),
        [_arm(arm) for arm in plan.arms],
        data=list(_data(plan)),
        oddities=plan.reports,
        advice=advice(plan.arms),
    )
    if not rehearse:
        return found
    if before_rehearsal is not None:
        before_rehearsal(found)
    costs = estimate(plan, where, began)
    return replace(found, costs=costs, arms=[_with_work(_arm(work.arm), work) for work in costs.arms])


def _arm(arm: Arm) -> PlannedArm:
    return PlannedArm(
        arm.name, arm.model, arm.freeze_point, arm.strategy, arm.seed, arm.label, arm.recipe.trained_share
    )


def _with_work(arm: PlannedArm, work: ArmWork) -> PlannedArm:
    return replace(
        arm,
        checkpoints=work.checkpoints,
        reference_networks=work.reference_networks,
        checkpoint_bytes=work.checkpoint_bytes,
    )


def _data(plan: Plan) -> Iterable[PlannedData]:
    splits: list[tuple[str, Dataset]] = [
        ("target, training", plan.target_train),
        ("target", plan.target.evaluate),
        ("reference", next(iter(plan.reference.values()))),
    ]
    for role, data in splits:
        yield PlannedData(
            role, data.name, bool(data.subset_of), data.split, len(data.samples), data.instances, data.classes
        )
