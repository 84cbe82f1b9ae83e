"""Other formats of a combined detector: in its own runtime each gives what the `.pt` gives, for every family."""

import json
import os
import sys
from pathlib import Path

import onnx
import pytest
import torch
from support.factories import FAMILIES, tiny_original
from torch import Tensor

from forgetbench.errors import RunError
from forgetbench.evaluate.networks import ModuleStore
from forgetbench.model.branch import grow_branch
from forgetbench.model.combined import combine, combine_classes
from forgetbench.model.convert import convert
from forgetbench.ship.detector import file_content
from forgetbench.ship.formats import FORMATS
from forgetbench.ship.runtimes import opened
from forgetbench.suite.kinds import HeadMode

KINDS = {kind.name: kind for kind in FORMATS}
TARGET = ("ring", "disc")
HEADS: list[tuple[str, HeadMode]] = [
    *((family, "one-to-many") for family in FAMILIES),
    ("yolov10", "one-to-one"),
    ("yolo26", "one-to-one"),
]


def written(folder: Path, family: str, head: HeadMode) -> Path:
    """Write a combined detector of two tiny networks as `export` does."""
    original = tiny_original(family)
    store, freeze_point = ModuleStore(original), original.neck
    branch = grow_branch(original, freeze_point, TARGET, seed=1, cls_remap=False, pretrained=True)
    keys = store.put_branch(freeze_point, branch.owned, branch.state())
    classes = combine_classes(original.classes, TARGET, merge=False, suffix="mine")
    modules = store.modules_of(store.task_network(freeze_point, keys, head))[freeze_point:]
    model = combine(original, modules, freeze_point, freeze_point + 3, classes, one_to_one=head == "one-to-one")
    path = folder / "detector.pt"
    torch.save(file_content(model, {"run": "1"}, 64), path)
    return path


def both_outputs(folder: Path, family: str, head: HeadMode, format_name: str) -> tuple[Tensor, Tensor]:
    """Return what the `.pt` and the other format give for one image."""
    path = written(folder, family, head)
    made = convert(path, format_name, imgsz=64, one_to_one=head == "one-to-one", half=False, about='{"run": "1"}')
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return opened(path, KINDS["pt"])(images), opened(made, KINDS[format_name])(images)


@pytest.mark.parametrize(("family", "head"), HEADS)
def test_onnx_of_every_family_answers_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str, head: HeadMode
) -> None:
    if family != "yolov8":  # simplifying a graph takes most of the time
        monkeypatch.setattr("onnxslim.slim", lambda graph: graph)
    expected, found = both_outputs(tmp_path, family, head, "onnx")
    assert found.shape == expected.shape
    if head == "one-to-many":
        # random weights of a YOLOv9 amplify rounding: folding its BatchNorm alone moves boxes by 0.9 px
        pixels, score = (0.5, 1e-3) if family == "yolov9" else (1e-3, 1e-6)
        torch.testing.assert_close(found[:, :4], expected[:, :4], rtol=0, atol=pixels)
        torch.testing.assert_close(found[:, 4:], expected[:, 4:], rtol=0, atol=score)
    else:
        assert found.shape == (1, 2 * (64 + 16 + 4), 6)  # all there are, fewer than the most
        torch.testing.assert_close(found[..., 4], expected[..., 4], rtol=0, atol=1e-6)
        torch.testing.assert_close(found[0, :10, :4], expected[0, :10, :4], rtol=0, atol=1e-3)
        assert torch.equal(found[0, :10, 5], expected[0, :10, 5])


@pytest.mark.parametrize("format_name", ["openvino", "torchscript"])
def test_other_formats_answer_alike(tmp_path: Path, format_name: str) -> None:
    expected, found = both_outputs(tmp_path, "yolov8", "one-to-many", format_name)
    torch.testing.assert_close(found[:, :4], expected[:, :4], rtol=0, atol=1e-3)
    torch.testing.assert_close(found[:, 4:], expected[:, 4:], rtol=0, atol=1e-6)


def test_float16_is_half_as_large_and_nearly_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxslim.slim", lambda graph: graph)
    path = written(tmp_path, "yolov8", "one-to-many")
    sizes, outputs = [], []
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    for half in (False, True):
        made = convert(path, "onnx", imgsz=64, one_to_one=False, half=half, about="")
        sizes.append(made.stat().st_size)
        outputs.append(opened(made, KINDS["onnx"])(images))
    assert sizes[1] < 0.7 * sizes[0]
    torch.testing.assert_close(outputs[1][:, :4], outputs[0][:, :4], rtol=0, atol=0.5)
    torch.testing.assert_close(outputs[1][:, 4:], outputs[0][:, 4:], rtol=0, atol=0.01)
    assert not torch.equal(*outputs)


def test_the_file_says_where_it_is_from_and_the_terminal_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("onnxslim.slim", lambda graph: graph)
    path, variables = written(tmp_path, "yolov8", "one-to-many"), dict(os.environ)
    made = convert(path, "onnx", imgsz=64, one_to_one=False, half=False, about=json.dumps({"run": "1"}))
    assert dict(os.environ) == variables
    assert capfd.readouterr() == ("", "")
    sys.stdout.write("heard\n")
    assert capfd.readouterr().out == "heard\n"
    said = {one.key: one.value for one in onnx.load(made).metadata_props}
    assert json.loads(said["forgetbench"]) == {"run": "1"}
    assert said["names"] == "{0: 'disc', 1: 'box', 2: 'bar', 3: 'ring', 4: 'disc (mine)'}"
    assert said["imgsz"] == "[64, 64]"


def test_an_exporter_that_fails_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise NotImplementedError("no such operator:\n  aten::none")

    monkeypatch.setattr("torch.onnx.export", fails)
    path = written(tmp_path, "yolov8", "one-to-many")
    with pytest.raises(RunError) as caught:
        convert(path, "onnx", imgsz=64, one_to_one=False, half=False, about="")
    assert str(caught.value).startswith(
        "Ultralytics' exporter fails for the format onnx; found NotImplementedError: no such operator: aten::none."
    )
