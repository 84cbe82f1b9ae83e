import errno
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.factories import drawn_dataset, quick_train, tiny_original
from support.files_changed import another_image, let_time_pass, overwrite

from forgetbench.data.dataset import Dataset
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


CACHES = pytest.mark.parametrize("cache", [False, "ram", "disk"])


def loader_of(dataset: Dataset, cache: bool | str, workers: int = 0) -> EpochLoader:
    settings = training_settings(quick_train(cache=cache), seed=0)
    return EpochLoader(dataset, settings, stride=32, seed=0, workers=workers, pin_memory=False)


def pixels_of(loader: EpochLoader) -> list[bytes]:
    return [batch["img"].numpy().tobytes() for batch in loader.epoch(0)]


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where decoded images are kept; files of this test seem to have stood for a while."""
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    let_time_pass(monkeypatch)
    return tmp_path / "cache" / "images"


@CACHES
@pytest.mark.parametrize("workers", [0, 1])
def test_an_image_overwritten_while_training_is_never_trained_on(
    tmp_path: Path, own_cache: Path, cache: bool | str, workers: int
) -> None:
    dataset = drawn_dataset(tmp_path / "data")
    expected = pixels_of(loader_of(dataset, False))
    loader = loader_of(dataset, cache, workers)
    assert pixels_of(loader) == expected
    image = dataset.samples[3].image
    overwrite(image, another_image(image))
    if cache:  # what was decoded before is what was fingerprinted
        assert pixels_of(loader) == expected
        return
    with pytest.raises(DataError) as caught:
        pixels_of(loader)
    assert str(caught.value).startswith(f"{image}: changed since the data were read; expected the content of SHA-256 ")
    assert str(caught.value).endswith(
        "Put the file back, or run the same command again: changed data make another run."
    )


@CACHES
def test_an_image_overwritten_before_training_is_never_trained_on(
    tmp_path: Path, own_cache: Path, cache: bool | str
) -> None:
    dataset = drawn_dataset(tmp_path / "data")
    image = dataset.samples[3].image
    overwrite(image, another_image(image))
    with pytest.raises(DataError, match=r"003\.png: changed since the data were read"):
        pixels_of(loader_of(dataset, cache))
    assert all(image.sha256 not in path.name for image in dataset.samples[3:4] for path in own_cache.rglob("*"))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    overwrite(path, bytes(content))


def swapped(path: Path) -> None:
    """Put a decoded image as Ultralytics writes it: nothing proves what it is of."""
    np.save(path, np.full((48, 64, 3), 7, np.uint8))


@pytest.mark.parametrize("damage", [emptied, cut, flipped, swapped])
@pytest.mark.parametrize("when", ["before", "while"])
def test_a_decoded_image_that_is_not_whole_is_decoded_again(
    tmp_path: Path, own_cache: Path, damage: Callable[[Path], None], when: str
) -> None:
    dataset = drawn_dataset(tmp_path / "data")
    expected = pixels_of(loader_of(dataset, False))
    loader = loader_of(dataset, "disk")
    kept = sorted(own_cache.rglob("*.npy"))
    whole = [path.read_bytes() for path in kept]
    assert len(kept) == 8
    for path in kept:
        damage(path)
    if when == "before":
        loader = loader_of(dataset, "disk")
    assert pixels_of(loader) == expected
    assert [path.read_bytes() for path in kept] == whole
    assert sorted(path for path in own_cache.rglob("*") if path.is_file()) == kept


@pytest.mark.parametrize("cache", [False, "ram"])
def test_decoded_images_on_disk_are_used_only_where_the_suite_says_so(
    tmp_path: Path, own_cache: Path, cache: bool | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = drawn_dataset(tmp_path / "data")
    expected = pixels_of(loader_of(dataset, "disk"))
    for path in own_cache.rglob("*.npy"):
        swapped(path)
    monkeypatch.setattr(np, "load", lambda *_: pytest.fail("a decoded image was opened"))
    assert pixels_of(loader_of(dataset, cache)) == expected


def test_without_room_for_decoded_images_training_goes_on(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    dataset = drawn_dataset(tmp_path / "data")
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", full)
    assert pixels_of(loader_of(dataset, "disk")) == pixels_of(loader_of(dataset, False))
    assert list(own_cache.rglob("*.npy")) == []


def test_parts_with_the_same_images_share_what_is_decoded(tmp_path: Path, own_cache: Path) -> None:
    dataset = drawn_dataset(tmp_path / "data")
    loader_of(dataset, "disk")
    kept = {path: path.stat().st_mtime_ns for path in own_cache.rglob("*.npy")}
    loader_of(replace(dataset, samples=dataset.samples[:4] * 3), "disk")
    assert {path: path.stat().st_mtime_ns for path in own_cache.rglob("*.npy")} == kept


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
