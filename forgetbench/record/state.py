"""The states that training goes on from after an interruption, as files of tensors and plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from forgetbench.errors import CorruptRunError
from forgetbench.files import atomic_path
from forgetbench.record.journal import Journal

_STATE = re.compile(r"state-([0-9]{1,9})\.pt")


class States:
    """The states of one training: the newest counts, and is known by its hash from the moment it is finished.

    Args:
        journal: Knows which files are finished.
        place: The folder of the training.
    """

    def __init__(self, journal: Journal, place: Path) -> None:
        self._journal, self._place = journal, place

    def newest(self, device: torch.device) -> dict[str, Any] | None:
        """Return the state to resume from, if there is one and its file is unchanged.

        Raises:
            CorruptRunError: another version wrote it.
        """
        states = {
            int(named[1]): path for path in self._journal.within(self._place) if (named := _STATE.fullmatch(path.name))
        }
        newest = states[max(states)] if states else None
        return load_state(newest, device) if newest is not None and self._journal.holds(newest) else None

    def add(self, epoch: int, state: Mapping[str, Any]) -> None:
        """Write the state after an epoch in place of the one before."""
        path = self._place / f"state-{epoch:03d}.pt"
        save_state(path, dict(state))
        self._journal.add(path)
        self._drop_but(path)

    def drop(self) -> None:
        """Remove all states: training has ended."""
        self._drop_but(None)

    def _drop_but(self, kept: Path | None) -> None:
        self._journal.drop([path for path in self._place.glob("state-*.pt") if path != kept])


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state, whole or not at all."""
    # Written to a file of ours, a full disk is known as such; PyTorch's own file only falls short.
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        torch.save(state, file)


def load_state(path: Path, device: torch.device, *, mapped: bool = False) -> dict[str, Any]:
    """Read a state; nothing in it is executed.

    Args:
        path: Its file.
        device: Where its tensors go.
        mapped: Whether tensors on the host are read from the file only as they are used.

    Raises:
        CorruptRunError: it is damaged.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True, mmap=mapped)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise CorruptRunError(
            "the state to resume from is damaged", where=path, fix="Remove its folder to train this again."
        ) from error
    return state
