"""The environment of a run: the same from its first batch to its last table, or every change is reported."""

from __future__ import annotations

from typing import Any

import torch

from forgetbench.errors import counted
from forgetbench.progress import Progress
from forgetbench.proof.run_comparison import environment_differences
from forgetbench.record.folder import RunFolder
from forgetbench.record.json_record import read_record
from forgetbench.sweep.provenance import environment

#: Where a manifest keeps what was otherwise when the run began.
BEGAN_WITH = "began_with"


def environment_of(folder: RunFolder, device: torch.device, progress: Progress) -> dict[str, Any]:
    """Return the environment of a run; a resumed run keeps its number of threads.

    What else differs from what the run began in, and may change last bits, is told and kept.
    """
    if not folder.journal.holds(folder.path / "manifest.json"):
        return environment(device)
    before = read_record(folder.path / "manifest.json")["environment"]
    if before["threads"] != torch.get_num_threads():
        its_own = counted(before["threads"], "thread", "threads")
        progress.message(
            f"this run began with {its_own}, so it goes on with as many instead of {torch.get_num_threads()}: another "
            "number orders sums otherwise",
            "warning",
        )
        torch.set_num_threads(before["threads"])
    here = environment(device)
    began = dict(before.get(BEGAN_WITH, {}))
    for difference in environment_differences(before, here):
        if difference.decides and difference.name != BEGAN_WITH:
            began.setdefault(difference.name, difference.before)
            progress.message(f"this run did not begin in the same environment: {difference}", "warning")
    return here | {BEGAN_WITH: began} if began else here
