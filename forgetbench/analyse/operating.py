"""How detectors stand in rank and in score: AP, and recall, precision and F1 at two operating points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast, get_args

import pandas as pd

from forgetbench.analyse.evidence_table import EvidenceTable
from forgetbench.analyse.measures import mean
from forgetbench.evaluate.precision_recall import RATES, Rate
from forgetbench.record.rows.differences import EvidenceRow, Quantity
from forgetbench.record.rows.scores import ORIGINAL, OperatingPoint, OperatingRow
from forgetbench.record.table_files import RunTables, measured
from forgetbench.suite.data_section import Role
from forgetbench.suite.measures import Measure

POINTS: tuple[OperatingPoint, ...] = get_args(OperatingPoint)


def measure_at(rate: Rate, point: OperatingPoint) -> Measure:
    """Return what a rate at an operating point is called among measures, e.g. `recall_at_best_f1`."""
    return cast(Measure, f"{rate}_at_{point.replace('-', '_')}")


#: AP, then the rates at one operating point after the other.
SHOWN: tuple[Measure, ...] = ("ap", *(measure_at(rate, point) for point in POINTS for rate in RATES))


@dataclass(frozen=True)
class Standing:
    """Where a treatment's last checkpoints stand in one measure, or the network that they are compared with.

    Attributes:
        label: The treatment's, or `original`.
        measure: Which.
        value: Mean over seeds, a fraction; None is not measured.
        change: Against the baseline; None for the baseline itself, and where nothing was compared.
    """

    label: str
    measure: Measure
    value: float | None
    change: EvidenceRow | None


@dataclass(frozen=True)
class Standings:
    """A model's networks on one dataset.

    Attributes:
        baseline: What is compared with: `original`, or the label of the reference arm; None if it was not scored.
        rows: Every measure of `SHOWN` of the baseline, then of each treatment in the order of the manifest.
    """

    baseline: str | None
    rows: list[Standing]

    @property
    def before(self) -> dict[Measure, float | None]:
        """The baseline's values, none where there is no baseline."""
        return {row.measure: row.value for row in self.rows if row.label == self.baseline}

    @property
    def compared(self) -> list[str]:
        """Labels of all but the baseline."""
        return list(dict.fromkeys(row.label for row in self.rows if row.label != self.baseline))


def standings(
    tables: RunTables,
    evidence: EvidenceTable,
    rows: Sequence[OperatingRow],
    model: str,
    head: str,
    role: Role,
    baseline: str | None,
) -> Standings:
    """Return how the networks of a model and head stand on one dataset; on the reference under attach = head.

    Args:
        tables: The run.
        evidence: Its `evidence.csv`.
        rows: Its `operating.csv`.
        model, head, role: Which.
        baseline: Label of what is compared with, None if there is nothing.
    """
    attach: str | None = "head" if role == "reference" else None
    quantity: Quantity = "forgetting" if role == "reference" else "gain"
    last = _last_values(tables, rows, (model, head, role, attach))
    known = baseline if baseline in last else None
    listed = dict.fromkeys([known, ORIGINAL, *(str(arm["label"]) for arm in tables.arms(model))])
    return Standings(
        known,
        [
            Standing(
                label,
                measure,
                mean(list(last[label].get(measure, {}).values())),
                evidence.find(model, head, attach, quantity, label, known, measure)
                if known is not None and label != known
                else None,
            )
            for label in listed
            if label is not None and label in last
            for measure in SHOWN
        ],
    )


def thresholds(rows: Sequence[OperatingRow], model: str, head: str) -> dict[OperatingPoint, float | None]:
    """Return the score above which detections of a model's head count at each operating point."""
    return {row.point: row.threshold for row in rows if (row.model, row.head) == (model, head)}


def _last_values(
    tables: RunTables, rows: Sequence[OperatingRow], scene: tuple[str, str, str, str | None]
) -> dict[str, dict[Measure, dict[str, float | None]]]:
    """Return what every arm had after its last epoch, by label, measure and arm."""
    labels = {str(arm["arm"]): str(arm["label"]) for arm in tables.arms(scene[0])} | {ORIGINAL: ORIGINAL}
    found: list[tuple[int, str, Measure, float | None]] = [
        (int(row["epoch"]), str(row["arm"]), "ap", measured(row["ap"]))
        for row in tables.results.to_dict("records")
        if (row["model"], row["head"], row["role"], None if pd.isna(row["attach"]) else row["attach"]) == scene
    ]
    found += [
        (row.epoch, row.arm, measure_at(rate, row.point), getattr(row, rate))
        for row in rows
        if (row.model, row.head, row.role, row.attach) == scene
        for rate in RATES
    ]
    last: dict[str, dict[Measure, dict[str, float | None]]] = {}
    for _, arm, measure, value in sorted(found, key=lambda one: one[0]):
        last.setdefault(labels[arm], {}).setdefault(measure, {})[arm] = value
    return last
