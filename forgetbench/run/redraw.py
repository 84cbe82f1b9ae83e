"""Drawing a run's report again."""

from __future__ import annotations

from pathlib import Path

from forgetbench.report import write
from forgetbench.run.folder import RunFolder
from forgetbench.run.seal import reseal


def redraw(run: Path) -> list[Path]:
    """Draw the charts and write the summary of a run folder again; a finished run is sealed with what is new.

    Returns:
        The files written.

    Raises:
        CorruptRunError: the run's tables or its seal are not readable.
    """
    written = write.write_report(run)
    if RunFolder(run).complete:
        reseal(run, written)
    return written
