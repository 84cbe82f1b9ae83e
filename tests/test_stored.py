"""Tensors beside a description."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from forgetbench.errors import CorruptRunError
from forgetbench.stored import opened_tensors


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
