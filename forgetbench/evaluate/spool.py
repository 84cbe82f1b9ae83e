"""Detections on their way to disk, so that memory does not grow with networks and images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from forgetbench.evaluate.detections import Detections, ImageRows
from forgetbench.evaluate.networks import Network
from forgetbench.faults import writing
from forgetbench.files import remove_folder

#: A detection as it lies in a spool's file.
RECORD = np.dtype([("image", "<i4"), ("label", "<i2"), ("score", "<f4"), ("box", "<f4", 4)])


class Spool:
    """One growing file per network, of detections in the order they were found.

    Attributes:
        bytes: The size of all files.
    """

    def __init__(self, folder: Path, networks: Sequence[Network]) -> None:
        self.bytes = 0
        self._paths = {network: folder / str(number) for number, network in enumerate(networks)}
        with writing(folder):
            for path in self._paths.values():
                path.touch()

    def add(self, network: Network, found: Sequence[ImageRows]) -> None:
        """Append what a network found on a batch."""
        rows = np.concatenate([rows for _, rows in found])
        records = np.empty(len(rows), RECORD)
        records["image"] = np.repeat([index for index, _ in found], [len(rows) for _, rows in found])
        records["label"], records["score"], records["box"] = rows[:, 5], rows[:, 4], rows[:, :4]
        with writing(self._paths[network]), self._paths[network].open("ab") as file:
            self.bytes += file.write(records.tobytes())

    def read(self, network: Network) -> Detections:
        """Return all that a network found, by image."""
        records = np.fromfile(self._paths[network], RECORD)
        records = records[np.argsort(records["image"], kind="stable")]
        return Detections(**{name: np.ascontiguousarray(records[name]) for name in RECORD.names or ()})


@contextmanager
def spooling(folder: Path, networks: Sequence[Network]) -> Iterator[Spool]:
    """Yield a spool in a folder that is emptied before, in case a killed process left something, and removed after."""
    remove_folder(folder)
    with writing(folder):
        folder.mkdir(parents=True)
    try:
        yield Spool(folder, networks)
    finally:
        remove_folder(folder)
