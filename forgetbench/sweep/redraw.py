"""Drawing a run's report again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from forgetbench.errors import InputError
from forgetbench.progress import Progress, Silent, warnings_to
from forgetbench.record.amend import amend, begun, refuse_begun
from forgetbench.record.folder import RunFolder
from forgetbench.record.strangers import reading
from forgetbench.record.table_files import read_tables
from forgetbench.report import write
from forgetbench.sweep.amendments import judge_again, keep_classes


def redraw(run: Path, progress: Progress | None = None, keep: Sequence[str] | None = None) -> list[Path]:
    """Draw the charts and write the summary of a run folder again; a finished run is sealed with what is new.

    Args:
        run: The run folder.
        progress: Told of charts that could not be drawn or lack glyphs.
        keep: Classes of the reference that a finished run's forgetting is also weighed by from now on; by default those
            that it keeps already, if any.

    Returns:
        The files written.

    Raises:
        CorruptRunError: the run's tables or its seal are not readable.
        InputError: activation maps were being added to the run, which takes its suite; or the classes to keep are none
            of the reference's, or the run is not finished.
        RunLockedError: another process is working on the run.
    """
    folder, progress = RunFolder(run), progress or Silent()
    if not folder.complete:
        if keep is not None:
            raise InputError(
                "the run is not finished", where=run, fix="Write 'keep' into its suite, and run that to its end."
            )
        return _drawn(folder, progress)
    with folder.lock():
        if keep is not None:  # what is wrong with it is said before anything is written
            keep_classes(folder, keep, "--keep")
        addition, manifest = begun(folder) or ("report", None)
        if addition == "maps":
            refuse_begun(run)
        if addition == "claims" and manifest is not None:
            judge_again(folder, manifest, progress)
        with_kept = None if keep is None else keep_classes(folder, keep, "--keep")
        if with_kept is not None:
            return judge_again(folder, with_kept, progress, {"keep"})
        with reading(folder.path):
            read_tables(folder.path)  # what cannot be drawn is refused before anything is noted
        return amend(folder, "report", lambda: _drawn(folder, progress))


def _drawn(folder: RunFolder, progress: Progress) -> list[Path]:
    with reading(folder.path):
        return write.write_report(folder.path, warn=warnings_to(progress))
