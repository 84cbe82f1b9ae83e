"""Whether a run's tables follow from its other files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from forgetbench.derive.batchnorm import batchnorm_table
from forgetbench.derive.evidence import claims_table, evidence_tables
from forgetbench.derive.forgotten import forgotten_tables
from forgetbench.derive.measured import Table, training_tables
from forgetbench.progress import Progress
from forgetbench.proof.verify.compare import compare_table
from forgetbench.proof.verify.findings import Part, Subject

#: Sums over resamples may differ in their last bits between processors.
LAST_BITS = 1e-9


@dataclass(frozen=True)
class Rebuilt:
    """Tables that can be made again from a run's other files.

    Attributes:
        what: What they hold.
        make: Makes them.
        tolerance: By how much numbers may differ, relative to the larger of 1 and what is expected.
    """

    what: str
    make: Callable[[Subject, Progress], Iterable[Table]]
    tolerance: float = 0.0


def _share_tables(run: Subject, progress: Progress) -> list[Table]:
    return [batchnorm_table(run.folder, progress)] if run.manifest["suite"]["evaluation"]["drift"] else []


#: Every table that can be rebuilt from others, beside those of scores.
REBUILT = (
    Rebuilt("training", lambda run, _: training_tables(run.folder, run.manifest["arms"])),
    Rebuilt("evidence", lambda run, progress: evidence_tables(run.folder, progress), LAST_BITS),
    Rebuilt("what was forgotten", lambda run, progress: forgotten_tables(run.folder, progress), LAST_BITS),
    Rebuilt("BatchNorm's share", _share_tables, LAST_BITS),
    Rebuilt("claims", lambda run, _: [claims_table(run.folder)], LAST_BITS),
)


def check_tables(subject: Subject, part: Part, progress: Progress) -> None:
    """Make every table again that others determine, and compare."""
    names, cells = [], 0
    for rebuilt in REBUILT:
        for table in rebuilt.make(subject, progress):
            cells += compare_table(part, subject.folder.path, table, rebuilt.tolerance)
            names.append(table.name.removesuffix(".csv"))
    part.checked = f"{cells} cells made again: {', '.join(names)}"
    unchecked = {"cam.csv", "drift.csv"} & set(subject.sealed)
    part.notes += [f"{name} needs the model: only its hash was checked" for name in sorted(unchecked)]
