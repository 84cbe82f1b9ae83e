from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from factories import tiny_suite

from forgetbench.data.shapes import draw_world
from forgetbench.errors import WeightsError
from forgetbench.model import yolo
from forgetbench.model.original import Original
from forgetbench.run import models
from forgetbench.run.models import cached_original, open_untrained, open_weights, pretrain_original
from forgetbench.run.progress import Progress, Silent
from forgetbench.suite.load import suite_from_mapping

CPU = torch.device("cpu")


def pretrained(folder: Path, progress: Progress | None = None, **changes: Any) -> Original:
    suite = suite_from_mapping(tiny_suite(folder, **changes))
    given = suite.models[0], None, suite, draw_world(suite.reference, "train")
    return cached_original(*given) or pretrain_original(*given, CPU, progress or Silent())


def test_an_original_is_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    first = pretrained(tmp_path)
    assert first.name == "tiny-yolov8"
    assert (
        first.weights_hash() != open_untrained(str(tmp_path / "tiny-yolov8.yaml"), None, first.classes).weights_hash()
    )

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(models, "TrainingSession", refuse)
    assert pretrained(tmp_path, train={"lr0": 0.01}).weights_hash() == first.weights_hash()
    with pytest.raises(AssertionError, match="trained again"):
        pretrained(tmp_path, pretrain={"epochs": 3})


class Impatient(Silent):
    """Interrupts a task when its second epoch begins."""

    def task(self, name: str, total: int, unit: str) -> AbstractContextManager[Callable[[int, str], None]]:
        def advance(done: int, _state: str) -> None:
            if done > total // 2:
                raise KeyboardInterrupt

        return nullcontext(advance)


def test_interrupted_pretraining_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "whole"))
    whole = pretrained(tmp_path)
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "broken"))
    with pytest.raises(KeyboardInterrupt):
        pretrained(tmp_path, progress=Impatient())
    originals = tmp_path / "broken" / "originals"
    assert [path.name.endswith(".state.pt") for path in originals.iterdir()] == [True]
    assert pretrained(tmp_path).weights_hash() == whole.weights_hash()
    assert [path.suffix for path in originals.iterdir()] == [".safetensors"]


def test_shipped_weights_open_by_name_and_fit_the_shapes_world() -> None:
    original = open_weights("yolov8p-shapes.safetensors", None, Silent(), download=False)
    assert (original.head, original.neck) == (22, 10)
    assert original.classes == tuple(sorted(draw_world_classes()))
    shipped = models.SHIPPED / "weights" / "yolov8p-shapes.safetensors"
    assert shipped.stat().st_size <= 3_000_000


def draw_world_classes() -> list[str]:
    from forgetbench.data.drawing import GENERAL

    return list(GENERAL)


def test_weights_beside_the_suite_come_first(tmp_path: Path) -> None:
    (tmp_path / "yolov8p-shapes.safetensors").write_text("not weights", encoding="utf-8")
    with pytest.raises(WeightsError):
        open_weights("yolov8p-shapes.safetensors", tmp_path, Silent(), download=False)


def test_missing_weights_say_where_to_put_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORGETBENCH_ASSETS", "FORGETBENCH_DATA"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(WeightsError, match=r"yolov8x\.pt: weights not found.*FORGETBENCH_DATA.*run.*downloads it"):
        open_weights("yolov8x.pt", None, Silent(), download=False)
    with pytest.raises(WeightsError) as caught:
        open_weights("mine.pt", None, Silent(), download=True)
    assert "downloads" not in str(caught.value)


def test_official_weights_are_downloaded_when_allowed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[str, Path]] = []

    def download(name: str, folder: Path) -> Path:
        asked.append((name, folder))
        return models.SHIPPED / "weights" / "yolov8p-shapes.safetensors"

    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(yolo, "download_weights", download)
    assert open_weights("yolov8x.pt", None, Silent(), download=True).head == 22
    assert asked == [("yolov8x.pt", tmp_path / "weights")]
