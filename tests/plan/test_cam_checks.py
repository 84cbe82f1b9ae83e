"""What has to be right before activation maps are drawn."""

import sys
from pathlib import Path
from typing import Any

import pytest
from support.factories import tiny_original, tiny_suite

import forgetbench
from forgetbench.errors import InputError, SuiteError
from forgetbench.plan import plan
from forgetbench.plan.cam_checks import modules_shown
from forgetbench.suite.schema import Cam


@pytest.fixture
def nothing_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("worked before all was checked")

    monkeypatch.setattr(plan, "pretrain_original", refuse)


@pytest.mark.usefixtures("nothing_is_trained")
def test_a_missing_package_is_said_before_anything_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytorch_grad_cam", None)
    with pytest.raises(InputError) as caught:
        forgetbench.run(tiny_suite(tmp_path, cam={"images": 2}), output=tmp_path / "runs")
    assert "Install it with `pip install 'forgetbench[cam]'`" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("nothing_is_trained")
@pytest.mark.parametrize("index", [22, 40])
def test_modules_without_a_feature_map_are_refused(tmp_path: Path, index: int) -> None:
    pytest.importorskip("pytorch_grad_cam")
    with pytest.raises(SuiteError, match=rf"cam\.modules: module {index} of tiny-yolov8 has no feature map"):
        forgetbench.run(tiny_suite(tmp_path, cam={"modules": [15, index]}), output=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_what_feeds_the_head_is_looked_at_unless_the_suite_says_otherwise() -> None:
    original = tiny_original()
    assert modules_shown(Cam(), original) == [15, 18, 21]
    assert modules_shown(Cam(modules=[9]), original) == [9]
