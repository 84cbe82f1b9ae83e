from pathlib import Path

import pytest
import torch
from support.factories import tiny_original

from forgetbench.errors import CorruptRunError
from forgetbench.model.branch import grow_branch
from forgetbench.model.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint


def test_a_checkpoint_holds_what_the_branch_owns_in_float16(tmp_path: Path) -> None:
    branch = grow_branch(tiny_original(), 15, ("a", "b"), seed=0, cls_remap=False, pretrained=True)
    info = CheckpointInfo("arm", 3, 15, "hash", ("a", "b"))
    save_checkpoint(tmp_path / "c.safetensors", info, branch.state())
    loaded, tensors = load_checkpoint(tmp_path / "c.safetensors")
    assert loaded == info
    assert tensors.keys() == branch.state().keys()
    assert min(int(key.split(".")[1]) for key in tensors) == 15
    for key, value in branch.state().items():
        expected = value.half() if value.is_floating_point() else value
        assert torch.equal(tensors[key], expected), key


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    info = CheckpointInfo("arm", 1, 0, "hash", ("a",))
    for name in ("x", "y"):
        save_checkpoint(tmp_path / name, info, {"model.0.w": torch.ones(3)})
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CorruptRunError, match="not a readable checkpoint"):
        load_checkpoint(tmp_path / "missing.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"12345678")
    with pytest.raises(CorruptRunError, match="not a readable checkpoint"):
        load_checkpoint(tmp_path / "bad.safetensors")
