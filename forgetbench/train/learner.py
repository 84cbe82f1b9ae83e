"""One branch in training: its loss, optimizer, scaler and EMA, none of them shared with other branches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from forgetbench.device import Precision, tensors_to, to_device
from forgetbench.model import yolo
from forgetbench.model.branch import Branch, FrozenGuard, grow_branch, owned_state
from forgetbench.model.original import Original
from forgetbench.model.targets import SharedTargets
from forgetbench.record import endings
from forgetbench.record.rows.training import GradientRow
from forgetbench.train.divergence import all_finite, all_storable, is_stuck
from forgetbench.train.losses import Losses
from forgetbench.train.probes import StepNorms
from forgetbench.train.readings import Readings
from forgetbench.train.recipe import Recipe
from forgetbench.train.reparametrised import Reparametrised
from forgetbench.train.ultralytics_trainer import BranchTrainer, ModelEMA, training_settings

#: Ultralytics clips the gradient of the whole model to this L2 norm; here it is the branch's.
CLIP_NORM = 10.0
#: Of a branch's state, how far its training got and why it ended if it did.
ENDING = ("stopped", "skipped_steps", "steps", "epochs", "diverged")


class Learner:
    """A branch and everything that trains it.

    Attributes:
        arm: Name of the arm.
        branch: The model and the modules it owns.
        losses: What it minimises.
        made: Those of its weights that strategies make from other parameters.
        ema: Moving average of the owned modules; this is what checkpoints hold.
        stopped: Why training ended before the last epoch, or None.
        diverged: Whether that is because weights or statistics are of no use any more, or no step can be taken.
        skipped_steps: Optimizer steps left out because the gradient was not finite.
        optimizer_grew: Whether other parts train since the last step, so that the optimizer's state is not complete.
    """

    def __init__(
        self,
        arm: str,
        branch: Branch,
        recipe: Recipe,
        trainer: BranchTrainer,
        made: Reparametrised,
        original: Original,
        targets: SharedTargets,
        precision: Precision,
    ) -> None:
        """Put a branch and what trains it together.

        Args:
            arm: Name of the arm.
            branch: The branch, not trained yet.
            recipe: How it is trained; its strategies have begun.
            trainer: Its optimizer and schedule.
            made: The weights that are made from other parameters.
            original: What it grew from.
            targets: What all branches of the session share of the loss.
            precision: What it computes in.
        """
        self.arm, self.branch, self.recipe, self.trainer = arm, branch, recipe, trainer
        self.losses = Losses(branch, recipe, trainer.args, original, targets)
        self.ema = ModelEMA(branch.owned)
        self._weights = branch.parameters()
        self.made, self._original = made, original
        self._replaced = {id(weight): parameters for weight, parameters in made}
        self.scaler = precision.scaler()
        self.stopped: str | None = None
        self.diverged = False
        self.steps = self.skipped_steps = self.epochs = 0
        self.optimizer_grew = False
        self._last_step_at = -1
        self._begun_at = 0, 0
        self._frozen = [
            index
            for index, module in enumerate(yolo.modules_of(branch.model)[: branch.freeze_point])
            if any(True for _ in module.parameters())
        ]
        self._averages_and_frozen: list[tuple[Tensor, Tensor]] = []
        self._guard = FrozenGuard({})

    def begin_epoch(self, epoch: int) -> None:
        """Let train what trains in an epoch (counted from 0), and hash what is frozen in it."""
        names, self._begun_at = self.recipe.trained(epoch + 1), (self.steps, self.skipped_steps)
        self.optimizer_grew |= self.recipe.turns(epoch + 1)
        self.branch.let_train(names)
        self.trainer.start_epoch(epoch)
        averages = self.checkpoint_tensors()
        frozen = {name: tensor for name, tensor in self.branch.state().items() if name not in names}
        self._averages_and_frozen = [
            (averages[name], tensor) for name, tensor in frozen.items() if tensor.is_floating_point()
        ]
        self._guard = FrozenGuard(frozen)

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of one batch; where nothing that trains took part in it, there are none."""
        if loss.requires_grad:
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def step_due(self, step: int) -> bool:
        """Tell whether enough batches were accumulated; `step` counts batches since the start of training."""
        return bool(step - self._last_step_at >= self.trainer.accumulate)

    def step(self, batch_number: int, epoch: int, readings: Readings, rows: list[GradientRow] | None) -> None:
        """Clip, update weights and EMA; note gradient norms that become `rows`, where these are given.

        A step whose gradient is not finite is left out for this branch alone. Whether it is finite is the one thing
        that the host has to know at every step.
        """
        self._last_step_at = batch_number
        self.steps += 1
        owned, optimizer = self.branch.owned, self.trainer.optimizer
        self.made.pull_back(self.scaler)
        self.scaler.unscale_(optimizer)
        norms = StepNorms(owned) if rows is not None else None
        total = torch.nn.utils.clip_grad_norm_(self._stepped(), max_norm=CLIP_NORM)
        if bool(torch.isfinite(total)):
            optimizer.step()  # `scaler.step` would read once more whether some gradient is not finite
        else:
            self.skipped_steps += 1
        self.scaler.update()
        optimizer.zero_grad()
        self.made.after_step()
        self.ema.update(owned)
        for average, tensor in self._averages_and_frozen:  # an average of equal values is equal only up to rounding
            average.copy_(tensor)
        if norms is not None and rows is not None:
            norms.note(readings, rows, self.arm, epoch + 1, self.steps, self.branch.freeze_point, self._frozen)

    def _stepped(self) -> list[nn.Parameter]:
        """Return the parameters that the optimizer changes, in the order of the weights that they stand for."""
        parameters = self.branch.owned.parameters()
        return [stepped for weight in parameters for stepped in self._replaced.get(id(weight), [weight])]

    def end_epoch(self, epoch: int, losses: Sequence[float]) -> None:
        """Advance schedules that move by epoch; stop if the branch has diverged. `losses` are those of the batches.

        Raises:
            FrozenChangedError: something changed that is frozen in this epoch.
        """
        self._guard.check()
        self.epochs = epoch + 1
        self.losses.shift_heads(1)
        steps, skipped = self._begun_at
        reason = None
        if is_stuck(self.steps - steps, self.skipped_steps - skipped, losses, self.scaler.get_scale()):
            reason = endings.no_step(self.epochs)
        reason = self._unusable() or reason
        if reason is None and self.epochs == self.recipe.train.epochs:
            self.recipe.finish(self.checkpoint_tensors(), self._original.model.state_dict())
            reason = self._unusable()
        if reason is not None:
            self.stopped, self.diverged = reason, True

    def _unusable(self) -> str | None:
        """Return why weights and statistics are of no use any more, None if they are."""
        if not (all_finite(self.branch.owned) and all_finite(self.ema.ema)):
            return endings.not_finite(self.epochs)
        return None if all_storable(self.ema.ema) else endings.too_large(self.epochs)

    def checkpoint_tensors(self) -> dict[str, Tensor]:
        """Return the EMA's tensors by their names in the whole model."""
        return owned_state(self.ema.ema, self.branch.freeze_point)

    def state(self) -> dict[str, Any]:
        """Return all that the next epoch depends on, as tensors and plain values."""
        return {
            "owned": self.branch.owned.state_dict(),
            "ema": self.ema.ema.state_dict(),
            "ema_updates": self.ema.updates,
            "optimizer": self.trainer.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "gradients": [p.grad for p in self.branch.owned.parameters()],
            "accumulate": self.trainer.accumulate,
            "last_step_at": self._last_step_at,
            "optimizer_grew": self.optimizer_grew,
            "made": self.made.state_dict(),
            "strategies": self.recipe.state(),
            **self.ending(),
        }

    def ending(self) -> dict[str, Any]:
        """Return how far its training got, and why it ended if it did."""
        return {name: getattr(self, name) for name in ENDING}

    def restore(self, state: dict[str, Any], epochs: int) -> None:
        """Continue from a state taken after `epochs` epochs."""
        self.branch.owned.load_state_dict(state["owned"])
        self.ema.ema.load_state_dict(state["ema"])
        self.ema.updates = state["ema_updates"]
        self.trainer.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        for parameter, gradient in zip(self.branch.owned.parameters(), state["gradients"], strict=True):
            parameter.grad = None if gradient is None else gradient.to(parameter.device)
        self.trainer.accumulate = state["accumulate"]
        self._last_step_at = state["last_step_at"]
        self.steps, self.skipped_steps, self.epochs = state["steps"], state["skipped_steps"], state["epochs"]
        self.optimizer_grew = state["optimizer_grew"]
        self.stopped, self.diverged = state["stopped"], state["diverged"]
        self.made.load_state_dict(state["made"])
        self.recipe.restore(tensors_to(state["strategies"], self.trainer.device))
        self.losses.shift_heads(epochs)


