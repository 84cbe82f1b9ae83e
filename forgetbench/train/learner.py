"""One branch in training: its loss, optimizer, scaler and EMA, none of them shared with other branches."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from forgetbench.device import Precision
from forgetbench.model import yolo
from forgetbench.model.branch import Branch, FrozenGuard, owned_state
from forgetbench.model.targets import SharedTargets
from forgetbench.record.rows.training import GradientRow
from forgetbench.train.probes import StepNorms
from forgetbench.train.regime import Regime
from forgetbench.train.ultralytics_trainer import BranchTrainer, ModelEMA

#: Ultralytics clips the gradient of the whole model to this L2 norm; here it is the branch's.
CLIP_NORM = 10.0


class Learner:
    """A branch and everything that trains it.

    Attributes:
        arm: Name of the arm.
        branch: The model and the modules it owns.
        ema: Moving average of the owned modules; this is what checkpoints hold.
        stopped: Why training ended before the last epoch, or None.
        diverged: Whether that is because weights or statistics are no longer finite.
        skipped_steps: Optimizer steps left out because the gradient was not finite.
        optimizer_grew: Whether other parts train since the last step, so that the optimizer's state is not complete.
    """

    def __init__(
        self,
        arm: str,
        branch: Branch,
        regime: Regime,
        trainer: BranchTrainer,
        targets: SharedTargets,
        precision: Precision,
    ) -> None:
        self.arm, self.branch, self.regime, self.trainer = arm, branch, regime, trainer
        self.criterion = yolo.criterion_of(branch.model, trainer.args, targets, regime.train.label_smoothing)
        self.ema = ModelEMA(branch.owned)
        self._weights = branch.parameters()
        regime.begin(self._weights)
        self.scaler = precision.scaler()
        self.stopped: str | None = None
        self.diverged = False
        self.steps = 0
        self.skipped_steps = 0
        self.optimizer_grew = False
        self._last_step_at = -1
        self._frozen = [
            index
            for index, module in enumerate(yolo.modules_of(branch.model)[: branch.freeze_point])
            if any(True for _ in module.parameters())
        ]
        self._resting: list[tuple[Tensor, Tensor]] = []
        self._guard = FrozenGuard({})

    def begin_epoch(self, epoch: int) -> None:
        """Free what trains in an epoch (counted from 0) and remember what has to rest."""
        names = self.regime.trained(epoch + 1)
        self.optimizer_grew |= self.regime.turns(epoch + 1)
        self.branch.let_train(names)
        self.trainer.start_epoch(epoch)
        averages = self.checkpoint_tensors()
        resting = {name: tensor for name, tensor in self.branch.state().items() if name not in names}
        self._resting = [(averages[name], tensor) for name, tensor in resting.items() if tensor.is_floating_point()]
        self._guard = FrozenGuard(resting)

    def loss(self, trunk: dict[int, Tensor], batch: dict[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        """Run the owned modules on the trunk's outputs and return the loss and its parts, still on the device.

        Args:
            trunk: Outputs of frozen modules by index; with freeze point 0, index -1 holds the images.
            batch: Ultralytics' prepared batch.
        """
        outputs = dict(trunk)
        keep = yolo.saved_indices(self.branch.model)
        predictions = yolo.run_modules(self.branch.owned, outputs, trunk[self.branch.freeze_point - 1], keep)
        loss, parts = self.criterion(predictions, batch)
        total, penalty = loss.sum(), self.regime.penalty(self._weights)
        if penalty is not None:
            total = total + penalty * len(batch["img"])  # Ultralytics' loss is summed over images
            parts = {**parts, "penalty": penalty.detach()}
        return total, parts

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of one batch."""
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def step_due(self, step: int) -> bool:
        """Tell whether enough batches were accumulated; `step` counts batches since the start of training."""
        return bool(step - self._last_step_at >= self.trainer.accumulate)

    def step(self, batch_number: int, epoch: int, log: bool) -> list[GradientRow]:
        """Clip, update weights and EMA; return gradient rows if asked to log.

        A step whose gradient is not finite is left out for this branch alone.
        """
        self._last_step_at = batch_number
        self.steps += 1
        owned, optimizer = self.branch.owned, self.trainer.optimizer
        self.scaler.unscale_(optimizer)
        norms = StepNorms(owned) if log else None
        total = torch.nn.utils.clip_grad_norm_(owned.parameters(), max_norm=CLIP_NORM)
        if bool(torch.isfinite(total)):
            self.scaler.step(optimizer)
        else:
            self.skipped_steps += 1
        self.scaler.update()
        optimizer.zero_grad()
        self.ema.update(owned)
        for average, tensor in self._resting:  # an average of equal values is equal only up to rounding
            average.copy_(tensor)
        return norms.rows(self.arm, epoch + 1, self.steps, self.branch.freeze_point, self._frozen) if norms else []

    def end_epoch(self, epoch: int) -> None:
        """Advance schedules that move by epoch; stop if weights or statistics are no longer finite.

        Raises:
            FrozenChangedError: something changed that had to rest in this epoch.
        """
        self._guard.check()
        self.epochs = epoch + 1
        if hasattr(self.criterion, "update"):
            self.criterion.update()  # YOLOv10 shifts weight from one-to-many to one-to-one
        if not all_finite(self.branch.owned) or not all_finite(self.ema.ema):
            self.diverged = True
            self.stopped = f"weights were no longer finite after epoch {epoch + 1}"

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
            "steps": self.steps,
            "skipped_steps": self.skipped_steps,
            "epochs": self.epochs,
            "optimizer_grew": self.optimizer_grew,
            "stopped": self.stopped,
            "diverged": self.diverged,
        }

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
        if hasattr(self.criterion, "update"):
            for _ in range(epochs):
                self.criterion.update()


def all_finite(module: nn.Module) -> bool:
    """Tell whether every floating point value of a module is finite."""
    return all(bool(torch.isfinite(v).all()) for v in module.state_dict().values() if v.is_floating_point())
