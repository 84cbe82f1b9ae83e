import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from forgetbench.errors import CorruptRunError, InputError, RunLockedError
from forgetbench.record.folder import RunFolder, columns_of


@dataclass(frozen=True)
class Row:
    name: str
    value: float | None
    count: int | None


def test_tables_keep_every_digit_and_leave_the_unmeasured_empty(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_table("t.csv", columns_of(Row), [Row("a", 0.1 + 0.2, 3), Row("b", None, None)])
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["name", "value", "count"], ["a", "0.30000000000000004", "3"], ["b", "", ""]]
    folder.write_table("empty.csv", columns_of(Row), [])
    assert (tmp_path / "empty.csv").read_text(encoding="utf-8") == "name,value,count\n"


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first, second = RunFolder(tmp_path / "run"), RunFolder(tmp_path / "run")
    with first.lock(), pytest.raises(RunLockedError, match="another process is working on this run"), second.lock():
        raise AssertionError("both hold it")
    with second.lock():
        pass


def test_a_folder_that_cannot_be_made_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file", encoding="utf-8")
    with (
        pytest.raises(InputError, match="cannot be written; found a part of its path is a file"),
        RunFolder(tmp_path / "runs" / "a").lock(),
    ):
        raise AssertionError("held")


def test_manifest_round_trip_and_absence(tmp_path: Path, small_run: Path) -> None:
    folder = RunFolder(tmp_path)
    with pytest.raises(CorruptRunError):
        folder.read_manifest()
    with pytest.raises(CorruptRunError, match="Run the suite to its end first"):
        folder.results()
    about = RunFolder(small_run).read_manifest()
    folder.write_manifest(about)
    assert folder.read_manifest() == about
