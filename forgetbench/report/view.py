"""What a report knows of a run: its tables, and what is analysed from them. Sections and charts take all from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from forgetbench.analyse.evidence_table import EvidenceTable
from forgetbench.analyse.judgements import claim_rows
from forgetbench.derive.catalogue import table
from forgetbench.record.manifest import ClaimRecord, Manifest, SuiteRecord
from forgetbench.record.rows.differences import ClaimRow, EqualGainRow
from forgetbench.record.table_files import RunTables, read_table, read_tables, rows_of
from forgetbench.report.model_view import ModelView


@dataclass(frozen=True)
class RunView:
    """A run as its report sees it. Each analysis is done once, when a part of the report first asks for it.

    So what one part cannot make keeps no other part back.

    Attributes:
        folder: The run.
        tables: Its manifest and the tables that every run has.
    """

    folder: Path
    tables: RunTables
    _further: dict[str, pd.DataFrame | None] = field(default_factory=dict, repr=False)

    @property
    def manifest(self) -> Manifest:
        """What was asked for and what it ran with."""
        return self.tables.manifest

    @property
    def suite(self) -> SuiteRecord:
        """The suite as resolved."""
        return self.manifest["suite"]

    @property
    def data(self) -> Mapping[str, Any]:
        """What the datasets are, by role."""
        return self.manifest["data"]

    @property
    def seeds(self) -> int:
        """How many seeds the run has."""
        return len(self.suite["seeds"])

    @property
    def kept(self) -> list[str]:
        """The classes that forgetting is also weighed by alone."""
        return self.suite.get("keep", [])

    @cached_property
    def models(self) -> list[ModelView]:
        """Its models, in the suite's order."""
        return [ModelView(self, name) for name in self.tables.models]

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a further table, read once; None if the run has none, as runs of earlier versions may.

        Raises:
            CorruptRunError: it is unreadable or lacks a column.
        """
        if name not in self._further:
            path = self.folder / f"{name}.csv"
            self._further[name] = read_table(path, table(path.name).row) if path.is_file() else None
        return self._further[name]

    @cached_property
    def evidence(self) -> EvidenceTable:
        """Differences between last checkpoints, with their intervals."""
        return EvidenceTable(self.tables.evidence)

    @cached_property
    def claims(self) -> list[tuple[ClaimRecord, list[ClaimRow]]]:
        """The suite's claims as the manifest has them, each with what was measured of it."""
        found = self.table("equal_gain")
        rows = list(claim_rows(self.tables, [] if found is None else rows_of(found, EqualGainRow)))
        claims = self.manifest.get("claims", [])
        return [(claim, [row for row in rows if row.claim == claim["name"]]) for claim in claims]

    @cached_property
    def maps(self) -> frozenset[str]:
        """Names of the figures of class activation maps, which are not drawn from tables."""
        return frozenset(path.stem for path in (self.folder / "figures").glob("cam-*.png") if path.is_file())


def read_view(folder: Path) -> RunView:
    """Read a run folder.

    Raises:
        CorruptRunError: a table that every run has is missing, unreadable or lacks a column.
    """
    return RunView(folder, read_tables(folder))
