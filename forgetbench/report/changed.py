"""What changed between last checkpoints and their baselines, put together by head and dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forgetbench.record.rows.changes import ClassChangeRow, MeasureChangeRow
from forgetbench.suite.data_section import Role


@dataclass(frozen=True)
class Changed:
    """What changed of one head on one dataset.

    Attributes:
        head, role: Which.
        classes: By class, under attach = head.
        measures: By measure and kind of error, under the attach points that are shown.
    """

    head: str
    role: Role
    classes: list[ClassChangeRow]
    measures: list[MeasureChangeRow]


def changes(classes: Sequence[ClassChangeRow], measures: Sequence[MeasureChangeRow]) -> list[Changed]:
    """Return what changed of one model, by head, the reference first."""
    roles: Sequence[Role] = ("reference", "target")
    found = [
        Changed(
            head,
            role,
            [row for row in classes if row.honest and (row.head, row.role) == (head, role)],
            [row for row in measures if (row.head, row.role) == (head, role)],
        )
        for head in dict.fromkeys(row.head for row in measures)
        for role in roles
    ]
    return [one for one in found if one.measures]
