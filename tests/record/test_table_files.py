from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest
from support import madeup_run

from forgetbench.errors import CorruptRunError
from forgetbench.record.json_record import read_record
from forgetbench.record.rows.training import GradientRow, SessionTimeRow
from forgetbench.record.table_files import read_table, read_tables, rows_of
from forgetbench.report.write import write_report


def test_tables_keep_every_digit_and_names_stay_text(tmp_path: Path) -> None:
    folder = madeup_run.write_run(tmp_path, target={(22, 0, 1): 0.1 + 0.2}, reference={(22, 0, 1): 1 / 3})
    text = (folder / "results.csv").read_text(encoding="utf-8").replace(",freeze-point,", ",15,")
    (folder / "results.csv").write_text(text, encoding="utf-8")
    run = read_tables(folder)
    assert run.models == ["yolo"]
    assert run.results["ap"].tolist() == [0.5, 0.1 + 0.2, 1 / 3, 0.5]
    assert [value for value in run.results["attach"] if not pd.isna(value)] == ["head", "head", "15"]


def test_a_number_that_is_none_is_a_missing_value_and_a_name_is_not(tmp_path: Path) -> None:
    """The norm of a gradient that is not finite is written as `nan` or `inf`; pandas takes such a column for text."""
    path = tmp_path / "gradients.csv"
    path.write_text("arm,epoch,step,module,norm\nnan,1,1,model.3,nan\na,1,2,model.3,0.1\na,1,3,model.3,inf\nb,1,4,x,\n")
    table = read_table(path, GradientRow)
    assert table["norm"].dtype == "float64"
    assert table["norm"].fillna(-1).tolist() == [-1, 0.1, float("inf"), -1]
    assert table["arm"].tolist() == ["nan", "a", "a", "b"]
    assert table["step"].tolist() == [1, 2, 3, 4]


@dataclass(frozen=True)
class _Row:
    name: str
    kind: Literal["a", "1"] | None
    count: int | None
    share: float | None
    done: bool
    index: int


def test_the_annotations_of_its_row_say_what_a_column_holds(tmp_path: Path) -> None:
    path = tmp_path / "toy.csv"
    path.write_text("name,kind,count,share,done,index,more\n1,1,1,1,True,1,1\n2,,,0.5,False,2,2\n", encoding="utf-8")
    table = read_table(path, _Row)
    assert rows_of(table, _Row) == [_Row("1", "1", 1, 1.0, True, 1), _Row("2", None, None, 0.5, False, 2)]
    assert table["more"].tolist() == [1, 2]
    assert read_table(path, None)["name"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("column", "cells", "problem"),
    [
        ("count", "x,a,two,1,True,1", "not a number; found 'two'"),
        ("count", "x,a,1.5,1,True,1", "not a whole number; found '1.5'"),
        ("count", "x,a,inf,1,True,1", "not a whole number; found 'inf'"),
        ("share", "x,a,1,half,True,1", "not a number; found 'half'"),
        ("done", "x,a,1,1,maybe,1", "neither True nor False; found 'maybe'"),
        ("done", "x,a,1,1,0,1", "neither True nor False; found '0'"),
        ("done", "x,a,1,1,,1", "a cell is empty, or no number"),
        ("index", "x,a,1,1,True,", "a cell is empty, or no number"),
        ("index", "x,a,1,1,True,nan", "a cell is empty, or no number"),
        ("index", "x,a,1,1,True,x", "not a number; found 'x'"),
        ("index", "x,a,1,1,True,0.1", "not a whole number; found '0.1'"),
    ],
)
def test_a_cell_that_its_row_cannot_hold_is_named(tmp_path: Path, column: str, cells: str, problem: str) -> None:
    path = tmp_path / "toy.csv"
    path.write_text(f"name,kind,count,share,done,index\n1,a,1,1,True,1\n{cells}\n", encoding="utf-8")
    with pytest.raises(CorruptRunError, match=f"toy.csv, column '{column}': {problem}"):
        read_table(path, _Row)


def test_steps_without_a_finite_gradient_do_not_stop_the_report(tmp_path: Path) -> None:
    folder = madeup_run.write_run(tmp_path)
    path = folder / "gradients.csv"
    path.write_text(path.read_text().replace(",inf,", ",nan,"))
    assert any(file.name.startswith("gradients-yolo") for file in write_report(folder))


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("results.csv", None, "no such table"),
        ("results.csv", "arm,model\n", "columns are missing"),
        ("memory.csv", "", "not a readable table"),
        ("manifest.json", "{", "not readable"),
        ("manifest.json", "[]", "not a record"),
        ("manifest.json", None, "not readable"),
    ],
)
def test_a_damaged_run_is_named(tmp_path: Path, name: str, content: str | None, problem: str) -> None:
    folder = madeup_run.write_run(tmp_path)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(CorruptRunError, match=rf"{name}: {problem}"):
        read_tables(folder)


def test_single_files(tmp_path: Path) -> None:
    folder = madeup_run.write_run(tmp_path)
    assert len(read_table(folder / "times.csv", SessionTimeRow)) == 4
    assert read_record(folder / "manifest.json")["suite"]["name"] == "made-up"
