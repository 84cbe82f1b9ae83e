"""Targets worked out once per batch: the losses are those of a loss that works them out by itself."""

from typing import Any

import pytest
import torch
from support.factories import CLASSES, quick_train, tiny_original
from support.spied import spied

from forgetbench.model import targets, yolo
from forgetbench.model.branch import grow_branch
from forgetbench.model.targets import AnchorsOnce, SharedTargets
from forgetbench.train.ultralytics_trainer import training_settings

Batch = dict[str, torch.Tensor]


def branch(family: str, seed: int) -> Any:
    original = tiny_original(family)
    model = grow_branch(original, 0, CLASSES, seed=seed, cls_remap=False, pretrained=True).model
    return model.train()


def criterion(model: Any, targets: SharedTargets) -> Any:
    return yolo.criterion_of(model, training_settings(quick_train(), seed=0), targets)


def batch(seed: int, images: int = 3) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    count = 7
    return {
        "img": torch.rand(images, 3, 64, 64, generator=generator),
        "batch_idx": torch.randint(0, images, (count,), generator=generator).sort().values.float(),
        "cls": torch.randint(0, len(CLASSES), (count, 1), generator=generator).float(),
        "bboxes": 0.3 + 0.4 * torch.rand(count, 4, generator=generator),
    }


def losses(members: list[Any], models: list[Any], data: Batch) -> list[torch.Tensor]:
    with torch.no_grad():
        return [member(model(data["img"]), data)[0] for member, model in zip(members, models, strict=True)]


@pytest.mark.parametrize("family", ["yolov8", "yolov10"])
def test_branches_and_heads_share_what_no_prediction_decides(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    models = [branch(family, seed) for seed in (0, 1)]
    loss_type = type(
        criterion(models[0], SharedTargets()) if family == "yolov8" else criterion(models[0], SharedTargets()).one2many
    )
    asked = spied(monkeypatch, loss_type, "preprocess")
    shared = SharedTargets()
    together = [criterion(model, shared) for model in models]
    for seed in (0, 1):
        shared.new_batch()
        asked.clear()
        found = losses(together, models, batch(seed))
        assert len(asked) == 1
        alone = [losses([criterion(model, SharedTargets())], [model], batch(seed))[0] for model in models]
        assert all(torch.equal(one, many) for one, many in zip(alone, found, strict=True))
    assert not torch.equal(found[0], found[1])


def test_an_assignment_repeated_image_by_image_gets_each_images_own_anchors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ultralytics assigns one image at a time once a GPU has no room for the whole batch."""
    model, data = branch("yolov8", 0), batch(0)
    expected = losses([criterion(model, SharedTargets())], [model], data)
    shared = SharedTargets()
    made = criterion(model, shared)
    assign = made.assigner._forward

    def short_of_memory(scores: torch.Tensor, *given: Any) -> Any:
        if len(scores) > 1:
            raise RuntimeError("out of memory")
        return assign(scores, *given)

    monkeypatch.setattr(made.assigner, "_forward", short_of_memory)
    assert torch.equal(losses([made], [model], data)[0], expected[0])


class Asked:
    """Stands for Ultralytics' `make_anchors`: gives each call a number of its own."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, feats: Any, strides: Any, offset: float) -> tuple[torch.Tensor, torch.Tensor]:
        self.times += 1
        return torch.tensor(self.times), torch.tensor(offset)


def maps(side: int, images: int = 2, dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    return [torch.zeros(images, 3, side, side, dtype=dtype), torch.zeros(images, 3, side // 2, side // 2, dtype=dtype)]


def test_anchors_are_made_once_for_each_size_type_stride_and_offset() -> None:
    asked = Asked()
    anchors = AnchorsOnce(asked)
    first = anchors(maps(8), [8.0, 16.0])
    assert anchors(maps(8, images=5), [8.0, 16.0]) is first
    for feats, strides, offset in (
        (maps(16), [8.0, 16.0], 0.5),
        (maps(8), [4.0, 8.0], 0.5),
        (maps(8, dtype=torch.float16), [8.0, 16.0], 0.5),
        (maps(8), [8.0, 16.0], 0.0),
    ):
        before = asked.times
        assert anchors(feats, strides, offset) is anchors(feats, strides, offset)
        assert asked.times == before + 1
    with torch.inference_mode():  # what is made there may take part in no graph
        assert anchors(maps(8), [8.0, 16.0]) is not first
    assert anchors(maps(8), [8.0, 16.0]) is first


def test_anchors_of_strides_that_would_have_to_be_read_are_made_anew() -> None:
    asked = Asked()
    anchors = AnchorsOnce(asked)
    for _ in range(2):
        anchors(maps(8), torch.tensor([8.0, 16.0]))
    assert asked.times == 2


def test_anchors_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "MOST_ANCHORS", 2)
    asked = Asked()
    anchors = AnchorsOnce(asked)
    for side in (8, 16, 32, 32, 8):
        anchors(maps(side), [8.0, 16.0])
    assert asked.times == 4
