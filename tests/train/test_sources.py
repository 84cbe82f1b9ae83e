"""Further batches: which images come, when, and what they do to a branch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import drawn_dataset, quick_train, tiny_original
from support.sessions import checkpoint, differing, session, trained
from support.strategies.replay import Replay

from forgetbench.data.dataset import Dataset
from forgetbench.errors import SuiteError
from forgetbench.model.parts import Parts
from forgetbench.train.recipe import Recipe
from forgetbench.train.sources import FurtherBatches, source_key
from forgetbench.train.strategies.base import BatchSource, DataSplit, Strategy
from forgetbench.train.ultralytics_trainer import training_settings

PARTS = Parts(tiny_original())


def old(folder: Path, count: int = 5) -> dict[DataSplit, Dataset]:
    """Reference images, others than those of the target."""
    return {"reference.train": drawn_dataset(folder / "old", count, sizes=((56, 60), (40, 64)))}


def drawing(*sources: BatchSource) -> Recipe:
    class Draws(Strategy):
        name, options, expected = "draws", None, "nothing"

        def sources(self, data: Mapping[DataSplit, Dataset], seed: int) -> Sequence[BatchSource]:
            return sources

    made = Recipe(PARTS, 22, quick_train(), strategies=[Draws(None, PARTS, "a")])
    made.find_sources({}, 0)
    return made


def batches_of(recipes: Sequence[Recipe], epoch: int, batches: int, **changes: Any) -> dict[Any, list[dict[str, Any]]]:
    settings = training_settings(quick_train(**changes), 3)
    further = FurtherBatches(recipes, settings, 32, 3, batches, workers=0, pin_memory=False)
    return {key: list(drawn) for key, drawn in further.epoch(epoch, recipes).items()}


def test_every_batch_is_full_and_images_come_again_only_when_all_were_drawn(tmp_path: Path) -> None:
    source = BatchSource(drawn_dataset(tmp_path, 5), batch=3)
    (drawn,) = batches_of([drawing(source)], 0, 4, augment={"mosaic": 0.0}).values()
    assert [batch["img"].shape[0] for batch in drawn] == [3, 3, 3, 3]
    files = [file for batch in drawn for file in batch["im_file"]]
    assert Counter(Counter(files).values()) == {2: 3, 3: 2}  # 12 images out of 5
    assert len(set(files[:5])) == len(set(files[5:10])) == 5
    images = torch.cat([batch["img"] for batch in drawn])
    again = files.index(files[0], 1)
    assert not torch.equal(images[0], images[again])  # augmented otherwise


def test_batches_depend_on_seed_and_epoch_alone(tmp_path: Path) -> None:
    source, other = (
        BatchSource(drawn_dataset(tmp_path, 5), batch=2),
        BatchSource(drawn_dataset(tmp_path / "b", 4), batch=1),
    )
    key = source_key(source)
    alone = batches_of([drawing(source)], 1, 3)[key]
    beside = batches_of([drawing(other, source)], 1, 3)[key]
    earlier = batches_of([drawing(source)], 0, 3)[key]
    for one, two in zip(alone, beside, strict=True):
        assert torch.equal(one["img"], two["img"])
        assert torch.equal(one["bboxes"], two["bboxes"])
    assert not all(torch.equal(one["img"], two["img"]) for one, two in zip(alone, earlier, strict=True))


def test_equal_sources_are_drawn_from_once(tmp_path: Path) -> None:
    equal = [BatchSource(drawn_dataset(tmp_path, 4), batch=2) for _ in range(2)]
    larger = BatchSource(drawn_dataset(tmp_path, 4), batch=4)
    drawn = batches_of([drawing(equal[0]), drawing(equal[1], larger)], 0, 2)
    assert [[batch["img"].shape[0] for batch in batches] for batches in drawn.values()] == [[2, 2], [4, 4]]


def test_replay_teaches_the_trunk_and_never_the_task_head(tmp_path: Path) -> None:
    arms: dict[str, Any] = {"plain": (22, []), "head": (22, [(Replay, 5)]), "neck": (10, [(Replay, 5)]), "n": (10, [])}
    made = session(tmp_path, arms, data=old(tmp_path))
    records = trained(made)
    # where the trunk is the original's, there is nothing for old images to teach
    assert differing(checkpoint(made, "plain"), checkpoint(made, "head")) == set()
    assert differing(checkpoint(made, "n"), checkpoint(made, "neck"))
    assert all(record.losses["neck"]["replay"] > 0 for record in records)
    assert "replay" not in records[0].losses["n"]


def test_data_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"a: replay needs data that are not there; found \['reference.train'\]"):
        session(tmp_path, {"a": (10, [(Replay, 5)])})
