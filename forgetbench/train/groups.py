"""Branches trained together, or in groups that take turns where the device has no room for all at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from forgetbench.device import give_back_memory
from forgetbench.faults import first_line, is_out_of_memory
from forgetbench.record.rows.training import MemoryRow
from forgetbench.train.epoch_record import EpochRecord, SessionEpoch, joined
from forgetbench.train.learner import ENDING, Learner
from forgetbench.train.parked import ParkedStates
from forgetbench.train.session import TrainingSession

#: Makes a session of some of the arms.
MakeSession = Callable[[Sequence[str]], TrainingSession]
#: Told of each batch: the epoch (from 0), and how many of its batches are done.
OnBatch = Callable[[int, int], None]
#: Takes what a session's branches hold after an epoch, counted from 1, while they are on the device.
AfterEpoch = Callable[[Mapping[str, Learner], int], None]


class NoRoomError(Exception):
    """A single branch does not fit into the device's memory.

    Attributes:
        arm: Which one.
        found: What the device said.
        rows: What was measured of the branch.
    """

    def __init__(self, arm: str, found: str, rows: Sequence[MemoryRow]) -> None:
        super().__init__(arm)
        self.arm, self.found, self.rows = arm, found, rows


class _Trouble(NamedTuple):
    found: str
    rows: list[MemoryRow]


class GroupTraining:
    """Trains the branches of one model and seed, all of them in one session as long as memory suffices.

    Where it does not, a session is split into two halves, and these again if need be. From then on an epoch is trained
    group after group, each in a session of its own that goes on from where its branches were and is gone before the
    next begins. A branch's numbers do not depend on its company, so nothing that is kept of an epoch is another.
    """

    def __init__(
        self,
        arms: Sequence[str],
        make: MakeSession,
        *,
        place: Path,
        last_state: Callable[[], Mapping[str, Any] | None],
        device: torch.device,
        warn: Callable[[str], None],
    ) -> None:
        """Prepare training.

        Args:
            arms: Names of the arms in order.
            make: Makes a session of some of them.
            place: Where states are parked while others train.
            last_state: Returns what `state` gave after the last finished epoch, tensors on the host; None before it.
            device: Where to train.
            warn: Told when a session is split.
        """
        self._arms, self._make, self._last_state = list(arms), make, last_state
        self._device, self._warn = device, warn
        self._groups = [list(arms)]
        self._live: TrainingSession | None = None
        self._split = False
        self._parked = ParkedStates(place, list(arms))
        state = last_state()
        self._epochs_done: int = state["epochs"] if state else 0
        self._endings = _endings(state["learners"]) if state else {}
        self._measured: dict[str, list[MemoryRow]] = {}

    def epochs(self, epochs: int, on_batch: OnBatch, after: AfterEpoch) -> Iterator[EpochRecord]:
        """Train up to so many epochs, yielding the record of each; it ends earlier when no branch is left.

        Args:
            epochs: Of the whole training, those that it goes on from included.
            on_batch: Told of each batch; where groups take turns, how far the epoch is in all.
            after: Called for each session after its epoch, which counts only if this succeeds.

        Raises:
            NoRoomError: one branch alone does not fit.
        """
        while self._epochs_done < epochs and not self._all_stopped(self._arms):
            trained: list[SessionEpoch] = []
            waiting, done = deque(self._groups), list[list[str]]()
            while waiting:
                group = waiting.popleft()
                found = self._attempt(group, self._in_all(on_batch, sum(map(len, done)), len(group)), after)
                if isinstance(found, _Trouble):
                    waiting.extendleft(reversed(self._halves(group, found)))
                else:
                    trained += found
                    done.append(group)
            self._groups = done
            self._epochs_done += 1
            yield joined(trained, self._arms)

    def stop(self, arm: str, reason: str) -> None:
        """Train a branch no further."""
        self._endings[arm]["stopped"] = reason
        if self._live is not None:
            self._live.learners[arm].stopped = reason
        else:
            self._parked.stop(arm, reason)

    def endings(self) -> dict[str, dict[str, Any]]:
        """Return of each branch how far its training got, and why it ended if it did."""
        return self._endings

    def state(self) -> dict[str, Any]:
        """Return all that going on after the last epoch needs, as `TrainingSession.state` gives it of one session."""
        if self._live is not None:
            return self._live.state()
        return {"epochs": self._epochs_done, "learners": self._parked.mapped()}

    def close(self) -> None:
        """Free what is held on the device, and on the disk for turns."""
        self._let_go()
        self._parked.drop()

    def _attempt(self, group: list[str], on_batch: OnBatch, after: AfterEpoch) -> list[SessionEpoch] | _Trouble:
        """Train a group for an epoch; returns what it gave, nothing where all have stopped, or that memory ran out."""
        try:
            return self._train(group, on_batch, after)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            # the error holds everything that was on its way; it must not be kept
            found = (first_line(str(error)) or type(error).__name__).rstrip(".")
            return _Trouble(found, self._rows_so_far(group[0]))

    def _train(self, group: list[str], on_batch: OnBatch, after: AfterEpoch) -> list[SessionEpoch]:
        if self._all_stopped(group):
            return []
        session = self._live = self._live or self._begin(group)
        found = next(session.parts(on_batch))
        after(session.learners, found.epoch)
        if self._split:
            self._parked.park({arm: session.learners[arm].state() for arm in group}, found.epoch)
        self._endings |= _endings({arm: learner.ending() for arm, learner in session.learners.items()})
        for arm in found.arms:
            self._measured[arm] = self._rows_so_far(arm)
        if self._split:
            del session
            self._let_go()
        return [found]

    def _begin(self, group: list[str]) -> TrainingSession:
        session = self._make(group)
        if self._epochs_done and self._split:
            session.restore({"epochs": self._epochs_done, "learners": self._parked})
        elif state := self._last_state():
            session.restore(state)
        return session

    def _halves(self, group: list[str], trouble: _Trouble) -> list[list[str]]:
        """Make room by splitting a group, which is trained again from the last epoch on."""
        self._let_go()
        if len(group) == 1:
            raise NoRoomError(group[0], trouble.found, trouble.rows)
        if not self._split:
            self._split = True
            if state := self._last_state():
                self._parked.park(state["learners"], self._epochs_done)
        halves = [group[: len(group) // 2], group[len(group) // 2 :]]
        self._warn(
            f"no room in memory for {len(group)} branches at once ({trouble.found}): from epoch "
            f"{self._epochs_done + 1} on, {len(halves[0])} and {len(halves[1])} of them take turns. That takes longer "
            "and gives the same numbers"
        )
        return halves

    def _all_stopped(self, group: Sequence[str]) -> bool:
        return all(arm in self._endings and self._endings[arm]["stopped"] is not None for arm in group)

    def _rows_so_far(self, arm: str) -> list[MemoryRow]:
        """Return what was measured of a branch when its parts began to train: in this epoch, else in one before."""
        now = self._live.now.arms.get(arm) if self._live else None
        rows = [row for batch in now.rows for row in batch.memory] if now else []
        return rows or self._measured.get(arm, [])

    def _in_all(self, on_batch: OnBatch, before: int, group: int) -> OnBatch:
        """Return what tells of a group's batches as batches of all arms, after so many arms have had their turn."""

        def told(epoch: int, done: int) -> None:
            batches = self._live.batches if self._live else 0
            on_batch(epoch, (before * batches + group * done) // len(self._arms))

        return told

    def _let_go(self) -> None:
        self._live = None
        give_back_memory(self._device)


def _endings(states: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {arm: {name: state[name] for name in ENDING} for arm, state in states.items()}
