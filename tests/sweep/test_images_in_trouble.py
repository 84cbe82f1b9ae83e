"""Images that turn corrupt between epochs: the run names one, keeps what is finished, and goes on with them back."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import drawn_dataset, written_suite
from support.trained import left, train

from forgetbench.data.images import content
from forgetbench.errors import InputError
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.record.state import States
from forgetbench.suite.load import load_suite

CPU = torch.device("cpu")


def plan_of(folder: Path, workers: int, cache: bool | str) -> Plan:
    """Return a plan whose images are files of the test's own."""
    suite = written_suite(
        folder, freeze_points=["all-but-head"], evaluation={"every": 1},
        train={"epochs": 2, "imgsz": 32, "workers": workers, "cache": cache},
        logging={"gradients": False, "memory": False},
    )  # fmt: skip
    made = make_plan(load_suite(suite), device=CPU, train_originals=False)
    drawn = replace(drawn_dataset(folder / "images"), classes=made.target_train.classes)
    return replace(made, target=replace(made.target, train=drawn))


def garbage(image: Path) -> None:
    image.write_bytes(b"\x89PNG and then nothing that is one")


def cut(image: Path) -> None:
    os.truncate(image, image.stat().st_size // 2)


def gone(image: Path) -> None:
    image.unlink()


def a_folder(image: Path) -> None:
    image.unlink()
    image.mkdir()


def a_pipe(image: Path) -> None:
    image.unlink()
    os.mkfifo(image)


def a_link_to_nothing(image: Path) -> None:
    image.unlink()
    image.symlink_to("nowhere")


KINDS = [garbage, cut, gone, a_folder, a_pipe, a_link_to_nothing]


def put_back(image: Path, kept: Path) -> None:
    if image.is_dir():
        image.rmdir()
    image.unlink(missing_ok=True)
    shutil.copy(kept, image)


@contextmanager
def after_first_epoch(patch: pytest.MonkeyPatch, change: Callable[[], None]) -> Iterator[None]:
    """Let something happen once the first epoch is finished, with all its files."""
    add = States.add

    def then(states: States, epoch: int, state: Any) -> None:
        add(states, epoch, state)
        if epoch == 1:
            change()

    with patch.context() as within:
        within.setattr(States, "add", then)
        yield


@pytest.mark.parametrize(
    ("kind", "workers", "cache"),
    [
        *((kind, 0, False) for kind in KINDS),
        (garbage, 2, False),
        (a_pipe, 2, False),
        (gone, 0, "ram"),
        (cut, 0, "disk"),
    ],
)
def test_a_run_names_the_image_and_goes_on_once_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Callable[[Path], None], workers: int, cache: bool | str
) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    plan = plan_of(tmp_path / "suite", workers, cache)
    images = [sample.image for sample in plan.target_train.samples]
    kept = Path(shutil.copytree(images[0].parent, tmp_path / "kept"))
    train(plan, tmp_path / "whole")

    def change() -> None:
        for image in images:
            kind(image)

    said: str | None = None
    with after_first_epoch(monkeypatch, change):
        try:
            train(plan, tmp_path / "run")
        except InputError as error:
            said = str(error)
    for image in images:
        put_back(image, kept / image.name)
    if cache:  # decoded before, and proved to be what was hashed
        assert said is None
    else:
        assert said is not None
        assert "\n" not in said
        assert any(said.startswith(f"{image}: ") for image in images)
        assert "Put the file back" in said
        assert "sessions/tiny-yolov8-seed0/epoch-001.json" in left(tmp_path / "run")
        again = train(plan, tmp_path / "run")
        assert again == ["info: resuming tiny-yolov8-seed0 after epoch 1"]
    assert left(tmp_path / "run") == left(tmp_path / "whole")


def test_an_image_that_may_no_longer_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(tmp_path / "suite", 0, False)
    images, hash_of = [sample.image for sample in plan.target_train.samples], content.hash_of

    def denied(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    with after_first_epoch(monkeypatch, lambda: monkeypatch.setattr(content, "hash_of", denied)):
        with pytest.raises(InputError) as raised:
            train(plan, tmp_path / "run")
        assert any(str(raised.value).startswith(f"{image}: ") for image in images)
        assert "ermission denied" in str(raised.value)
    monkeypatch.setattr(content, "hash_of", hash_of)
    assert train(plan, tmp_path / "run") == ["info: resuming tiny-yolov8-seed0 after epoch 1"]
