"""Suppression of a batch at once gives what suppression image by image gives."""

import pytest
import torch
from gpu.waits import counted
from torch import Tensor

from forgetbench.evaluate import nms_together
from forgetbench.evaluate.nms import suppress
from forgetbench.evaluate.nms_together import suppress_together


def crowded(seed: int, images: int = 3, anchors: int = 500, classes: int = 3, spread: float = 200) -> Tensor:
    """Return boxes of whole pixels of which many overlap, with scores of which many are equal.

    Overlaps of such boxes are the same in float32 and in float64 but for rounding that crosses no threshold.
    """
    noise = torch.Generator().manual_seed(seed)
    centres = (torch.rand(images, 2, anchors, generator=noise) * spread).round()
    sizes = 2 * (torch.rand(images, 2, anchors, generator=noise) * 20).round() + 2
    scores = (torch.rand(images, classes, anchors, generator=noise) * 100).round() / 100
    return torch.cat([centres, sizes, scores], dim=1)


def same(output: Tensor, **settings: float) -> bool:
    given = {"conf": 0.001, "iou": 0.45, "max_det": 300, **settings}
    apart, together = suppress(output, **given), suppress_together(output, **given)  # type: ignore[arg-type]
    assert sum(map(len, apart)) > 0
    return len(apart) == len(together) and all(map(torch.equal, apart, together))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("max_det", [3, 300])
@pytest.mark.parametrize("conf", [0.001, 0.7])
def test_the_same_boxes_stay(seed: int, max_det: int, conf: float) -> None:
    assert same(crowded(seed), max_det=max_det, conf=conf)


@pytest.mark.parametrize("look", [1, 40, 400])
def test_where_the_best_candidates_are_not_enough_others_are_looked_at(
    look: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many scores are equal, so that the edge of those looked at falls among equals."""
    monkeypatch.setattr(nms_together, "LOOK", look)
    assert same(crowded(7, anchors=300), max_det=30)


@pytest.mark.parametrize("rounds", [1, 2, 40])
def test_chains_longer_than_what_is_followed_are_followed_after_all(
    rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of boxes in a row each drops the next, unless it was dropped itself: every other one stays."""
    monkeypatch.setattr(nms_together, "ROUNDS", rounds)
    boxes = torch.tensor([[10 * step, 50, 30, 30, 0.9 - step / 100] for step in range(30)]).T[None]
    assert same(boxes, iou=0.45)
    assert len(suppress_together(boxes, conf=0.1, iou=0.45, max_det=300)[0]) == 15
    assert same(crowded(3, anchors=200, spread=60))


def test_images_share_nothing_and_may_have_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    output = torch.cat([crowded(1, images=2), torch.zeros(1, 7, 500), crowded(2, images=1)])
    expected = suppress_together(output, conf=0.3, iou=0.5, max_det=50)
    assert [len(rows) for rows in expected] == [50, 50, 0, 50]
    monkeypatch.setattr(nms_together, "MOST_PAIRS", 1)  # one image at a time
    for index, rows in enumerate(suppress_together(output, conf=0.3, iou=0.5, max_det=50)):
        assert torch.equal(rows, expected[index])
        assert torch.equal(suppress_together(output[index, None], conf=0.3, iou=0.5, max_det=50)[0], rows)


def test_what_is_no_number_or_has_no_size_is_treated_alike() -> None:
    output = crowded(5, images=2, anchors=50)
    output[0, 4:, 3] = float("nan")
    output[1, 2:4, 5] = 0.0
    assert same(output)


def test_the_device_is_waited_for_once_a_batch_and_input_is_left_as_it_was() -> None:
    for images in (1, 6):
        output = crowded(4, images=images)
        before = output.clone()
        with counted() as waits:
            suppress_together(output, conf=0.001, iou=0.45, max_det=100)
        assert waits == {("read", "forgetbench"): 1}
        assert torch.equal(output, before)
