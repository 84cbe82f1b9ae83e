"""Gain against forgetting: every checkpoint's two coordinates, from the scores of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from forgetbench.analyse.measures import forgetting, mean, specialisation_gain
from forgetbench.record.manifest import ArmRecord
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.record.table_files import measured
from forgetbench.suite.arms import FREEZE


@dataclass(frozen=True, order=True)
class Treatment:
    """What the arms of one model that differ only by seed have in common.

    Attributes:
        freeze_point: Index of the first module that ever trains.
        strategy: `freeze`, or the name the suite gives the arm.
        setting: What it trains under of the settings that the suite varies; empty where none vary.
    """

    freeze_point: int
    strategy: str = FREEZE
    setting: str = ""

    @property
    def method(self) -> Treatment:
        """The treatment apart from its setting."""
        return replace(self, setting="")


def treatment_of(arm: ArmRecord) -> Treatment:
    """Return the treatment of an arm as the manifest describes it."""
    return Treatment(int(arm["freeze_point"]), str(arm["strategy"]), arm.get("setting") or "")


def reference_treatment(treatments: Iterable[Treatment], freeze_point: int | None) -> Treatment | None:
    """Return what gain is measured against: of treatments in the suite's order the first plain one of a freeze point.

    So where settings vary it is the reference arm under the first of them.
    """
    return next(
        (one for one in treatments if one.method == Treatment(-1 if freeze_point is None else freeze_point)), None
    )


@dataclass(frozen=True)
class Point:
    """One checkpoint under one attach point. AP, gain and forgetting are fractions; None is not measured.

    Attributes:
        arm, model, treatment, seed, epoch: Which checkpoint.
        head: Which of the head's stacks gave the detections.
        attach: Where the reference path turns to original modules; None if nothing was scored on the reference.
        target_ap, reference_ap: Its scores.
        gain: Target AP over that of the reference arm's last checkpoint, of the same model, seed and head.
        forgetting: Reference AP of the original minus the checkpoint's.
        has_baseline: Whether the reference arm of its seed has a checkpoint; one that diverged may have none.
    """

    arm: str
    model: str
    treatment: Treatment
    seed: int
    epoch: int
    head: str
    attach: str | None
    target_ap: float | None
    reference_ap: float | None
    gain: float | None
    forgetting: float | None
    has_baseline: bool = field(default=True, kw_only=True)


def original_ap(results: pd.DataFrame) -> dict[tuple[str, str], float | None]:
    """Return the originals' reference AP by model and head, from a run's `results.csv`."""
    rows = results[(results["arm"] == ORIGINAL) & (results["role"] == "reference")]
    return {(str(row["model"]), str(row["head"])): measured(row["ap"]) for row in rows.to_dict("records")}


def tradeoff(results: pd.DataFrame, arms: Sequence[ArmRecord], reference_arms: Mapping[str, int]) -> list[Point]:
    """Return a point per checkpoint, head and attach point, in the order of the results.

    Args:
        results: A run's `results.csv`; arms that diverged before their first checkpoint have no rows.
        arms: Arms as the manifest describes them.
        reference_arms: Freeze point that gain is measured against, by model; without one gain is not measured.
    """
    original = original_ap(results)
    rows = [_Row(cells) for cells in results[results["arm"] != ORIGINAL].to_dict("records")]
    targets = {row.checkpoint: row for row in rows if row.role == "target"}
    against = {
        model: reference_treatment(
            (treatment_of(arm) for arm in arms if arm["model"] == model), reference_arms.get(model)
        )
        for model in {row.model for row in rows}
    }
    baseline = {  # later epochs come later and stay
        (row.model, row.seed, row.head): row.ap
        for row in sorted(targets.values(), key=lambda row: row.epoch)
        if row.treatment == against[row.model]
    }
    points = []
    for row in rows:
        if row.role != "reference":
            continue
        target = targets.get(row.checkpoint)
        target_ap = target.ap if target else None
        points.append(
            Point(
                arm=row.arm,
                model=row.model,
                treatment=row.treatment,
                seed=row.seed,
                epoch=row.epoch,
                head=row.head,
                attach=row.attach,
                target_ap=target_ap,
                reference_ap=row.ap,
                gain=specialisation_gain(target_ap, baseline.get((row.model, row.seed, row.head))),
                forgetting=forgetting(original.get((row.model, row.head)), row.ap),
                has_baseline=(row.model, row.seed, row.head) in baseline,
            )
        )
    return points


@dataclass(frozen=True)
class Outcome:
    """Where a treatment ended under one attach point: the mean over seeds of each arm's last checkpoint.

    Attributes:
        model, treatment, head, attach: Which.
        seeds: How many arms.
        target_ap, reference_ap, gain, forgetting: Means, fractions; gain over the seeds whose reference arm has a
            checkpoint.
    """

    model: str
    treatment: Treatment
    head: str
    attach: str | None
    seeds: int
    target_ap: float | None
    reference_ap: float | None
    gain: float | None
    forgetting: float | None


def outcomes(points: Iterable[Point]) -> list[Outcome]:
    """Return the last checkpoint of every arm, averaged over seeds, in the order in which they first occur."""
    last: dict[tuple[str, Treatment, str, str | None], dict[int, Point]] = {}
    for point in points:
        group = last.setdefault((point.model, point.treatment, point.head, point.attach), {})
        if point.seed not in group or group[point.seed].epoch <= point.epoch:
            group[point.seed] = point
    return [
        Outcome(
            *key,
            seeds=len(group),
            target_ap=mean([p.target_ap for p in group.values()]),
            reference_ap=mean([p.reference_ap for p in group.values()]),
            gain=mean([p.gain for p in group.values() if p.has_baseline]),
            forgetting=mean([p.forgetting for p in group.values()]),
        )
        for key, group in last.items()
    ]


class _Row:
    """An arm's row of the results, with None for empty cells."""

    def __init__(self, cells: Mapping[Any, Any]) -> None:
        self.arm, self.model, self.role = str(cells["arm"]), str(cells["model"]), str(cells["role"])
        self.head, self.epoch = str(cells["head"]), int(cells["epoch"])
        setting = cells.get("setting")  # runs of before settings could vary have none
        self.treatment = Treatment(
            int(cells["freeze_point"]),
            str(cells["strategy"]),
            "" if setting is None or pd.isna(setting) else str(setting),
        )
        self.seed = int(cells["seed"])
        self.attach = None if pd.isna(cells["attach"]) else str(cells["attach"])
        self.ap = measured(cells["ap"])

    @property
    def checkpoint(self) -> tuple[str, int, str]:
        return self.arm, self.epoch, self.head
