"""What a branch minimises: its own loss, what strategies add, and the loss of further batches."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from support.factories import drawn_dataset, quick_train
from support.sessions import checkpoint, differing, session, trained
from support.strategies.replay import Replay
from torch import Tensor

from forgetbench.data.dataset import Dataset
from forgetbench.train.context import StepContext
from forgetbench.train.strategies.base import BatchSource, DataSplit
from forgetbench.train.ultralytics_trainer import training_settings


def old(folder: Path, count: int = 5) -> dict[DataSplit, Dataset]:
    """Reference images, others than those of the target."""
    return {"reference.train": drawn_dataset(folder / "old", count, sizes=((56, 60), (40, 64)))}


def test_the_loss_of_old_images_is_the_original_s_own_where_the_trunk_is(tmp_path: Path) -> None:
    seen: list[tuple[StepContext, Tensor]] = []

    class Watched(Replay):
        def source_loss(self, source: BatchSource, context: StepContext) -> Tensor | None:
            seen.append((context, context.detection_loss()))
            return seen[-1][1]

    made = session(tmp_path, {"a": (22, [(Watched, 5)])}, quick_train(epochs=1), data=old(tmp_path))
    trained(made)
    assert len(seen) == made.batches
    model = made.original.model
    model.args = training_settings(quick_train(), 0)
    for context, loss in seen:
        predictions = model(context.images)  # the model as a whole, in eval mode
        expected = model.init_criterion()(predictions, dict(context.batch))[0].sum() / 2
        assert loss.item() == pytest.approx(expected.item(), rel=1e-4)


@pytest.mark.parametrize("statistics", [False, True])
def test_statistics_see_further_images_only_where_the_source_says_so(tmp_path: Path, statistics: bool) -> None:
    class Statistics(Replay):
        def sources(self, data: Mapping[DataSplit, Dataset], seed: int) -> Sequence[BatchSource]:
            return [BatchSource(data["reference.train"], batch=2, statistics=statistics)]

    train = quick_train(epochs=1, batch=8)  # one step, before which both arms are the same
    made = session(tmp_path, {"plain": (10, []), "a": (10, [(Statistics, 5)])}, train, data=old(tmp_path))
    trained(made)
    states = [made.learners[arm].branch.state() for arm in ("plain", "a")]
    differ = {name for name in differing(*states) if name.endswith(("running_mean", "running_var"))}
    # the task head runs on further images too, and its outputs are not used
    assert bool(differ) == statistics


@pytest.mark.parametrize("labels", ["original", "target"])
@pytest.mark.parametrize("family", ["yolov8", "yolov10"])
def test_labels_may_be_the_original_s_or_the_target_s(
    tmp_path: Path, family: str, labels: Literal["original", "target"]
) -> None:
    class Labelled(Replay):
        def sources(self, data: Mapping[DataSplit, Dataset], seed: int) -> Sequence[BatchSource]:
            return [BatchSource(data["reference.train"], batch=2, labels=labels)]

    arms: dict[str, Any] = {"plain": (23 if family == "yolov10" else 22, [])}
    arms["more"] = (arms["plain"][0], [(Labelled, 1)])
    made = session(tmp_path, arms, quick_train(epochs=2), family=family, data=old(tmp_path))
    trained(made)
    moved = differing(checkpoint(made, "plain"), checkpoint(made, "more"))
    assert bool(moved) == (labels == "target")  # further images with the target's labels teach the task head
