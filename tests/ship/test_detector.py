"""The model of a choice: its classes, its modules, and that one of a single side trains further."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from forgetbench.model import yolo
from forgetbench.model.checkpoint import load_checkpoint
from forgetbench.model.combined import CombinedClasses
from forgetbench.model.original import load_original
from forgetbench.plan.plan import Plan
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.ship.choice import Only, choose
from forgetbench.ship.detector import file_content, make_detector
from forgetbench.sweep.reproduce import plan_again

#: What a user does who has no forgetbench.
TRAIN = """
import sys
sys.modules["forgetbench"] = None  # cannot be imported
from ultralytics import YOLO
model = YOLO(sys.argv[1])
model.train(data=sys.argv[2], epochs=1, imgsz=64, batch=2, workers=0, device="cpu", plots=False, verbose=False)
print(len(model.names))
"""
SIDES: list[Only] = ["target", "reference"]


@pytest.fixture(scope="module")
def plan(small_run: Path) -> Plan:
    return plan_again(RunFolder(small_run).read_manifest(), small_run, (), torch.device("cpu"), Silent())


def detector(run: Path, plan: Plan, only: Only) -> tuple[yolo.Yolo, CombinedClasses, dict[str, Tensor]]:
    folder = RunFolder(run)
    choice = choose(folder.read_manifest(), folder.results(), arm="10", only=only)
    _, tensors = load_checkpoint(folder.checkpoint(choice.arm["arm"], choice.epoch))
    return *make_detector(plan, choice, tensors, merge_classes=False), tensors


def test_it_has_the_checkpoints_modules_and_one_sides_classes(small_run: Path, plan: Plan) -> None:
    (original,) = plan.originals.values()
    of_target, classes, tensors = detector(small_run, plan, "target")
    assert (classes.reference, classes.target) == ((), (0, 1, 2, 3, 4, 5))
    assert tuple(of_target.names.values()) == classes.names == tuple(plan.target.evaluate.classes)
    state = of_target.half().state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in tensors.items())
    of_reference, classes, _ = detector(small_run, plan, "reference")
    assert (classes.reference, classes.target) == (tuple(range(14)), ())
    assert tuple(of_reference.names.values()) == classes.names == original.classes
    state, own = of_reference.half().state_dict(), original.model.state_dict()
    for name, tensor in state.items():
        module = int(name.split(".")[1])
        expected = tensors[name] if 10 <= module < original.head else own[name].to(tensor.dtype)
        assert torch.equal(tensor, expected), name


@pytest.mark.parametrize("only", SIDES)
def test_it_is_a_legal_original(small_run: Path, plan: Plan, tmp_path: Path, only: Only) -> None:
    model, classes, _ = detector(small_run, plan, only)
    path = tmp_path / "mine.pt"
    torch.save(file_content(model, {"only": only}, 128), path)
    opened = load_original(path)
    assert opened.classes == classes.names
    state = model.state_dict()
    assert all(torch.equal(tensor.half(), state[name].half()) for name, tensor in opened.model.state_dict().items())


def test_plain_ultralytics_trains_it_further(small_run: Path, plan: Plan, tmp_path: Path) -> None:
    model, *_ = detector(small_run, plan, "target")
    torch.save(file_content(model, {"only": "target"}, 128), tmp_path / "mine.pt")
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / "images" / f"{name}.png"), np.zeros((64, 64, 3), np.uint8))
        (tmp_path / "labels" / f"{name}.txt").write_text("0 .5 .5 .2 .2\n")
    data = tmp_path / "data.yaml"
    data.write_text(f"path: {tmp_path}\ntrain: images\nval: images\nnames: [a, b]\n")
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, str(tmp_path / "mine.pt"), str(data)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2"
