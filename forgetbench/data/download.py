"""Public data that forgetbench can fetch when asked to: what, from where, under which licence, checked how.

Archives are verified, then unpacked beside their destination and moved there whole: an interrupted download leaves no
folder that looks like data.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pooch
from filelock import FileLock

from forgetbench.data.unpack import unpack
from forgetbench.errors import DataError, nearest
from forgetbench.files import cache_folder, sha256_file, write_json

#: Told the file's name, bytes received and bytes in all (0 if unknown).
Progress = Callable[[str, int, int], None]
_TIMEOUT = 60.0


@dataclass(frozen=True)
class Archive:
    """One file of a download.

    Attributes:
        url: Where it is.
        sha256: Digest of its bytes, or None where none is known; what came first is then pinned in the cache.
        size: Its size in bytes, if known.
        keep: The only members unpacked; empty for all.
        top: Folder of the archive whose content goes straight into the destination.
    """

    url: str
    sha256: str | None = None
    size: int | None = None
    keep: tuple[str, ...] = ()
    top: str | None = None

    @property
    def name(self) -> str:
        """File name of the archive."""
        return self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Download:
    """Data that can be fetched by name.

    Attributes:
        folder: Name of the folder they go to.
        archives: What is fetched.
        licence: Terms as far as they are known.
        holds: What the folder holds afterwards, for those who fetch it by hand.
        most_bytes: Bound on what the archives may unpack to.
    """

    folder: str
    archives: tuple[Archive, ...]
    licence: str
    holds: str
    most_bytes: int


DOWNLOADS: dict[str, Download] = {
    "deepfruits": Download(
        folder="fruit_detection_worldwide",
        archives=(
            Archive(
                "https://agdata-data.s3.us-west-1.amazonaws.com/datasets/fruit_detection_worldwide.zip",
                top="fruit_detection_worldwide",
            ),
        ),
        licence="not stated by the copy: check DeepFruits' own terms",
        holds="annotations.json and images/",
        most_bytes=2_000_000_000,
    ),
    # Validation data alone: the training set is never fetched.
    "coco-val2017": Download(
        folder="coco",
        archives=(
            Archive(
                "http://images.cocodataset.org/zips/val2017.zip",
                sha256="4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05",
                size=815_585_330,
            ),
            Archive(
                "http://images.cocodataset.org/annotations/annotations_trainval2017.zip",
                sha256="113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268",
                size=252_907_541,
                keep=("annotations/instances_val2017.json",),
            ),
        ),
        licence="annotations CC BY 4.0; images under their Flickr terms",
        holds="val2017/ and annotations/instances_val2017.json",
        most_bytes=2_000_000_000,
    ),
}


def find_download(name: str) -> Download:
    """Return a download by name.

    Raises:
        DataError: there is none of that name.
    """
    if name not in DOWNLOADS:
        near = nearest(name, DOWNLOADS)
        fix = f"Did you mean '{near}'?" if near else None
        raise DataError("unknown download", where=name, expected=f"one of {', '.join(DOWNLOADS)}", fix=fix)
    return DOWNLOADS[name]


def data_home() -> Path:
    """Return where downloads go: FORGETBENCH_DATA if it can be written to, else the cache."""
    named = os.environ.get("FORGETBENCH_DATA")
    if named:
        folder = Path(named).expanduser().absolute()
        # What does not exist yet is made inside the nearest folder that does.
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        if existing.is_dir() and os.access(existing, os.W_OK):
            return folder
    return cache_folder() / "data"


def instructions(name: str) -> str:
    """Return one sentence on fetching a download by hand: which files, where from, where to."""
    download = find_download(name)
    files = " and ".join(archive.url + _size_text(archive.size) for archive in download.archives)
    return (
        f"Download {files}, unpack so that {data_home() / download.folder} holds {download.holds} "
        f"(licence: {download.licence}), then run the same command again."
    )


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Return the folder of a download, fetching it unless it is there.

    Args:
        name: One of `DOWNLOADS`.
        progress: Told how far each file is.

    Raises:
        DataError: it cannot be had, has another checksum than expected, or an archive is unsafe or damaged.
    """
    download = find_download(name)
    home = data_home()
    destination = home / download.folder
    kept = cache_folder() / "downloads"
    kept.mkdir(parents=True, exist_ok=True)
    with FileLock(kept / f"{name}.lock"):
        if destination.exists():
            return destination
        archives = [(archive, _retrieve(name, archive, kept, progress)) for archive in download.archives]
        home.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=home, prefix=f".{download.folder}."))
        try:
            left = download.most_bytes
            for archive, path in archives:
                left -= unpack(path, temporary, keep=archive.keep, top=archive.top, most_bytes=left)
            temporary.chmod(0o755)
            temporary.rename(destination)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        for _, path in archives:
            path.unlink()
    return destination


def _retrieve(name: str, archive: Archive, folder: Path, progress: Progress | None) -> Path:
    """Download one archive into the cache, verified against what is known or was pinned."""
    pins_path = folder / "pins.json"
    pins: dict[str, str] = json.loads(pins_path.read_text(encoding="utf-8")) if pins_path.is_file() else {}
    known = archive.sha256 or pins.get(archive.url)
    pooch.get_logger().setLevel(logging.ERROR)
    downloader = pooch.HTTPDownloader(progressbar=_Bar(archive.name, progress) if progress else False, timeout=_TIMEOUT)
    try:
        path = Path(
            pooch.retrieve(
                archive.url,
                known_hash=f"sha256:{known}" if known else None,
                fname=archive.name,
                path=folder,
                downloader=downloader,
            )
        )
    except ValueError as error:  # pooch's word for another checksum
        raise DataError(
            "download has another checksum than expected, and was deleted",
            where=archive.url,
            expected=f"sha256 {known}",
            found=str(error).partition("but got ")[2].partition(".")[0] or str(error),
            fix=instructions(name),
        ) from error
    except OSError as error:
        problem = " ".join(str(error).split())
        raise DataError("cannot be downloaded", where=archive.url, found=problem, fix=instructions(name)) from error
    if known is None:
        write_json(pins_path, {**pins, archive.url: sha256_file(path)})
    return path


class _Bar:
    """What pooch takes for a progress bar, passing on to a callback."""

    def __init__(self, name: str, progress: Progress) -> None:
        self.total = 0
        self._name, self._progress, self._done = name, progress, 0

    def update(self, count: int) -> None:
        # pooch counts whole chunks, the last one too
        self._done = min(self._done + count, self.total) if self.total else self._done + count
        self._progress(self._name, self._done, self.total)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


def _size_text(size: int | None) -> str:
    return f" ({size / 1e6:,.0f} MB)" if size else ""
