"""Checkpoints read without a model."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from forgetbench.errors import CorruptRunError
from forgetbench.model.checkpoint import load_checkpoint
from forgetbench.model.original import hash_tensors
from forgetbench.proof.verify.branchfile import hash_arrays, read_branch


def test_a_checkpoint_read_without_pytorch_has_the_hashes_that_networks_are_named_by(small_run: Path) -> None:
    path = next((small_run / "checkpoints").rglob("*.safetensors"))
    _, tensors = load_checkpoint(path)
    for index, digest in read_branch(path).modules.items():
        prefix = f"model.{index}."
        assert digest == hash_tensors({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})


def test_modules_are_told_apart_by_their_index(tmp_path: Path) -> None:
    one, other = np.zeros(2, np.float32), np.ones(3, np.float16)
    save_file(
        {"model.3.a": one, "model.3.b.c": other, "model.12.a": one}, tmp_path / "c", {"forgetbench": '{"epoch": 1}'}
    )
    found = read_branch(tmp_path / "c")
    assert found.about == {"epoch": 1}
    assert found.modules == {3: hash_arrays({"b.c": other, "a": one}), 12: hash_arrays({"a": one})}
    assert hash_arrays({"a": one}) != hash_arrays({"a": one.reshape(1, 2)}) != hash_arrays({"a": one.view(np.int32)})


@pytest.mark.parametrize("about", [{}, {"forgetbench": "[]"}, {"forgetbench": "{"}])
def test_what_does_not_describe_itself_is_no_checkpoint(tmp_path: Path, about: dict[str, str]) -> None:
    save_file({"model.3.a": np.zeros(2)}, tmp_path / "c", about)
    with pytest.raises(CorruptRunError, match="checkpoint"):
        read_branch(tmp_path / "c")
    with pytest.raises(CorruptRunError, match="not a readable checkpoint"):
        read_branch(tmp_path / "absent")
