"""Every error forgetbench raises on purpose.

::

    ForgetbenchError            exit code 1: the work failed
    ├── InputError              exit code 2: something the user gave is wrong; nothing was written
    │   ├── SuiteError          the suite file, a --set value, or a dataset's card
    │   ├── DataError           a dataset: missing, unreadable, or without a usable label
    │   └── WeightsError        a weights file: missing, refused, or not a detection model
    └── RunError                a run that started and could not go on
        ├── RunLockedError      another process holds the run folder
        ├── FrozenChangedError  a frozen parameter or BatchNorm statistic moved
        ├── DivergedError       every arm of a run, or the training of an original, diverged
        └── CorruptRunError     a file of the run folder is not what its record says
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any


class ForgetbenchError(Exception):
    """Base of all errors raised on purpose; its text can be shown on a terminal, whatever names it speaks of.

    Args:
        problem: What is wrong, one clause.
        where: File, key or module the problem was found in.
        expected: What would have been right.
        found: What was there instead.
        fix: What the user can do about it, one sentence.
        further: Lines that follow, where there are several problems.
    """

    exit_code = 1

    def __init__(
        self,
        problem: str,
        *,
        where: object | None = None,
        expected: object | None = None,
        found: object | None = None,
        fix: str | None = None,
        further: Sequence[str] = (),
    ) -> None:
        self.problem, self.where, self.expected, self.found, self.fix = problem, where, expected, found, fix
        self.further = further
        text = f"{where}: {problem}" if where is not None else problem
        if expected is not None:
            text += f"; expected {_in_a_line(expected)}"
        if found is not None:
            text += f"{';' if expected is None else ','} found {_in_a_line(found)}"
        if fix is not None:
            text += f". {fix}"
        super().__init__("\n".join(map(printable, (text, *further))))

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how it is made again in another process, which may know nothing of what it speaks of."""
        where = None if self.where is None else str(self.where)
        said = (None if part is None else _in_a_line(part) for part in (self.expected, self.found))
        return _made_again, (type(self), self.problem, where, *said, self.fix, tuple(self.further))


def _made_again(
    kind: type[ForgetbenchError],
    problem: str,
    where: str | None,
    expected: str | None,
    found: str | None,
    fix: str | None,
    further: tuple[str, ...],
) -> ForgetbenchError:
    return kind(problem, where=where, expected=expected, found=found, fix=fix, further=further)


class InputError(ForgetbenchError):
    """Something the user gave is wrong."""

    exit_code = 2


class SuiteError(InputError):
    """A suite file, a value set on the command line, or a dataset's card is wrong."""


class DataError(InputError):
    """A dataset is missing, unreadable or has no usable label."""


class WeightsError(InputError):
    """A weights file is missing, refused or not a detection model."""


class RunError(ForgetbenchError):
    """A run started and could not go on."""


class RunLockedError(RunError):
    """Another process is working in the run folder."""


class FrozenChangedError(RunError):
    """A parameter or statistic that had to stay frozen has changed."""


class DivergedError(RunError):
    """Training gave nothing that can be used: every arm of a run, or an original, diverged."""


class CorruptRunError(RunError):
    """A file of a run folder is not what its record says."""


#: Characters of what was expected or found.
_LONGEST_PART = 2000
#: Nobody mistypes a longer name, and comparing takes time with the square of its length.
_LONGEST_NAME = 100


class _Brief(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlist, self.maxdict, self.maxstring, self.maxother = 3, 6, 4, 120, 120

    def repr_int(self, x: int, level: int) -> str:  # Python refuses to write out numbers of thousands of digits
        return super().repr_int(x, level) if x.bit_length() < 1000 else f"a number of {x.bit_length()} bits"


def brief(value: object) -> str:
    """Return a value as an error line shows it: on one line, and short however long or deeply nested it is."""
    text = _Brief().repr(value)
    return shortened(text, 200)


def _in_a_line(value: object) -> str:
    """Return what was expected or found, which may come from outside and be of any length, as a line can hold it."""
    return brief(value) if isinstance(value, list | tuple | dict | set | int) else shortened(str(value), _LONGEST_PART)


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters: what it begins with, where it is longer."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def counted(number: int, one: str, several: str) -> str:
    """Return a number with what is counted: `1 image is`, `1,200 images are`."""
    return f"{number:,} {one if number == 1 else several}"


def printable(text: str) -> str:
    """Return a text from outside as a terminal can show it: what would break a line is written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to a mistyped one, or None if none is close."""
    if len(name) > _LONGEST_NAME:
        return None
    matches = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None
