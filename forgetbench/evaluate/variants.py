"""Variants of a checkpoint's networks: as trained, or with BatchNorm's statistics or weights swapped.

What is evaluated of a checkpoint, what a verification expects and the columns of tables all follow from this list. To
add a variant, write how its network is made of the one that was trained, and list it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forgetbench.record.rows.drift import Adapted
from forgetbench.record.rows.scores import TRAINED

if TYPE_CHECKING:
    from forgetbench.evaluate.networks import ModuleStore, Network


@dataclass(frozen=True)
class Variant:
    """A way to put a checkpoint's networks together.

    Attributes:
        name: The cell of tables' column `variant`.
        network: Returns the network to evaluate, given the modules at hand and the network that was trained.
    """

    name: str
    network: Callable[[ModuleStore, Network], Network]


def _unchanged(_: ModuleStore, network: Network) -> Network:
    return network


def _statistics(store: ModuleStore, network: Network) -> Network:
    return store.with_statistics_alone(network)


def _weights(store: ModuleStore, network: Network) -> Network:
    return store.with_weights_alone(network)


AS_TRAINED = Variant(TRAINED, _unchanged)
#: The variants that every checkpoint is scored as, on the target and on the reference: rows of `results.csv`.
SCORED = (AS_TRAINED,)
#: The variants that tell adapted BatchNorm statistics from adapted weights, of last checkpoints on the reference under
#: attach = head: rows of `batchnorm.csv`, by what is the checkpoint's.
BATCHNORM: dict[Adapted, Variant] = {
    "statistics": Variant("batchnorm-statistics", _statistics),
    "weights": Variant("batchnorm-weights", _weights),
    "both": AS_TRAINED,
}
