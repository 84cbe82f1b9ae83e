"""The run folder: where everything of a run lies, who may write it, and when it is complete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forgetbench.errors import CorruptRunError, brief
from forgetbench.faults import cannot_write
from forgetbench.files import json_text, sha256_json, write_text
from forgetbench.names import PLAIN, is_plain
from forgetbench.record.job_files import SCRATCH, job_place, refuse_held_jobs
from forgetbench.record.journal import Journal
from forgetbench.record.lock import holding
from forgetbench.record.manifest import Manifest, read_manifest
from forgetbench.record.rows.scores import ResultRow
from forgetbench.record.session_records import read_endings, read_epoch
from forgetbench.shown import in_csv

if TYPE_CHECKING:
    import pandas as pd

#: Three names of this length are more than any file of a run needs below its folder.
_MOST_BELOW = 100


def run_id(identity: Mapping[str, Any]) -> str:
    """Return the name of the folder of the run with an identity."""
    return sha256_json(identity)[:12]


class RunFolder:
    """Paths and whole-file writes of one run.

    ::

        manifest.json       what was asked for and what it was run with
        checkpoints/        <arm>/epoch-<n>.safetensors, what the branch owns
        annotations/        <fingerprint>.safetensors, what was scored against
        detections/         <key>.safetensors, one per network, dataset and settings
        sessions/           <model>-seed<n>/: records of finished epochs, and the state to resume from while training
        *.csv               the tables, see `derive/catalogue.py`; their rows are in `record/rows/`
        figures/, summary.md
        journal             while a run is not finished: the hash of each finished file, see `record/journal.py`
        jobs/<job>/         while several processes do jobs of it at once: their journals, see `record/job_files.py`
        DONE                what the journal becomes at last, see `record/seal.py`

    Every path is made here, of plain names alone, so that none leads out of the folder.

    Args:
        path: The folder.
        job: The job that is done in it, where another process holds the run and others may do other jobs.
    """

    def __init__(self, path: Path, job: str | None = None) -> None:
        self.path, self._job = path, job

    @cached_property
    def journal(self) -> Journal:
        """Which files are complete, and whether they are unchanged."""
        return Journal(self.path, job=self._job)

    @contextmanager
    def lock(self, *, beside_jobs: bool = False, patience: float | None = None) -> Iterator[None]:
        """Hold the folder for this process.

        Args:
            beside_jobs: Whether others may do jobs of the run meanwhile.
            patience: Seconds to wait for a process that holds it; default: a moment.

        Raises:
            InputError: the folder cannot be made or written to, or its path leaves no room for those of its files.
            RunError: it cannot be written for now, such as for want of room.
            RunLockedError: another process holds it, or does a job of it.
        """
        try:
            _require_short(self.path)
        except OSError as error:
            raise cannot_write(error, self.path) from error
        with holding(self.path) if patience is None else holding(self.path, patience=patience):
            if not beside_jobs:
                refuse_held_jobs(self.path)
            yield

    @property
    def complete(self) -> bool:
        """Whether the run was finished."""
        return (self.path / "DONE").is_file()

    @property
    def begun(self) -> bool:
        """Whether training has got as far as a state to go on from."""
        return any((self.path / "sessions").glob("*/epoch-*.json"))

    def _place(self, *names: str) -> Path:
        """Return a path in the folder.

        Raises:
            CorruptRunError: a name would lead elsewhere.
        """
        for name in names:
            if not is_plain(name):
                raise CorruptRunError("a name that is none", where=self.path, expected=PLAIN, found=brief(name))
        return self.path.joinpath(*names)

    def checkpoint(self, arm: str, epoch: int) -> Path:
        """Return the path of an arm's checkpoint after an epoch."""
        return self._place("checkpoints", arm, f"epoch-{epoch:03d}.safetensors")

    def detections(self, key: str) -> Path:
        """Return the path of the detections an evaluation key names."""
        return self.detections_called(f"{key[:24]}.safetensors")

    def detections_called(self, file: str) -> Path:
        """Return the path of the detections that a table names."""
        return self._place("detections", file)

    def annotations(self, fingerprint: str) -> Path:
        """Return the path of the annotations of the dataset that has a fingerprint."""
        return self._place("annotations", f"{fingerprint[:24]}.safetensors")

    def unfinished_detections(self) -> Path:
        """Return the folder where a pass gathers detections; it is there only while one runs."""
        return job_place(self.path, self._job) / SCRATCH if self._job else self.path / "detections" / SCRATCH

    def session(self, model: str, seed: int) -> Path:
        """Return the folder of one joint training."""
        return self._place("sessions", f"{model}-seed{seed}")

    def record(self, model: str, seed: int, epoch: int) -> Path:
        """Return the path of what an epoch of a joint training was like."""
        return self.session(model, seed) / f"epoch-{epoch:03d}.json"

    def figure(self, file: str) -> Path:
        """Return the path of a chart's file."""
        return self._place("figures", file)

    def table(self, name: str) -> Path:
        """Return the path of a table, such as `results.csv`."""
        return self._place(name)

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest."""
        self.journal.rewrite(self.path / "manifest.json", json_text(manifest))

    def read_manifest(self) -> Manifest:
        """Read the manifest.

        Raises:
            CorruptRunError: there is none, or it is not one.
        """
        return read_manifest(self.path)

    def results(self) -> pd.DataFrame:
        """Return `results.csv`, one row per scored thing.

        Raises:
            CorruptRunError: there is none, or it is not readable.
        """
        from forgetbench.record.table_files import read_table  # pandas, which takes a while

        return read_table(self.table("results.csv"), ResultRow)

    def outcomes(self, model: str, seed: int) -> dict[str, dict[str, Any]]:
        """Return how the training of each arm of a session ended: why it stopped early, its epochs and steps.

        Raises:
            CorruptRunError: it has not ended, or the record is not one.
        """
        return read_endings(self.session(model, seed) / "complete.json")

    def session_records(self, model: str, seed: int, epochs: int) -> list[dict[str, Any]]:
        """Return the records of a session's first epochs, in order.

        Raises:
            CorruptRunError: one of them is missing, or is none.
        """
        return [read_epoch(self.record(model, seed, epoch)) for epoch in range(1, epochs + 1)]

    def write_table(self, name: str, columns: Sequence[str], rows: Iterable[Any]) -> None:
        """Write a CSV file from dataclasses or mappings; None becomes an empty cell, floats keep every digit."""
        write_text(self.table(name), table_text(columns, rows))
        self.journal.add(self.table(name))


def _require_short(folder: Path) -> None:
    """Raise what the system raises if the paths of a run's files would be longer than it allows."""
    with suppress(FileNotFoundError):
        folder.joinpath(*["x" * _MOST_BELOW] * 3).lstat()


def table_text(columns: Sequence[str], rows: Iterable[Any]) -> str:
    """Return dataclasses or mappings as the text of a run's CSV file."""
    records = [asdict(row) if is_dataclass(row) and not isinstance(row, type) else row for row in rows]
    lines = [list(columns), *([_cell(record[column]) for column in columns] for record in records)]
    return "".join(",".join(map(_quoted, line)) + "\n" for line in lines)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return in_csv(value)
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _quoted(cell: str) -> str:
    # Python's csv does not quote a lone carriage return, where readers begin a new line.
    return '"{}"'.format(cell.replace('"', '""')) if any(sign in cell for sign in ',"\r\n') else cell


def columns_of(kind: type) -> list[str]:
    """Return a dataclass's field names."""
    return [field.name for field in fields(kind)]
