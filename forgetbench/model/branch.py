"""Branches: what one freeze point trains, grown off the frozen original trunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from forgetbench.errors import FrozenChangedError
from forgetbench.model import yolo
from forgetbench.model.original import Original, hash_tensors


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

    def set_training(self, training: bool) -> None:
        """Switch the owned modules; frozen ones stay in eval mode, so their BatchNorm statistics rest."""
        self.owned.train(training)

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
        parameter.requires_grad = ".dfl." not in f".{name}"  # the distribution's bins are constants, not weights
    return Branch(freeze_point, model, owned)


def owned_state(owned: nn.ModuleList, freeze_point: int) -> dict[str, Tensor]:
    """Return a module list's tensors, numbered as in the whole model."""
    return {
        f"model.{freeze_point + offset}.{key}": value
        for offset, module in enumerate(owned)
        for key, value in module.state_dict().items()
    }


class FrozenGuard:
    """Proof that the modules below the deepest freeze point are still what they were."""

    def __init__(self, original: Original, deepest: int) -> None:
        self._modules = original.modules[:deepest]
        self._before = [hash_tensors(module.state_dict()) for module in self._modules]

    def check(self) -> None:
        """Compare every frozen module's weights and BatchNorm statistics with their values at the start.

        Raises:
            FrozenChangedError: one of them differs.
        """
        for index, (module, before) in enumerate(zip(self._modules, self._before, strict=True)):
            if hash_tensors(module.state_dict()) != before:
                raise FrozenChangedError(
                    "a frozen module changed during training",
                    where=f"model.{index}",
                    fix="The results would be wrong; please report this with the suite file.",
                )
