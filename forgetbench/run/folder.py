"""The run folder: where everything of a run lies, who may write it, and when it is complete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, is_dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from forgetbench.analyse.tables import read_record, read_table
from forgetbench.errors import InputError, RunLockedError
from forgetbench.files import sha256_json, write_json, write_text

#: Raise it whenever files of a run folder change their meaning.
FORMAT = 4


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
        sessions/           <model>-seed<n>/: records of finished epochs, and the state to resume from
        oddities.csv        what was odd in the data, by file
        results.csv, per_class.csv, gradients.csv, memory.csv, times.csv, losses.csv
        intervals.csv, evidence.csv, claims.csv     how sure the differences are, and what becomes of claims
        front.csv, equal_gain.csv                   gain against forgetting over all epochs and settings
        operating.csv       recall, precision and F1 of every scored thing at two operating points
        classes.csv, errors.csv                     what was forgotten and learnt, by class and by kind of error
        drift.csv, batchnorm.csv                    how far modules moved, and what their statistics cost
        cam.csv             the activation maps drawn, where the suite asks for them
        figures/, summary.md
        DONE                written last: the hash of every file, see `run/seal.py`
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for this process.

        Raises:
            InputError: the folder cannot be made or written to.
            RunLockedError: another process holds it.
        """
        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise RunLockedError(
                "another process is working on this run",
                where=self.path,
                fix="Wait for it to end, or stop it; then run the same command again.",
            ) from error
        except OSError as error:
            raise InputError("the run folder cannot be written", where=self.path, found=error.strerror) from error
        try:
            yield
        finally:
            lock.release()

    @property
    def complete(self) -> bool:
        """Whether the run was finished."""
        return (self.path / "DONE").is_file()

    @property
    def begun(self) -> bool:
        """Whether training has got as far as a state to go on from."""
        return any((self.path / "sessions").glob("*/epoch-*.json"))

    def checkpoint(self, arm: str, epoch: int) -> Path:
        """Return the path of an arm's checkpoint after an epoch."""
        return self.path / "checkpoints" / arm / f"epoch-{epoch:03d}.safetensors"

    def detections(self, key: str) -> Path:
        """Return the path of the detections an evaluation key names."""
        return self.path / "detections" / f"{key[:24]}.safetensors"

    def annotations(self, fingerprint: str) -> Path:
        """Return the path of the annotations of the dataset that has a fingerprint."""
        return self.path / "annotations" / f"{fingerprint[:24]}.safetensors"

    def unfinished_detections(self) -> Path:
        """Return the folder where a pass gathers detections; it is there only while one runs."""
        return self.path / "detections" / "unfinished"

    def session(self, model: str, seed: int) -> Path:
        """Return the folder of one joint training."""
        return self.path / "sessions" / f"{model}-seed{seed}"

    def write_manifest(self, manifest: dict[str, Any]) -> None:
        """Write the manifest."""
        write_json(self.path / "manifest.json", manifest)

    def read_manifest(self) -> dict[str, Any]:
        """Read the manifest.

        Raises:
            CorruptRunError: there is none, or it is not readable.
        """
        return read_record(self.path / "manifest.json")

    def results(self) -> pd.DataFrame:
        """Return `results.csv`, one row per scored thing.

        Raises:
            CorruptRunError: there is none, or it is not readable.
        """
        return read_table(self.path / "results.csv")

    def session_records(self, model: str, seed: int) -> list[dict[str, Any]]:
        """Return the records of a session's epochs, in order.

        Raises:
            CorruptRunError: one of them is not readable.
        """
        return [read_record(path) for path in sorted(self.session(model, seed).glob("epoch-*.json"))]

    def write_table(self, name: str, columns: Sequence[str], rows: Iterable[Any]) -> None:
        """Write a CSV file from dataclasses or mappings; None becomes an empty cell, floats keep every digit."""
        write_text(self.path / name, table_text(columns, rows))


def table_text(columns: Sequence[str], rows: Iterable[Any]) -> str:
    """Return dataclasses or mappings as the text of a run's CSV file."""
    records = [asdict(row) if is_dataclass(row) and not isinstance(row, type) else row for row in rows]
    text = StringIO()
    frame = pd.DataFrame([[_cell(record[column]) for column in columns] for record in records], columns=list(columns))
    frame.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()


def _cell(value: Any) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def columns_of(kind: type) -> list[str]:
    """Return a dataclass's field names."""
    return [field.name for field in fields(kind)]
