"""Writing a run's tables from its scores and the records of its training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from forgetbench.data.dataset import Oddity
from forgetbench.run.folder import RunFolder, columns_of
from forgetbench.run.plan import Plan
from forgetbench.run.scoring import ClassRow, ResultRow
from forgetbench.run.training import read_records
from forgetbench.train.probes import GradientRow, MemoryRow
from forgetbench.train.session import TimeRow


def write_oddities(plan: Plan, folder: RunFolder) -> None:
    """Write everything that was odd in the data, by role, kind and file."""
    rows = [{"role": role, **asdict(oddity)} for role, report in plan.reports.items() for oddity in report.found]
    folder.write_table("oddities.csv", ["role", *columns_of(Oddity)], rows)


def write_tables(plan: Plan, folder: RunFolder, results: Iterable[ResultRow], classes: Iterable[ClassRow]) -> None:
    """Write every CSV file of a run."""
    folder.write_table("results.csv", columns_of(ResultRow), results)
    folder.write_table("per_class.csv", columns_of(ClassRow), classes)
    sessions = dict.fromkeys((arm.model, arm.seed) for arm in plan.arms)
    records = [(key, record) for key in sessions for record in read_records(folder, *key)]
    for name, kind, part in (("gradients.csv", GradientRow, "gradients"), ("memory.csv", MemoryRow, "memory")):
        folder.write_table(name, columns_of(kind), [row for _, record in records for row in record[part]])
    times = [{"model": m, "seed": s, **row} for (m, s), record in records for row in record["times"]]
    folder.write_table("times.csv", ["model", "seed", *columns_of(TimeRow)], times)
    losses = [
        {"arm": arm, "epoch": record["epoch"], "part": part, "loss": value}
        for _, record in records
        for arm, parts in record["losses"].items()
        for part, value in parts.items()
    ]
    folder.write_table("losses.csv", ["arm", "epoch", "part", "loss"], losses)
