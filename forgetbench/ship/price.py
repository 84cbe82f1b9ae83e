"""What it costs to keep what was known: combined detectors counted, and on request timed on this machine."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from forgetbench.analyse.price import distinct, prices
from forgetbench.cache_use import using_cache
from forgetbench.device import pick_device
from forgetbench.model import yolo
from forgetbench.model.combined import combine, combine_classes
from forgetbench.plan.plan import Plan
from forgetbench.progress import Progress, Silent
from forgetbench.proof.verify import open_subject, opened
from forgetbench.proof.verify.findings import SealedRun
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.differences import IntervalRow
from forgetbench.record.rows.price import ModuleRow, PriceRow
from forgetbench.record.strangers import reading
from forgetbench.record.table_files import read_table, rows_of
from forgetbench.ship.latency import ORIGINAL, TWO, Forward, Latency, forward_of, time_in_turn, two_models
from forgetbench.ship.unchanged import require_unchanged_tables
from forgetbench.sweep.module_counts import module_rows
from forgetbench.sweep.reproduce import plan_again

#: Latencies by model and head, then by detector.
Timings = dict[tuple[str, str], dict[Hashable, Latency]]


@dataclass(frozen=True)
class Offer:
    """A combined detector of a run, what it forgets and what it costs.

    Attributes:
        label: Of its arm.
        price: What it is and what it costs.
        forgetting, low, high: What its arm's last checkpoint forgets, with the 95 % interval over images; fractions,
            None not measured.
        latency: On this machine, over that of two separate models; None not asked for.
    """

    label: str
    price: PriceRow
    forgetting: float | None
    low: float | None
    high: float | None
    latency: Latency | None


@dataclass(frozen=True)
class Prices:
    """The combined detectors of a run.

    Attributes:
        offers: In the order of the run's arms, of each the cheapest first.
        apart: Latency of the original alone and of two separate models, by model and head; empty if not asked for.
        imgsz: Side in pixels of the images that operations are counted for.
    """

    offers: Sequence[Offer]
    apart: dict[tuple[str, str], tuple[Latency, Latency]]
    imgsz: int


@using_cache()
def price_run(
    run: str | Path,
    *,
    timed: bool = False,
    device: str | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Prices:
    """Return what each combined detector of a finished run costs.

    Args:
        run: A finished run's folder, or an archive of one.
        timed: Whether to measure latency on this machine, for which the original is needed.
        device: Where to measure; default: the first CUDA device, else the CPU.
        overrides: Where data and weights are, e.g. `target.path=/data/fruit`.
        progress: Told what is going on.

    Raises:
        InputError: it is no finished run, or data or weights are missing or others.
    """
    progress = progress or Silent()
    where = pick_device(device)
    with opened(Path(run)) as folder:
        with reading(folder):
            subject = open_subject(folder)
            require_unchanged_tables(subject, ["intervals.csv"])
            manifest, counted = subject.folder.read_manifest(), counted_rows(subject)
            lost = _forgotten(subject.folder)
        plan = None if counted and not timed else plan_again(manifest, run, overrides, where, progress)
    rows = counted if counted is not None or plan is None else list(module_rows(plan))
    found = distinct(prices(rows or (), manifest))
    timings = {} if plan is None or not timed else _timings(plan, found, where, progress)
    labels = {arm["arm"]: arm["label"] for arm in manifest["arms"]}
    offers = []
    for row in found:
        row_lost = lost.get((row.arm, row.head, row.attach))
        known = (row_lost.value, row_lost.low, row_lost.high) if row_lost else (None, None, None)
        took = None if plan is None or not timed else timings[row.model, row.head][_like(plan, row)]
        offers.append(Offer(labels[row.arm], row, *known, took))
    apart = {key: (of[ORIGINAL], of[TWO]) for key, of in timings.items()}
    return Prices(offers, apart, manifest["evaluation"]["imgsz"])


def counted_rows(subject: SealedRun) -> list[ModuleRow] | None:
    """Return what a run says of its modules; None where its version of forgetbench did not count them.

    Raises:
        CorruptRunError: the table is unreadable, or not what it was.
    """
    if "modules.csv" not in subject.sealed:
        return None
    require_unchanged_tables(subject, ["modules.csv"])
    return rows_of(read_table(subject.folder.table("modules.csv"), ModuleRow), ModuleRow)


def _forgotten(folder: RunFolder) -> dict[tuple[str, str, str | None], IntervalRow]:
    """Return what last checkpoints forget, by arm, head and attach point."""
    rows = rows_of(read_table(folder.table("intervals.csv"), IntervalRow), IntervalRow)
    mine = (row for row in rows if (row.quantity, row.measure) == ("forgetting", "ap"))
    return {(row.arm, row.head, row.attach): row for row in mine}  # later epochs come later and stay


def _timings(plan: Plan, rows: Sequence[PriceRow], device: torch.device, progress: Progress) -> Timings:
    """Return latencies by model and head, of each the two models, the original alone, and detectors by `_like`.

    The values of weights play no part in it.
    """
    found: Timings = {}
    for model, head in dict.fromkeys((row.model, row.head) for row in rows):
        mine = [row for row in rows if (row.model, row.head) == (model, head)]
        detectors = _detectors(plan, mine, device, one_to_one=head == "one-to-one")
        found[model, head] = time_in_turn(plan, model, detectors, device, progress)
    return found


def _detectors(
    plan: Plan, rows: Sequence[PriceRow], device: torch.device, *, one_to_one: bool
) -> dict[Hashable, Forward]:
    """Return the forwards of one model's detectors, of all that are built alike one."""
    original = plan.originals[rows[0].model]
    arms = {arm.name: arm for arm in plan.arms}
    made = two_models(plan, arms[rows[0].arm], device, one_to_one=one_to_one)
    for row in rows:
        if _like(plan, row) not in made:
            branch = plan.blank(arms[row.arm]).modules
            names = [str(number) for number in range(branch[-1].nc)]  # type: ignore[arg-type]
            classes = combine_classes(original.classes, names, merge=False, suffix="target")
            both = combine(original, list(branch), 0, row.module, classes, one_to_one=one_to_one)
            modules, kept = yolo.modules_of(both), yolo.saved_indices(both)
            made[_like(plan, row)] = forward_of(modules, kept, device, one_to_one=one_to_one)
    return made


def _like(plan: Plan, row: PriceRow) -> Hashable:
    """Return what detectors that are built alike have in common, whatever their weights."""
    arm = next(arm for arm in plan.arms if arm.name == row.arm)
    return arm.recipe.pretrained, row.module
