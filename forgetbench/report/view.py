"""What a report knows of a run: its tables, and what is analysed from them. Sections and charts take all from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from forgetbench.analyse.claims import ClaimRow, claim_rows
from forgetbench.analyse.equal_gain import EqualGainRow, FrontRow
from forgetbench.analyse.evidence_table import EvidenceTable
from forgetbench.analyse.forgotten import ClassChange, MeasureChange
from forgetbench.analyse.operating import OperatingRow
from forgetbench.record.tables import RunTables, read_table, read_tables, rows_of
from forgetbench.report.model_view import ModelView

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")
#: Tables that runs of earlier versions lack, beside those of `RunTables`.
LATER_TABLES = ("classes", "errors", "drift", "batchnorm")


@dataclass(frozen=True)
class RunView:
    """A run as its report sees it. Each analysis is done once, when a part of the report first asks for it.

    So a table that one part cannot read keeps no other part back.

    Attributes:
        tables: The run's manifest and tables.
        later: Further tables by name (`LATER_TABLES`), as far as the run has them.
        maps: Names of the figures of class activation maps that the run has.
    """

    tables: RunTables
    later: Mapping[str, pd.DataFrame]
    maps: frozenset[str]

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What was asked for and what it ran with."""
        return self.tables.manifest

    @property
    def suite(self) -> Mapping[str, Any]:
        """The suite as resolved."""
        suite: Mapping[str, Any] = self.manifest["suite"]
        return suite

    @property
    def data(self) -> Mapping[str, Any]:
        """What the datasets are, by role."""
        data: Mapping[str, Any] = self.manifest["data"]
        return data

    @property
    def seeds(self) -> int:
        """How many seeds the run has."""
        return len(self.suite["seeds"])

    @cached_property
    def models(self) -> list[ModelView]:
        """Its models, in the suite's order."""
        return [ModelView(self, name) for name in self.tables.models]

    @cached_property
    def evidence(self) -> EvidenceTable:
        """Differences between last checkpoints, with their intervals."""
        return EvidenceTable(self.tables.evidence)

    @cached_property
    def claims(self) -> list[tuple[Mapping[str, Any], list[ClaimRow]]]:
        """The suite's claims as the manifest has them, each with what was measured of it."""
        rows = list(claim_rows(self.tables))
        claims: Sequence[Mapping[str, Any]] = self.manifest.get("claims", [])
        return [(claim, [row for row in rows if row.claim == claim["name"]]) for claim in claims]

    @cached_property
    def fronts(self) -> list[FrontRow]:
        """The points of all fronts."""
        return _rows(self.tables.front, FrontRow)

    @cached_property
    def equal_gain(self) -> list[EqualGainRow]:
        """Forgetting at equal gain; none where the run has no fronts."""
        return [] if self.tables.front is None else _rows(self.tables.equal_gain, EqualGainRow)

    @cached_property
    def operating(self) -> list[OperatingRow]:
        """Recall, precision and F1 of all that was scored."""
        return _rows(self.tables.operating, OperatingRow)

    @cached_property
    def classes(self) -> list[ClassChange]:
        """How classes changed."""
        return _rows(self.later.get("classes"), ClassChange)

    @cached_property
    def errors(self) -> list[MeasureChange]:
        """How measures and kinds of error changed; none where the run does not tell of classes."""
        return _rows(self.later.get("errors") if "classes" in self.later else None, MeasureChange)


def read_view(folder: Path) -> RunView:
    """Read a run folder.

    Raises:
        CorruptRunError: a table is missing, unreadable or lacks a column.
    """
    tables = read_tables(folder)
    paths = {name: folder / f"{name}.csv" for name in LATER_TABLES}
    maps = frozenset(path.stem for path in (folder / "figures").glob("cam-*.png") if path.is_file())
    later = {name: read_table(path) for name, path in paths.items() if path.is_file()}
    return RunView(tables, later, maps)


def _rows(table: pd.DataFrame | None, kind: type[Row]) -> list[Row]:
    return [] if table is None else rows_of(table, kind)
