import random

import numpy as np
import torch

from forgetbench.train.seeding import seed_everything


def drawn(*parts: int) -> tuple[float, float, float]:
    seed_everything(*parts)
    return random.random(), float(np.random.random()), float(torch.rand(()))  # noqa: NPY002


def test_the_same_integers_give_the_same_numbers_from_every_generator() -> None:
    assert drawn(3, 1, 7) == drawn(3, 1, 7)


def test_other_integers_or_another_order_give_other_numbers_from_every_generator() -> None:
    for other in ((3, 1, 8), (1, 3, 7), (3, 17)):
        assert all(one != another for one, another in zip(drawn(3, 1, 7), drawn(*other), strict=True))
