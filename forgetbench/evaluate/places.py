"""Where networks are scored: what of an original and of a checkpoint has a row in `results.csv` and `batchnorm.csv`.

A run makes its rows from this, and a verification expects them from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from forgetbench.evaluate.variants import BATCHNORM, SCORED, Variant
from forgetbench.record.rows.drift import Adapted
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.suite.data_section import Role
from forgetbench.suite.kinds import HeadMode


@dataclass(frozen=True)
class Place:
    """What a network is put together of, and the data it is scored on.

    Attributes:
        role: On which data.
        attach: Where the original's modules begin, as the suite says it; None on the target.
        head: Which of the head's stacks gives the detections.
        variant: What becomes of a checkpoint's modules; None for an original.
    """

    role: Role
    attach: str | None
    head: HeadMode
    variant: Variant | None

    def cells(self, model: str, arm: Mapping[str, Any] | None, epoch: int) -> dict[str, Any]:
        """Return the cells of its row that neither the data nor the scores decide.

        Args:
            model: Name of the original.
            arm: What the manifest says of the arm; None for the original itself.
            epoch: Of the checkpoint; 0 for the original.
        """
        about = ("freeze_point", "strategy", "setting", "seed")
        return {
            "arm": ORIGINAL if arm is None else arm["arm"],
            "model": model,
            **{key: None if arm is None else arm[key] for key in about},
            "epoch": epoch,
            "role": self.role,
            "attach": self.attach,
            "head": self.head,
            "variant": None if self.variant is None else self.variant.name,
        }


def of_original(heads: Sequence[HeadMode]) -> Iterator[Place]:
    """Yield where an original is scored, in the order of the rows."""
    for head in heads:
        yield Place("reference", "head", head, None)


def of_checkpoint(heads: Sequence[HeadMode], attach_points: Sequence[str]) -> Iterator[Place]:
    """Yield where a checkpoint is scored, in the order of the rows.

    Args:
        heads: Those of its model that are scored.
        attach_points: The suite's.
    """
    for variant, head in product(SCORED, heads):
        yield Place("target", None, head, variant)
        for attach in attach_points:
            yield Place("reference", attach, head, variant)


def batchnorm_of_checkpoint(heads: Sequence[HeadMode]) -> Iterator[tuple[HeadMode, Adapted]]:
    """Yield which shares of BatchNorm an arm's last checkpoint has a row for, in the order of the rows."""
    yield from product(heads, BATCHNORM)
