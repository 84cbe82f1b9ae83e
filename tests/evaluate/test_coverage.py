"""Do 95 % intervals hold the truth 95 % of the time? Detectors are simulated, so that the truth is known."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forgetbench.analyse.uncertainty import Uncertain, uncertain
from forgetbench.evaluate.bootstrap import draw_images, resample
from forgetbench.evaluate.matching import ClassMatches

IMAGES, RESAMPLES, SIMULATIONS = 150, 300, 600


def images(random: np.random.Generator, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return how many objects each image holds, and how hard it is for every detector."""
    return random.poisson(2.5, count), random.normal(0, 1, count)


def detector(
    random: np.random.Generator, objects: NDArray[np.int64], hardness: NDArray[np.float64], skill: float
) -> list[ClassMatches]:
    """Return the matches of a detector on images: objects found with an IoU and a score, and false alarms."""
    image = np.repeat(np.arange(len(objects)), objects)
    ease = skill - 0.7 * hardness[image] + random.normal(0, 1, len(image))
    overlap = 1 / (1 + np.exp(-(0.6 * ease + 1)))
    alarms = np.repeat(np.arange(len(objects)), random.poisson(2, len(objects)))
    score = np.concatenate([ease + random.normal(0, 1, len(ease)), random.normal(-0.5, 1, len(alarms))])
    found = np.concatenate([overlap, np.zeros(len(alarms))])[:, None] >= np.linspace(0.5, 0.95, 10)
    order = np.argsort(-score)
    matched = np.flatnonzero(found[order].any(axis=1))
    return [
        ClassMatches(
            image=np.concatenate([image, alarms])[order],
            score=score[order].astype(np.float32),
            matched=matched,
            found=found[order][matched],
            ignored=np.zeros((len(matched), 10), np.bool_),
            objects=objects,
        )
    ]


def ap(matches: Sequence[ClassMatches], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    return resample(matches, drawn).ap[:, 0]


def as_they_are(count: int) -> NDArray[np.float64]:
    return np.ones((count, 1))


def holds(found: tuple[float, float] | None, truth: float) -> bool:
    assert found is not None
    return found[0] <= truth <= found[1]


def difference(
    random: np.random.Generator,
    scene: tuple[NDArray[np.int64], NDArray[np.float64]],
    skills: Sequence[float],
    drawn: NDArray[np.float64],
) -> Uncertain:
    """Return the measured difference between a detector and others, a pair per seed, on the same images."""
    values, resampled = [], []
    for skill in skills:
        one, other = detector(random, *scene, skill=1.0), detector(random, *scene, skill=skill)
        every = as_they_are(len(scene[0]))
        values.append(float(ap(one, every)[0] - ap(other, every)[0]))
        resampled.append(ap(one, drawn) - ap(other, drawn))
    return uncertain(values, resampled)


def test_intervals_over_images() -> None:
    random = np.random.default_rng(1)
    many = images(random, 40_000)
    every = as_they_are(40_000)
    truth = float((ap(detector(random, *many, skill=1.0), every) - ap(detector(random, *many, skill=0.4), every))[0])
    covered = [
        holds(
            difference(random, images(random, IMAGES), [0.4], draw_images(IMAGES, RESAMPLES, number)).over_images, truth
        )
        for number in range(SIMULATIONS)
    ]
    assert 0.93 <= np.mean(covered) <= 0.97
