"""What a strategy may decide about the training of an arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:  # names and options are read without PyTorch
    from torch import Tensor, nn

    from forgetbench.data.dataset import Dataset
    from forgetbench.model.parts import Part, Parts
    from forgetbench.train.context import StepContext

#: Data of a suite that a strategy may train on beside the target's.
DataSplit = Literal["reference.train", "reference.evaluate"]


@dataclass(frozen=True)
class BatchSource:
    """Further images: each batch of the target is accompanied by one of these, augmented alike and run separately.

    Otherwise mosaic, BatchNorm and the loss's normalisation would mix the two. Arms whose sources draw from equal data
    in equal numbers see the same batches.

    Attributes:
        dataset: Images and labels; it is drawn from in an order of its own, again from the start where it is used up.
        batch: Images in a batch.
        labels: Whether its classes are the original's, in the order of the original's head, or the target's.
        statistics: Whether BatchNorm normalises with these batches and counts them; if not, it normalises with its
            running statistics, as in evaluation.
    """

    dataset: Dataset
    batch: int
    labels: Literal["original", "target"] = "original"
    statistics: bool = False


class Strategy:
    """One way of training an arm: which parts change and when, at which rates, and what else is minimised.

    A strategy is made for one arm of one model. Several of an arm are taken together: a part trains if all of them let
    it, rates multiply, losses add up. What a subclass does not decide, it leaves as it is, and what it does not ask for
    is not computed.

    Attributes:
        name: How a suite calls it.
        options: The type of its value in a suite, as pydantic takes types.
        expected: What errors say its value should be.
    """

    name: ClassVar[str]
    options: ClassVar[Any]
    expected: ClassVar[str]

    #: Whether it makes no sense for a branch that starts from random weights.
    needs_pretrained: ClassVar[bool] = False
    #: What `sources` is given of the suite's data.
    needs_data: ClassVar[tuple[DataSplit, ...]] = ()

    def __init__(self, options: Any, parts: Parts, where: str) -> None:
        """Resolve options, already checked against `options`, for one model.

        Raises:
            SuiteError: they do not fit this model; `where` names their place in the suite.
        """
        self.value, self.parts, self.where = options, parts, where

    # Before training

    def freeze_point(self, epoch: int, start: int) -> int:
        """Return the first trainable module in an epoch, counted from 1; `start` is the arm's own freeze point."""
        del epoch
        return start

    def check(self, epochs: int) -> None:
        """Refuse what does not fit a training of so many epochs.

        Raises:
            SuiteError: it does not.
        """
        del epochs

    def trains(self, part: Part) -> bool:
        """Tell whether a part above the freeze point may change."""
        del part
        return True

    def rate(self, part: Part) -> float:
        """Return the factor on the learning rate of a part."""
        del part
        return 1.0

    def modules(self) -> frozenset[int]:
        """Return the indices of trunk modules whose outputs `loss` or `source_loss` looks at, the branch's and the
        original's; those that the head takes are there without being named.
        """
        return frozenset()

    def sources(self, data: Mapping[DataSplit, Dataset], seed: int) -> Sequence[BatchSource]:
        """Return the further images to train on.

        Args:
            data: What `needs_data` names; classes are those of the original, in the order of its head.
            seed: The arm's.

        Raises:
            SuiteError, DataError: there is nothing suitable.
        """
        del data, seed
        return ()

    # At the first step; PyTorch's generator starts from the arm's seed

    def begin(self, weights: Mapping[str, nn.Parameter]) -> None:
        """See the branch's parameters by name before the first step, and forget all of an earlier training."""

    def reparametrise(self, weights: Mapping[str, nn.Parameter]) -> Mapping[str, nn.Module]:
        """Return, by name of a weight, a module without inputs that gives its value.

        The module's parameters train in the weight's place, at its rate and decay. Averages, checkpoints and evaluation
        hold the weight itself, and so do `weights` in `begin` and `penalty`.
        """
        del weights
        return {}

    # In every step; PyTorch's generator is seeded anew for each arm with losses of its own

    def penalty(self, weights: Mapping[str, nn.Parameter]) -> Tensor | None:
        """Return what is added to the loss of one batch of mean loss per image, None for nothing."""
        del weights
        return None

    def loss(self, context: StepContext) -> Tensor | None:
        """Return what is added for the outputs of one batch to its mean loss per image, None for nothing."""
        del context
        return None

    def source_loss(self, source: BatchSource, context: StepContext) -> Tensor | None:
        """Return what is added for a batch of one of the `sources` to the target batch's mean loss per image."""
        del source, context
        return None

    # Between epochs

    def state(self) -> dict[str, Any]:
        """Return what it keeps from one step to the next and has to be restored to go on, as tensors and plain values.

        What `begin` gives anew need not be in it.
        """
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state, after `begin`."""

    def finish(self, weights: Mapping[str, Tensor], original: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return weights, or statistics, to change after the last epoch, by name.

        They replace those of the arm's checkpoint of the last epoch. An arm that diverges ends without, and
        `train.patience` is refused beside a strategy that does this.

        Args:
            weights: Copies, in float32, of what the checkpoint would hold of the parts that train; no other may change.
            original: All tensors of the original; those of its head are of its own classes.
        """
        del weights, original
        return {}
