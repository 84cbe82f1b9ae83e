import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch
from support.disk import disk_of, disk_with
from support.factories import tiny_suite
from support.trouble import poisoned

from forgetbench.data.shapes.world import draw_world
from forgetbench.errors import DivergedError, RunError
from forgetbench.model.original import Original
from forgetbench.plan import pretraining
from forgetbench.plan.models import open_untrained
from forgetbench.plan.pretraining import cached_original, pretrain_original
from forgetbench.progress import Progress, Silent
from forgetbench.room import RESERVE
from forgetbench.suite.load import suite_from_mapping
from forgetbench.train.learner import Learner

CPU = torch.device("cpu")


def pretrained(folder: Path, progress: Progress | None = None, **changes: Any) -> Original:
    suite = suite_from_mapping(tiny_suite(folder, **changes))
    given = suite.models[0], None, suite, draw_world(suite.reference, "train")
    return cached_original(*given, progress or Silent()) or pretrain_original(*given, CPU, progress or Silent())


def test_an_original_is_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    first = pretrained(tmp_path)
    assert first.name == "tiny-yolov8"
    assert (
        first.weights_hash() != open_untrained(str(tmp_path / "tiny-yolov8.yaml"), None, first.classes).weights_hash()
    )

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(pretraining, "TrainingSession", refuse)
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
    (place,) = (tmp_path / "broken" / "originals").iterdir()
    assert sorted(path.name for path in place.iterdir()) == [".lock", "journal", "state-001.pt"]
    assert pretrained(tmp_path).weights_hash() == whole.weights_hash()
    assert sorted(path.name for path in place.iterdir()) == [".lock", "journal", "original.safetensors"]


class Told(Impatient):
    """Keeps what is said, and lets every task run to its end."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def message(self, text: str, level: str = "info") -> None:
        self.lines.append(text)

    def task(self, name: str, total: int, unit: str) -> AbstractContextManager[Callable[[int, str], None]]:
        return nullcontext(lambda *_: None)


@pytest.mark.parametrize("when", ["trained", "interrupted"])
def test_what_is_kept_is_trained_again_where_a_bit_of_it_changed(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "whole"))
    whole = pretrained(tmp_path).weights_hash()
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "damaged"))
    with nullcontext() if when == "trained" else pytest.raises(KeyboardInterrupt):
        pretrained(tmp_path, progress=Told() if when == "trained" else Impatient())
    (path,) = (path for path in (tmp_path / "damaged").rglob("originals/*/*") if path.name not in ("journal", ".lock"))
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    told = Told()
    assert pretrained(tmp_path, progress=told).weights_hash() == whole
    assert told.lines == [f"{path.name}: changed since it was written; it is made again"]


def test_without_room_it_is_not_begun_and_stops_between_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "whole"))
    whole = pretrained(tmp_path)
    cache = tmp_path / "cache"
    monkeypatch.setenv("FORGETBENCH_CACHE", str(cache))
    shutil.copytree(tmp_path / "whole" / "shapes", cache / "shapes")
    disk_with(monkeypatch, RESERVE + 1)
    with pytest.raises(RunError, match=r"originals/tiny-yolov8-.* not enough room .* for what an epoch leaves of "):
        pretrained(tmp_path)
    assert not (cache / "originals").exists()

    free, largest = 10**12, 0
    disk_of(monkeypatch, lambda _: free)

    class Filling(Told):
        def task(self, name: str, total: int, unit: str) -> AbstractContextManager[Callable[[int, str], None]]:
            def advance(done: int, _state: str) -> None:
                nonlocal free, largest
                states = [path.stat().st_size for path in cache.rglob("state-*.pt")]
                if states:
                    free, largest = RESERVE + max(states), max(states)

            return nullcontext(advance)

    with pytest.raises(RunError, match="for what an epoch leaves"):
        pretrained(tmp_path, progress=Filling())
    (place,) = (cache / "originals").iterdir()
    assert sorted(path.name for path in place.iterdir()) == [".lock", "journal", "state-001.pt"]
    free = RESERVE + 5 * largest
    assert pretrained(tmp_path).weights_hash() == whole.weights_hash()
    assert sorted(path.name for path in place.iterdir()) == [".lock", "journal", "original.safetensors"]


def test_two_commands_that_need_one_original_train_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    began, going_on = Event(), Event()

    class Slow(Silent):
        @contextmanager
        def task(self, name: str, total: int, unit: str) -> Iterator[Callable[[int, str], None]]:
            began.set()
            assert going_on.wait(60)
            yield lambda _done, _state: None

    class Waiting(Told):
        def message(self, text: str, level: str = "info") -> None:
            super().message(text)
            going_on.set()

    told = Waiting()
    with ThreadPoolExecutor(1) as other:
        first = other.submit(pretrained, tmp_path, progress=Slow())
        assert began.wait(60)
        second = pretrained(tmp_path, progress=told)
    assert second.weights_hash() == first.result().weights_hash()
    assert told.lines == ["another process is training the original tiny-yolov8: waiting for it"]


def test_an_original_that_diverges_is_told_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    said = r"tiny-yolov8: the original diverged while it was trained; found weights were no longer finite after epoch 2"
    with monkeypatch.context() as patch:
        poisoned(patch, {pretraining.ARM: 2})
        with pytest.raises(DivergedError, match=rf"{said}.*pretrain\.lr0"):
            pretrained(tmp_path)
    monkeypatch.setattr(Learner, "begin_epoch", lambda *_: pytest.fail("trained again"))
    with pytest.raises(DivergedError, match=said):  # the same settings give the same
        pretrained(tmp_path)
