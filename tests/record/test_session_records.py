"""Records of joint training: what is read back, and what is none."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from forgetbench.errors import CorruptRunError
from forgetbench.files import write_json
from forgetbench.record.rows.training import GradientRow, MemoryRow, TimeRow
from forgetbench.record.session_records import read_endings, read_epoch

ROWS: dict[str, GradientRow | MemoryRow | TimeRow] = {
    "gradients": GradientRow("a", 1, 1, "model.3", 1.0, None, None),
    "memory": MemoryRow("a", "parameters", 5, "cpu", ""),
    "times": TimeRow("", 1, 4, 2.0),
}
RECORD: dict[str, Any] = {
    "epoch": 1, "losses": {"a": {"box_loss": 1.0}}, "step_losses": {"a": [1.0]},
    **{name: [asdict(row)] for name, row in ROWS.items()},
}  # fmt: skip


def test_an_epoch_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_json(tmp_path / "epoch-001.json", RECORD)
    assert read_epoch(tmp_path / "epoch-001.json") == RECORD


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("wrong", [None, 5, {}, [5], ["x"], [[]], [{}], [{"arm": "a"}]])
def test_rows_of_another_form_are_refused(tmp_path: Path, name: str, wrong: Any) -> None:
    write_json(tmp_path / "epoch-001.json", {**RECORD, name: wrong})
    with pytest.raises(CorruptRunError, match=rf"epoch-001\.json: not a record of training; expected .* as '{name}'"):
        read_epoch(tmp_path / "epoch-001.json")


@pytest.mark.parametrize("name", [*ROWS, "losses"])
def test_what_is_missing_is_named(tmp_path: Path, name: str) -> None:
    write_json(tmp_path / "epoch-001.json", {key: value for key, value in RECORD.items() if key != name})
    with pytest.raises(CorruptRunError, match=f"expected .* as '{name}'"):
        read_epoch(tmp_path / "epoch-001.json")


def test_what_another_version_added_is_left_out_and_what_may_be_missing_is_missing(tmp_path: Path) -> None:
    added = {name: [{**RECORD[name][0], "added": 1}] for name in ROWS}
    write_json(tmp_path / "more.json", {**RECORD, **added, "more": 1})
    assert read_epoch(tmp_path / "more.json") == {**RECORD, "more": 1}
    (time,) = RECORD["times"]
    fewer = {**RECORD, "times": [{key: value for key, value in time.items() if key != "utilisation"}]}
    write_json(tmp_path / "fewer.json", fewer)
    assert read_epoch(tmp_path / "fewer.json") == fewer


@pytest.mark.parametrize("losses", [None, [], {"a": 5}, {"a": [1.0]}])
def test_losses_of_another_form_are_refused(tmp_path: Path, losses: Any) -> None:
    write_json(tmp_path / "epoch-001.json", {**RECORD, "losses": losses})
    with pytest.raises(CorruptRunError, match="as 'losses'"):
        read_epoch(tmp_path / "epoch-001.json")


def test_endings_are_read_as_they_were_written(tmp_path: Path) -> None:
    endings = {"a": {"epochs": 3, "stopped": None, "diverged": False}}
    write_json(tmp_path / "complete.json", endings)
    assert read_endings(tmp_path / "complete.json") == endings


@pytest.mark.parametrize("ending", [None, 3, [], {}, {"epochs": "3"}, {"epochs": None}])
def test_endings_of_another_form_are_refused(tmp_path: Path, ending: Any) -> None:
    write_json(tmp_path / "complete.json", {"a": ending})
    with pytest.raises(CorruptRunError, match=r"complete\.json: not a record of training"):
        read_endings(tmp_path / "complete.json")
