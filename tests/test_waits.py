"""How often the host would wait for a GPU, counted on the CPU; `scripts/gpu-check` counts the same on a card."""

from pathlib import Path

import pytest
import torch
from gpu.counts import waits_of_a_branch, waits_of_a_pass
from support.factories import drawn_dataset, quick_train, tiny_original
from support.spied import spied

from forgetbench.device import Precision
from forgetbench.evaluate.networks import ModuleStore
from forgetbench.evaluate.passes import evaluate
from forgetbench.model.parts import Parts
from forgetbench.suite.evaluation import EvaluationSettings
from forgetbench.suite.schema import Logging
from forgetbench.train import session
from forgetbench.train.recipe import Recipe
from forgetbench.train.session import TrainingSession

CPU = torch.device("cpu")
#: What Ultralytics' loss waits for: candidates of the assignment and anchors with an object, of a number that values
#: decide, and the image's size, copied from the host twice.
OF_A_LOSS = {("size", "ultralytics"): 2, ("upload", "ultralytics"): 2}


def made(folder: Path, family: str, points: list[int], batches: int = 3) -> TrainingSession:
    """Return a session whose every step is an optimizer step whose gradients are logged."""
    original, train = tiny_original(family), quick_train(epochs=1, imgsz=32, batch=2, nbs=2)
    recipes = {f"f{point}": Recipe(Parts(original), point, train) for point in points}
    images = drawn_dataset(folder, count=batches * train.batch)
    return TrainingSession(original, recipes, images, train, seed=0, device=CPU, logging=Logging())


class Scaled(Precision):
    """A loss that is scaled as with mixed precision, without 16 bits, which a CPU is slow in."""

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.kind, enabled=False)


@pytest.mark.parametrize(("family", "losses", "scaled"), [("yolov8", 1, False), ("yolov10", 2, True)])
def test_a_step_of_a_branch_waits_for_its_losses_candidates_and_for_whether_its_gradient_is_finite(
    tmp_path: Path, family: str, losses: int, scaled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "pick_precision", lambda _device, _amp: Scaled("cpu", scaled))
    points = [20, 15]
    each, shared = waits_of_a_branch(lambda branches: made(tmp_path, family, points[:branches]))
    assert each == {("read", "forgetbench"): 1, **{key: losses * count for key, count in OF_A_LOSS.items()}}
    assert not {owner for _, owner in shared} - {"ultralytics"}


def test_a_session_waits_for_the_device_once_an_epoch_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = spied(monkeypatch, session, "synchronise")
    list(made(tmp_path, "yolov8", [20, 15]).epochs())
    assert len(calls) == 1


@pytest.mark.parametrize("images", [4, 8])
def test_an_evaluation_waits_once_for_each_batch_and_network_however_many_images(tmp_path: Path, images: int) -> None:
    settings = EvaluationSettings(imgsz=64, shape="square", batch=images // 2, conf=0.001, iou=0.7, max_det=50)
    original = tiny_original("yolov10")
    store, dataset = ModuleStore(original), drawn_dataset(tmp_path, count=images)
    networks = [store.original_network("one-to-many"), store.original_network("one-to-one")]
    waits = waits_of_a_pass(lambda: evaluate(store, networks, dataset, settings, CPU))
    once_a_pass = 1 + len(networks)  # the model's strides, and those of each head
    assert waits == {("read", "forgetbench"): 2 * len(networks) + once_a_pass}
