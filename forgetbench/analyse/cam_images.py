"""Which images to show: by chance, by what they gained, or by what they lost. Scores are None where not measured."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from forgetbench.analyse.measures import forgetting, mean, specialisation_gain

#: A network's score on every image of a dataset.
ImageScores = Sequence[float | None]


def random_images(names: Sequence[str], count: int, seed: int) -> list[int]:
    """Return positions of images in the order of a hash of seed and name: the same on every machine.

    Args:
        names: Names of a dataset's images.
        count: How many to choose; all, if there are fewer.
        seed: Another seed gives another choice.
    """
    order = sorted(range(len(names)), key=lambda i: hashlib.sha256(f"{seed}/{names[i]}".encode()).digest())
    return order[:count]


def largest_gain(reference: ImageScores, arms: Sequence[ImageScores], names: Sequence[str], count: int) -> list[int]:
    """Return positions of the images whose mean score over arms rose most over the reference arm's, largest first.

    Images without a rise are left out, and those where one of the networks has no score.

    Args:
        reference: Scores of the reference arm.
        arms: Scores of the other arms.
        names: Names of the images, by which ties are decided.
        count: How many to choose at most.
    """
    return _largest([specialisation_gain(m, r) for m, r in zip(_means(arms), reference, strict=False)], names, count)


def largest_loss(original: ImageScores, arms: Sequence[ImageScores], names: Sequence[str], count: int) -> list[int]:
    """Return positions of the images whose mean score over arms fell most below the original's, largest first.

    Images without a fall are left out, and those where one of the networks has no score. Arguments as `largest_gain`.
    """
    return _largest([forgetting(o, m) for o, m in zip(original, _means(arms), strict=False)], names, count)


def _means(arms: Sequence[ImageScores]) -> list[float | None]:
    return [mean(of_image) for of_image in zip(*arms, strict=True)]


def _largest(changes: ImageScores, names: Sequence[str], count: int) -> list[int]:
    ranked = sorted((-change, names[i], i) for i, change in enumerate(changes) if change is not None and change > 0)
    return [index for _, _, index in ranked[:count]]
