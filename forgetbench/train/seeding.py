"""Seeding every random generator that training draws from."""

from __future__ import annotations

import random
from hashlib import blake2b

import numpy as np
import torch


def seed_everything(*parts: int) -> None:
    """Seed Python's, NumPy's and PyTorch's generators from integers, e.g. (seed, epoch, image)."""
    digest = blake2b(",".join(map(str, parts)).encode(), digest_size=8).digest()
    value = int.from_bytes(digest, "big")
    random.seed(value)
    np.random.seed(value % 2**32)  # noqa: NPY002  (Ultralytics draws from the global generator)
    torch.manual_seed(value % 2**63)
