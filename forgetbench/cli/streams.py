"""Standard output and error that never fail, nor do more than show: names from outside cannot command a terminal.

A terminal, pipe or log file may be of any encoding, be closed, lose its reader (`| head`) or lie on a full disk. None
of this may end a command whose work is going well, so both streams are wrapped before anything is printed. What an
encoding cannot show is written plainly, and control characters as escapes; only rich, which draws tables and bars,
has a stream that lets styles through.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from forgetbench.shown import on_terminal, styled

#: What stands for characters that an encoding cannot show; for any other it is `?`.
PLAIN = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "…": "...", "×": "x", "→": "->", "←": "<-", "≤": "<=", "≥": ">=",
    "±": "+-", "·": ".", "•": "*", "‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " ", "\u2009": " ", "\u202f": " ",
}  # fmt: skip
_PLAINLY = "forgetbench.plainly"
#: What a stream says whose reader is gone: nobody asked for the rest.
_NO_READER = (errno.EPIPE, errno.EBADF, errno.EINVAL, errno.EIO)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(c, "?") for c in error.object[error.start : error.end]), error.end


codecs.register_error(_PLAINLY, _plainly)


class PlainStream(io.TextIOBase):
    """A text stream over another; it has no `buffer`, so that nobody writes past it.

    Attributes:
        failure: Why the stream could not be written, None while it can be. What is written after that is dropped.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self.failure: OSError | None = None
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_PLAINLY)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream below."""
        return self._stream.encoding or "utf-8"

    def writable(self) -> bool:
        """Whether it takes text: always."""
        return True

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the stream below."""
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write text, as far as the stream can take it."""
        self.put(on_terminal(text))
        return len(text)

    def put(self, text: str) -> None:
        """Write text with what else is in it."""
        if self.failure is None:
            try:
                self._stream.write(text)
            except OSError as error:
                self._give_up(error)

    def flush(self) -> None:
        """Hand on what was written so far."""
        if self.failure is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._give_up(error)

    @property
    def lost(self) -> str | None:
        """Why text was lost that somebody is waiting for, such as a full disk; None if none was."""
        wanted = self.failure is not None and self.failure.errno not in _NO_READER
        return self.failure.strerror if wanted and self.failure is not None else None

    def _give_up(self, failure: OSError) -> None:
        self.failure = failure
        with suppress(OSError, ValueError):  # else what is still in the buffer fails once more when Python ends
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


class StyledStream(io.TextIOBase):
    """A plain stream for rich: the styles and bars that it draws pass, and no other control characters."""

    def __init__(self, plain: PlainStream) -> None:
        super().__init__()
        self._plain = plain

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream below."""
        return self._plain.encoding

    def writable(self) -> bool:
        """Whether it takes text: always."""
        return True

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._plain.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the stream below."""
        return self._plain.fileno()

    def write(self, text: str) -> int:
        """Write text and styles, as far as the stream can take them."""
        self._plain.put(styled(text))
        return len(text)

    def flush(self) -> None:
        """Hand on what was written so far."""
        self._plain.flush()


@contextmanager
def plain_streams() -> Iterator[PlainStream]:
    """Put streams that never fail in the place of standard output and error; yields the former."""
    _open_what_is_closed()
    before = sys.stdout, sys.stderr
    output, errors = (PlainStream(stream or open(os.devnull, "w")) for stream in before)  # noqa: PTH123, SIM115
    sys.stdout, sys.stderr = output, errors
    try:
        yield output
    finally:
        output.flush()
        errors.flush()
        sys.stdout, sys.stderr = before


def _open_what_is_closed() -> None:
    """Open standard descriptors that are closed, else the next file of ours takes their number and gets the output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
