"""A run's folder, opened to read: what `forgetbench.run` and `forgetbench.open_run` return."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forgetbench.errors import CorruptRunError
from forgetbench.record.manifest import Manifest

if TYPE_CHECKING:
    import pandas as pd

_CHECKPOINT = re.compile(r"epoch-(\d+)\.safetensors")
_FIGURES = (".png", ".svg")


@dataclass(frozen=True)
class Checkpoint:
    """What a branch owned after an epoch: a safetensors file."""

    arm: str
    epoch: int
    path: Path


class Tables(Mapping[str, "pd.DataFrame"]):
    """A run's tables by name, each read when it is asked for; docs/architecture.md says what they hold."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> pd.DataFrame:
        from forgetbench.derive.catalogue import TABLES
        from forgetbench.record.table_files import read_table

        if name not in self._names():
            raise KeyError(f"no table '{name}' in {self._folder}; there are {', '.join(self)}")
        row = next((table.row for table in TABLES if table.name == f"{name}.csv"), None)
        return read_table(self._folder / f"{name}.csv", row)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self._folder.glob("*.csv"))


class Run:
    """A run's folder, finished or not.

    >>> run = forgetbench.open_run("runs/small/" + run_id)
    >>> run.complete
    True
    >>> run.manifest["suite"]["freeze_points"]
    ['all-but-head', 'backbone']
    >>> scored = run.results().query("role == 'target' and epoch == 2")
    >>> scored["freeze_point"].tolist()
    [22.0, 10.0]
    >>> run.tables["claims"]["claim"].unique().tolist()
    ['kept', 'cheap']
    >>> [(made.arm, made.epoch) for made in run.checkpoints][0]
    ('yolov8p-shapes-freeze10-seed0', 1)
    >>> run.figures[0].parent.name
    'figures'

    Attributes:
        path: Where it lies.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})" + ("" if self.complete else "  # not finished")

    @property
    def complete(self) -> bool:
        """Whether it is finished; until then some of its files are missing."""
        from forgetbench.record.folder import RunFolder

        return RunFolder(self.path).complete

    @property
    def manifest(self) -> Manifest:
        """What was asked for, what decided the numbers, what it ran with, and how each arm ended.

        Raises:
            CorruptRunError: there is none, or it is not one.
        """
        from forgetbench.record.manifest import read_manifest

        return read_manifest(self.path)

    def results(self) -> pd.DataFrame:
        """Return one row per scored thing: AP are fractions, and NaN where nothing was measured.

        Raises:
            CorruptRunError: there are none yet, or they are not readable.
        """
        from forgetbench.record.folder import RunFolder

        return RunFolder(self.path).results()

    @property
    def tables(self) -> Tables:
        """All tables by name, as pandas frames; a missing value is an empty cell."""
        return Tables(self.path)

    @property
    def summary(self) -> str:
        """The report's text, Markdown.

        Raises:
            CorruptRunError: there is none yet, or it is no text.
        """
        path = self.path / "summary.md"
        if not path.is_file():
            raise CorruptRunError("no summary", where=path, fix="Run the suite to its end first.")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            fix = "`forgetbench report` writes it again."
            raise CorruptRunError("not readable", where=path, expected="text in UTF-8", fix=fix) from error

    @property
    def figures(self) -> list[Path]:
        """The charts, each as PNG and as SVG."""
        return sorted(path for path in (self.path / "figures").glob("*") if path.suffix in _FIGURES)

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """The checkpoints, by arm and epoch."""
        files = (self.path / "checkpoints").glob("*/*")
        found = [(path, named) for path in files if (named := _CHECKPOINT.fullmatch(path.name))]
        made = [Checkpoint(path.parent.name, int(named[1]), path) for path, named in found]
        return sorted(made, key=lambda one: (one.arm, one.epoch))
