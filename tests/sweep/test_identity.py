"""Data that change under a run: another run where it begins anew, the end of this one where it goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.factories import drawn_dataset, tiny_suite
from support.files_changed import another_image, overwrite

import forgetbench
from forgetbench.errors import DataError
from forgetbench.progress import Level, Silent

pytestmark = pytest.mark.usefixtures("charts_not_drawn")

TABLES = ("results.csv", "per_class.csv", "losses.csv", "gradients.csv", "drift.csv", "batchnorm.csv", "intervals.csv")


class AfterEpochOne(Silent):
    """Does something once the state after the first epoch is written: what an epoch's losses were is told then."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act

    def message(self, text: str, level: Level = "info") -> None:
        if level == "detail" and text.startswith("epoch 1, "):
            self._act()


def data_of_a_user(root: Path) -> Path:
    """Write images to train and to evaluate on, with YOLO's labels."""
    for part, count in (("train", 8), ("val", 4)):
        dataset = drawn_dataset(root / "images" / part, count=count)
        labels = root / "labels" / part
        labels.mkdir(parents=True)
        for number, sample in enumerate(dataset.samples):
            sample.image.rename(sample.image.with_name(f"{part}{number}.png"))
            (x1, y1, x2, y2), (w, h) = sample.boxes[0], (sample.width, sample.height)
            line = f"{sample.classes[0]} {(x1 + x2) / 2 / w} {(y1 + y2) / 2 / h} {(x2 - x1) / w} {(y2 - y1) / h}\n"
            (labels / f"{part}{number}.txt").write_text(line)
    (root / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [disc, box, bar]\n")
    return root


def suite_on(data: Path, **train: Any) -> dict[str, Any]:
    suite = tiny_suite(data.parent, freeze_points=["all-but-head", "backbone"], train=train)
    suite["target"] = {"format": "yolo", "path": str(data)}
    return suite


def equal_tables(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in TABLES)


def test_an_image_changed_between_kill_and_resume_makes_another_run(tmp_path: Path) -> None:
    suite, output = suite_on(data_of_a_user(tmp_path / "data")), tmp_path / "runs"
    image = tmp_path / "data" / "images" / "train" / "train3.png"
    before = image.read_bytes()

    def killed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forgetbench.run(suite, output=output, progress=AfterEpochOne(killed))
    (begun,) = (output / "tiny").iterdir()
    overwrite(image, another_image(image))
    changed = forgetbench.run(suite, output=output)
    assert changed.path != begun
    assert not (begun / "DONE").exists()
    overwrite(image, before)
    resumed = forgetbench.run(suite, output=output)
    assert resumed.path == begun
    whole = forgetbench.run(suite, output=tmp_path / "whole")
    assert whole.path.name == begun.name
    assert equal_tables(begun, whole.path)
    assert not equal_tables(begun, changed.path)


@pytest.mark.parametrize("part", ["train", "val"])
def test_an_image_changed_while_a_run_goes_on_ends_it_by_name(tmp_path: Path, part: str) -> None:
    suite, output = suite_on(data_of_a_user(tmp_path / "data"), cache=False), tmp_path / "runs"
    image = tmp_path / "data" / "images" / part / f"{part}2.png"
    before = image.read_bytes()

    def changed() -> None:
        if image.read_bytes() == before:
            overwrite(image, another_image(image))

    with pytest.raises(DataError) as caught:
        forgetbench.run(suite, output=output, progress=AfterEpochOne(changed))
    assert str(caught.value).startswith(f"{image}: changed since the data were read; expected the content of SHA-256 ")
    assert caught.value.exit_code == 2
    (begun,) = (output / "tiny").iterdir()
    assert not (begun / "DONE").exists()
    assert begun.joinpath("sessions", "tiny-yolov8-seed0", "complete.json").exists() == (part == "val")
    overwrite(image, before)
    assert forgetbench.run(suite, output=output).path == begun
    assert equal_tables(begun, forgetbench.run(suite, output=tmp_path / "whole").path)
