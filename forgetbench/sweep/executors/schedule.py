"""Which jobs can be begun, which have been done, and which could not be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forgetbench.progress import Progress
from forgetbench.sweep.executor import SeparateJob
from forgetbench.sweep.executors.failures import Failures


class Schedule:
    """The jobs of a run on their way: each is begun after those that it names, whatever becomes of others.

    Args:
        jobs: All of them.
        marked: The places of those that were done before.
        progress: Told what could not be done.
    """

    def __init__(self, jobs: Sequence[SeparateJob], marked: Iterable[str], progress: Progress) -> None:
        before = set(marked)
        self._waiting = [job for job in jobs if job.place not in before]
        self._done = {job.name for job in jobs if job.place in before}
        self._failures = Failures(progress)

    def take_ready(self, most: int | None = None) -> list[SeparateJob]:
        """Return jobs to begin now, in order, and no more than `most`; they no longer wait."""
        ready = [job for job in self._waiting if self._done.issuperset(job.after)][:most]
        self._waiting = [job for job in self._waiting if job not in ready]
        return ready

    def note(self, job: SeparateJob, error: BaseException | None) -> None:
        """Note how a job ended: with an error, or well."""
        if error is None:
            self._done.add(job.name)
        else:
            self._failures.add(job.name, error)

    def raise_first_failure(self) -> None:
        """Raise the first error, if there was any; what waits still rests on a job that could not be done."""
        self._failures.raise_first(len(self._waiting))
