"""Tensors beside a description."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from forgetbench.errors import CorruptRunError
from forgetbench.stored import check_columns, opened_tensors


def save(path: Path, about: dict[str, str]) -> Path:
    save_file({"a": np.array([1.0, 2.0])}, path, about)
    return path


def test_tensors_and_description(tmp_path: Path) -> None:
    path = save(tmp_path / "a", {"forgetbench": json.dumps({"epoch": 1})})
    with opened_tensors(path, "np", "not a thing") as (file, about):
        assert (file.get_tensor("a").tolist(), about) == ([1.0, 2.0], {"epoch": 1})
    with opened_tensors(path, "pt", "not a thing") as (file, _):
        assert file.get_tensor("a").tolist() == [1.0, 2.0]


@pytest.mark.parametrize("damage", ["absent", "cut", "no description", "broken description", "in the block"])
def test_whatever_is_wrong_is_called_as_asked(tmp_path: Path, damage: str) -> None:
    path = save(tmp_path / "a", {"forgetbench": "{" if damage.startswith("broken") else "{}"})
    if damage == "absent":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:20])
    elif damage == "no description":
        save(path, {})
    with pytest.raises(CorruptRunError, match="a: not a thing") as caught, opened_tensors(path, "np", "not a thing"):
        raise IndexError("x\n" * 500)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_columns_are_what_they_were_written_as() -> None:
    kinds, shapes = {"a": np.int64, "b": np.float64}, {"a": (2,), "b": (2, 4)}
    right = {"a": np.zeros(2, np.int64), "b": np.zeros((2, 4))}
    check_columns(right, kinds, shapes)
    for wrong in (np.zeros(2, np.int32), np.zeros(2), np.zeros(3, np.int64), np.zeros((2, 1), np.int64)):
        with pytest.raises(TypeError, match="'a' is of type"):
            check_columns({**right, "a": wrong}, kinds, shapes)
