"""Batches of one image, found before anything is computed."""

from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import quick_train, tiny_original, tiny_suite, written_suite

from forgetbench.errors import SuiteError
from forgetbench.model import yolo
from forgetbench.model.original import Original, make_original
from forgetbench.model.parts import Parts
from forgetbench.plan.batches import check_batches, check_side
from forgetbench.plan.plan import make_plan
from forgetbench.suite.load import load_suite
from forgetbench.train.recipe import Recipe

CPU = torch.device("cpu")


def check(original: Original, images: int, freeze_point: int = 0, **settings: Any) -> None:
    train = quick_train(**settings)
    check_batches(original, [Recipe(Parts(original), freeze_point, train)], images, train, "train")


@pytest.mark.parametrize(
    ("images", "settings", "fix"),
    [
        (5, {"imgsz": 32, "batch": 4}, "Set train.imgsz to 64, or train.batch to 5"),
        (9, {"imgsz": 32, "batch": 4}, "or train.batch to 5"),
        (7, {"imgsz": 32, "batch": 2}, "or train.batch to 4"),
        (3, {"imgsz": 32, "batch": 1}, "or train.batch to 3"),
        (1, {"imgsz": 32, "batch": 8}, "or give more images"),
        (5, {"imgsz": 64, "batch": 4, "augment": {"multi_scale": 0.5}}, "Set train.imgsz to 128, or"),
    ],
)
def test_a_batch_of_one_on_a_single_place_is_refused(images: int, settings: dict[str, Any], fix: str) -> None:
    with pytest.raises(SuiteError, match=f"batch of one image cannot be trained on.*{fix}"):
        check(tiny_original(), images, **settings)


@pytest.mark.parametrize(
    ("images", "settings"),
    [
        (6, {"imgsz": 32, "batch": 4}),
        (4, {"imgsz": 32, "batch": 4}),
        (2, {"imgsz": 32, "batch": 16}),
        (5, {"imgsz": 64, "batch": 4}),
        (3, {"imgsz": 64, "batch": 1}),
        (5, {"imgsz": 128, "batch": 4, "augment": {"multi_scale": 0.5}}),
    ],
)
def test_other_batches_are_not(images: int, settings: dict[str, Any]) -> None:
    check(tiny_original(), images, **settings)


def test_a_head_has_batchnorm_too() -> None:
    original = tiny_original()
    with pytest.raises(SuiteError, match="batch of one"):
        check(original, 5, original.head, imgsz=32)


def test_layers_that_rest_need_no_second_value() -> None:
    class Frozen(Recipe):
        ever_trained = frozenset({"model.0.conv.weight"})

    original, train = tiny_original(), quick_train(imgsz=32)
    check_batches(original, [Frozen(Parts(original), 0, train)], 5, train, "train")


def with_stride_64() -> Original:
    architecture = yolo.read_architecture(Path("yolov8-p6.yaml"))
    architecture["scales"] = {"n": [0.33, 0.0625, 1024]}
    model = yolo.build(architecture, 3, seed=0)
    return make_original("p6", architecture, ("a", "b", "c"), model.state_dict(), where="test")


def test_a_model_of_stride_64_needs_larger_images() -> None:
    original = with_stride_64()
    with pytest.raises(SuiteError, match=r"train\.imgsz: images do not fit p6; expected .*64, found 96"):
        check(original, 4, imgsz=96)
    with pytest.raises(SuiteError, match=r"batch of one.*Set train\.imgsz to 128"):
        check(original, 5, imgsz=64)
    check(original, 5, imgsz=128)
    check_side(original, 128, "x")


def test_the_places_are_those_that_training_has() -> None:
    """BatchNorm itself says where it has a single value."""
    original = tiny_original()
    places = yolo.norm_positions(original.model, 64)
    assert places["model.0.bn"] == 32 * 32
    assert places[f"model.{original.head}.cv2.2.0.bn"] == 2 * 2
    assert places.keys() == {
        name for name, layer in original.model.named_modules() if isinstance(layer, torch.nn.BatchNorm2d)
    }
    assert min(yolo.norm_positions(original.model, 32).values()) == 1
    with pytest.raises(ValueError, match="Expected more than 1 value"):
        original.model.train()(torch.zeros(1, 3, 32, 32))


def test_check_finds_it_in_the_suites_training_and_in_the_originals(tmp_path: Path) -> None:
    def plan(**changes: Any) -> None:
        suite = load_suite(written_suite(tmp_path, **changes))
        make_plan(suite, device=CPU, train_originals=False)

    small = {"imgsz": 32, "batch": 4}
    plan(train=small)
    with pytest.raises(SuiteError, match=r"train\.batch: .*9 images in batches of 4"):
        plan(train=small, target={"train_images": 9})
    assert tiny_suite(tmp_path)["pretrain"]["batch"] == 8
    with pytest.raises(SuiteError, match=r"pretrain\.batch: .*17 images in batches of 8"):
        plan(pretrain={"imgsz": 32}, reference={"train_images": 17})
    plan(reference={"train_images": 17})
