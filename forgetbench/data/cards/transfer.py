"""Receiving one file over HTTP, going on where an earlier attempt was cut off."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from forgetbench.errors import DataError
from forgetbench.faults import writing
from forgetbench.files import write_text
from forgetbench.room import require_room

#: Told the file's name, bytes received and bytes in all (0 if unknown).
OnBytes = Callable[[str, int, int], None]
_TIMEOUT = 60.0
_CHUNK = 1 << 16
#: Seconds to wait for a size that a download can do without.
_SHORT = 10.0


class Transfer:
    """A downloader for pooch that keeps what it has received beside the destination until the file is whole.

    A partial file is continued only if the server says that its file is still the same one; otherwise, and where the
    server knows no ranges, it starts anew.

    Args:
        partial: Where the incomplete file is kept; what the server calls its version is kept beside it.
        name: What progress reports call the file.
        size: Its size in bytes if known; a file of another size is given up as soon as that is seen.
        progress: Told how far it is.
    """

    def __init__(self, partial: Path, name: str, size: int | None, progress: OnBytes | None) -> None:
        self._partial, self._version = partial, partial.with_name(f"{partial.name}.version")
        self._name, self._size, self._progress = name, size, progress

    def __call__(self, url: str, output_file: str, _pooch: Any) -> None:
        """Receive a file.

        Args:
            url: Where it is.
            output_file: Path it is moved to once whole.

        Raises:
            OSError: no connection, an answer that is an error, or a connection cut off.
            DataError: the file has another size than expected.
            RunError: there is no room for the rest of it; what was received is kept.
        """
        version = self._version.read_text(encoding="utf-8") if self._version.is_file() else ""
        done = self._partial.stat().st_size if version and self._partial.is_file() else 0
        # Compressed for the way, bytes could not be counted.
        headers = {"Accept-Encoding": "identity"}
        if done:
            headers |= {"Range": f"bytes={done}-", "If-Range": version}
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
            if answer.status_code != 416:
                answer.raise_for_status()
                self._receive(url, answer, done if answer.status_code == 206 else 0)
            elif _range_of(answer) != (None, done):
                self.forget()
                raise OSError(f"the server has nothing after byte {done}")
        # What a 416 leaves here was whole before.
        self._partial.replace(output_file)
        self.forget()

    def forget(self) -> None:
        """Remove what is kept of an incomplete file."""
        self._partial.unlink(missing_ok=True)
        self._version.unlink(missing_ok=True)

    def _receive(self, url: str, answer: requests.Response, done: int) -> None:
        start, total = _range_of(answer) if done else (0, None)
        if start != done:
            self.forget()
            raise OSError(f"asked to go on at byte {done}, the server went on at another")
        if total is None:
            length = answer.headers.get("Content-Length", "")
            total = done + int(length) if length.isdecimal() else 0
        self._require_size(url, total or self._size)
        self._require_room(max(0, total - done))
        if not done:
            self.forget()
            version = _version_of(answer)
            if version:
                write_text(self._version, version)
        with self._partial.open("ab" if done else "wb") as written:
            for chunk in answer.iter_content(_CHUNK):
                self._require_room(len(chunk))
                with writing(self._partial):
                    written.write(chunk)
                done += len(chunk)
                if self._size is not None and done > self._size:
                    self._require_size(url, done)
                if self._progress is not None:
                    self._progress(self._name, done, total)
        if total and done != total:
            raise OSError(f"connection cut off after {done} of {total} bytes")
        self._require_size(url, done)

    def _require_room(self, wanted: int) -> None:
        require_room(self._partial, wanted, f"the download of {self._name}")

    def _require_size(self, url: str, size: int | None) -> None:
        if self._size is not None and size != self._size:
            self.forget()
            raise DataError(
                "file has another size than expected", where=url, expected=f"{self._size} bytes", found=size
            )


def stated_bytes(url: str) -> int:
    """Return how large a server says that a file is; 0 where it does not say so, or cannot be asked."""
    uncompressed = {"Accept-Encoding": "identity"}
    try:
        with requests.head(url, headers=uncompressed, allow_redirects=True, timeout=_SHORT) as answer:
            length = answer.headers.get("Content-Length", "") if answer.ok else ""
    except (OSError, ValueError):  # all that is raised by requests is one or the other
        return 0
    return int(length) if length.isdecimal() else 0


def _range_of(answer: requests.Response) -> tuple[int | None, int | None]:
    """Return the first byte of a partial answer and the bytes in all, as far as the answer says so."""
    found = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", answer.headers.get("Content-Range", ""))
    start, total = found.groups() if found else (None, None)
    return int(start) if start else None, int(total) if total and total != "*" else None


def _version_of(answer: requests.Response) -> str:
    """Return what tells one version of a server's file from another, if the server says anything of the kind."""
    tag = str(answer.headers.get("ETag", ""))
    # A weak tag promises no equal bytes.
    return tag if tag and not tag.startswith("W/") else str(answer.headers.get("Last-Modified", ""))
