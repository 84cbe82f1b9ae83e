from pathlib import Path

import madeup_run
import pandas as pd
import pytest

from forgetbench.analyse.tables import read_record, read_table, read_tables
from forgetbench.errors import CorruptRunError


def test_tables_keep_every_digit_and_names_stay_text(tmp_path: Path) -> None:
    folder = madeup_run.write_run(tmp_path, target={(22, 0, 1): 0.1 + 0.2}, reference={(22, 0, 1): 1 / 3})
    text = (folder / "results.csv").read_text(encoding="utf-8").replace(",freeze-point,", ",15,")
    (folder / "results.csv").write_text(text, encoding="utf-8")
    run = read_tables(folder)
    assert run.models == ["yolo"]
    assert run.results["ap"].tolist() == [0.5, 0.1 + 0.2, 1 / 3, 0.5]
    assert [value for value in run.results["attach"] if not pd.isna(value)] == ["head", "head", "15"]


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
    assert len(read_table(folder / "times.csv")) == 4
    assert read_record(folder / "manifest.json")["suite"]["name"] == "made-up"
