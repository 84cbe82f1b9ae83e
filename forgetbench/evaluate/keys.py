"""Keys of networks and evaluations: hashes of their content, computed without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forgetbench.files import sha256_json


def module_key(index: int, kind: str, content: str) -> str:
    """Return the key of a module: its index, and the hashes of its kind and of its tensors."""
    return sha256_json([index, kind, content])


def network_key(modules: Sequence[str], head: str) -> str:
    """Return the key of a network: its modules' keys, the head last, and which of the head's stacks is used."""
    return sha256_json([modules, head])


def evaluation_key(network: str, data: str, settings: Mapping[str, Any]) -> str:
    """Return the key of an evaluation: the network's key, the data's fingerprint, the settings."""
    return sha256_json([network, data, settings])
