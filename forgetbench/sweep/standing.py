"""Where the run of a plan stands: its folder, whether there is room for it, whether it is finished."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import torch

from forgetbench.plan.plan import Plan
from forgetbench.progress import Progress, warnings_to
from forgetbench.record.amend import amend, begun
from forgetbench.record.folder import RunFolder
from forgetbench.report.write import write_report
from forgetbench.room import require_room
from forgetbench.sweep.amendments import add_words, words_due
from forgetbench.sweep.cam import add_cams, cams_due
from forgetbench.sweep.estimates.disk_need import disk_need_left
from forgetbench.sweep.finished import holds_or_goes_on


def folder_of(plan: Plan, output: Path) -> RunFolder:
    """Return the folder of a plan's run."""
    return RunFolder(output / plan.suite.name / plan.run_id())


def require_room_for_run(plan: Plan, folder: RunFolder) -> None:
    """Refuse to begin a run, or to go on with one, that there is not enough room for.

    Raises:
        RunError: there is not.
    """
    with suppress(OSError):  # what is wrong with the folder is said when it is made
        if not folder.complete:
            require_room(folder.path, disk_need_left(plan, folder), "this run at most, as estimated")


def is_complete(plan: Plan, folder: RunFolder, device: torch.device, progress: Progress) -> bool:
    """Tell whether a run is finished and unchanged, and add what may have been asked for since; else reopen it."""
    if not (folder.complete and holds_or_goes_on(folder, progress)):
        return False
    _complete(plan, folder, device, progress)
    return True


def _complete(plan: Plan, folder: RunFolder, device: torch.device, progress: Progress) -> None:
    """Add to a finished run what decides none of its numbers and may have been asked for since."""
    interrupted = begun(folder)
    addition = interrupted[0] if interrupted else None
    words = addition == "claims" or words_due(plan, folder)
    cams = addition == "maps" or cams_due(plan, folder)
    if addition is not None:
        progress.message("what was being added to the run when it was interrupted is added again")
    if words:
        progress.message("the suite's claims, kept classes or description changed: judging and describing anew")
        add_words(plan, folder, progress, again=addition == "claims")
    if cams:
        add_cams(plan, folder, device, progress)
    if addition == "report" and not words and not cams:
        amend(folder, "report", lambda: write_report(folder.path, warn=warnings_to(progress)))
    elif not words and not cams:
        progress.message(f"already complete: {folder.path}")
