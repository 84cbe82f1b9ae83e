"""Resampled AP against pycocotools on datasets in which images really lie as often as they were drawn."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from support.worlds import world

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.average_precision import Scores, ground_truth, score
from forgetbench.evaluate.bootstrap import BLOCK, draw_images, resample
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.matching import match


def repeated(dataset: Dataset, found: Detections, times: NDArray[np.float64]) -> tuple[Dataset, Detections]:
    """Return images and their detections as often as they were drawn, copies side by side."""
    images = np.repeat(np.arange(len(dataset.samples)), times.astype(int))
    rows = [np.flatnonzero(found.image == image) for image in images]
    chosen = np.concatenate([np.zeros(0, np.int64), *rows])
    position = np.repeat(np.arange(len(images)), [len(of_image) for of_image in rows]).astype(np.int32)
    copies = Detections(position, found.label[chosen], found.score[chosen], found.box[chosen])
    return replace(dataset, samples=tuple(dataset.samples[image] for image in images)), copies


def directly(dataset: Dataset, found: Detections, times: NDArray[np.float64]) -> Scores:
    copies = repeated(dataset, found, times)
    return score(ground_truth(copies[0], "pycocotools"), copies[1])


def untied(dataset_and_found: tuple[Dataset, Detections]) -> tuple[Dataset, Detections]:
    """Return a world in which no two detections of an image and class have equal scores; those of images still may."""
    dataset, found = dataset_and_found
    score = found.score.copy()
    for row in range(1, len(score)):
        same = np.flatnonzero((found.image[:row] == found.image[row]) & (found.label[:row] == found.label[row]))
        if len(same) and score[row] >= score[same[-1]]:
            score[row] = np.nextafter(score[same[-1]], np.float32(-1))
    return dataset, replace(found, score=score)


def telling_world() -> tuple[Dataset, Detections]:
    """Return the first world of several images that is neither all right nor all wrong."""
    worlds = (untied(world(seed)) for seed in range(100))
    return next(
        (dataset, found)
        for dataset, found in worlds
        if len(dataset.samples) > 2 and 0.1 < (score(ground_truth(dataset), found).ap or 0) < 0.9
    )


def assert_equal(ap: NDArray[np.float64], per_class: dict[int, float]) -> None:
    assert set(np.flatnonzero(~np.isnan(ap))) == set(per_class)
    for label, value in per_class.items():
        assert ap[label] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("seed", range(40))
def test_every_image_once_is_the_dataset_itself(seed: int) -> None:
    dataset, found = untied(world(seed))
    got = resample(match(dataset, found).of_classes, np.ones((len(dataset.samples), 1)))
    want = score(ground_truth(dataset, "pycocotools"), found)
    assert_equal(got.ap[0], want.per_class)
    if want.ap50 is not None:
        assert np.nanmean(got.ap50[0]) == pytest.approx(want.ap50, abs=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_resamples_equal_pycocotools_on_repeated_images(seed: int) -> None:
    dataset, found = untied(world(seed))
    drawn = draw_images(len(dataset.samples), 6, seed)
    got = resample(match(dataset, found).of_classes, drawn)
    for index, times in enumerate(drawn.T):
        want = directly(dataset, found, times)
        assert_equal(got.ap[index], want.per_class)
        if want.ap50 is not None:
            assert np.nanmean(got.ap50[index]) == pytest.approx(want.ap50, abs=1e-12)


def test_an_image_drawn_twice_counts_twice() -> None:
    dataset, found = telling_world()
    twice = np.full((len(dataset.samples), 1), 1.0)
    twice[0] = 2.0
    once = resample(match(dataset, found).of_classes, np.ones_like(twice))
    assert_equal(
        resample(match(dataset, found).of_classes, twice).ap[0], directly(dataset, found, twice[:, 0]).per_class
    )
    assert not np.allclose(once.ap, resample(match(dataset, found).of_classes, twice).ap, equal_nan=True)


def test_draws_are_with_replacement_repeatable_and_differ_by_seed() -> None:
    drawn = draw_images(50, 300, 0)
    assert drawn.shape == (50, 300)
    assert (drawn.sum(axis=0) == 50).all()
    assert drawn.max() >= 3
    assert drawn.mean() == pytest.approx(1)
    assert (drawn == draw_images(50, 300, 0)).all()
    assert not (drawn == draw_images(50, 300, 1)).all()


def test_blocks_of_resamples_do_not_matter() -> None:
    dataset, found = telling_world()
    matches = match(dataset, found).of_classes
    drawn = draw_images(len(dataset.samples), 2 * BLOCK + 7, 0)
    whole = resample(matches, drawn)
    for index in (0, BLOCK - 1, BLOCK, 2 * BLOCK + 6):
        alone = resample(matches, drawn[:, index : index + 1])
        np.testing.assert_allclose(whole.ap[index], alone.ap[0], rtol=1e-14)
