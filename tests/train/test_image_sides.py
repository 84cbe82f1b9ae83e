from typing import Any

import pytest
from support.factories import quick_train, tiny_original

from forgetbench.train.image_sides import largest_side, smallest_side, stride_of


@pytest.mark.parametrize(
    ("imgsz", "augment", "side"),
    [
        (640, {}, 640),
        (640, {"multi_scale": 0.5}, 320),
        (640, {"multi_scale": 0.3}, 448),  # exactly 14 strides
        (640, {"multi_scale": 0.25}, 480),
        (320, {"multi_scale": 0.15}, 256),  # 272, down to whole strides
        (64, {"multi_scale": 0.9}, 32),  # never below one stride
    ],
)
def test_the_smallest_side_is_scaled_down_to_whole_strides(imgsz: int, augment: dict[str, Any], side: int) -> None:
    assert smallest_side(quick_train(imgsz=imgsz, augment=augment), 32) == side


@pytest.mark.parametrize(
    ("imgsz", "augment", "side"),
    [
        (640, {}, 640),
        (640, {"multi_scale": 0.5}, 960),
        (64, {"multi_scale": 0.5}, 96),
        (320, {"multi_scale": 0.15}, 384),
    ],
)
def test_the_largest_side_is_what_the_draw_can_reach(imgsz: int, augment: dict[str, Any], side: int) -> None:
    assert largest_side(quick_train(imgsz=imgsz, augment=augment), 32) == side
    scale = float(augment.get("multi_scale", 0))
    drawn = range(int(imgsz * (1 - scale)), int(imgsz * (1 + scale) + 32)) if scale else [imgsz]  # as Ultralytics does
    assert max(size // 32 * 32 for size in drawn) == side


def test_sides_are_multiples_of_the_largest_stride() -> None:
    assert stride_of(tiny_original()) == 32
