"""Working with runs that anybody may have written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forgetbench.errors import CorruptRunError, ForgetbenchError, brief
from forgetbench.record.seal import refuse_irregular


@contextmanager
def reading(run: Path) -> Iterator[None]:
    """Read a run folder; files that are wrong in a way that nobody foresaw are an error of the run as well.

    Raises:
        CorruptRunError: something in the folder is no regular file, or cannot be read as what it has to be.
    """
    refuse_irregular(run)
    try:
        yield
    except (ForgetbenchError, OSError, MemoryError):
        raise
    except Exception as error:
        raise CorruptRunError(
            "its files are not those of a run",
            where=run,
            found=f"{type(error).__name__}: {brief(str(error))}",
            fix="`forgetbench verify` says what is wrong with it; -v shows where it was met.",
        ) from error
