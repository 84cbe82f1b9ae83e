"""What the tables of a run are made of: each file read once, and what several of them need computed once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pandas as pd

from forgetbench.analyse.equal_gain import Fronts
from forgetbench.analyse.evidence import Evidence, Scored
from forgetbench.analyse.pairings import Pairing, pairings
from forgetbench.derive.networks import Networks
from forgetbench.progress import Progress
from forgetbench.record.folder import RunFolder
from forgetbench.record.manifest import Manifest
from forgetbench.record.table_files import Row, as_trained, read_table, rows_of


class Source:
    """A run that tables are made of.

    Args:
        folder: The run.
        progress: Told what is going on.
        profiles: Whether a table will be made that needs what networks get right and wrong.
    """

    def __init__(self, folder: RunFolder, progress: Progress, *, profiles: bool = True) -> None:
        self.folder, self.progress, self._profiles = folder, progress, profiles

    @cached_property
    def manifest(self) -> Manifest:
        """The run's manifest."""
        return self.folder.read_manifest()

    def read(self, name: str, row: type[Row]) -> list[Row]:
        """Return the rows of a table that has been made.

        Raises:
            CorruptRunError: it is missing or unreadable.
        """
        return rows_of(read_table(self.folder.table(name), row), row)

    @cached_property
    def results(self) -> pd.DataFrame:
        """`results.csv`, of checkpoints as they were trained."""
        return as_trained(self.folder.results())

    @cached_property
    def records(self) -> list[tuple[tuple[str, int], dict[str, Any]]]:
        """The records of all epochs of joint training, each with its model and seed."""
        sessions: dict[tuple[str, int], int] = {}
        for arm in self.manifest["arms"]:
            key = str(arm["model"]), int(arm["seed"])
            sessions[key] = max(sessions.get(key, 0), int(arm["epochs"]))
        return [
            (key, record) for key, epochs in sessions.items() for record in self.folder.session_records(*key, epochs)
        ]

    @cached_property
    def pairings(self) -> list[Pairing]:
        """Every arm's last checkpoint and its baseline."""
        return pairings(self.results, self.manifest["arms"], self.manifest["reference_arms"])

    @cached_property
    def networks(self) -> Networks:
        """Every network, measured and resampled."""
        compared = self.pairings if self._profiles else ()
        files = (file for one in compared for pair in one.files.values() for file in pair)
        return Networks(self.folder, self.manifest, self.results, profiled=files)

    @cached_property
    def scored(self) -> Scored:
        """The scores of every network that the results name."""
        found = {}
        with self.progress.task("resampling images", len(self.networks.files), "network") as advance:
            for file in self.networks.files:
                found[file] = self.networks.scored(file).scores
                advance(len(found), "")
        return found

    @cached_property
    def evidence(self) -> Evidence:
        """Differences between scores, with intervals."""
        return Evidence(self.results, self.manifest["arms"], self.manifest["reference_arms"], self.scored)

    @cached_property
    def fronts(self) -> Fronts:
        """Gain against forgetting of all checkpoints."""
        return Fronts(self.results, self.manifest["arms"], self.manifest["reference_arms"], self.scored)
