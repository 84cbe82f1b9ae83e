"""Whether a run's tables follow from its other files."""

from __future__ import annotations

from forgetbench.derive.catalogue import tables_of
from forgetbench.derive.source import Source
from forgetbench.progress import Progress
from forgetbench.proof.verify.findings import CheckResult, SealedRun
from forgetbench.proof.verify.table_comparison import compare_table

#: By how much numbers may differ that are sums over resamples, relative to the larger of 1 and what is expected.
LAST_BITS = 1e-9


def check_tables(subject: SealedRun, check: CheckResult, progress: Progress) -> None:
    """Make every table again that follows from other files, and compare."""
    source, names, cells = Source(subject.folder, progress), [], 0
    for table in tables_of(subject.manifest, subject.sealed):
        if table.make is None:
            continue
        path, text = subject.folder.table(table.name), table.text(table.make(source))
        cells += compare_table(check, path, text, 0.0 if table.exact else LAST_BITS)
        names.append(table.name.removesuffix(".csv"))
    check.checked = f"{cells} cells made again: {', '.join(names)}"
    unchecked = {"cam.csv", "drift.csv", "modules.csv"} & set(subject.sealed)
    check.notes += [f"{name} needs the model: only its hash was checked" for name in sorted(unchecked)]