def grow_learner(
    arm: str,
    recipe: Recipe,
    original: Original,
    classes: Sequence[str],
    *,
    batches: int,
    stride: int,
    seed: int,
    device: torch.device,
    targets: SharedTargets,
    precision: Precision,
) -> Learner:
    """Grow a branch off the original, with all that trains it.

    Args:
        arm: Name of the arm.
        recipe: How it is trained.
        original: What it grows from.
        classes: Names of the target's classes.
        batches: Batches in an epoch.
        stride: What sides of images are whole numbers of.
        seed: Decides where the task head, and what strategies draw, begins.
        device: Where it trains.
        targets: What all branches of the session share of the loss.
        precision: What it computes in.
    """
    remap, pretrained = recipe.train.cls_remap, recipe.pretrained
    branch = grow_branch(original, recipe.freeze_point, classes, seed=seed, cls_remap=remap, pretrained=pretrained)
    to_device(branch.model, device)
    weights = branch.parameters()
    rates = {id(parameter): recipe.rate(name) for name, parameter in weights.items()}
    made = Reparametrised(weights, recipe.begin(weights, seed))
    instead = {id(weight): parameters for weight, parameters in made}
    settings = training_settings(recipe.train, seed)
    trainer = BranchTrainer(settings, branch.owned, batches, stride, device, rates, instead)
    return Learner(arm, branch, recipe, trainer, made, original, targets, precision)
