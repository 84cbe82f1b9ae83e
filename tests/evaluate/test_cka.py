"""CKA against its definition summed over all quadruples, and against what it must not depend on."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch

from forgetbench.evaluate.cka import MinibatchCKA, gram, unbiased_hsic

Matrix = np.ndarray


def hsic_by_definition(first: Matrix, second: Matrix) -> float:
    """Return the mean over all ordered quadruples of different examples (Song et al. 2012, theorem 3)."""
    quadruples = list(permutations(range(len(first)), 4))
    total = sum(first[i, j] * (second[i, j] + second[q, r] - 2 * second[i, q]) for i, j, q, r in quadruples)
    return float(total / len(quadruples))


def features(seed: int, images: int = 7, shape: tuple[int, ...] = (3, 2, 2)) -> torch.Tensor:
    return torch.randn(images, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def cka(first: torch.Tensor, second: torch.Tensor, minibatch: int | None = None) -> float | None:
    measured = MinibatchCKA()
    size = minibatch or len(first)
    for start in range(0, len(first), size):
        measured.add(gram(first[start : start + size]), gram(second[start : start + size]))
    return measured.value


def test_hsic_is_the_mean_over_quadruples_of_different_images() -> None:
    first, second = features(0), features(1) + 0.7 * features(0)
    plain = [x.flatten(1) @ x.flatten(1).T for x in (first, second)]
    expected = hsic_by_definition(*(product.numpy() for product in plain))
    assert unbiased_hsic(*(product.numpy() for product in plain)) == pytest.approx(expected, rel=1e-9)
    assert unbiased_hsic(gram(first), gram(second)) == pytest.approx(expected, rel=1e-5)  # the mean does not matter


def test_hsic_of_four_images_by_hand() -> None:
    kernel = np.zeros((4, 4))
    kernel[0, 1] = kernel[1, 0] = 1.0
    # of the 24 orders, 4 put the pair into both factors (1 each), and none into the others' minus
    assert hsic_by_definition(kernel, kernel) == pytest.approx(4 / 24)
    assert unbiased_hsic(kernel, kernel) == pytest.approx(4 / 24)


def test_cka_of_one_minibatch_is_the_textbook_ratio() -> None:
    first, second = features(0), features(1) + 0.7 * features(0)
    k, m = ((x.flatten(1) @ x.flatten(1).T).numpy() for x in (first, second))
    expected = hsic_by_definition(k, m) / math.sqrt(hsic_by_definition(k, k) * hsic_by_definition(m, m))
    assert cka(first, second) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("minibatch", [None, 8])
def test_equal_features_are_exactly_alike(minibatch: int | None) -> None:
    first = features(3, images=16)
    assert cka(first, first.clone(), minibatch) == 1.0


def test_rotation_scale_and_shift_do_not_matter() -> None:
    first = features(0)
    rotation, _ = torch.linalg.qr(features(5, images=12, shape=(12,)))
    turned = (2.5 * first.flatten(1) @ rotation + 40).reshape(first.shape)
    assert cka(first, turned) == pytest.approx(1.0, abs=1e-5)
    stretched = first.flatten(1) * torch.linspace(0.1, 3, 12)  # not a rotation: axes are weighed anew
    assert (cka(first, stretched) or 1.0) < 0.99


def test_minibatches_estimate_what_all_images_give() -> None:
    first = features(0, images=480, shape=(40,))
    second = first @ features(1, images=40, shape=(40,)) / 6 + 1.5 * features(2, images=480, shape=(40,))
    whole = cka(first, second)
    assert whole is not None
    assert 0.2 < whole < 0.8
    assert cka(first, second, minibatch=16) == pytest.approx(whole, abs=0.03)


def test_features_that_have_nothing_in_common_are_near_zero_in_minibatches() -> None:
    """What the usual, biased estimate gets wrong: 16 images in 400 dimensions look alike to it."""
    first, second = features(0, images=640, shape=(400,)), features(1, images=640, shape=(400,))
    biased = []
    for start in range(0, 640, 16):
        k, m = gram(first[start : start + 16]), gram(second[start : start + 16])
        biased.append((k * m).sum() / math.sqrt((k * k).sum() * (m * m).sum()))
    assert np.mean(biased) > 0.8
    assert abs(cka(first, second, minibatch=16) or 1.0) < 0.1


@pytest.mark.parametrize("odd", [torch.zeros(5, 3), torch.full((5, 3), torch.nan), torch.full((5, 3), torch.inf)])
def test_without_variation_or_numbers_it_is_not_measured(odd: torch.Tensor) -> None:
    assert cka(features(0, images=5, shape=(3,)), odd) is None
    assert MinibatchCKA().value is None
