from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from factories import drawn_dataset, quick_train, tiny_original

from forgetbench.errors import DataError
from forgetbench.files import cache_folder
from forgetbench.model.branch import grow_branch
from forgetbench.train.ultralytics_trainer import AugmentedDataset, BranchTrainer, EpochLoader, training_settings


def images(folder: Path, epoch: int, **changes: Any) -> list[torch.Tensor]:
    workers = changes.pop("workers", 0)
    settings = training_settings(quick_train(**changes), seed=0)
    loader = EpochLoader(drawn_dataset(folder), settings, stride=32, seed=0, workers=workers, pin_memory=False)
    return [batch["img"].clone() for batch in loader.epoch(epoch)]


@pytest.mark.parametrize("changes", [{"cache": False}, {"cache": "disk"}, {"workers": 1}])
def test_an_epoch_is_the_same_whatever_the_cache_the_workers_and_what_ran_before(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    settings = training_settings(quick_train(), seed=0)
    loader = EpochLoader(drawn_dataset(tmp_path), settings, stride=32, seed=0, workers=0, pin_memory=False)
    list(loader.epoch(0))
    expected = [batch["img"].clone() for batch in loader.epoch(1)]
    found = images(tmp_path, 1, **changes)
    assert all(torch.equal(a, b) for a, b in zip(expected, found, strict=True))
    first = images(tmp_path, 0)
    assert not torch.equal(first[0], found[0])


@pytest.mark.parametrize("workers", [0, 1])
def test_an_image_that_is_gone_is_the_same_one_line_from_a_loader_process(tmp_path: Path, workers: int) -> None:
    settings = training_settings(quick_train(cache=False), seed=0)
    dataset = drawn_dataset(tmp_path)
    loader = EpochLoader(dataset, settings, stride=32, seed=0, workers=workers, pin_memory=False)
    gone = dataset.samples[3].image
    gone.unlink()
    with pytest.raises(DataError) as caught:
        list(loader.epoch(0))
    assert str(caught.value) == (
        f"{gone}: cannot be read any more; found No such file or directory. Put the file back, or run the same command "
        "again: changed data make another run."
    )


def test_an_image_that_is_gone_before_it_is_cached_is_one_line(tmp_path: Path) -> None:
    dataset = drawn_dataset(tmp_path)
    dataset.samples[3].image.write_bytes(b"")
    with pytest.raises(DataError, match=r"003\.png: changed since"):
        EpochLoader(dataset, training_settings(quick_train(), seed=0), 32, 0, workers=0, pin_memory=False)


def test_nothing_is_written_beside_the_images(tmp_path: Path) -> None:
    before = sorted(path.name for path in (drawn_dataset(tmp_path / "data").root).iterdir())
    images(tmp_path / "data", 0, cache="disk")
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == before
    assert len(list((cache_folder() / "images").rglob("*.npy"))) >= len(before)


def test_labels_are_normalised_and_leave_crowd_out(tmp_path: Path) -> None:
    dataset = drawn_dataset(tmp_path, count=2)
    dataset.samples[1].crowd[0] = True
    made = AugmentedDataset(dataset, training_settings(quick_train(), seed=0), stride=32, seed=0)
    x1, y1, x2, y2 = dataset.samples[0].boxes[0]
    expected = [(x1 + x2) / 2 / 64, (y1 + y2) / 2 / 48, (x2 - x1) / 64, (y2 - y1) / 48]
    np.testing.assert_allclose(made.labels[0]["bboxes"][0], expected, rtol=1e-6)
    assert len(made.labels[1]["cls"]) == 0


def test_mosaic_closes_for_the_last_epochs(tmp_path: Path) -> None:
    train = quick_train(augment={"close_mosaic": 1, "mosaic": 1.0})
    settings = training_settings(train, seed=0)
    loader = EpochLoader(drawn_dataset(tmp_path, count=3), settings, stride=32, seed=0, workers=0, pin_memory=False)
    boxes_open = sum(len(batch["cls"]) for batch in loader.epoch(0))
    boxes_closed = sum(len(batch["cls"]) for batch in loader.epoch(1))
    assert boxes_closed <= 3 < boxes_open


def test_schedule_and_warm_up_are_ultralytics(tmp_path: Path) -> None:
    settings = training_settings(quick_train(epochs=10, lr0=0.01, lrf=0.1, nbs=16, optimizer="SGD"), seed=0)
    owned = grow_branch(tiny_original(), 22, ("a",), seed=0, cls_remap=False, pretrained=True).owned
    trainer = BranchTrainer(settings, owned, batches=4, stride=32, device=torch.device("cpu"))
    assert trainer.warmup_steps == 4
    trainer.start_epoch(0)
    trainer.warm_up(0, 0)
    assert {group["param_group"]: group["lr"] for group in trainer.optimizer.param_groups} == {
        "bias": 0.1,
        "weight": 0.0,
        "bn": 0.0,
    }
    assert trainer.accumulate == 1
    trainer.warm_up(1, 0)  # step 4 ends the warm-up
    trainer_rates = {round(group["lr"], 6) for group in trainer.optimizer.param_groups}
    assert trainer_rates == {round(0.01 * (0.9 * (1 - 1 / 10) + 0.1), 6)}
    assert trainer.accumulate == 4
    trainer.start_epoch(5)
    trainer.warm_up(5, 0)
    assert trainer.optimizer.param_groups[0]["lr"] == pytest.approx(0.01 * (0.9 * 0.5 + 0.1))


def test_weight_decay_is_on_weights_alone() -> None:
    settings = training_settings(quick_train(weight_decay=0.001, batch=4, nbs=4), seed=0)
    owned = grow_branch(tiny_original(), 10, ("a",), seed=0, cls_remap=False, pretrained=True).owned
    trainer = BranchTrainer(settings, owned, batches=4, stride=32, device=torch.device("cpu"))
    decay = {group["param_group"]: group["weight_decay"] for group in trainer.optimizer.param_groups}
    assert decay == {"bias": 0.0, "bn": 0.0, "weight": 0.001}
