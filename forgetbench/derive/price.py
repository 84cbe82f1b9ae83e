"""The table of what combined detectors cost."""

from __future__ import annotations

from collections.abc import Iterable

from forgetbench.analyse.price import prices
from forgetbench.derive.source import Source
from forgetbench.record.rows.price import ModuleRow, PriceRow


def price_rows(source: Source) -> Iterable[PriceRow]:
    """Return the rows of `price.csv`.

    Raises:
        CorruptRunError: `modules.csv` is missing or unreadable.
    """
    return prices(source.read("modules.csv", ModuleRow), source.manifest)
