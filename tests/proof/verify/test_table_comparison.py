"""Tables compared cell by cell."""

from pathlib import Path

import pytest

from forgetbench.errors import CorruptRunError
from forgetbench.proof.verify.findings import CheckResult
from forgetbench.proof.verify.table_comparison import compare_table, raw_rows

TABLE = "arm,epoch,ap\na,1,0.5\nb,2,0.25\n"


def compared(folder: Path, found: str | None, expected: str = TABLE, **options: object) -> tuple[int, list[str]]:
    part = CheckResult("tables")
    if found is not None:
        (folder / "t.csv").write_text(found)
    cells = compare_table(part, folder / "t.csv", expected, **options)  # type: ignore[arg-type]
    return cells, list(map(str, part.findings))


def test_equal_tables_are_counted_by_cells(tmp_path: Path) -> None:
    assert compared(tmp_path, TABLE) == (6, [])


def test_a_cell_is_named_by_line_row_and_column(tmp_path: Path) -> None:
    _, said = compared(tmp_path, TABLE.replace("0.25", "0.26"))
    assert said == ["t.csv, line 3 (b, epoch 2), ap: found 0.26, expected 0.25"]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, "t.csv: not a readable table: No such file or directory"),
        ("arm,ap\n", "t.csv, columns: found"),
        ("arm,epoch,ap\na,1,0.5\n", "t.csv: found 1 rows, expected 2"),
        ("arm,epoch,ap\na,1,0.5\nb,2\n", "t.csv, line 3: found 2 cells, expected 3"),
    ],
)
def test_tables_of_another_form(tmp_path: Path, found: str | None, said: str) -> None:
    _, (first, *more) = compared(tmp_path, found)
    assert first.startswith(said)
    assert more == []


def test_numbers_may_differ_as_far_as_is_allowed_and_words_never(tmp_path: Path) -> None:
    close = TABLE.replace("0.25", "0.2500001")
    assert compared(tmp_path, close, tolerance=1e-6)[1] == []
    assert len(compared(tmp_path, close, tolerance=1e-8)[1]) == 1
    assert len(compared(tmp_path, TABLE.replace("b,", "c,"), tolerance=1.0)[1]) == 1
    assert len(compared(tmp_path, TABLE.replace("0.25", ""), tolerance=1.0)[1]) == 1


def test_later_columns_may_be_missing_all_together(tmp_path: Path) -> None:
    now = "arm,epoch,ap,variant\na,1,0.5,trained\nb,2,0.25,trained\n"
    assert compared(tmp_path, TABLE, now, later=["variant"]) == (6, [])
    assert compared(tmp_path, now, now, later=["variant"]) == (8, [])
    assert len(compared(tmp_path, TABLE, now)[1]) == 1


def test_rows_by_column(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('arm,ap\n"a,b",\n')
    assert raw_rows(tmp_path / "t.csv") == [{"arm": "a,b", "ap": ""}]
    (tmp_path / "t.csv").write_bytes(b"a\n\xff\n")
    with pytest.raises(CorruptRunError, match="not a readable table"):
        raw_rows(tmp_path / "t.csv")
