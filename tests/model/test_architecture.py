"""Architectures as data: nothing unknown or unbounded is built."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from support.factories import CLASSES, FAMILIES, tiny_architecture

from forgetbench.errors import WeightsError
from forgetbench.model import yolo
from forgetbench.model.architecture import checked
from forgetbench.model.original import load_original

CONV, DETECT = [-1, 1, "Conv", [8, 3, 2]], [[0], 1, "Detect", ["nc"]]


def architecture(*backbone: Any, head: Any = None, **more: Any) -> dict[str, Any]:
    return {"nc": 2, "backbone": list(backbone), "head": [DETECT] if head is None else head, **more}


@pytest.mark.parametrize("family", FAMILIES)
def test_what_ultralytics_ships_is_taken_as_it_is(family: str) -> None:
    given = tiny_architecture(family)
    taken = checked(given, "w")
    assert all(taken.get(key) == given.get(key) for key in ("backbone", "head", "scales", "nc", "end2end", "reg_max"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (architecture([-1, 1, "TorchVision", [512, "resnet18", "DEFAULT"]]), "row 0.*'TorchVision'"),
        (architecture([-1, 1, "Index", [512, 1]]), "'Index'"),
        (architecture([-1, 1, "torchvision.ops.MLP", [8]]), "'torchvision.ops.MLP'"),
        (architecture([-1, 1, "DetectionModel", ["yolov8x.yaml"]]), "'DetectionModel'"),
        (architecture([-1, 1, "nn.LSTM", [8]]), "'nn.LSTM'"),
        (architecture([-1, 1, "C2f_Odd", [8]]), "'C2f_Odd'.*a fork"),
        (architecture(CONV, head=[[[0], 1, "Segment", ["nc", 32, 256]]]), "not a detection model.*'Segment'"),
        (architecture([-1, 10**8, "Conv", [8, 3, 2]]), "more modules than there are tensors for"),
        (architecture([-1, 90, "Conv", [8, 3, 2]], depth_multiple=60.0), "more modules"),
        (architecture([-1, 90, "C2f", [8]], scales={"n": [60, 1, 1024]}, scale="n"), "more modules"),
        (architecture([-1, 1, "RepNCSPELAN4", [8, 8, 8, 5000]]), "more modules"),
        (architecture([-1, 1, "Conv", [10**9, 3, 2]]), "out of bounds"),
        (architecture([-1, 1, "Conv", ["9" * 30, 3, 2]]), "not one that modules take"),
        (architecture([-1, 1, "Conv", ["__import__('os')", 3, 2]]), "not one that modules take"),
        (architecture([-1, 1, "Conv", [float("nan"), 3, 2]]), "out of bounds"),
        (architecture([-1, 1, "Conv", [[[[[8]]]]]]), "not one that modules take"),
        (architecture([5, 1, "Conv", [8, 3, 2]]), "takes no earlier module's output"),
        (architecture(CONV, [[0] * 65, 1, "Concat", [1]]), "takes the outputs of too many modules"),
        (architecture(CONV, head=[[[0] * 2001, 1, "Detect", ["nc"]]]), "takes the outputs of too many modules"),
        (architecture([-1, "x", "Conv", [8]]), "not a count"),
        (architecture([-1, 1, "Conv"]), "not a row"),
        (architecture(7), "not a row"),
        (architecture(CONV, nc="z"), "nc: not a count"),
        (architecture(CONV, reg_max=[16]), "reg_max: not a count"),
        (architecture(CONV, depth_multiple=1e308), "out of bounds"),
        (architecture(CONV, scales={"n": "x"}), "not a scale"),
        (architecture(CONV, scales={"n": [1, 1, 8]}, scale="q"), "no such scale"),
        (architecture(CONV, activation="nn.SiLU(__import__)"), "refused activation"),
        (architecture(CONV, activation=["nn.SiLU()"]), "refused activation"),
        (architecture(CONV, head=[]), "not an architecture"),
        (architecture(*[CONV] * 1001), "not an architecture"),
        ({"backbone": 5, "head": []}, "not an architecture"),
        ("text", "not an architecture"),
    ],
)  # fmt: skip
def test_rows_that_are_refused(given: Any, said: str) -> None:
    with pytest.raises(WeightsError, match=said):
        checked(given, "w")


@pytest.mark.parametrize("named", [{"ch": 1}, {"channels": 1}, {"channels": 4}, {"ch": [3]}, {"ch": "zzz"}])
def test_models_of_other_than_colour_images_are_refused(named: dict[str, Any]) -> None:
    with pytest.raises(WeightsError, match=r"expected 3 input channels, found .*data.yaml"):
        yolo.build(architecture(CONV, **named), 2, seed=0)


def test_one_input_channel_that_only_the_tensors_tell(tmp_path: Path) -> None:
    given = tiny_architecture()
    tensors = {key: value.contiguous() for key, value in yolo.build(given, 3, seed=0).state_dict().items()}
    tensors["model.0.conv.weight"] = tensors["model.0.conv.weight"][:, :1].contiguous()
    save_file(tensors, tmp_path / "w.safetensors", {"architecture": json.dumps(given), "classes": json.dumps(CLASSES)})
    with pytest.raises(WeightsError, match="expected 3 input channels, found 1"):
        load_original(tmp_path / "w.safetensors")


def test_a_sketch_has_the_names_and_shapes_of_what_is_built_and_no_values() -> None:
    for family in ("yolov8", "yolov10"):
        given = tiny_architecture(family)
        sketched, built = yolo.sketch(given, 3, "w").state_dict(), yolo.build(given, 3, seed=0).state_dict()
        assert {key: value.shape for key, value in sketched.items()} == {k: v.shape for k, v in built.items()}
        assert all(value.is_meta for value in sketched.values())


@pytest.mark.parametrize(
    "row",
    [
        [-1, 1, "Conv", [65536, 65535, 1]],  # weights of 50 TB
        [-1, 1, "nn.ZeroPad2d", [60000]],
        [-1, 1, "nn.Upsample", ["None", 60000, "nearest"]],
    ],
)
def test_what_would_take_too_much_memory_is_refused_before_it_does(tmp_path: Path, row: list[Any]) -> None:
    given = architecture(row, [-1, 1, "Conv", [8, 3, 2]], head=[[[1], 1, "Detect", ["nc"]]])
    metadata = {"architecture": json.dumps(given), "classes": '["a", "b"]'}
    save_file({f"t{index}": torch.zeros(1) for index in range(9)}, tmp_path / "w.safetensors", metadata)
    with pytest.raises(WeightsError, match=r"cannot be built|do not fit the architecture"):
        load_original(tmp_path / "w.safetensors")


def test_an_architecture_that_fails_leaves_the_activation_of_others_as_it_was() -> None:
    before = yolo.build(tiny_architecture(), 3, seed=0).model[0].act
    broken = {**architecture(CONV, [[0, -1], 1, "Conv", [8]]), "activation": "nn.ReLU()"}
    for build in (yolo.build, yolo.sketch):
        with pytest.raises(WeightsError, match="cannot be built"):
            build(broken, 2, 0)
    assert type(before) is torch.nn.SiLU
    assert not before._forward_hooks
    assert type(yolo.build(tiny_architecture(), 3, seed=0).model[0].act) is type(before)
