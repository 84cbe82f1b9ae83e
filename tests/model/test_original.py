from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from support.factories import CLASSES, tiny_architecture, tiny_original

from forgetbench.errors import WeightsError
from forgetbench.model import yolo
from forgetbench.model.branch import grow_branch
from forgetbench.model.original import as_stored, hash_tensors, load_original, make_original, save_original


def test_safetensors_round_trip_keeps_every_value(tmp_path: Path) -> None:
    original = tiny_original()
    save_original(original, tmp_path / "o.safetensors")
    again = load_original(tmp_path / "o.safetensors")
    assert again.classes == CLASSES
    assert again.weights_hash() == original.weights_hash()
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(again.model(images)[0], original.model(images)[0])


@pytest.mark.parametrize("family", ["yolov8", "yolov10", "yolo11"])
def test_weights_fine_tuned_from_coco_keep_the_width_of_cocos_class_stacks(family: str, tmp_path: Path) -> None:
    coco = tiny_original(family, classes=[str(i) for i in range(80)])
    branch = grow_branch(coco, 0, CLASSES, seed=0, cls_remap=False, pretrained=True)
    tensors = as_stored(branch.model.state_dict())
    plain = tiny_original(family).model.state_dict()
    assert any(plain[key].shape != tensor.shape for key, tensor in tensors.items())
    mine = make_original("mine", coco.architecture, CLASSES, tensors, where="test")
    save_original(mine, tmp_path / "mine.safetensors")
    assert load_original(tmp_path / "mine.safetensors").weights_hash() == hash_tensors(tensors)
    grown = grow_branch(mine, mine.head, ("ring", "dot"), seed=0, cls_remap=False, pretrained=True)
    with torch.no_grad():
        assert grown.model(torch.rand(1, 3, 64, 64)) is not None


def test_the_hash_is_of_tensors_not_of_the_file(tmp_path: Path) -> None:
    original = tiny_original()
    save_original(original, tmp_path / "a.safetensors")
    save_original(original, tmp_path / "b.safetensors", extra={"note": "other bytes"})
    assert (tmp_path / "a.safetensors").read_bytes() != (tmp_path / "b.safetensors").read_bytes()
    assert (
        load_original(tmp_path / "a.safetensors").weights_hash()
        == load_original(tmp_path / "b.safetensors").weights_hash()
    )
    assert tiny_original(seed=1).weights_hash() != original.weights_hash()


def test_weights_are_rounded_to_what_checkpoints_hold() -> None:
    original = tiny_original()
    for key, value in original.model.state_dict().items():
        if value.is_floating_point():
            assert torch.equal(value, value.half().float()), key


def test_hash_sees_one_changed_value() -> None:
    tensors = {"a": torch.zeros(4), "b": torch.zeros(2, dtype=torch.int64)}
    before = hash_tensors(tensors)
    tensors["a"][3] = 1
    assert hash_tensors(tensors) != before


def test_missing_file() -> None:
    with pytest.raises(WeightsError, match="no such weights file"):
        load_original(Path("nowhere.pt"))


def test_tensors_that_do_not_fit() -> None:
    architecture = tiny_architecture()
    tensors = dict(yolo.build(architecture, 3, seed=0).state_dict())
    fused = {key: value for key, value in tensors.items() if ".bn." not in key}
    with pytest.raises(WeightsError, match="fused for inference"):
        make_original("x", architecture, CLASSES, fused, where="test")
    wrong = {**tensors, "model.0.conv.weight": torch.zeros(1)}
    with pytest.raises(WeightsError, match=r"model\.0\.conv\.weight: a tensor has the wrong shape"):
        make_original("x", architecture, CLASSES, wrong, where="test")


def test_a_value_beyond_float16_is_refused() -> None:
    architecture = tiny_architecture()
    tensors = dict(yolo.build(architecture, 3, seed=0).state_dict())
    tensors["model.0.conv.weight"] = tensors["model.0.conv.weight"] * 0 + 1e6
    with pytest.raises(WeightsError, match="not finite in float16"):
        make_original("x", architecture, CLASSES, tensors, where="test")


def test_safetensors_of_somebody_else(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(WeightsError, match="does not say its architecture"):
        load_original(tmp_path / "x.safetensors")
    (tmp_path / "y.safetensors").write_bytes(b"junk")
    with pytest.raises(WeightsError, match="cannot be read as safetensors"):
        load_original(tmp_path / "y.safetensors")
