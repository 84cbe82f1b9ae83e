"""The files of joint training: a record and a state after every epoch, checkpoints, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch

from forgetbench.files import write_json
from forgetbench.plan.arms import Arm
from forgetbench.record.due import checkpoint_epochs
from forgetbench.record.folder import RunFolder
from forgetbench.record.json_record import read_record
from forgetbench.record.state import States
from forgetbench.suite.schema import Suite
from forgetbench.train.epoch_record import EpochRecord


class SessionFiles:
    """What joint training of the arms of one model and seed leaves in the run folder.

    Args:
        suite: Says after which epochs weights are kept.
        arms: The arms.
        folder: The run.

    Attributes:
        place: Where records and states are.
        begun: Whether an epoch was finished before.
    """

    def __init__(self, suite: Suite, arms: Sequence[Arm], folder: RunFolder) -> None:
        self._suite, self._arms, self._folder = suite, arms, folder
        self._model, self._seed = arms[0].model, arms[0].seed
        self.place = folder.session(self._model, self._seed)
        self._states = States(folder.journal, self.place)
        self._ended = self.place / "complete.json"
        self.begun = bool(folder.journal.within(self.place))

    def are_complete(self) -> bool:
        """Tell whether training ended and all its files are unchanged."""
        return self._folder.journal.holds(self._ended) and self._all_hold(read_record(self._ended))

    def state(self, device: torch.device) -> dict[str, Any] | None:
        """Return the state to resume from, if it and all files written before it are unchanged.

        Raises:
            CorruptRunError: another version wrote it.
        """
        state = self._states.newest(device)
        if state is None:
            return None
        try:
            of_these = {*state["history"]} == {arm.name for arm in self._arms}
            return state if of_these and self._all_hold(state["session"]["learners"]) else None
        except (LookupError, TypeError):  # a journal that anybody wrote may vouch for what is no state
            return None

    def add(self, record: EpochRecord, state: Mapping[str, Any]) -> None:
        """Write an epoch's record, and then the state after it in place of the one before."""
        path = self._folder.record(self._model, self._seed, record.epoch)
        write_json(path, _recorded(record))
        self._folder.journal.add(path)
        self._states.add(record.epoch, state)

    def complete(self, endings: Mapping[str, Mapping[str, Any]]) -> None:
        """Write how the training of each arm ended; there is nothing to resume from any more."""
        write_json(self._ended, endings)
        self._folder.journal.add(self._ended)
        self._states.drop()

    def clear(self) -> None:
        """Remove all that an earlier attempt left, and what was computed from all checkpoints together."""
        checkpoints = (self._folder.checkpoint(arm.name, 1).parent for arm in self._arms)
        left = [path for place in (self.place, *checkpoints) for path in place.glob("*") if not path.is_dir()]
        self._folder.journal.drop([*left, *map(self._folder.table, ("drift.csv", "batchnorm.csv"))])

    def _all_hold(self, ended: Mapping[str, Mapping[str, Any]]) -> bool:
        """Tell whether records and checkpoints are unchanged, up to the epochs that arms have trained."""
        try:
            last = max(ended[arm.name]["epochs"] for arm in self._arms)
            if last > self._suite.train.epochs:
                return False
            files = [self._folder.record(self._model, self._seed, epoch) for epoch in range(1, last + 1)]
            for arm in self._arms:
                epochs = epochs_kept(self._suite, ended[arm.name])
                files += [self._folder.checkpoint(arm.name, epoch) for epoch in epochs]
        except (LookupError, TypeError):  # whoever wrote it, it says nothing of these arms
            return False
        return self._folder.journal.all_hold(files)


def epochs_kept(suite: Suite, ended: Mapping[str, Any]) -> list[int]:
    """Return the epochs of an arm's checkpoints, given how its training ended."""
    every, epochs = suite.evaluation.every, suite.train.epochs
    return checkpoint_epochs(ended["epochs"], every, epochs, diverged=ended["diverged"])


def is_kept(suite: Suite, epoch: int, ended: Mapping[str, Any]) -> bool:
    """Tell whether an arm that got so far has a checkpoint of an epoch that was just trained."""
    return ended["epochs"] == epoch and epoch in epochs_kept(suite, ended)


def _recorded(record: EpochRecord) -> dict[str, Any]:
    """Return a record as JSON; a value that is not finite becomes text, which JSON has no number for."""
    return _finite_json(asdict(record))  # type: ignore[no-any-return]


def _finite_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite_json(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
