"""Jobs that could not be done: each is told at once, the others go on, and the first one's error ends the run."""

from __future__ import annotations

from forgetbench.errors import ForgetbenchError, counted
from forgetbench.progress import Progress


class Failures:
    """What could not be done of a run.

    Args:
        progress: Told of each.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._errors: list[BaseException] = []

    def add(self, job: str, error: BaseException) -> None:
        """Note why a job could not be done."""
        said = str(error) if isinstance(error, ForgetbenchError) else f"{type(error).__name__}: {error}"
        self._errors.append(error)
        self._progress.message(f"{job} could not be done, and others go on. {said}", "warning")

    def raise_first(self, not_begun: int) -> None:
        """Raise the first error, if there is any.

        Args:
            not_begun: How many jobs rest on those that failed.
        """
        if self._errors:
            if not_begun or self._errors[1:]:
                failed = counted(len(self._errors), "job", "jobs")
                waiting = f", and {not_begun} that rest on them were not begun" if not_begun else ""
                self._progress.message(f"{failed} could not be done{waiting}; the same command does them", "warning")
            raise self._errors[0]
