"""An executor as docs/architecture.md has it."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.sweep.executor import Job, Site
from forgetbench.sweep.jobs import ScoreModel, TrainArms


class OtherProcess:
    """Trains and scores in another process, and does here what follows."""

    def run(self, jobs: Sequence[Job], site: Site) -> dict[str, Any]:
        """Do all jobs; return what they gave by their names."""
        done: dict[str, Any] = {}
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            for job in jobs:
                if isinstance(job, TrainArms | ScoreModel):
                    there = Site(site.plan, RunFolder(site.folder.path), site.device, Silent())
                    process.submit(job.do, there).result()
                    site.folder.journal.reread()
                done[job.name] = job.do(site)
        return done
