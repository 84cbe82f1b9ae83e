"""States of branches that wait for their turn, on the disk, so that the next ones have the memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from forgetbench.record.state import load_state, save_state

_HOST = torch.device("cpu")


class ParkedStates(Mapping[str, dict[str, Any]]):
    """States of branches by name of the arm, each read when it is asked for; tensors are on the host.

    Args:
        place: Where the files go; what a kill leaves of them is removed like any half-written file of a run.
        arms: All that may be parked.
    """

    def __init__(self, place: Path, arms: list[str]) -> None:
        self._place, self._arms = place, arms
        self._paths: dict[str, Path] = {}
        self._stopped: dict[str, str] = {}

    def __getitem__(self, arm: str) -> dict[str, Any]:
        return self._read(arm, mapped=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def park(self, states: Mapping[str, dict[str, Any]], epoch: int) -> None:
        """Write the states of branches after an epoch in place of those before: all of them or none."""
        written = {arm: self._place / f".parked-{self._arms.index(arm)}-{epoch}.part" for arm in states}
        for arm, path in written.items():
            save_state(path, states[arm])
        before = [self._paths[arm] for arm in states if arm in self._paths and self._paths[arm] != written[arm]]
        self._paths |= written
        for path in before:
            path.unlink(missing_ok=True)

    def stop(self, arm: str, reason: str) -> None:
        """Let the state of a branch say that it is trained no further."""
        self._stopped[arm] = reason

    def mapped(self) -> dict[str, dict[str, Any]]:
        """Return all states, their tensors left on the disk until they are used; let go of them before `park`."""
        return {arm: self._read(arm, mapped=True) for arm in self._arms if arm in self._paths}

    def drop(self) -> None:
        """Remove the files."""
        for path in self._paths.values():
            path.unlink(missing_ok=True)
        self._paths.clear()

    def _read(self, arm: str, *, mapped: bool) -> dict[str, Any]:
        state = load_state(self._paths[arm], _HOST, mapped=mapped)
        return {**state, "stopped": self._stopped.get(arm, state["stopped"])}
