"""Looking up differences in a run's `evidence.csv`."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from forgetbench.record.rows.differences import EvidenceRow, Quantity
from forgetbench.record.table_files import rows_of
from forgetbench.suite.measures import Measure


class EvidenceTable:
    """The rows of `evidence.csv`, found by what they compare."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.rows = rows_of(frame, EvidenceRow)
        self._found = {
            (row.model, row.head, row.attach, row.quantity, row.measure, row.treatment, row.against): row
            for row in self.rows
        }

    def heads(self, model: str) -> list[str]:
        """Return the heads of a model that were scored."""
        return list(dict.fromkeys(row.head for row in self.rows if row.model == model))

    def find(
        self,
        model: str,
        head: str,
        attach: str | None,
        quantity: Quantity,
        treatment: str,
        against: str,
        measure: Measure = "ap",
    ) -> EvidenceRow | None:
        """Return a difference, turned round where the table has it the other way; None if it was not measured."""
        row = self._found.get((model, head, attach, quantity, measure, treatment, against))
        if row is None:
            row = self._found.get((model, head, attach, quantity, measure, against, treatment))
            return None if row is None else _turned(row)
        return row


def _turned(row: EvidenceRow) -> EvidenceRow:
    """Return the same difference with its sides exchanged."""

    def negative(value: float | None) -> float | None:
        return None if value is None else 0.0 - value

    return replace(
        row,
        treatment=row.against,
        against=row.treatment,
        value=negative(row.value),
        images_low=negative(row.images_high),
        images_high=negative(row.images_low),
        seeds_low=negative(row.seeds_high),
        seeds_high=negative(row.seeds_low),
        low=negative(row.high),
        high=negative(row.low),
    )
