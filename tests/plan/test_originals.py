"""A plan's models: where copies of a plan find them."""

import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.finished_run import small_suite

from forgetbench.errors import WeightsError
from forgetbench.model.original import load_original, save_original
from forgetbench.plan.models import SHIPPED
from forgetbench.plan.originals import Originals
from forgetbench.plan.plan import make_plan
from forgetbench.suite.load import LoadedSuite, suite_from_mapping

WEIGHTS = SHIPPED / "weights" / "yolov8p-shapes.safetensors"


def originals_at(path: Path) -> Originals:
    originals = Originals()
    originals.put(load_original(path))
    return originals


def test_a_copy_holds_no_weights_and_opens_the_same(tmp_path: Path) -> None:
    path = Path(shutil.copy(WEIGHTS, tmp_path / "w.safetensors"))
    originals = originals_at(path)
    content = pickle.dumps(originals)
    assert len(content) < 1000
    copied = pickle.loads(content)
    assert list(copied) == ["w"]
    assert copied["w"].weights_hash() == originals["w"].weights_hash()
    assert copied["w"] is copied["w"]
    with pytest.raises(KeyError):
        copied["other"]


def test_the_files_of_originals_are_named_opened_or_not(tmp_path: Path) -> None:
    path = Path(shutil.copy(WEIGHTS, tmp_path / "w.safetensors"))
    originals = originals_at(path)
    originals.put(replace(load_original(path), name="made", path=None))
    assert originals.paths() == [path]
    copied = pickle.loads(pickle.dumps(originals))
    path.unlink()  # it need not be there
    assert copied.paths() == [path]
    assert list(copied) == ["w", "made"]
    assert Originals().paths() == []


def test_other_weights_in_the_file_are_refused(tmp_path: Path) -> None:
    path = Path(shutil.copy(WEIGHTS, tmp_path / "w.safetensors"))
    content = pickle.dumps(originals_at(path))
    changed = load_original(path)
    with torch.no_grad():
        next(changed.model.parameters()).add_(1.0)
    save_original(changed, path)
    with pytest.raises(WeightsError, match="other weights than the plan was made with"):
        pickle.loads(content)["w"]


def test_a_plan_can_be_sent_elsewhere_and_is_the_same_run() -> None:
    loaded = LoadedSuite(suite_from_mapping(small_suite()), Path("suite.yaml"), ())
    plan = make_plan(loaded, device=torch.device("cpu"))
    content = pickle.dumps(plan)
    assert len(content) < 200_000  # the model alone has 3.7 MB
    copied = pickle.loads(content)
    assert copied.run_id() == plan.run_id()
    assert [arm.name for arm in copied.arms] == [arm.name for arm in plan.arms]
    assert copied.blank(copied.arms[0]).flops(64) == plan.blank(plan.arms[0]).flops(64)
