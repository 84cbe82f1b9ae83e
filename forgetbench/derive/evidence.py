"""Tables of differences between scores with their intervals, of rates at operating points, and of claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from forgetbench.analyse.judgements import claim_rows
from forgetbench.analyse.operating import POINTS
from forgetbench.derive.source import Source
from forgetbench.record.manifest import ClaimRecord
from forgetbench.record.rows.differences import ClaimRow, EqualGainRow
from forgetbench.record.rows.scores import OperatingRow
from forgetbench.record.table_files import read_tables

_NAMED = ("model", "arm", "seed", "epoch", "role", "attach", "head", "detections")


def gains_asked(claims: Iterable[ClaimRecord]) -> list[float]:
    """Return the gains at which claims speak of forgetting."""
    return [gain for claim in claims if (gain := claim.get("at_gain")) is not None]


def equal_gain_rows(source: Source) -> Iterable[EqualGainRow]:
    """Return what freeze points forget where they gain the same, also at the gains that claims ask for."""
    return source.fronts.at_equal_gain(gains_asked(source.manifest["claims"]))


def operating_rows(source: Source) -> Iterator[OperatingRow]:
    """Yield every row of the results at each operating point."""
    for row in source.results.to_dict("records"):
        cells: dict[str, Any] = {name: None if pd.isna(row[name]) else row[name] for name in _NAMED}
        cells["seed"] = None if cells["seed"] is None else int(cells["seed"])  # a column with gaps is read as float
        points = source.networks.scored(row["detections"]).points
        for point in POINTS:
            yield OperatingRow(**cells, **points[point].cells)


def claims_rows(source: Source) -> Iterable[ClaimRow]:
    """Return what the run's other tables say of its claims; they are read from the folder."""
    return claim_rows(read_tables(source.folder.path), source.read("equal_gain.csv", EqualGainRow))
