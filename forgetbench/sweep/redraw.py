"""Drawing a run's report again."""

from __future__ import annotations

from pathlib import Path

from forgetbench.progress import Progress, Silent, warnings_to
from forgetbench.record.folder import RunFolder
from forgetbench.record.strangers import reading
from forgetbench.report import write


def redraw(run: Path, progress: Progress | None = None) -> list[Path]:
    """Draw the charts and write the summary of a run folder again; a finished run is sealed with what is new.

    Args:
        run: The run folder.
        progress: Told of charts that could not be drawn or lack glyphs.

    Returns:
        The files written.

    Raises:
        CorruptRunError: the run's tables or its seal are not readable.
    """
    folder = RunFolder(run)
    with reading(run):
        written = write.write_report(run, warn=warnings_to(progress or Silent()))
    if folder.complete:
        folder.journal.add(*written)
        folder.journal.seal_again()
    return written
