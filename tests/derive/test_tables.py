"""The list of all tables."""

from typing import get_type_hints

import pytest

from forgetbench.derive.tables import TABLES, Table


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_row_says_of_every_column_what_it_holds(table: Table) -> None:
    assert table.row.__name__.endswith("Row")
    assert table.row.__module__.startswith("forgetbench.record.rows.")
    assert list(get_type_hints(table.row)) == table.columns
