"""An executor as docs/architecture.md has it."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from forgetbench.progress import Silent
from forgetbench.sweep.executor import SeparateJob, Site, do_apart


class OtherProcess:
    """Has all jobs done in another process, one after the other."""

    def run(self, jobs: Sequence[SeparateJob], site: Site) -> None:
        """Have each job done."""
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            for job in jobs:
                process.submit(do_apart, job, site.plan, site.folder.path, site.device, Silent()).result()
