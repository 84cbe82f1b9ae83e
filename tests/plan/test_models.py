from pathlib import Path

import pytest

from forgetbench.errors import WeightsError
from forgetbench.model import yolo
from forgetbench.plan import models
from forgetbench.plan.models import open_weights
from forgetbench.progress import Silent


def test_shipped_weights_open_by_name_and_fit_the_shapes_world() -> None:
    original = open_weights("yolov8p-shapes.safetensors", None, Silent(), download=False)
    assert (original.head, original.neck) == (22, 10)
    assert original.classes == tuple(sorted(draw_world_classes()))
    shipped = models.SHIPPED / "weights" / "yolov8p-shapes.safetensors"
    assert shipped.stat().st_size <= 3_000_000


def draw_world_classes() -> list[str]:
    from forgetbench.data.shapes.drawing import GENERAL

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
