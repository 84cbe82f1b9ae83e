"""Branches: what one freeze point trains, grown off the frozen original trunk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn

from forgetbench.errors import FrozenChangedError
from forgetbench.model import yolo
from forgetbench.model.original import Original, hash_bytes
from forgetbench.model.parts import NORMS


@dataclass(frozen=True)
class Branch:
    """A whole detection model for the target whose modules below the freeze point *are* the original's.

    Attributes:
        freeze_point: Index F of the first trainable module.
        model: The Ultralytics model; modules below F are shared by reference with the original and other branches.
        owned: Modules F … H-1 and the task head, the branch's own.
    """

    freeze_point: int
    model: yolo.Yolo
    owned: nn.ModuleList

    def let_train(self, names: frozenset[str]) -> None:
        """Put the owned modules into training mode with only the named parameters and BatchNorm statistics free.

        A BatchNorm layer whose statistics are not named normalises with them as they are (eval mode), whether its
        weight and bias train or not.
        """
        self.owned.train()
        for name, parameter in self.parameters().items():
            parameter.requires_grad = name in names
            if not parameter.requires_grad:
                parameter.grad = None
        for name, layer in self.owned.named_modules():
            if isinstance(layer, NORMS) and f"{self._whole_name(name)}.running_mean" not in names:
                layer.eval()

    @contextmanager
    def frozen_statistics(self) -> Iterator[None]:
        """Freeze BatchNorm's statistics inside the block: it normalises with them and does not update them."""
        moving = [layer for layer in self.owned.modules() if isinstance(layer, NORMS) and layer.training]
        for layer in moving:
            layer.eval()
        try:
            yield
        finally:
            for layer in moving:
                layer.train()

    def parameters(self) -> dict[str, nn.Parameter]:
        """Return the owned parameters, constants aside, by the names they have in the whole model."""
        return {
            self._whole_name(name): parameter
            for name, parameter in self.owned.named_parameters()
            if not yolo.is_constant(name)
        }

    def _whole_name(self, name: str) -> str:
        """Return the name in the whole model of something named within the owned modules."""
        offset, _, rest = name.partition(".")
        return f"model.{self.freeze_point + int(offset)}.{rest}"

    def state(self) -> dict[str, Tensor]:
        """Return owned tensors by the names they have in the whole model (`model.<index>.…`)."""
        return owned_state(self.owned, self.freeze_point)


def grow_branch(
    original: Original, freeze_point: int, classes: Sequence[str], *, seed: int, cls_remap: bool, pretrained: bool
) -> Branch:
    """Make the branch of one freeze point, its task head initialised from `seed` alone.

    Branches of one seed start from the same task head, whatever their freeze point and company.
    """
    model = yolo.build(original.architecture, len(classes), seed=seed, where=original.name)
    if pretrained:
        yolo.transfer(model, original.model, classes, cls_remap=cls_remap, seed=seed)
    for index in range(freeze_point):
        model.model[index] = original.modules[index]
    owned = nn.ModuleList(yolo.modules_of(model)[freeze_point:])
    for name, parameter in owned.named_parameters():
        parameter.requires_grad = not yolo.is_constant(name)
    return Branch(freeze_point, model, owned)


def owned_state(owned: nn.ModuleList, freeze_point: int) -> dict[str, Tensor]:
    """Return a module list's tensors, numbered as in the whole model."""
    return {
        f"model.{freeze_point + offset}.{key}": value
        for offset, module in enumerate(owned)
        for key, value in module.state_dict().items()
    }


def trunk_tensors(original: Original, end: int) -> dict[str, Tensor]:
    """Return the tensors of the original's modules below `end`, by their names in the whole model."""
    return {
        f"model.{index}.{name}": tensor
        for index, module in enumerate(original.modules[:end])
        for name, tensor in module.state_dict().items()
    }


class FrozenGuard:
    """Proves that frozen tensors did not change, to the last bit."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._tensors = dict(tensors)
        self._before = {name: hash_bytes(tensor) for name, tensor in self._tensors.items()}

    def check(self) -> None:
        """Compare every tensor with its value at the start.

        Raises:
            FrozenChangedError: one of them differs.
        """
        for name, tensor in self._tensors.items():
            if hash_bytes(tensor) != self._before[name]:
                raise FrozenChangedError(
                    "a frozen tensor changed during training",
                    where=name,
                    fix="The results would be wrong; please report this with the suite file.",
                )
