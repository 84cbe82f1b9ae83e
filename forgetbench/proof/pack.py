"""Packing a finished run into one archive to share: the same run gives the same bytes, on any day and machine."""

from __future__ import annotations

import gzip
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from safetensors import SafetensorError, safe_open

from forgetbench.errors import InputError
from forgetbench.files import atomic_path
from forgetbench.progress import Silent
from forgetbench.proof.verify import open_subject
from forgetbench.proof.verify.files_check import check_files
from forgetbench.proof.verify.findings import CheckResult
from forgetbench.record.seal import SEAL

#: What a run folder consists of, by how names end.
_TEXT, _TENSORS, _IMAGE = (".csv", ".json", ".md", ".svg", ".html"), ".safetensors", ".png"
_PNG_START = b"\x89PNG\r\n\x1a\n"
#: An absolute path of two names or more, on Unix, in a home folder or on Windows; not the path of a web address.
_ABSOLUTE = re.compile(
    r"(?<![\w/.:<>~)\]}&;-])(?:~|(?:/[A-Za-z0-9_.@+-]+))(?:/[A-Za-z0-9_.@+-]+)+|\b[A-Za-z]:\\{1,2}\w"
)


@dataclass(frozen=True)
class Packed:
    """An archive: where it is, and how many files are in it."""

    path: Path
    files: int


def pack_run(run: Path, output: Path | None = None, *, checkpoints: bool = True) -> Packed:
    """Write a finished run as a `.tar.gz` archive.

    Args:
        run: The run folder.
        output: The archive; default: `<suite>-<id>.tar.gz` in the current folder.
        checkpoints: False leaves out the weights; the seal keeps their hashes.

    Raises:
        InputError: it is not a finished run, its files differ from its seal, it holds a file that no run has, or a text
            in it names an absolute path.
        CorruptRunError: its seal or its manifest is not readable.
    """
    subject = open_subject(run)
    sealed = CheckResult("files")
    check_files(subject, sealed, Silent())
    if sealed.findings:
        raise InputError(
            "the run has changed since it was finished",
            where=run,
            found=str(sealed.findings[0]),
            fix="`forgetbench verify` lists all that is wrong.",
        )
    manifest = subject.folder.read_manifest()
    names = [name for name in sorted(subject.sealed) if (run / name).is_file()]
    for name in names:
        _check(run, name)
    if not checkpoints:
        names = [name for name in names if not name.startswith("checkpoints/")]
    top = f"{manifest['suite']['name']}-{manifest['id']}"
    output = output or Path(f"{top}.tar.gz")
    with atomic_path(output) as temporary:
        _write(temporary, top, run, [*names, SEAL])
    return Packed(output, len(names) + 1)


def _write(path: Path, top: str, run: Path, names: list[str]) -> None:
    """Write an archive in which nothing says when, by whom or from where it was packed."""
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in names:
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = (run / name).stat().st_size
            with (run / name).open("rb") as content:
                archive.addfile(member, content)


def _check(run: Path, name: str) -> None:
    """Refuse a file that is not of a kind that runs consist of, or that names a place on this machine."""
    content = (run / name).read_bytes()
    kind = Path(name).suffix
    if kind == _TENSORS:
        try:
            with safe_open(run / name, framework="np") as file:
                content = str(file.metadata()).encode()
        except (SafetensorError, OSError) as error:
            raise InputError("not readable as safetensors", where=run / name, found=str(error)) from error
    elif kind == _IMAGE and content.startswith(_PNG_START):
        return
    elif kind not in _TEXT:
        raise InputError(
            "does not belong into a run",
            where=run / name,
            expected=f"files that end in {', '.join((*_TEXT, _TENSORS, _IMAGE))}",
            fix="Move it away, then pack again.",
        )
    for number, path in _absolute_paths(content):
        raise InputError(
            "names a place on this machine",
            where=f"{run / name}, line {number}",
            found=path,
            fix="Take it out of the suite's words or the data's names; a suite's new description or claims reach a "
            "finished run when it is run again.",
        )


def _absolute_paths(content: bytes) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(BytesIO(content), start=1):
        for found in _ABSOLUTE.finditer(line.decode("utf-8", errors="replace")):
            yield number, found[0]
