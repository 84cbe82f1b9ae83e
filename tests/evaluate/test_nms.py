import pytest
import torch
from torchvision.ops import box_iou

from forgetbench.evaluate.nms import select, suppress


def output(*anchors: list[float]) -> torch.Tensor:
    """Return (1, 4 + classes, anchors) from rows of xywh and class scores."""
    return torch.tensor(anchors).T[None]


def test_one_box_per_class_above_the_threshold() -> None:
    found = suppress(output([10, 10, 4, 8, 0.9, 0.0, 0.3]), conf=0.1, iou=0.5, max_det=10)[0]
    assert found[:, :4].tolist() == [[8, 6, 12, 14], [8, 6, 12, 14]]
    assert found[:, 4:].flatten().tolist() == pytest.approx([0.9, 0, 0.3, 2])


def test_overlapping_boxes_of_one_class_lose_to_the_best_and_other_classes_stay() -> None:
    rows = output([10, 10, 10, 10, 0.8, 0], [11, 10, 10, 10, 0.9, 0], [10, 10, 10, 10, 0, 0.5], [40, 40, 4, 4, 0.2, 0])
    found = suppress(rows, conf=0.01, iou=0.5, max_det=10)[0]
    assert found[:, 4].tolist() == pytest.approx([0.9, 0.5, 0.2])
    assert found[:, 5].tolist() == [0, 1, 0]


def test_scores_fall_and_the_limit_holds() -> None:
    rows = output(*[[100 * i, 50, 10, 10, s] for i, s in enumerate([0.1, 0.7, 0.4, 0.9])])
    found = suppress(rows, conf=0.01, iou=0.5, max_det=3)[0]
    assert found[:, 4].tolist() == pytest.approx([0.9, 0.7, 0.4])


def test_nothing_above_the_threshold_gives_no_rows() -> None:
    assert suppress(output([1, 1, 1, 1, 0.1]), conf=0.5, iou=0.5, max_det=3)[0].shape == (0, 6)


def crowded(seed: int, anchors: int = 2500, classes: int = 3) -> torch.Tensor:
    """Return boxes of which many overlap, with scores of which some are equal."""
    noise = torch.Generator().manual_seed(seed)
    boxes = torch.rand(4, anchors, generator=noise) * torch.tensor([[200.0], [200], [30], [30]]) + 5
    scores = (torch.rand(classes, anchors, generator=noise) * 200).round() / 200
    return torch.cat([boxes, scores])[None]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("max_det", [3, 300, 10_000])
def test_the_limit_cuts_what_full_suppression_gives(seed: int, max_det: int) -> None:
    output = crowded(seed)
    found = suppress(output, conf=0.001, iou=0.4, max_det=max_det)[0]
    full = []
    for label, scores in enumerate(output[0, 4:]):
        order = scores.argsort(descending=True, stable=True)
        order = order[scores[order] > 0.001]
        x, y, w, h = output[0, :4, order].double()
        boxes = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1).float()
        overlap = box_iou(boxes.double(), boxes.double())
        stays: list[int] = []
        for candidate in range(len(boxes)):
            if not (overlap[candidate, stays] > 0.4).any():
                stays.append(candidate)
        rows = torch.tensor([[*boxes[i].tolist(), float(scores[order[i]]), label] for i in stays])
        full.append(rows)
    expected = torch.cat(full)
    assert len(found) == min(max_det, len(expected))
    best = expected[:, 4].sort(descending=True).values[: len(found)]
    assert torch.equal(found[:, 4], best)
    known = {tuple(row) for row in expected.tolist()}
    assert all(tuple(row) in known for row in found.tolist())
    assert len({tuple(row) for row in found.tolist()}) == len(found)


def test_input_is_left_as_it_was() -> None:
    rows = output([10, 10, 4, 8, 0.9])
    before = rows.clone()
    suppress(rows, conf=0.1, iou=0.5, max_det=10)
    assert torch.equal(rows, before)


def test_one_to_one_output_is_only_filtered() -> None:
    rows = torch.tensor([[[0, 0, 4, 4, 0.9, 1], [0, 0, 4, 4, 0.8, 1], [0, 0, 4, 4, 0.05, 0]]])
    assert torch.equal(select(rows, conf=0.1, max_det=10)[0], rows[0, :2])
    assert torch.equal(select(rows, conf=0.1, max_det=1)[0], rows[0, :1])
