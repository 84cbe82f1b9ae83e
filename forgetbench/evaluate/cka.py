"""Linear centred kernel alignment: how alike two networks' features of the same images are, minibatch by minibatch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

#: The unbiased estimator divides by n (n - 3).
LEAST_IMAGES = 4


def gram(features: Tensor) -> NDArray[np.float64]:
    """Return the inner products (n, n) of n images' features (n, …), each image's flattened to one vector.

    The minibatch's mean is taken off before: HSIC does not change by it, and rounding errors shrink.
    """
    flat = features.flatten(1).float()
    flat = flat - flat.mean(dim=0)
    products: NDArray[np.float64] = (flat @ flat.T).cpu().double().numpy()
    return products


def unbiased_hsic(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return Song et al.'s (2012) unbiased estimate of the Hilbert-Schmidt independence criterion, HSIC_1.

    Args:
        first, second: Gram matrices (n, n) of the same n >= 4 examples.
    """
    n = len(first)
    off_diagonal = 1 - np.eye(n)
    first, second = first * off_diagonal, second * off_diagonal
    together = (first * second).sum()
    apart = first.sum() * second.sum() / ((n - 1) * (n - 2))
    chained = (first.sum(axis=0) * second.sum(axis=0)).sum() * 2 / (n - 2)
    return float((together + apart - chained) / (n * (n - 3)))


@dataclass
class MinibatchCKA:
    """CKA of two networks' features from sums over minibatches (Nguyen, Raghu and Kornblith 2021).

    Each HSIC is the mean over minibatches of its unbiased estimate, weighted by their images, so that the size of
    minibatches does not bias the result and no features outlive their minibatch.
    """

    _across: float = 0.0
    _first: float = 0.0
    _second: float = 0.0

    def add(self, first: NDArray[np.float64], second: NDArray[np.float64]) -> None:
        """Add a minibatch of at least four images, as the two networks' Gram matrices (n, n)."""
        n = len(first)
        self._across += n * unbiased_hsic(first, second)
        self._first += n * unbiased_hsic(first, first)
        self._second += n * unbiased_hsic(second, second)

    @property
    def value(self) -> float | None:
        """Linear CKA: 1 where features are alike up to rotation and scale; None where either does not vary."""
        alone = self._first * self._second
        if not (math.isfinite(alone) and math.isfinite(self._across)) or self._first <= 0 or self._second <= 0:
            return None
        return self._across / math.sqrt(alone)
